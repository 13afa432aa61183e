# -- Running one command ---------------------------------------------------------------------------------------------

# Every process and its parent, a line each.
cut_processes() {
  if [ -r "/proc/$$/stat" ]; then
    cat /proc/[0-9]*/stat 2>/dev/null | awk '{ pid = $1; sub(/.*\) /, ""); print pid, $2 }'
  else
    ps -A -o pid= -o ppid= 2>/dev/null
  fi
}

# Ends a process with all that it started: politely, and after the grace time for good.
cut_end_tree() {
  cut_tree=$(cut_processes | awk -v root="$1" '
    { parent[$1] = $2 }
    END {
      for (p in parent) {
        q = p
        for (i = 0; i < 64 && q != root && q in parent; i++) q = parent[q]
        if (q == root && p != root) print p
      }
    }')
  for cut_victim in ${cut_tree}; do
    kill -s "$2" "${cut_victim}" 2>/dev/null || :
  done
  kill -s "$2" "$1" 2>/dev/null || :
}

# How commands are started, found once. Each runs in a session of its own, with the signals as a program expects them:
# what the terminal sends (Ctrl-C, HUP) does not reach it by itself, so that this script passes it on exactly once, and a
# tool that is started in the background does not ignore INT. Where that cannot be had, a command runs in the foreground
# and a signal waits for its end.
cut_find_launcher() {
  cut_launcher=none
  if setsid true 2>/dev/null && env --default-signal true 2>/dev/null; then
    cut_launcher=setsid
  elif perl -e 'use POSIX ();' 2>/dev/null; then
    cut_launcher=perl
  fi
  # The shell that runs this script runs its commands.
  cut_shell=''
  [ ! -r "/proc/$$/cmdline" ] || cut_shell=$(tr '\0' '\n' <"/proc/$$/cmdline" | awk -v self="${cut_self}" '$0 == self { found = 1; exit } { all = all $0 "\n" } END { if (found) printf "%s", all }')
  [ -n "${cut_shell}" ] || cut_shell='sh'
}

# Starts a program in a session of its own, in the background; its output is where this one's is. Without `exec`, yash
# would keep a process of its own for it in this session, which HUP ends while the program works on.
cut_apart() {
  case "${cut_launcher}" in
  setsid) exec setsid env --default-signal "$@" </dev/null & ;;
  perl) exec perl -e 'use POSIX (); POSIX::setsid(); $SIG{$_} = "DEFAULT" for qw(INT QUIT TERM HUP PIPE); exec { $ARGV[0] } @ARGV; exit 127' "$@" </dev/null & ;;
  *) exec nohup "$@" </dev/null & ;;
  esac
}

# This script once more, under the shell that runs it: cut_once_more FILE WORD…
cut_once_more() {
  # The words of the shell's command line, which have no blanks, in front of the others.
  cut_words=''
  for cut_word in ${cut_shell}; do
    cut_words="${cut_word}
${cut_words}"
  done
  for cut_word in ${cut_words}; do
    set -- "${cut_word}" "$@"
  done
  cut_apart "$@"
}

# Starts the command cut_name in the background.
cut_launch() {
  # Known before it begins, so that whoever comes after a crash can wait for it.
  { printf '%s\n' "${cut_out}" "${cut_log}" >"${cut_state}/lock/output" && printf '%s\n' "${cut_name}" >"${cut_state}/lock/command"; } 2>/dev/null || :
  cut_once_more "${cut_copy}" --command "${cut_name}" "${cut_cred}" "${cut_run}" "${cut_work}" "${cut_root}" "${cut_umask}" >"${cut_out}" 2>>"${cut_log}"
  cut_child=$!
}

# The other end of cut_launch: --command NAME …, in a copy of what commands are made of (cut_copy_commands). It outlives the
# signals that its tool gets, so that it has the tool's exit status.
cut_command() {
  trap ':' INT TERM HUP
  shift
  cut_name=$1 cut_cred=$2 cut_run=$3 cut_work=$4 cut_umask=$6
  # What it does with secrets is not traced (`sh -x`).
  set +x
  { printf '%s %s\n' "$$" "${cut_name}" >"${0%/*}/command"; } 2>/dev/null || :
  umask "${cut_umask}"
  cd -- "$5" || exit 126
  "${cut_name}"
}

# Sets cut_alive to those of cut_family that still run (a zombie does not).
cut_count_alive() {
  cut_alive=''
  for cut_member in ${cut_family}; do
    cut_born "${cut_member}"
    [ -z "${cut_birth}" ] || cut_alive="${cut_alive} ${cut_member}"
  done
}

# cut_stop_command WHY: asks the command and all that it started to stop, once, as the tool wants it; waits as long as the
# tool needs; only then ends it for good, and says so when it holds a lock.
cut_stop_command() {
  cut_seconds "${cut_grace}"
  cut_say "      $1: asks ${cut_holds:-the command} to stop (${cut_stop}), and waits for it up to ${cut_span}"
  cut_note "$1: signal ${cut_stop}, grace ${cut_grace}s"
  cut_tree=''
  cut_end_tree "${cut_child}" "${cut_stop}"
  cut_family="${cut_child} ${cut_tree}"
  cut_given=${cut_grace}
  cut_count_alive
  while [ -n "${cut_alive}" ] && [ "${cut_given}" -gt 0 ]; do
    sleep 1
    cut_given=$((cut_given - 1))
    cut_count_alive
  done
  [ -n "${cut_alive}" ] || return 0
  if [ -n "${cut_holds}" ]; then
    cut_bad "      ${cut_holds} HOLDS A LOCK and has not stopped in ${cut_span}: it is killed now. What it did may not be saved, and its lock may stay: ${cut_call} unlock --state ${cut_there}"
  else
    cut_say "      killed: it did not stop in ${cut_span}"
  fi
  cut_note "killed after its grace time"
  # With what they have started since; halted first, or one goes on to its next line when what it waits for is killed.
  for cut_member in ${cut_alive}; do
    kill -s STOP "${cut_member}" 2>/dev/null || :
  done
  for cut_member in ${cut_alive}; do
    cut_end_tree "${cut_member}" KILL
  done
}

# Waits for the command; a signal or the end of its time stops it. The terminal going (HUP) stops nothing that holds a lock.
cut_attend() {
  cut_timer='' cut_stopped=0 cut_late=0
  if [ "${cut_timeout}" -gt 0 ]; then
    # By what it leaves one knows that its time is over, and not by the clock, which may be set back.
    (sleep "${cut_timeout}" && : >"${cut_cred}/now.late" && kill -s ALRM "$$") >/dev/null 2>&1 </dev/null &
    cut_timer=$!
  fi
  while :; do
    cut_rc=0
    wait "${cut_child}" || cut_rc=$?
    kill -0 "${cut_child}" 2>/dev/null || break
    [ "${cut_stopped}" = 0 ] || continue
    if [ "${cut_signal}" = HUP ] && [ -n "${cut_holds}" ]; then
      # Put aside until the step's edge.
      cut_say "      the terminal is gone: ${cut_holds} ends its work first"
      cut_hung_up=1 cut_signal=''
    fi
    if [ -n "${cut_signal}" ]; then
      cut_stopped=1
      cut_stop_command "signal ${cut_signal}"
    elif [ -n "${cut_timer}" ] && [ -e "${cut_cred}/now.late" ]; then
      cut_stopped=1 cut_late=1
      cut_stop_command "stopped: it took longer than ${cut_timeout}s"
    fi
  done
  [ -z "${cut_timer}" ] || cut_end_timer
  [ "${cut_late}" = 0 ] || cut_why="it took longer than ${cut_timeout}s"
}

# For good: asked politely before its shell has begun, it would sleep on to its end. Halted first, or it could start its sleep
# while one looks for what it has started.
cut_end_timer() {
  {
    kill -s STOP "${cut_timer}"
    cut_end_tree "${cut_timer}" KILL
    wait "${cut_timer}"
  } 2>/dev/null || :
}

# Where a command cannot have a session of its own it runs in front, so that Ctrl-C reaches it, and what stops it when its time
# is over stands beside it.
cut_in_front() {
  cut_timer=''
  if [ "${cut_timeout}" -gt 0 ]; then
    (
      sleep "${cut_timeout}"
      : >"${cut_cred}/now.late"
      cut_child=$(cat -- "${cut_cred}/now.front")
      cut_stop_command "stopped: it took longer than ${cut_timeout}s"
    ) </dev/null &
    cut_timer=$!
  fi
  # It outlives what stops its tool, to have the tool's exit status; what a shell says of its end goes to the log.
  (
    trap ':' INT TERM
    trap '' HUP
    (
      set +x
      umask "${cut_umask}"
      [ -z "${cut_timer}" ] || sh -c 'printf "%s\n" "${PPID}"' >"${cut_cred}/now.front"
      cut_define "${cut_name}" && cd -- "${cut_root}" && "${cut_name}"
    )
    exit "$?"
  ) >"${cut_out}" 2>>"${cut_log}" </dev/null
  cut_rc=$?
  [ -n "${cut_timer}" ] || return 0
  if [ -e "${cut_cred}/now.late" ]; then
    wait "${cut_timer}" 2>/dev/null || :
    cut_late=1 cut_why="it took longer than ${cut_timeout}s"
  else
    cut_end_timer
  fi
}

# Removes what a try was given, and its name.
cut_clear() {
  for cut_given in "${cut_cred}"/now.* "${cut_state}/lock/command"; do
    if [ -e "${cut_given}" ]; then
      rm -f "${cut_cred}"/now.* "${cut_state}/lock/command"
      return
    fi
  done
}

# One try.
cut_once() {
  cut_clear
  cut_late=0
  if [ "${cut_launcher}" = none ]; then
    cut_in_front
  elif cut_give "${cut_name}"; then
    cut_launch
    cut_attend
  else
    cut_rc=126 cut_why="${cut_copy} cannot be written: a full disk, or no right to it"
  fi
  cut_clear
  [ "${cut_late}" = 0 ] || [ "${cut_rc}" != 0 ] || cut_rc=124
  return "${cut_rc}"
}

# Compares the output with what is expected of it; says in the log what differs.
cut_expected() {
  [ "$#" -gt 0 ] || return 0
  cut_got=$(cat -- "${cut_out}")
  while [ "$#" -gt 0 ]; do
    cut_want=${2-}
    cut_holds=1
    case "$1" in
    equal) [ "${cut_got}" = "${cut_want}" ] || cut_holds=0 ;;
    contains)
      case "${cut_got}" in
      *"${cut_want}"*) ;;
      *) cut_holds=0 ;;
      esac
      ;;
    without)
      case "${cut_got}" in
      *"${cut_want}"*) cut_holds=0 ;;
      *) ;;
      esac
      ;;
    matches) grep -Eq -e "${cut_want}" <"${cut_out}" || cut_holds=0 ;;
    unchanged)
      cut_want=$(cat -- "${cut_kept}/${cut_name}" 2>/dev/null) || cut_want='(not seen by preflight)'
      [ "${cut_got}" = "${cut_want}" ] || cut_holds=0
      ;;
    *) ;;
    esac
    if [ "${cut_holds}" = 0 ]; then
      cut_note "expected output $1 ${cut_want}"
      cut_note "got ${cut_got}"
      cut_brief=$(printf '%s\n' "${cut_got}" | head -n 1 | cut -c 1-120)
      cut_why="expected output $1 \`${cut_want}\`, got \`${cut_brief}\`"
      return 1
    fi
    shift 2
  done
}

# cut_run NAME [timeout S] [stop SIGNAL] [grace S] [holds TOOL] [within S] [equal T | contains T | without T | matches T | unchanged -]...
# Runs a command of the plan with its output in files; with `within`, again and again until it succeeds with the output
# that is expected, or the time is over.
cut_run() {
  cut_name=$1 cut_timeout=0 cut_within=0 cut_grace=10 cut_stop=TERM cut_holds='' cut_why=''
  shift
  if [ "${cut_dry}" = 1 ]; then
    cut_show "${cut_name}"
    return 0
  fi
  [ -z "${cut_signal}" ] || return 1
  while [ "$#" -gt 1 ]; do
    case "$1" in
    timeout) cut_timeout=$2 ;;
    stop) cut_stop=$2 ;;
    grace) cut_grace=$2 ;;
    holds) cut_holds=$2 ;;
    within) cut_within=$2 ;;
    *) break ;;
    esac
    shift 2
  done
  cut_files
  cut_clock
  cut_deadline=$((cut_time + cut_within))
  while :; do
    cut_why=''
    if cut_once && cut_expected "$@"; then
      cut_keep_output
      cut_forget
      return 0
    fi
    [ -n "${cut_why}" ] || cut_why="exit status ${cut_rc}"
    if cut_is_late "${cut_within}" || [ -n "${cut_signal}" ]; then
      break
    fi
    cut_note "${cut_why}; again, until ${cut_within}s have passed"
    cut_sleep 2
  done
  cut_keep_output
  cut_forget
  cut_failed_command "${cut_name}: ${cut_why}"
  return 1
}

# Where this command's output goes: one log per command, in the order they ran. What fetches a secret leaves nothing.
cut_files() {
  cut_count=$((cut_count + 1))
  cut_number=$(printf '%03d' "${cut_count}")
  cut_out="${cut_cred}/now-out"
  if [ "${cut_secret_run}" = 1 ]; then
    cut_log="${cut_cred}/fetch.log"
    cut_work=${cut_cred}
  else
    cut_log="${cut_logs}/${cut_number}-${cut_name}.log"
    cut_work="${cut_state}/work/${cut_n}"
    [ -d "${cut_work}" ] || mkdir -p "${cut_work}"
  fi
  cut_stamp=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  # Where it cannot be kept it is in memory, to be shown when the command fails.
  if ! { printf '# %s %s\n' "${cut_name}" "${cut_stamp}" >>"${cut_log}"; } 2>/dev/null; then
    cut_lose_log
    cut_log="${cut_cred}/lost.log"
    { printf '# %s %s\n' "${cut_name}" "${cut_stamp}" >"${cut_log}"; } 2>/dev/null || :
  fi
}

# Secrets that are fetched at their use are gone after it.
cut_forget() {
  [ "${cut_secret_run}" = 0 ] || return 0
  for cut_gone in ${cut_at_use}; do
    [ -e "${cut_cred}/secret.${cut_gone}" ] || continue
    [ ! -s "${cut_cred}/secret.${cut_gone}" ] || cut_disguises "${cut_cred}/secret.${cut_gone}" >>"${cut_cred}/gone.${cut_gone}"
    rm -f "${cut_cred}/secret.${cut_gone}"
  done
}

cut_keep_output() {
  [ "${cut_secret_run}" = 1 ] || { cat -- "${cut_out}" >>"${cut_log}"; } 2>/dev/null || cut_lose_log
}

cut_failed_command() {
  [ "${cut_gentle}" = 0 ] || return 0
  cut_bad "      failed: $*"
  [ "${cut_secret_run}" = 0 ] || return 0
  tail -n 15 "${cut_log}" 2>/dev/null | sed 's/^/      | /' 2>/dev/null
  cut_say "      log: ${cut_log}"
}

# The text of a function of this file, for --dry-run.
cut_show() {
  cut_find_part "$1"
  if [ -z "${cut_holding}" ]; then
    cat -- "${cut_self}"
  else
    cut_part_text "${cut_holding}"
  fi | sed -n "/^$1() {/,/^}/p" | sed '1d;$d;s/^/      /'
}

# A step that a person takes: printed, and confirmed at the terminal.
cut_manual() {
  cut_name=$1
  cut_say "      By hand: $2"
  [ "${cut_dry}" = 0 ] || return 0
  # Whoever named a step for `apply` has not done its way back.
  cut_word=${cut_done_list}
  [ "${cut_undoing}" = 0 ] || [ "${cut_mode}" = rollback ] || cut_word=' '
  case "${cut_word}" in
  *" ${cut_id} "*)
    cut_say "      taken as done (--done ${cut_id})"
    return 0
    ;;
  *) ;;
  esac
  while [ -z "${cut_signal}" ]; do
    cut_ask "      Type \`done\` when it is done, \`stop\` to stop here:" || break
    case "${cut_answer}" in
    done) return 0 ;;
    stop) return 1 ;;
    *) ;;
    esac
  done
  cut_bad "      Nobody confirmed it. Without a terminal, name it: --done ${cut_id}"
  return 1
}

# cut_seen ATTRIBUTE jq|text FILTER DECLARED|'?': one value of the last command's answer against the plan's.
cut_seen() {
  [ "${cut_dry}" = 0 ] || return 0
  if [ "$2" = jq ]; then
    cut_value=$(jq -r "($3) | if . == null then \"none\" elif type == \"array\" then (map(tostring) | sort | join(\", \")) else . end" <"${cut_out}" 2>/dev/null) || cut_value='(cannot be read)'
  else
    cut_value=$(cat -- "${cut_out}")
  fi
  cut_note "${cut_text}.$1: declared $4, seen ${cut_value}"
  case "$4" in
  "${cut_value}") ;;
  '?') cut_say "  seen: ${cut_text}.$1 is ${cut_value} (the plan does not know it)" ;;
  *)
    cut_drift=$((cut_drift + 1))
    cut_differs="${cut_text}.$1 is ${cut_value}, the plan says $4"
    if [ "$2" = jq ] && cut_first_page; then
      cut_differs="${cut_differs} (the answer is one page of a longer list, and only that was looked at: ask for the thing itself, or for more at once)"
    fi
    [ "${cut_watching}" = 1 ] || cut_bad "  drift: ${cut_differs}"
    ;;
  esac
}

# Is what was answered one page of more? A value that is not on it may be on another.
cut_first_page() {
  cut_more=$(jq '(.metadata?.continue? // "") != "" or (.result_info? // {} | (.cursors?.after? // .cursor? // "") != "" or (.page? // 0) < (.total_pages? // 0))' <"${cut_out}" 2>/dev/null) && [ "${cut_more}" = true ]
}

# cut_watch NAME … cut_watched: the values of a resource while a step is verified or undone.
cut_watch() {
  cut_text=$1 cut_watching=1 cut_drift=0 cut_vanishes=0
}

# The same for what may not be there any more: that nobody knows of it is no failure.
cut_watch_gone() {
  cut_watch "$1"
  cut_gentle=1 cut_present='' cut_vanishes=1
}

cut_watched() {
  cut_gentle=0
  [ "${cut_drift}" = 0 ]
}

# Did the last command fail since nobody knows of what it asked for? An API says so by 404, in JSON.
cut_is_gone() {
  grep -q '^expected status .*, got 404$' "${cut_log}" && cut_brace=$(head -c 1 "${cut_out}") && [ "${cut_brace}" = '{' ] && : >"${cut_out}"
}

# Runs a verify; one that only looks at values gives them a minute to become what they have to be.
cut_settled() {
  cut_clock
  cut_settle_by=$((cut_time + 60))
  while :; do
    cut_watching=0 cut_drift=0
    if "$1"; then
      cut_watching=0
      return 0
    fi
    cut_gentle=0 cut_deadline=${cut_settle_by}
    if [ "${cut_drift}" = 0 ] || cut_is_late 60 || [ -n "${cut_signal}" ]; then
      break
    fi
    cut_settle_by=${cut_deadline}
    cut_sleep 3
  done
  cut_watching=0
  [ "${cut_drift}" = 0 ] || cut_bad "      ${cut_differs}"
  return 1
}

