# shellcheck shell=bash
# State locks: what a pipe does to an apply, what signals do to the runbook, who holds a lock and who may free it. Sourced by run.sh.
# While $CELL/gate is there, an apply is held in its middle (tg): what is looked at meanwhile depends on no clock.

scenario_locks() {
  lab_up locks || return
  book=$CELL/plan/cutover.sh
  apply_log="*step_$(step_of "$book" traefik)_do_5.log"
  PG_CONN=$(cat "$CELL/secrets/conn_str")
  locks_by_hand
  : >"$CELL/terraform.calls"
  TOKEN=$(cat "$CELL/secrets/vault")
  locks_piped
  locks_signalled TERM "asks tg to stop"
  locks_signalled HUP "the terminal is gone"
  locks_signalled INT "asks tg to stop"
  ok "locks: all as before" as_before
  locks_healthy
  locks_stuck
  locks_elsewhere
  locks_pooled
  ok "locks: the runbooks called terraform $(wc -l <"$CELL/terraform.calls") times, and force-unlock never" \
    eval 'grep -q "^apply" "$CELL/terraform.calls" && none "$(grep force-unlock "$CELL/terraform.calls")"'
  no_secret "locks: no secret after all this"
  lab_down "$CELL"
}

# What the state and the world say, and how many locks are held: "10.0.20.200 10.0.20.200 0".
stand() {
  printf '%s %s %s' "$(sql "$CELL" "select data from terraform_remote_state.states where name = 'default'" |
    jq -r '.resources[0].instances[0].attributes.triggers_replace.value | fromjson | .metadata.annotations["metallb.io/loadBalancerIPs"]')" \
    "$(service_address)" "$(locks "$CELL")"
}
hold_gate() {
  rm -f "$CELL/gate.reached"
  : >"$CELL/gate"
}
apply_by_hand() {
  in_stack sh -c '../../scripts/tg apply -no-color -auto-approve -input=false' >/dev/null 2>&1
}

# The way it is written by hand.
locks_by_hand() {
  git -C "$CELL/plan" apply patches/traefik-dedicated-ip.patch
  in_stack sh -c '../../scripts/tg plan -no-color -input=false -out=saved >/dev/null && ../../scripts/tg apply -no-color -input=false saved | head -1' >"$CELL/head.said" 2>&1
  ok "locks: by hand, terraform apply | head -1 shows one line, and what it did is not in the state (the lock is free)" \
    eval 'same "$(wc -l <"$CELL/head.said")" 1 && same "$(stand)" "10.0.20.200 $(service_address) 0" && grep Destroying "$CELL/head.said"'
  hold_gate
  in_stack sh -c '../../scripts/tg apply -no-color -auto-approve -input=false | sed "/: begun/q"' >/dev/null 2>&1
  rm -f "$CELL/gate"
  wait_for 120 service_on 10.0.20.203
  wait_for 60 unlocked
  ok "locks: by hand, a pipe whose reader leaves in the middle: the world has moved, the state does not know" same "$(stand)" "10.0.20.200 10.0.20.203 0"
  hold_gate
  in_stack sh -c "python3 '$HERE/wrapper.py' ../../scripts/tg apply -no-color -auto-approve -input=false | sed '/: begun/q'" >/dev/null 2>&1
  ok "locks: by hand, a wrapper behind a pipe: it is gone, and its orphan holds the lock" same "$(locks "$CELL")" 1
  in_stack sh -c '../../scripts/tg force-unlock -force 1' >"$CELL/forced.said" 2>&1
  ok "locks: by hand, force-unlock says that it is unlocked, and it is not" eval 'says "$CELL/forced.said" "successfully unlocked" && same "$(locks "$CELL")" 1'
  rm -f "$CELL/gate"
  wait_for 120 unlocked
  apply_by_hand
  git -C "$CELL/plan" apply --reverse patches/traefik-dedicated-ip.patch
  apply_by_hand
  ok "locks: (mended by hand: all as before)" as_before
}

# The runbook itself, into a reader that leaves after a line.
locks_piped() {
  hold_gate
  operator sh -c "timeout 600 sh cutover.sh apply --yes --done traefik_lb --to traefik --state '$CELL/state' | head -1" >"$CELL/piped.said" 2>&1 &
  piped=$!
  wait_for 300 test -e "$CELL/gate.reached"
  ok "locks: the runbook into head -1: its reader has left with one line, and it is at work" eval 'same "$(wc -l <"$CELL/piped.said")" 1 && [ -d "$CELL/state/lock" ]'
  rm -f "$CELL/gate"
  wait "$piped"
  wait_for 300 gone "$CELL/state/lock"
  ok "locks: … it went on: the state is that of the world, the lock is free" same "$(stand)" "10.0.20.203 10.0.20.203 0"
  ok "locks: … the log of the apply is whole" eval 'grep -h "Apply complete" "$CELL"/state/logs/*/$apply_log'
  ok "locks: … and so is the runbook's own log" eval 'grep -h "Stopped after traefik, as told" "$CELL"/state/logs/*/runbook.log'
  operator timeout 600 sh cutover.sh rollback --yes --done traefik_lb --done https --state "$CELL/state" >"$CELL/back.said" 2>&1
  ok "locks: … and rolls back" as_before
}

# In the middle of an apply: TERM to the runbook, its terminal hung up, Ctrl-C at its terminal. locks_signalled SIGNAL WHAT-IT-SAYS
locks_signalled() {
  state=$CELL/state-$1
  mkdir -p "$state"
  hold_gate
  case $1 in
  TERM) set -- "$@" sh cutover.sh apply --yes --done traefik_lb --done https --on-failure rollback --state "$state" ;;
  HUP) set -- "$@" --hang-up "$CELL/gate.reached" sh cutover.sh apply --yes --done traefik_lb --state "$state" ;;
  *) set -- "$@" --interrupt "$CELL/gate.reached" sh cutover.sh apply --yes --on-failure rollback --state "$state" ;;
  esac
  signal=$1 saying=$2
  shift 2
  if [ "$signal" = TERM ]; then
    operator timeout 600 "$@" >"$CELL/$signal.said" 2>&1 &
  else
    by_hand "$CELL/$signal.said" "$@" &
  fi
  runner=$!
  wait_for 300 reached_or_gone
  [ "$signal" != TERM ] || lab_in "$CELL" cell sh -c "kill -s TERM \$(cat '$state/lock/pid')"
  wait_for 120 eval '! kill -0 "$runner" 2>/dev/null || grep -qh "$saying" "$state"/logs/*/runbook.log'
  rm -f "$CELL/gate"
  wait "$runner"
  rc=$?
  # What was done by hand before the run is taken back by hand, for which nobody is there.
  wanted=6
  [ "$signal" != INT ] || wanted=1
  ok "locks: $signal in the middle of an apply: rolled back as far as nobody is needed (exit status $wanted)" same "$rc" "$wanted"
  shown_unless "$rc" "$wanted" "$CELL/$signal.said"
  ok "locks: … the state is that of the world, the lock is free" same "$(stand)" "10.0.20.200 10.0.20.200 0"
  ok "locks: … the log of the apply is whole" eval 'grep -h "Apply complete\|Gracefully shutting down" "$state"/logs/*/$apply_log'
  [ "$signal" = INT ] || operator timeout 600 sh cutover.sh rollback --yes --done traefik_lb --state "$state" >"$CELL/back.said" 2>&1
  ok "locks: … all is as before" as_before
}

reached_or_gone() {
  [ -e "$CELL/gate.reached" ] || ! kill -0 "$runner" 2>/dev/null
}

# A session that holds the lock, from a node, until it is told otherwise; its process is in $holder.
hold_lock() { # NODE
  rm -f "$CELL/hold"
  mkfifo "$CELL/hold"
  lab_in "$CELL" "$1" env PGPASSWORD="$(cat "$CELL/secrets/pg")" psql -XAtq -h 10.0.20.200 -U terraform terraform_state <"$CELL/hold" >/dev/null 2>&1 &
  holder=$!
  exec 7>"$CELL/hold"
  echo "select pg_advisory_lock(id) from terraform_remote_state.states where name = 'default';" >&7
  wait_for 60 locked
  wait_for 60 idle_for 2
}
idle_for() {
  [ "$(sql "$CELL" "select count(*) from pg_locks join pg_stat_activity a using (pid) where locktype = 'advisory' and a.state = 'idle' and now() - a.state_change > $1 * interval '1 second'")" = 1 ]
}
end_holder() {
  exec 7>&-
  sql "$CELL" "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'" >/dev/null
  { wait "$holder"; } 2>/dev/null
  wait_for 60 unlocked
}

# A healthy holder: on the operator's host, alive, and idle to the server as all of them are.
locks_healthy() {
  hold_lock devvm
  operator sh cutover.sh unlock --yes --idle 1s --state "$CELL/state" >"$CELL/alive.said" 2>&1
  ok "locks: a healthy holder, idle as all are, is left alone" eval 'says "$CELL/alive.said" "its client lives" && same "$(locks "$CELL")" 1'
  end_holder
}

# A stuck one: its client was killed on the operator's host while no packet got through, so that the server has heard of nothing.
locks_stuck() {
  hold_lock devvm
  port=$(sql "$CELL" "select client_port from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory'")
  printf 'table inet cut {\n chain out {\n type filter hook output priority 0\n tcp sport %s drop\n }\n}\n' "$port" | lab_in "$CELL" devvm nft -f -
  lab_in "$CELL" devvm sh -c "kill -9 \$(ss -tnpH state established sport = :$port | sed 's/.*pid=\([0-9]*\).*/\1/')"
  operator sh cutover.sh preflight --idle 1s --state "$CELL/state" >"$CELL/stuck.said" 2>&1
  rc=$?
  ok "locks: preflight refuses while a session whose client is gone holds the lock" same "$rc" 4
  ok "locks: … and says who" eval 'says "$CELL/stuck.said" "from 10.0.20.50 port $port" && says "$CELL/stuck.said" "nobody seems to be behind it"'
  operator sh cutover.sh unlock --yes --idle 1s --state "$CELL/state" >"$CELL/free.said" 2>&1
  ok "locks: unlock ends just that session" eval 'says "$CELL/free.said" "ended: the lock is free" && same "$(locks "$CELL")" 0'
  lab_in "$CELL" devvm nft delete table inet cut
  end_holder
}

# One on another host: whether it lives cannot be seen from here.
locks_elsewhere() {
  grep -q -e '--gone' "$book" || return 0
  hold_lock family
  operator sh cutover.sh unlock --yes --idle 1s --state "$CELL/state" >"$CELL/elsewhere.said" 2>&1
  ok "locks: a holder on another host, healthy and idle, is left alone" eval 'says "$CELL/elsewhere.said" "its client is on another host, 10.0.20.51" && same "$(locks "$CELL")" 1'
  lab_in "$CELL" family ip link set eth0 down
  operator sh cutover.sh unlock --yes --idle 1s --gone 10.0.20.51 --state "$CELL/state" >"$CELL/gone.said" 2>&1
  ok "locks: … when that host is gone for sure, and unlock is told so, it ends the session" eval 'says "$CELL/gone.said" "ended: the lock is free" && same "$(locks "$CELL")" 0'
  lab_in "$CELL" family ip link set eth0 up
  end_holder
}

# A pooler that hands sessions around, in front of the state database.
locks_pooled() {
  mkdir -p "$CELL/pool"
  chown postgres "$CELL/pool"
  cat >"$CELL/pool/pgbouncer.ini" <<END
[databases]
terraform_state = host=10.0.20.200 port=5432 user=terraform password='$(cat "$CELL/secrets/pg")'
[pgbouncer]
listen_addr = 10.0.20.200
listen_port = 6432
auth_type = any
pool_mode = transaction
ignore_startup_parameters = extra_float_digits
unix_socket_dir =
pidfile = $CELL/pool/pid
logfile = $CELL/pool/log
END
  chown postgres "$CELL/pool/pgbouncer.ini"
  lab_in "$CELL" lb setpriv --reuid=postgres --regid=postgres --clear-groups pgbouncer -d -q "$CELL/pool/pgbouncer.ini"
  wait_for 60 asked 6432 'select 1'
  ok "locks: through a pooler in transaction mode two clients hold one lock at once; without it they do not" \
    eval 'same "$(two_clients 6432)" "t t" && same "$(two_clients 5432)" "t f"'
  printf '%s\n' "$PG_CONN" | sed 's/:5432/:6432/; t; s|@10.0.20.200/|@10.0.20.200:6432/|' >"$CELL/secrets/conn_str"
  operator sh cutover.sh preflight --state "$CELL/state" >"$CELL/pooled.said" 2>&1
  rc=$?
  printf '%s\n' "$PG_CONN" >"$CELL/secrets/conn_str"
  ok "locks: preflight refuses a state database behind such a pooler" eval 'same "$rc" 4 && says "$CELL/pooled.said" "is behind a pooler that hands sessions around (transaction mode)"'
}
asked() { # PORT SQL…
  port=$1
  shift
  printf '%s\n' "$@" | lab_in "$CELL" devvm env PGPASSWORD="$(cat "$CELL/secrets/pg")" psql -XAtq -h 10.0.20.200 -p "$port" -U terraform terraform_state
}
# Tries a lock, and again from another client while the first is there, on port $1: "t t" when both have it.
two_clients() {
  asked "$1" 'select pg_try_advisory_lock(77);' \
    "\\! psql -XAtq -h 10.0.20.200 -p $1 -U terraform terraform_state -c 'select pg_try_advisory_lock(77)'" \
    'select pg_advisory_unlock_all();' | grep . | paste -sd ' '
}
