# == Runtime of cutc runbooks: the same in every runbook, of no interest to a reviewer of this one ==
#
# Commands of the plan are functions: step_N_do, step_N_undo, step_N_verify and, one per command, step_N_do_1 and so on.
# Each runs in a process of its own (`--command`) with its output in a log of its own. All names of the runtime begin with `cut_`.
# It has to run the same under dash, bash, busybox, ksh93, mksh, yash and zsh: hence no `set -e`, no `local`, no
# arrays, no `echo`, file descriptors below 10, and a flag instead of `$?` in the EXIT trap.

# Files of the run are for nobody else; what the plan's commands make is as their caller wants it.
cut_umask=$(umask)
umask 077

set -u
# What the shell was told otherwise does not count (`sh -e`, a TMOUT that ends each read at the terminal; ksh93 goes by it
# even when it is unset).
set +e +f +m +a +C
TMOUT=0
unset CDPATH TMOUT

cut_mode=plan cut_yes=0 cut_dry=0 cut_to='' cut_on_failure=ask cut_state='' cut_done_list=' ' cut_colour=1
cut_root='' cut_run='' cut_logs='' cut_log='' cut_out='' cut_work='' cut_cred='' cut_base=''
cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=0 cut_other='' cut_torn=0 cut_call='' cut_there='' cut_kept='' cut_given_mode='' cut_tty_out=0 cut_tty_err=0 cut_present='' cut_why=''
cut_signal='' cut_clean=0 cut_locked=0 cut_quiet_tty=0 cut_count=0
cut_name='' cut_rc=0 cut_timeout=0 cut_within=0 cut_grace=10 cut_stop=TERM cut_holds='' cut_secret_run=0 cut_lost=0 cut_vanishes=0
cut_part=0 cut_observations=0 cut_book='' cut_parted='' cut_steps_held='' cut_steps_names='' cut_observations_held='' cut_observations_names='' cut_given_part='' cut_turned='' cut_here='' cut_holding=''
cut_launcher='' cut_shell='' cut_copy='' cut_child='' cut_late=0 cut_hung_up=0
cut_bound=900 cut_gone=' ' cut_held=0 cut_from=0 cut_to_step=0 cut_only_look=0 cut_counting=0 cut_confirm_within=0 cut_until='' cut_orphaned=0 cut_alone_now=0 cut_target=0 cut_foreseen=0
cut_id='' cut_title='' cut_takes='' cut_final='' cut_hand='' cut_newer=''
cut_text='' cut_states='' cut_blind='' cut_verdict='' cut_status='' cut_before='' cut_surprises=''
cut_problems=0 cut_drift=0 cut_watching=0 cut_gentle=0 cut_differs='' cut_patience=30 cut_n=0

# -- Talking ---------------------------------------------------------------------------------------------------------

# When a terminal that was there is gone, what is said goes to the logs alone: ksh93 ends at the first word of its own
# that it cannot get rid of.
cut_mute() {
  [ "${cut_tty_out}" = 0 ] || [ -t 1 ] || exec >/dev/null
  [ "${cut_tty_err}" = 0 ] || [ -t 2 ] || exec 2>/dev/null
}

cut_say() {
  printf '%s\n' "$*" 2>/dev/null || cut_mute
  [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
}

cut_complain() {
  printf '%s\n' "$*" >&2 2>/dev/null || :
  [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
}

# What a shell or a tool says itself of a full disk is muted, and said once.
cut_note() {
  { printf '%s\n' "$*" >>"${cut_log}"; } 2>/dev/null || cut_lose_log
}

cut_lose_log() {
  [ "${cut_lost}" = 0 ] || return 0
  cut_lost=1
  cut_complain "The log ${cut_log} cannot be written (a full disk, or no right to it): what its command says is not kept."
}

cut_good() { cut_paint 32 "$*"; }
cut_bad() { cut_paint 31 "$*"; }
cut_paint() {
  cut_paint_code=$1
  shift
  if [ "${cut_colour}" = 1 ]; then
    printf '\033[%sm%s\033[0m\n' "${cut_paint_code}" "$*" 2>/dev/null || :
    [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
  else
    cut_say "$*"
  fi
}

# Seconds as people say them, in cut_span.
cut_seconds() {
  if [ "$1" -ge 3600 ]; then
    cut_span="$(($1 / 3600))h$(($1 % 3600 / 60))m"
  elif [ "$1" -ge 120 ]; then
    cut_span="$(($1 / 60))m$(($1 % 60))s"
  else
    cut_span="$1s"
  fi
}

cut_clock() {
  cut_time=$(date +%s)
}

# cut_is_late SECONDS: is cut_deadline over, which was so many seconds away when it was set? When it is further away, the clock
# was set back, and those seconds from now on are enough.
cut_is_late() {
  cut_clock
  [ $((cut_deadline - cut_time)) -le "$1" ] || cut_deadline=$((cut_time + $1))
  [ "${cut_time}" -ge "${cut_deadline}" ]
}

# A path as one word of a command line that people copy, in cut_quoted.
cut_quote() {
  cut_quoted=$1
  case "$1" in
  *[!A-Za-z0-9_./:@%+=,-]*)
    cut_quoted=$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")
    cut_quoted="'${cut_quoted}'"
    ;;
  *) ;;
  esac
}

cut_has_terminal() {
  (: </dev/tty) 2>/dev/null
}

# One line from the terminal in cut_answer; empty when there is none or a signal came. Read in a subshell, since the
# `read` of some shells goes on waiting after a signal that is trapped.
cut_ask() {
  cut_answer=''
  cut_has_terminal || return 1
  printf '%s ' "$*" >/dev/tty
  cut_answer=$(IFS= read -r cut_line </dev/tty && printf '%s' "${cut_line}") || return 1
  [ -z "${cut_signal}" ]
}

# Sleeps in short pieces, so that a signal is seen.
cut_sleep() {
  cut_left=$1
  while [ "${cut_left}" -gt 0 ] && [ -z "${cut_signal}" ]; do
    sleep 1
    cut_left=$((cut_left - 1))
  done
  [ -z "${cut_signal}" ]
}

# -- Journal: an intent is on disk before what it speaks of ----------------------------------------------------------

cut_record() {
  cut_stamp=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  [ "${cut_torn}" = 0 ] || cut_mend_journal
  if ! { printf '%s %s\n' "${cut_stamp}" "$*" >>"${cut_state}/journal"; } 2>/dev/null; then
    cut_torn=1
    cut_complain "The journal ${cut_state}/journal cannot be written: nothing is done that is not recorded first."
    return 1
  fi
  [ "$1" != 'done' ] || cut_done_stamp=${cut_stamp}
  sync "${cut_state}/journal" 2>/dev/null || sync 2>/dev/null || :
}

# Reads where things stand: cut_at (steps done), cut_doubt (a step begun and not ended), cut_undoing (an undo begun and
# not ended), cut_over (finished, rolled-back or empty), cut_other (digest of another plan's run), cut_done_stamp (when the last
# step ended, empty where an undo came after it). Half a line at the
# end, from a crash or a full disk while it was written, does not count.
cut_read_journal() {
  cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=0 cut_other='' cut_until=''
  cut_until_step=0 cut_until_time=0 cut_high=0 cut_done_stamp=''
  [ -r "${cut_state}/journal" ] || return 0
  while read -r cut_j_time cut_j_event cut_j_number cut_j_rest; do
    case "${cut_j_event} ${cut_j_number} ${cut_j_rest}" in
    *'(torn)'*) continue ;;
    *) ;;
    esac
    case "${cut_j_event}" in
    run)
      cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=1 cut_until_step=0 cut_high=0 cut_done_stamp=''
      cut_run=${cut_j_number}
      cut_other=''
      [ "${cut_j_rest}" = "${cut_digest}" ] || cut_other=${cut_j_rest}
      ;;
    intent)
      cut_doubt=${cut_j_number} cut_over=''
      [ "${cut_high}" -ge "${cut_j_number}" ] || cut_high=${cut_j_number}
      ;;
    done) cut_at=${cut_j_number} cut_doubt=0 cut_done_stamp=${cut_j_time} ;;
    undo) cut_undoing=${cut_j_number} cut_over='' ;;
    undone)
      cut_at=$((cut_j_number - 1)) cut_doubt=0 cut_undoing=0 cut_done_stamp=''
      [ "${cut_until_step}" != "${cut_j_number}" ] || cut_until_step=0
      ;;
    until) cut_until_step=${cut_j_number} cut_until_time=${cut_j_rest} ;;
    guarded | kept) cut_until='' ;;
    confirm-until) cut_until=${cut_j_number} ;;
    over) cut_over=${cut_j_number} cut_until='' ;;
    *) cut_complain "The journal has a line of ${cut_j_time} that this runbook does not know: ${cut_j_event}" ;;
    esac
  done <"${cut_state}/journal"
  [ ! -r "${cut_state}/root" ] || cut_root=$(cat -- "${cut_state}/root")
}

# Half a line at the end is marked, so that nobody takes it for a whole one later.
cut_mend_journal() {
  [ -s "${cut_state}/journal" ] || return 0
  cut_last=$(tail -c 1 "${cut_state}/journal" | wc -l)
  [ "${cut_last}" -gt 0 ] || { printf ' (torn)\n' >>"${cut_state}/journal"; } 2>/dev/null || return 0
  cut_torn=0
}

# -- One run at a time -----------------------------------------------------------------------------------------------

# When the process was born, in cut_birth, empty when it is gone (or a zombie): with its number, one process and no other,
# also after its number has been given away again or the host has been started anew.
cut_born() {
  cut_birth=''
  if [ -r "/proc/$$/stat" ]; then
    cut_birth=$(awk '{ sub(/.*\) /, ""); if ($1 !~ /[ZX]/) print $20 }' "/proc/$1/stat" 2>/dev/null) || cut_birth=''
    cut_boot=''
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r cut_boot </proc/sys/kernel/random/boot_id
    [ -z "${cut_birth}" ] || cut_birth="${cut_birth}-${cut_boot}"
  elif kill -0 "$1" 2>/dev/null; then
    cut_birth=$(ps -o lstart= -p "$1" 2>/dev/null | tr ' ' _) || cut_birth=''
    [ -n "${cut_birth}" ] || cut_birth=unknown
  fi
}

# cut_is_alive PROCESS BIRTH
cut_is_alive() {
  [ -n "$1" ] || return 1
  cut_born "$1"
  [ -n "${cut_birth}" ] && [ "${cut_birth}" = "$2" ]
}

# Who holds the lock by the file $1: cut_holder, cut_holder_host, cut_holder_birth.
cut_read_holder() {
  cut_holder='' cut_holder_host='' cut_holder_birth=''
  cut_held_by=$(cat -- "$1" 2>/dev/null) || return 1
  cut_holder=${cut_held_by%% *}
  cut_holder_birth=${cut_held_by##* }
  cut_holder_host=${cut_held_by#* }
  cut_holder_host=${cut_holder_host%% *}
}

# The lock is the file `holder`, made whole in one go by a hard link. That of a process that is gone is taken over by
# whoever links `after.` it first, and then replaces it; one who dies between the two is taken over in the same way.
cut_lock() {
  cut_tries=0
  cut_host=$(uname -n)
  cut_me="${cut_state}/lock/me.$$"
  while :; do
    mkdir -p "${cut_state}/lock" || {
      cut_complain "The state directory ${cut_state} cannot be made."
      return 4
    }
    cut_born "$$"
    { printf '%s %s %s\n' "$$" "${cut_host}" "${cut_birth}" >"${cut_me}"; } 2>/dev/null && ln "${cut_me}" "${cut_state}/lock/holder" 2>/dev/null && break
    cut_rc=0
    cut_take_over || cut_rc=$?
    [ "${cut_rc}" != 0 ] || break
    cut_tries=$((cut_tries + 1))
    [ "${cut_rc}" != 1 ] || [ "${cut_tries}" -lt 20 ] || {
      cut_complain "The lock ${cut_state}/lock cannot be written: a full disk, no right to it, or a file system without hard links."
      cut_rc=4
    }
    if [ "${cut_rc}" != 1 ]; then
      cut_leave_lock
      return "${cut_rc}"
    fi
    sleep 1
  done
  cut_locked=1
  rm -f "${cut_state}"/lock/me.* "${cut_state}"/lock/after.*
  { printf '%s\n' "$$" >"${cut_state}/lock/pid"; } 2>/dev/null || :
  cut_copy_book || return 4
  cut_outlived
}

# Commands are run from a copy, so that a runbook that is written anew meanwhile changes nothing. It has what they are made of
# and the plan, and cut_command as its end: most of the time that a command takes would go into reading the rest.
cut_copy_commands() {
  sed -n '/^set -u$/,/^# -- /p
    /^cut_compose() {$/,/^}$/p
    /^# -- What the commands of the plan are made of/,/^# -- /p
    /^cut_command() {$/,/^}$/{ s/^cut_command/cut_main/; p; }' <"$1" && sed -e '1,/^# == End of the .* ==$/d' -e "/^# == Part tables of ${cut_digest} ==/q" <"$1"
}

cut_copy_book() {
  cut_copy="${cut_state}/lock/runbook"
  if [ "${cut_part}" = 0 ]; then
    { cut_copy_commands "${cut_self}"; } 2>/dev/null >"${cut_copy}" && return 0
  else
    cut_book="${cut_state}/lock/book"
    if { cp -- "${cut_self}" "${cut_book}" && cut_copy_commands "${cut_book}" >"${cut_state}/lock/base" &&
      cat -- "${cut_state}/lock/base" >"${cut_copy}" && printf '\ncut_main "$@"\n' >>"${cut_copy}"; } 2>/dev/null; then
      cut_find_parts
      return
    fi
  fi
  cut_complain "The runbook cannot be copied to ${cut_state}/lock: a full disk, or no right to it."
  return 1
}

cut_leave_lock() {
  rm -f "${cut_me}"
  rmdir "${cut_state}/lock" 2>/dev/null || :
}

# 0: taken over; 1: it has changed meanwhile; 5: its holder lives, or cannot be judged.
cut_take_over() {
  cut_read_holder "${cut_state}/lock/holder" || return 1
  cut_stale=${cut_held_by}
  while :; do
    if [ "${cut_holder_host}" != "${cut_host}" ]; then
      cut_complain "Another run of this plan holds ${cut_state}/lock: process ${cut_holder} on ${cut_holder_host}, which cannot be seen from ${cut_host}. When it is gone for sure, remove ${cut_state}/lock"
      return 5
    fi
    if cut_is_alive "${cut_holder}" "${cut_holder_birth}"; then
      cut_complain "Another run of this plan holds ${cut_state}/lock (process ${cut_holder} on ${cut_holder_host})."
      return 5
    fi
    cut_after="${cut_state}/lock/after.${cut_holder}.${cut_holder_birth}"
    ! ln "${cut_me}" "${cut_after}" 2>/dev/null || break
    cut_read_holder "${cut_after}" || return 1
  done
  cut_read_holder "${cut_state}/lock/holder" || cut_held_by=''
  if [ "${cut_held_by}" != "${cut_stale}" ] || ! mv -f "${cut_me}" "${cut_state}/lock/holder" 2>/dev/null; then
    rm -f "${cut_after}"
    return 1
  fi
  cut_say "The lock of run ${cut_holder} is stale (that process is gone): taken over."
}

# Is the command $2 of this run's lock at work, as process $1 when that is known? Its process is then in cut_worker.
cut_works() {
  cut_worker=''
  if [ -r "/proc/$$/cmdline" ]; then
    for cut_base in /proc/[0-9]*; do
      [ -z "$1" ] || [ "${cut_base##*/}" = "$1" ] || continue
      cut_line=$({ tr '\0' ' ' <"${cut_base}/cmdline"; } 2>/dev/null) || continue
      case "${cut_line}" in
      *"${cut_state}/lock/runbook --command $2 "*) cut_worker=${cut_base##*/} ;;
      *) continue ;;
      esac
      return 0
    done
    return 1
  fi
  cut_worker=$(ps -A -o pid= -o args= 2>/dev/null | awk -v pid="$1" -v name="$2" '(pid == "" || $1 == pid) && index($0, "--command " name " ") { print $1; exit }')
  [ -n "${cut_worker}" ]
}

# What a person would look for among the processes: the program that the command behind cut_worker has started, in cut_busy.
cut_name_worker() {
  cut_busy=$(cut_processes | awk -v parent="${cut_worker}" '$2 == parent { print $1; exit }')
  [ -n "${cut_busy}" ] || cut_busy=${cut_worker}
  cut_program=$(ps -o comm= -p "${cut_busy}" 2>/dev/null || cat "/proc/${cut_busy}/comm" 2>/dev/null) || cut_program=''
  cut_busy="process ${cut_busy}${cut_program:+, ${cut_program##*/}}"
}

# A run that was killed may have left a command at work: nothing is done beside it.
cut_outlived() {
  cut_orphan_name=$(cat -- "${cut_state}/lock/command" 2>/dev/null) || return 0
  cut_orphan=''
  case "${cut_orphan_name}" in
  *' '*)
    cut_orphan=${cut_orphan_name%% *}
    cut_orphan_name=${cut_orphan_name#* }
    ;;
  *) ;;
  esac
  cut_orphan_left=600
  while cut_works "${cut_orphan}" "${cut_orphan_name}"; do
    if [ "${cut_orphan_left}" = 600 ]; then
      cut_name_worker
      cut_say "Its command ${cut_orphan_name} is still at work (${cut_busy}): waits for it."
    fi
    if [ "${cut_orphan_left}" = 0 ] || [ -n "${cut_signal}" ]; then
      cut_name_worker
      cut_complain "The command ${cut_orphan_name} of the run before is still at work (${cut_busy}): nothing is done beside it."
      return 5
    fi
    sleep 1
    cut_orphan_left=$((cut_orphan_left - 1))
  done
  # What it said is kept in its log.
  if [ -r "${cut_state}/lock/output" ]; then
    { IFS= read -r cut_out && IFS= read -r cut_orphan_log; } <"${cut_state}/lock/output" || cut_out=''
    [ -z "${cut_out}" ] || [ ! -s "${cut_out}" ] || { cat -- "${cut_out}" >>"${cut_orphan_log}" && rm -f "${cut_out}"; } 2>/dev/null || :
  fi
  rm -f "${cut_state}/lock/command" "${cut_state}/lock/output"
}

# What the lock is made of goes last.
cut_unlock() {
  [ "${cut_locked}" = 1 ] || return 0
  cut_locked=0
  # While a command may be at work, it stays: whoever finds it stale waits for that command.
  [ ! -e "${cut_state}/lock/command" ] || return 0
  rm -f "${cut_state}/lock/runbook" "${cut_state}/lock/base" "${cut_state}/lock/book" "${cut_state}/lock/pid" "${cut_state}/lock/output" "${cut_state}"/lock/me.*
  rm -f "${cut_state}/lock/holder"
  rmdir "${cut_state}/lock" 2>/dev/null || :
}
