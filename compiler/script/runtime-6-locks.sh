# -- State locks: who holds the lock of a Terraform state in PostgreSQL ----------------------------------------------

# A connection string, URL or keywords, as a service file of PostgreSQL: it never stands in an argument.
cut_service_file() {
  LC_ALL=C awk '
    function decode(t, out, i, c) {
      out = ""
      for (i = 1; i <= length(t); i++) {
        c = substr(t, i, 1)
        if (c == "%" && substr(t, i + 1, 2) ~ /^[0-9A-Fa-f][0-9A-Fa-f]$/) {
          c = sprintf("%c", (index(hex, tolower(substr(t, i + 1, 1))) - 1) * 16 + index(hex, tolower(substr(t, i + 2, 1))) - 1)
          i += 2
        }
        out = out c
      }
      return out
    }
    function put(key, value) {
      if (value != "" && value !~ /\n/) print key "=" value
    }
    function url(t, at, n, i, part, host, hosts, ports, user) {
      sub(/^postgres(ql)?:\/\//, "", t)
      if (i = index(t, "?")) {
        n = split(substr(t, i + 1), part, "&")
        t = substr(t, 1, i - 1)
        for (i = 1; i <= n; i++) if (at = index(part[i], "=")) put(decode(substr(part[i], 1, at - 1)), decode(substr(part[i], at + 1)))
      }
      if (i = index(t, "/")) {
        put("dbname", decode(substr(t, i + 1)))
        t = substr(t, 1, i - 1)
      }
      if (match(t, /.*@/)) {
        user = substr(t, 1, RLENGTH - 1)
        t = substr(t, RLENGTH + 1)
        if (i = index(user, ":")) {
          put("password", decode(substr(user, i + 1)))
          user = substr(user, 1, i - 1)
        }
        put("user", decode(user))
      }
      n = split(t, part, ",")
      for (i = 1; i <= n; i++) {
        host = part[i]
        at = match(host, /:[0-9]*$/) && host !~ /^\[[^]]*$/ ? RSTART : 0
        ports = ports (i > 1 ? "," : "") (at ? substr(host, at + 1) : "")
        if (at) host = substr(host, 1, at - 1)
        gsub(/^\[|\]$/, "", host)
        hosts = hosts (i > 1 ? "," : "") decode(host)
      }
      put("host", hosts)
      if (ports ~ /[0-9]/) put("port", ports)
    }
    function words(t, key, value, c, quoted) {
      while (match(t, /^[ \t\n]*[a-z_]+[ \t\n]*=[ \t\n]*/)) {
        key = substr(t, 1, RLENGTH)
        gsub(/[ \t\n=]/, "", key)
        t = substr(t, RLENGTH + 1)
        value = ""
        quoted = substr(t, 1, 1) == "\047"
        if (quoted) t = substr(t, 2)
        while (t != "") {
          c = substr(t, 1, 1)
          t = substr(t, 2)
          if (quoted ? c == "\047" : c ~ /[ \t\n]/) break
          if (c == "\\") {
            c = substr(t, 1, 1)
            t = substr(t, 2)
          }
          value = value c
        }
        put(key, value)
      }
    }
    BEGIN { hex = "0123456789abcdef"; print "[state]" }
    { text = text (NR > 1 ? "\n" : "") $0 }
    END { if (text ~ /^postgres(ql)?:\/\//) url(text); else words(text) }'
}

# psql on the state database of the lock at hand, its statements on standard input.
cut_psql() {
  PGSERVICEFILE="${cut_cred}/pg_service" PGSERVICE=state PGAPPNAME=cutc PGCONNECT_TIMEOUT=10 \
    psql -XAtqw -F '|' -v ON_ERROR_STOP=1 -v "schema=${cut_schema}" -v "workspace=${cut_workspace}" "$@"
}

# Two sessions at once, the second while the first is idle: when both are served by one backend, something between here
# and the server hands sessions around, and a session's lock means nothing there.
cut_pooled() {
  cut_pids=$(
    cut_psql <<'EOF' 2>>"${cut_log}"
select 'first', pg_backend_pid();
\! printf '%s\n' "select 'second', pg_backend_pid();" | psql -XAtqw -F '|'
select 'third', pg_backend_pid();
EOF
  ) || return 2
  cut_note "${cut_pids}"
  printf '%s\n' "${cut_pids}" | awk -F '|' '{ pid[$1] = $2 } END { exit !(pid["first"] == pid["second"] || pid["first"] != pid["third"]) }'
}

# The sessions that hold the lock of the workspace (or the one lock that new workspaces are made under), a line each:
# backend, client's address, its port, state, seconds in it, start of the session, key, user. With them how the server sees
# this session itself (in the file `seen-as`), and the connections of this host meanwhile (`connections`).
cut_holders() {
  rm -f "${cut_cred}/connections"
  cut_psql -v "seen=${cut_cred}/seen-as" <<'EOF' >"${cut_cred}/holders" 2>>"${cut_log}"
select l.pid, coalesce(host(a.client_addr), 'local'), coalesce(a.client_port, -1), coalesce(a.state, 'hidden'),
  coalesce(extract(epoch from now() - a.state_change)::bigint, -1),
  to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), k.key, coalesce(a.usename, '?')
from pg_locks l join pg_stat_activity a using (pid)
join (select id as key from :"schema".states where name = :'workspace' union all select -1) k
  on k.key = (l.classid::bigint << 32 | l.objid::bigint)
where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
  and l.database = (select oid from pg_database where datname = current_database())
order by l.pid;
\o :seen
select coalesce(host(inet_client_addr()), 'local'), coalesce(inet_client_port(), -1);
\o
\! ss -tnpH state established >"${PGSERVICEFILE%/*}/connections" 2>/dev/null
EOF
}

# Ends one backend, if all that was seen of it still is so: this session, idle, for longer than the bound, with this lock.
# cut_end_holder PID START KEY
cut_end_holder() {
  cut_psql -v "pid=$1" -v "start=$2" -v "key=$3" -v "bound=${cut_bound}" <<'EOF' 2>>"${cut_log}"
select pg_terminate_backend(a.pid) from pg_stat_activity a
where a.pid = :pid and a.state = 'idle' and now() - a.state_change > :bound * interval '1 second'
  and to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') = :'start'
  and exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.objsubid = 1 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = :key);
EOF
}

# The process behind the connection of this host from address $1, port $2, in cut_client, empty when there is none.
cut_find_client() {
  cut_client=$(awk -v address="$1" -v port="$2" '
    {
      here = $3
      if (!match(here, /:[0-9]+$/) || substr(here, RSTART + 1) != port) next
      here = substr(here, 1, RSTART - 1)
      gsub(/[][]|^\[?::ffff:|%.*/, "", here)
      if (here != address) next
      who = $0
      if (!sub(/.*users:\(\("/, "", who)) who = "a process of somebody else"
      sub(/,fd=.*/, "", who)
      sub(/",pid=/, ", process ", who)
      print who
      exit
    }' "${cut_cred}/connections")
}

# Can it be seen from here whether the client at address $1 lives? Only where the server sees this host as it is (no tunnel,
# proxy or translation of addresses between: its own connection is then found here), and only of a client on this host.
# Sets cut_unseen to why not.
cut_can_see() {
  cut_unseen=''
  cut_seen_as='' cut_seen_port=''
  [ ! -r "${cut_cred}/seen-as" ] || IFS='|' read -r cut_seen_as cut_seen_port <"${cut_cred}/seen-as" || :
  if ! [ -s "${cut_cred}/connections" ]; then
    cut_unseen="the connections of this host cannot be listed (ss is not here)"
  elif [ "$1" = local ] || [ "${cut_seen_as:-local}" = local ]; then
    cut_unseen="a connection by a socket of the database's own host cannot be told apart"
  else
    cut_find_client "${cut_seen_as}" "${cut_seen_port}"
    if [ -z "${cut_client}" ]; then
      cut_unseen="the database sees this host as ${cut_seen_as} port ${cut_seen_port}, which is not here: a tunnel, a proxy or a translation of addresses is between"
    elif [ "$1" != "${cut_seen_as}" ] && ! ip -o addr show 2>/dev/null | awk -v address="$1" '{ sub(/\/.*/, "", $4); if ($4 == address) found = 1 } END { exit !found }'; then
      cut_unseen="its client is on another host, $1"
    fi
  fi
  cut_client=''
  [ -z "${cut_unseen}" ]
}

# cut_state_lock N NAME SCHEMA WORKSPACE STEPS: looks who holds the lock; cut_held counts those who do. Of a run that is
# half-way only the locks count that a step from cut_from to cut_to_step goes through.
cut_state_lock() {
  if [ "${cut_to_step}" -gt 0 ]; then
    cut_concerned=0 cut_list=$5
    for cut_i in ${cut_list}; do
      [ "${cut_i}" -lt "${cut_from}" ] || [ "${cut_i}" -gt "${cut_to_step}" ] || cut_concerned=1
    done
    [ "${cut_concerned}" = 1 ] || return 0
  fi
  cut_schema=$3 cut_workspace=$4 cut_lock_name="$2 (schema $3, workspace $4)"
  if ! command -v psql >/dev/null 2>&1; then
    cut_blind_lock "$2" 'psql is not here'
    return 0
  fi
  if ! "lock_$1" >"${cut_cred}/connection" || ! cut_service_file <"${cut_cred}/connection" >"${cut_cred}/pg_service"; then
    cut_blind_lock "$2" 'its connection is not known'
    return 0
  fi
  cut_name="state-lock-$1"
  cut_files
  if [ "${cut_mode}" = preflight ] || [ "${cut_mode}" = apply ]; then
    cut_pooled
    case "$?" in
    0) cut_problem "the state of $2 is behind a pooler that hands sessions around (transaction mode): its locks protect nothing; let PG_CONN_STR name the server itself" ;;
    1) ;;
    *)
      cut_brief=$(tail -n 1 "${cut_log}" | cut -c 1-120)
      cut_blind_lock "$2" "${cut_brief}"
      return 0
      ;;
    esac
  fi
  if ! cut_holders; then
    cut_brief=$(grep -i 'error' <"${cut_log}" | tail -n 1 | cut -c 1-120)
    cut_blind_lock "$2" "${cut_brief}"
    return 0
  fi
  [ -s "${cut_cred}/holders" ] || [ "${cut_mode}" != unlock ] || cut_say "  free: the state lock of ${cut_lock_name}"
  while IFS='|' read -r cut_pid cut_address cut_port cut_doing cut_idle cut_since cut_key cut_user; do
    cut_held=$((cut_held + 1))
    [ "${cut_counting}" = 1 ] || cut_judge_holder
  done <"${cut_cred}/holders"
}

# A holder is always idle to PostgreSQL, at work or not. It is left alone while its client lives, while nobody can see whether
# it does, unless that client is said to be gone (--gone), and while it is younger than the bound.
cut_judge_holder() {
  cut_seconds "${cut_idle}"
  cut_held_since="${cut_doing} for ${cut_span}"
  cut_whole="backend ${cut_pid} of ${cut_user}, from ${cut_address} port ${cut_port}, connected since ${cut_since}, ${cut_held_since}"
  cut_seconds "${cut_bound}"
  cut_alone='' cut_told=0
  case "${cut_gone}" in
  *" ${cut_address} "*) cut_told=1 ;;
  *) ;;
  esac
  if ! cut_can_see "${cut_address}"; then
    [ "${cut_told}" = 1 ] || cut_alone="${cut_unseen}. Look there for terraform; when it is gone for sure: ${cut_call} unlock --gone ${cut_address} --state ${cut_there}"
  else
    cut_find_client "${cut_address}" "${cut_port}"
    [ -z "${cut_client}" ] || cut_alone="its client lives (${cut_client}): wait for it, or ask it to stop with kill -s INT, which saves its work"
  fi
  if [ "${cut_doing}" != idle ]; then
    cut_alone="it is not idle"
  elif [ -z "${cut_alone}" ] && [ "${cut_idle}" -lt "${cut_bound}" ]; then
    cut_alone="it has not been idle for ${cut_span} yet (--idle)"
  fi
  if [ "${cut_mode}" != unlock ]; then
    cut_problem "the state lock of ${cut_lock_name} is held by ${cut_whole}"
    if [ -n "${cut_alone}" ]; then
      cut_say "    perhaps at work: ${cut_alone}"
    else
      cut_say "    nobody seems to be behind it: ${cut_call} unlock --state ${cut_there}"
    fi
    return 0
  fi
  cut_say "  held: the state lock of ${cut_lock_name}, by ${cut_whole}"
  if [ -n "${cut_alone}" ]; then
    cut_say "    left alone: ${cut_alone}"
    return 0
  fi
  if [ -n "${cut_unseen}" ]; then
    cut_say "    said to be gone: the client at ${cut_address} (--gone)"
  else
    cut_say "    its client was on this host, and is gone"
  fi
  if [ "${cut_only_look}" = 1 ]; then
    cut_say "    this session would be ended"
    return 0
  fi
  if ! cut_confirm "    End this one session"; then
    return 0
  fi
  cut_ended=$(cut_end_holder "${cut_pid}" "${cut_since}" "${cut_key}" </dev/null)
  if [ "${cut_ended}" = t ]; then
    sleep 1
    cut_now=$(
      cut_psql -v "pid=${cut_pid}" <<'EOF' 2>>"${cut_log}"
select count(*) from pg_locks l where l.pid = :pid and l.locktype = 'advisory';
EOF
    )
    if [ "${cut_now}" = 0 ]; then
      cut_held=$((cut_held - 1))
      cut_good "    ended: the lock is free"
      return 0
    fi
  fi
  cut_bad "    not ended: it has changed since it was looked at, or this user may not: ${cut_log}"
}

# cut_blind_lock NAME WHY
cut_blind_lock() {
  [ "${cut_counting}" = 1 ] || cut_say "  state lock not looked at: $1 ($2)"
}

# Shows who holds the state locks of the plan's stacks and, when told, ends those that nobody is behind.
cut_unlock_command() {
  cut_held=0 cut_problems=0 cut_n=0
  [ -n "${cut_run}" ] || cut_new_run
  cut_open_logs || return
  cut_open_secrets || return 4
  cut_all_secrets || cut_complain "Not all secrets can be fetched: looks with those that are there."
  cut_say "State locks of this plan"
  cut_to_step=0 cut_lock_name=''
  plan_locks
  [ -n "${cut_lock_name}" ] || cut_say "  none: no stack of this plan keeps its state in PostgreSQL, as far as the plan says"
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; then
    cut_close keep
  else
    cut_close drop
  fi
  [ "${cut_held}" = 0 ] || return 1
}

# Before a run goes on or back from step $1 to step $2: false when somebody else holds a lock that one of these steps needs, and
# does not give it back soon (a tool that was killed with its run keeps it for a moment).
cut_locks_free() {
  cut_from=$1 cut_to_step=$2 cut_held=0 cut_n=0 cut_counting=1
  cut_clock
  cut_deadline=$((cut_time + cut_patience))
  plan_locks
  [ "${cut_held}" = 0 ] || cut_say "A state lock that this needs is held: waits for it up to ${cut_patience}s."
  while [ "${cut_held}" -gt 0 ] && ! cut_is_late "${cut_patience}" && cut_sleep 2; do
    cut_held=0
    plan_locks
  done
  cut_counting=0
  if [ "${cut_held}" -gt 0 ]; then
    cut_held=0
    plan_locks
  fi
  cut_to_step=0
  [ "${cut_held}" = 0 ]
}
