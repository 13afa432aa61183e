# == Runtime of cutc runbooks: the same in every runbook, of no interest to a reviewer of this one ==
#
# Commands of the plan are functions: step_N_do, step_N_undo, step_N_verify and, one per command, step_N_do_1 and so on.
# Each runs in a process of its own (`--command`) with its output in a log of its own. All names of the runtime begin with `cut_`.
# It has to run the same under dash, bash, busybox, ksh93, mksh, yash and zsh: hence no `set -e`, no `local`, no
# arrays, no `echo`, file descriptors below 10, and a flag instead of `$?` in the EXIT trap.

set -u
umask 077
unset CDPATH

cut_mode=plan cut_yes=0 cut_dry=0 cut_to='' cut_on_failure=ask cut_state='' cut_done_list=' ' cut_colour=1
cut_root='' cut_run='' cut_logs='' cut_log='' cut_out='' cut_work='' cut_cred='' cut_base=''
cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=0 cut_other=''
cut_signal='' cut_clean=0 cut_locked=0 cut_quiet_tty=0 cut_count=0
cut_name='' cut_rc=0 cut_timeout=0 cut_within=0 cut_grace=10 cut_stop=TERM cut_holds='' cut_secret_run=0
cut_launcher='' cut_shell='' cut_copy='' cut_child='' cut_late=0 cut_hung_up=0
cut_bound=900 cut_held=0 cut_confirm_within=0 cut_until='' cut_orphaned=0
cut_id='' cut_title='' cut_takes='' cut_final='' cut_hand='' cut_newer=''
cut_text='' cut_states='' cut_blind='' cut_verdict='' cut_status='' cut_before='' cut_surprises=''
cut_problems=0 cut_drift=0 cut_watching=0 cut_gentle=0 cut_differs='' cut_patience=30 cut_n=0

# -- Talking ---------------------------------------------------------------------------------------------------------

cut_say() {
  printf '%s\n' "$*" 2>/dev/null || :
  [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
}

cut_complain() {
  printf '%s\n' "$*" >&2 2>/dev/null || :
  [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
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
  if ! printf '%s %s\n' "${cut_stamp}" "$*" >>"${cut_state}/journal" 2>/dev/null; then
    cut_complain "The journal ${cut_state}/journal cannot be written: nothing is done that is not recorded first."
    return 1
  fi
  sync "${cut_state}/journal" 2>/dev/null || sync 2>/dev/null || :
}

# Reads where things stand: cut_at (steps done), cut_doubt (a step begun and not ended), cut_undoing (an undo begun and
# not ended), cut_over (finished, rolled-back or empty), cut_other (digest of another plan's run). Half a line at the
# end, from a crash while it was written, does not count.
cut_read_journal() {
  cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=0 cut_other='' cut_until=''
  cut_until_step=0 cut_until_time=0 cut_high=0
  [ -r "${cut_state}/journal" ] || return 0
  while read -r cut_j_time cut_j_event cut_j_number cut_j_rest; do
    case "${cut_j_event}" in
    run)
      cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=1 cut_until_step=0 cut_high=0
      cut_run=${cut_j_number}
      cut_other=''
      [ "${cut_j_rest}" = "${cut_digest}" ] || cut_other=${cut_j_rest}
      ;;
    intent)
      cut_doubt=${cut_j_number} cut_over=''
      [ "${cut_high}" -ge "${cut_j_number}" ] || cut_high=${cut_j_number}
      ;;
    done) cut_at=${cut_j_number} cut_doubt=0 ;;
    undo) cut_undoing=${cut_j_number} cut_over='' ;;
    undone)
      cut_at=$((cut_j_number - 1)) cut_doubt=0 cut_undoing=0
      [ "${cut_until_step}" != "${cut_j_number}" ] || cut_until_step=0
      ;;
    until) cut_until_step=${cut_j_number} cut_until_time=${cut_j_rest} ;;
    confirm-until) cut_until=${cut_j_number} ;;
    over) cut_over=${cut_j_number} cut_until='' ;;
    *) cut_complain "The journal has a line of ${cut_j_time} that this runbook does not know: ${cut_j_event}" ;;
    esac
  done <"${cut_state}/journal"
  [ ! -r "${cut_state}/root" ] || cut_root=$(cat -- "${cut_state}/root")
}

cut_mend_journal() {
  [ -s "${cut_state}/journal" ] || return 0
  cut_last=$(tail -c 1 "${cut_state}/journal" | wc -l)
  [ "${cut_last}" -gt 0 ] || printf '\n' >>"${cut_state}/journal"
}

# -- One run at a time -----------------------------------------------------------------------------------------------

cut_lock() {
  mkdir -p "${cut_state}" || {
    cut_complain "The state directory ${cut_state} cannot be made."
    return 4
  }
  if ! mkdir "${cut_state}/lock" 2>/dev/null; then
    cut_holder=$(cat -- "${cut_state}/lock/pid" 2>/dev/null) || cut_holder=''
    cut_holder_host=$(cat -- "${cut_state}/lock/host" 2>/dev/null) || cut_holder_host=''
    cut_host=$(uname -n)
    if [ -n "${cut_holder}" ] && [ "${cut_holder_host}" = "${cut_host}" ] && ! kill -0 "${cut_holder}" 2>/dev/null; then
      cut_say "The lock of run ${cut_holder} is stale (that process is gone): taken over."
      cut_outlived || return
    else
      cut_complain "Another run of this plan holds ${cut_state}/lock (process ${cut_holder:-unknown} on ${cut_holder_host:-unknown})."
      return 5
    fi
  fi
  uname -n >"${cut_state}/lock/host" || return 4
  printf '%s\n' "$$" >"${cut_state}/lock/pid" || return 4
  cut_locked=1
  # Commands are run from a copy, so that a runbook that is written anew meanwhile changes nothing.
  cut_copy="${cut_state}/lock/runbook"
  cp -- "${cut_self}" "${cut_copy}" || return 4
}

# A run that was killed may have left a command at work: nothing is done beside it.
cut_outlived() {
  [ -r "${cut_state}/lock/command" ] || return 0
  read -r cut_orphan cut_orphan_name <"${cut_state}/lock/command" || return 0
  cut_orphan_left=600
  while ps -A -o pid= -o args= 2>/dev/null | awk -v pid="${cut_orphan}" -v name="${cut_orphan_name}" '$1 == pid && index($0, "--command " name " ") { found = 1 } END { exit !found }'; do
    [ "${cut_orphan_left}" -lt 600 ] || cut_say "Its command ${cut_orphan_name} is still at work (process ${cut_orphan}): waits for it."
    if [ "${cut_orphan_left}" = 0 ] || [ -n "${cut_signal}" ]; then
      cut_complain "The command ${cut_orphan_name} of the run before is still at work (process ${cut_orphan}): nothing is done beside it."
      return 5
    fi
    sleep 1
    cut_orphan_left=$((cut_orphan_left - 1))
  done
  rm -f "${cut_state}/lock/command"
}

cut_unlock() {
  [ "${cut_locked}" = 1 ] || return 0
  cut_locked=0
  rm -rf "${cut_state:?}/lock"
}

