# -- Commands --------------------------------------------------------------------------------------------------------

cut_usage() {
  cat <<EOF
usage: ${cut_call} [plan|preflight|apply|resume|confirm|rollback|status|verify|unlock] [--yes] [--dry-run]
       [--to STEP] [--on-failure rollback|stop|ask] [--confirm-within 10m] [--state DIR] [--done STEP]
       [--patience SECONDS] [--idle 15m] [--gone ADDRESS] [--no-color]
exit status: 0 done, 1 failed and rolled back, 2 usage, 3 stopped half-way, 4 preflight refused,
  5 another run holds the lock, 6 rollback incomplete
  (verify: 1 not as the plan says; confirm: 1 not confirmed; unlock: 1 a lock is still held; status: 3 half-way)
EOF
}

cut_plan_command() {
  sed -n '/^$/q; 2,$s/^# \{0,1\}//p' "${cut_self}"
}

cut_new_run() {
  cut_run=$(date -u +%Y%m%d-%H%M%S)-$$
}

cut_open_logs() {
  cut_logs="${cut_state}/logs/${cut_run:-look}"
  # What preflight saw belongs to its run: nobody else's look overwrites it.
  cut_kept="${cut_logs}/baseline"
  mkdir -p "${cut_logs}" || return 4
  cut_count=$(find "${cut_logs}" -name '[0-9][0-9][0-9]*' | wc -l)
  cut_count=$((cut_count))
}

# What --to names, as a number in cut_target.
cut_find_target() {
  cut_target=${cut_steps}
  [ -n "${cut_to}" ] || return 0
  cut_i=1
  while [ "${cut_i}" -le "${cut_steps}" ]; do
    cut_step "${cut_i}" || return 4
    if [ "${cut_id}" = "${cut_to}" ]; then
      cut_target=${cut_i}
      return 0
    fi
    cut_i=$((cut_i + 1))
  done
  cut_complain "There is no step ${cut_to}; \`plan\` lists them."
  return 2
}

# A name in --done that no step has would be missed only in the middle of the run; that of a step which nobody does by hand may be
# meant as more than it is.
cut_find_done() {
  cut_missing=${cut_done_list}
  cut_i=1
  while [ "${cut_missing}" != ' ' ] && [ "${cut_i}" -le "${cut_steps}" ]; do
    cut_step "${cut_i}" || return 4
    while :; do
      case "${cut_missing}" in
      *" ${cut_id} "*)
        [ -n "${cut_hand}" ] || cut_say "Step ${cut_id} is not done by hand: its commands run all the same (--done)."
        cut_missing="${cut_missing%%" ${cut_id} "*} ${cut_missing#*" ${cut_id} "}"
        ;;
      *) break ;;
      esac
    done
    cut_i=$((cut_i + 1))
  done
  for cut_word in ${cut_missing}; do
    cut_complain "There is no step ${cut_word} (--done); \`plan\` lists them."
    return 2
  done
}

cut_confirm() {
  [ "${cut_yes}" = 0 ] || return 0
  if ! cut_has_terminal; then
    cut_complain "There is no terminal to ask at: say --yes."
    return 2
  fi
  cut_ask "$1 (yes/no)?"
  [ "${cut_answer}" = yes ] && return 0
  cut_say "Not confirmed: nothing is changed."
  return 2
}

cut_refuse_other() {
  [ -n "${cut_other}" ] || return 0
  cut_complain "${cut_state} holds a run of another version of this plan (digest ${cut_other}); finish that with its own runbook, or name another --state."
  return 3
}

cut_apply() {
  cut_find_target || return
  if [ "${cut_dry}" = 1 ]; then
    cut_at=0 cut_until_step=0 cut_done_stamp=''
    cut_forward "${cut_target}"
    return
  fi
  if [ "${cut_over}" = finished ] && [ -z "${cut_other}" ]; then
    cut_drop_secrets
    cut_say "Already done: run ${cut_run} finished this plan. Nothing is changed."
    return 0
  fi
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; then
    cut_refuse_other || return
    if [ "${cut_at}" -gt 0 ] || [ "${cut_doubt}" -gt 0 ]; then
      cut_open_logs
      cut_say "A run is half-way."
      cut_hint
      return 3
    fi
  fi
  cut_at=0 cut_doubt=0 cut_over='' cut_until_step=0 cut_until_time=0 cut_high=0 cut_done_stamp=''
  cut_new_run
  { pwd -P >"${cut_state}/root"; } 2>/dev/null || {
    cut_complain "${cut_state} cannot be written: a full disk, or no right to it."
    return 4
  }
  cut_root=$(pwd -P)
  cut_open_logs || return
  cut_preflight || {
    cut_close drop
    return 4
  }
  cut_confirm "Apply ${cut_plan}, ${cut_target} of ${cut_steps} steps" || {
    cut_rc=$?
    cut_close drop
    return "${cut_rc}"
  }
  [ ! -s "${cut_state}/journal" ] || mv "${cut_state}/journal" "${cut_state}/journal.before-${cut_run}" || return 4
  if ! cut_record run "${cut_run}" "${cut_digest}" || ! cut_guard; then
    cut_close drop
    return 4
  fi
  cut_go_on
}

# What a run that is half-way needs before it goes on: nobody in its way, and somebody for the steps by hand.
cut_may_go_on() {
  cut_problems=0
  cut_by_hand
  cut_locks_free "$((cut_at + 1))" "${cut_target}" || :
  [ "${cut_problems}" != 0 ] || return 0
  cut_say "Nothing is changed."
  cut_hint
  return 1
}

# Goes on from the journal. A step that was under way is done when its observation or verify says so, else done again.
cut_resume() {
  cut_find_target || return
  cut_refuse_other || return
  if [ "${cut_begun}" = 0 ] || [ -n "${cut_over}" ]; then
    [ "${cut_dry}" = 1 ] || cut_drop_secrets
    cut_say "There is no run to go on with."
    return 0
  fi
  if [ "${cut_undoing}" -gt 0 ]; then
    cut_complain "A rollback was under way: ${cut_call} rollback --state ${cut_there}"
    return 3
  fi
  if [ "${cut_target}" -lt "${cut_at}" ] || [ "${cut_target}" -lt "${cut_doubt}" ]; then
    cut_complain "A later step than ${cut_to} is done or begun: nothing is changed."
    cut_hint
    return 3
  fi
  if [ "${cut_dry}" = 1 ]; then
    cut_forward "${cut_target}"
    return
  fi
  cut_open_logs || return
  cut_all_secrets || return 3
  cut_may_go_on || return 3
  if [ "${cut_confirm_within}" = 0 ] && [ -r "${cut_state}/confirm-within" ]; then
    cut_confirm_within=$(cat -- "${cut_state}/confirm-within")
  fi
  cut_guard || return 3
  if [ "${cut_doubt}" -gt "${cut_at}" ]; then
    cut_n=${cut_doubt}
    cut_step "${cut_n}" || return 3
    cut_say "[${cut_n}/${cut_steps}] ${cut_id} was under way: looking"
    cut_looked=${cut_count}
    # Where nothing looks, it is done again; a wait looks at the journal, until it is over.
    if cut_settled "${cut_here}_verify" && { [ "${cut_count}" -gt "${cut_looked}" ] || [ "${cut_until_step}" = "${cut_n}" ]; }; then
      cut_record 'done' "${cut_n}" "${cut_id}" || return 3
      cut_at=${cut_n} cut_doubt=0
      [ "${cut_until_step}" != "${cut_n}" ] || cut_say_done
    fi
  fi
  # Of a step in doubt nobody knows what is up; after any other, the run may have ended before it looked.
  if [ "${cut_doubt}" -le "${cut_at}" ] && ! cut_as_predicted; then
    cut_after_failure
    return
  fi
  cut_go_on
}

cut_rollback() {
  cut_refuse_other || return
  if [ "${cut_dry}" = 1 ] && [ "${cut_begun}" = 0 ]; then
    cut_at=${cut_steps} cut_begun=1 cut_high=${cut_steps}
  fi
  if [ "${cut_begun}" = 0 ] || [ "${cut_over}" = rolled-back ] || { [ "${cut_at}" = 0 ] && [ "${cut_doubt}" = 0 ]; }; then
    [ "${cut_dry}" = 1 ] || cut_drop_secrets
    cut_say "There is nothing to roll back."
    return 0
  fi
  if [ "${cut_dry}" = 1 ]; then
    cut_backward
    return
  fi
  cut_open_logs || return
  cut_confirm "Roll back ${cut_plan} from step ${cut_at}" || return
  cut_n=${cut_at}
  [ "${cut_doubt}" -le "${cut_n}" ] || cut_n=${cut_doubt}
  cut_step "${cut_n}" || return 6
  if [ -n "${cut_final}" ]; then
    cut_bad "The way back ends at step ${cut_n}, ${cut_id}: ${cut_final}"
    return 6
  fi
  if ! cut_all_secrets; then
    cut_complain "A secret that the way back needs is neither kept nor to be fetched: nothing is changed."
    return 6
  fi
  if ! cut_locks_free 1 "${cut_n}"; then
    cut_say "Nothing is changed: the way back goes through what is locked."
    cut_hint
    return 6
  fi
  cut_go_back
}

# A finished run of another version of the plan is none of this one's.
cut_forget_other() {
  if [ -n "${cut_other}" ] && [ -n "${cut_over}" ]; then
    cut_at=0 cut_doubt=0 cut_undoing=0 cut_begun=0 cut_over='' cut_other=''
  fi
}

# Until when the step at hand waits, or its undo.
cut_say_wait() {
  cut_clock
  if [ "${cut_until_step}" != "${cut_doubt}" ] && [ "${cut_until_step}" != "back-${cut_undoing}" ]; then
    return 0
  fi
  [ "${cut_time}" -lt "${cut_until_time}" ] || return 0
  cut_hour "${cut_until_time}"
  cut_seconds "$((cut_until_time - cut_time))"
  cut_say "  waits until ${cut_day}, ${cut_span} from now, for caches to forget the answers that the next step must not meet"
}

# Somebody else's state directory, closed to others, tells nothing: not even that nothing was begun.
cut_may_look() {
  cut_there_is=${cut_state}
  while ! [ -e "${cut_there_is}" ] && [ "${cut_there_is%/*}" != '' ]; do
    cut_there_is=${cut_there_is%/*}
  done
  if [ -d "${cut_there_is}" ] && ! [ -x "${cut_there_is}" ] || { [ -e "${cut_state}/journal" ] && ! [ -r "${cut_state}/journal" ]; }; then
    cut_complain "What is in ${cut_state} is closed to you: ask as who ran it."
    return 4
  fi
}

cut_status_command() {
  cut_forget_other
  cut_i=1
  while [ "${cut_i}" -le "${cut_steps}" ]; do
    cut_step "${cut_i}" || return 4
    cut_mark='      '
    [ "${cut_i}" -gt "${cut_at}" ] || cut_mark='done  '
    [ "${cut_i}" -ne "${cut_doubt}" ] || cut_mark='maybe '
    [ "${cut_i}" -ne "${cut_undoing}" ] || cut_mark='undo? '
    cut_say "${cut_mark}${cut_i} ${cut_title}"
    cut_i=$((cut_i + 1))
  done
  cut_logs=''
  if [ "${cut_begun}" = 0 ]; then
    cut_say "Not begun."
  elif [ -n "${cut_other}" ]; then
    cut_refuse_other
    return
  elif [ -n "${cut_over}" ]; then
    cut_say "Run ${cut_run}: ${cut_over}."
  else
    cut_say "Run ${cut_run}: half-way."
    cut_logs="${cut_state}/logs/${cut_run}"
    cut_say_until
    [ -z "${cut_secrets}" ] || [ ! -r "${cut_state}/secrets-at" ] || cut_say "  secrets are kept for the way back"
    cut_say_wait
    if cut_read_holder "${cut_state}/lock/holder" && cut_is_alive "${cut_holder}" "${cut_holder_birth}"; then
      cut_say "  at work: process ${cut_holder} on ${cut_holder_host}"
    fi
    cut_say "  logs: ${cut_logs}"
    cut_logs=''
    cut_hint
    return 3
  fi
}

# The verifies of all steps that are done and not overtaken by a later one, and the promises.
cut_verify_command() {
  cut_bad_count=0
  cut_forget_other
  cut_refuse_other || return
  [ -n "${cut_run}" ] || cut_new_run
  cut_open_logs || return
  if ! cut_all_secrets; then
    cut_bad "Not all secrets can be fetched: what needs them cannot be looked at."
    cut_bad_count=1
  fi
  cut_n=1
  while [ "${cut_n}" -le "${cut_at}" ]; do
    cut_step "${cut_n}" || return 1
    if [ -z "${cut_newer}" ] || [ "${cut_newer}" -gt "${cut_at}" ]; then
      cut_say "[${cut_n}/${cut_steps}] ${cut_id}"
      cut_settled "${cut_here}_verify" || cut_bad_count=$((cut_bad_count + 1))
    fi
    cut_n=$((cut_n + 1))
  done
  if ! cut_probe_all "${cut_at}"; then
    cut_bad "Not as the model says:"
    printf '%s' "${cut_surprises}"
    cut_bad_count=$((cut_bad_count + 1))
  fi
  cut_list_blind
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; then
    cut_close keep
  else
    cut_close drop
  fi
  if [ -n "${cut_signal}" ]; then
    cut_bad "Stopped by signal ${cut_signal}: not all was looked at."
    return 1
  fi
  [ "${cut_bad_count}" = 0 ] || return 1
  cut_good "All as the plan says after step ${cut_at}."
}

cut_preflight_command() {
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ] && [ "$((cut_at + cut_doubt))" -gt 0 ]; then
    cut_say "A run is half-way: there is no baseline to look at now (use verify)."
    return 3
  fi
  cut_find_target || return
  if [ "${cut_over}" = finished ] && [ -z "${cut_other}" ]; then
    cut_say "Already done: run ${cut_run} finished this plan, and verify looks at it now."
    return 0
  fi
  cut_at=0
  cut_new_run
  cut_root=$(pwd -P)
  cut_open_logs || return
  cut_preflight
  cut_rc=$?
  cut_close drop
  [ "${cut_rc}" = 0 ] || return "${cut_rc}"
  cut_good "Ready."
}

# A shell that counts in 32 bits (mksh) cannot tell the time from January 2038 on; it says so before waits begin to fail.
cut_tell_time() {
  case "$((2147483647 + 1))" in
  -*) ;;
  *) return 0 ;;
  esac
  cut_clock
  case "${cut_time}" in
  2[1-9]???????? | [3-9]????????? | ???????????*)
    cut_complain "This shell counts in 32 bits, and the time of today needs more: run this with another one (sh, dash, bash)."
    return 2
    ;;
  *) ;;
  esac
}

# 90, 90s, 10m or 1h as seconds in cut_length; not longer than what 32 bits can be added to.
cut_duration() {
  cut_length=${1%[smh]}
  case "${cut_length}" in
  '' | *[!0-9]* | 0* | ?????????*) return 2 ;;
  *) ;;
  esac
  case "$1" in
  ???????*m | ?????*h) return 2 ;;
  *m) cut_length=$((cut_length * 60)) ;;
  *h) cut_length=$((cut_length * 3600)) ;;
  *) ;;
  esac
}

# What is wrong with the command line is said, in cut_why.
cut_options() {
  while [ "$#" -gt 0 ]; do
    cut_why="There is no command or option \`$1\`."
    case "$1" in
    plan | preflight | apply | resume | confirm | rollback | status | verify | unlock)
      cut_why="Two commands, ${cut_given_mode} and $1: say one."
      [ -z "${cut_given_mode}" ] || return 2
      cut_mode=$1 cut_given_mode=$1
      ;;
    --help | -h) cut_mode=help cut_given_mode=--help ;;
    --yes) cut_yes=1 ;;
    --dry-run) cut_dry=1 ;;
    --no-color) cut_colour=0 ;;
    --to | --on-failure | --state | --done | --patience | --idle | --gone | --confirm-within)
      cut_why="The option $1 wants a value."
      [ "$#" -gt 1 ] || return 2
      case "$2" in
      --*) return 2 ;;
      *) ;;
      esac
      cut_why="\`$2\` is no value of the option $1: a time is 90, 90s, 10m or 1h."
      case "$1" in
      --to) cut_to=$2 ;;
      --on-failure) cut_on_failure=$2 ;;
      --state) cut_state=$2 ;;
      --patience)
        if [ "$2" = 0 ]; then
          cut_patience=0
        else
          cut_duration "$2" || return
          cut_patience=${cut_length}
        fi
        ;;
      --gone) cut_gone="${cut_gone}$2 " ;;
      --idle)
        cut_duration "$2" || return
        cut_bound=${cut_length}
        ;;
      --confirm-within)
        cut_duration "$2" || return
        cut_confirm_within=${cut_length}
        ;;
      *) cut_done_list="${cut_done_list}$2 " ;;
      esac
      shift
      ;;
    *) return 2 ;;
    esac
    shift
  done
  case "${cut_on_failure}" in
  ask | rollback | stop) ;;
  *)
    cut_why="\`${cut_on_failure}\` is no value of the option --on-failure: rollback, stop or ask."
    return 2
    ;;
  esac
  case "${cut_mode}${cut_to:+ --to}" in
  'rollback --to')
    cut_why="A rollback takes back all that was done: --to is for apply and resume."
    return 2
    ;;
  *) ;;
  esac
}

# Secrets are kept for a run that is half-way, and for nothing else. Where the journal cannot be written, nobody knows.
cut_keep_or_drop() {
  if [ "${cut_locked}" = 1 ] && [ "${cut_torn}" = 0 ] && [ -r "${cut_state}/secrets-at" ]; then
    cut_read_journal
    { [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; } || cut_drop_secrets
  fi
}

# Ends with what was left behind, said aloud, when the script ends in a way nobody foresaw.
cut_leave() {
  trap - EXIT
  [ "${cut_quiet_tty}" = 0 ] || stty echo </dev/tty
  [ "${cut_clean}" = 0 ] || return 0
  cut_complain "The runbook ended unexpectedly. Where things stand: ${cut_call} status --state ${cut_there}"
  cut_keep_or_drop
  cut_unlock
  exit 3
}

cut_main() {
  cut_self=$0
  case "${1-}" in
  --watchdog)
    shift
    cut_watchdog "$@"
    return
    ;;
  *) ;;
  esac
  cut_book=${cut_self}
  cut_quote "${cut_self}"
  cut_call="sh ${cut_quoted}"
  if ! cut_options "$@"; then
    cut_complain "${cut_why}"
    cut_usage >&2
    return 2
  fi
  # One that is closed would become a file of the run.
  (: >&2) || exec 2>/dev/null
  (: <&0) 2>/dev/null || exec </dev/null
  (: >&1) 2>/dev/null || exec >/dev/null
  [ ! -t 1 ] || cut_tty_out=1
  [ ! -t 2 ] || cut_tty_err=1
  [ "${cut_tty_out}" = 1 ] && [ -z "${NO_COLOR:-}" ] || cut_colour=0
  cut_root=$(pwd -P)
  [ -n "${cut_state}" ] || cut_state="${XDG_STATE_HOME:-${HOME:-/root}/.local/state}/cutc/${cut_plan}"
  case "${cut_state}" in
  /*) ;;
  *) cut_state="${cut_root}/${cut_state}" ;;
  esac
  cut_quote "${cut_state}"
  cut_there=${cut_quoted}
  if [ "${cut_mode}" = help ]; then
    cut_usage
    return
  fi
  if ! [ -f "${cut_self}" ]; then
    cut_complain "This runbook has to be a file, since it starts its commands from it: save it, then: sh FILE ${cut_mode}"
    return 2
  fi
  if [ "${cut_mode}" = plan ]; then
    cut_plan_command
    return
  fi
  if [ "${cut_mode}" = status ]; then
    cut_may_look || return
    cut_read_journal
    cut_status_command
    return
  fi
  if [ "${cut_mode}" = confirm ]; then
    cut_may_look || return
    cut_read_journal
    cut_confirm_command && return
    [ "${cut_orphaned}" = 1 ] || return 1
  fi
  trap ':' PIPE
  trap 'cut_signal=INT' INT
  trap 'cut_signal=TERM' TERM
  trap cut_hang_up HUP
  trap ':' ALRM
  cut_find_launcher
  cut_find_done || return
  cut_tell_time || return
  # These look and change nothing, dry or not; a dry `unlock` only shows.
  case "${cut_mode}" in
  unlock) cut_only_look=${cut_dry} cut_dry=0 ;;
  preflight | verify) cut_dry=0 ;;
  *) ;;
  esac
  trap cut_leave EXIT
  cut_rc=0
  if [ "${cut_dry}" = 0 ]; then
    cut_lock || cut_rc=$?
    [ "${cut_rc}" != 0 ] || cut_mend_journal
  fi
  # Only now: whoever held the lock may have gone on meanwhile.
  cut_read_journal
  if [ "${cut_rc}" = 0 ]; then
    case "${cut_mode}" in
    preflight) cut_preflight_command ;;
    apply) cut_apply ;;
    resume) cut_resume ;;
    confirm) cut_confirm_orphan ;;
    unlock) cut_unlock_command ;;
    rollback) cut_rollback ;;
    *) cut_verify_command ;;
    esac
    cut_rc=$?
  fi
  cut_keep_or_drop
  cut_unlock
  cut_clean=1
  return "${cut_rc}"
}

# == End of the runtime ==
