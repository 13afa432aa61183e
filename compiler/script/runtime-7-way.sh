# -- Forward and back ------------------------------------------------------------------------------------------------

cut_forward() {
  while [ "${cut_at}" -lt "$1" ]; do
    [ -z "${cut_signal}" ] || return 1
    cut_n=$((cut_at + 1))
    cut_step "${cut_n}" || return 1
    cut_announce
    cut_clock
    cut_started=${cut_time}
    if [ "${cut_dry}" = 0 ]; then
      cut_doubt=${cut_n} cut_high=${cut_n}
      cut_record intent "${cut_n}" "${cut_id}" || return 1
    fi
    "${cut_here}_do" || return 1
    # A signal that came when the work was done waits for the step's edge, a second one does not.
    cut_aside=${cut_signal}
    cut_signal=''
    cut_settled "${cut_here}_verify" || return 1
    [ "${cut_hung_up}" = 0 ] || cut_aside=HUP
    cut_hung_up=0
    [ -n "${cut_signal}" ] || cut_signal=${cut_aside}
    cut_at=${cut_n}
    if [ "${cut_dry}" = 0 ]; then
      cut_doubt=0
      cut_record 'done' "${cut_n}" "${cut_id}" || return 1
    else
      cut_done_stamp=''
    fi
    [ "${cut_dry}" = 1 ] || cut_say_done
    [ -z "${cut_signal}" ] || return 1
    cut_as_predicted || return 1
  done
}

# The promises in the state that is reached, before anything more is changed.
cut_as_predicted() {
  cut_probe_all "${cut_at}" && return 0
  [ -z "${cut_signal}" ] || return 1
  cut_bad "Surprise after step ${cut_at}: the model missed something. Nothing more is changed."
  printf '%s' "${cut_surprises}"
  return 1
}

# How long the step took, beside its estimate. A wait has none: it is over when it is, however long this run was there for it.
cut_say_done() {
  if [ "${cut_until_step}" = "${cut_n}" ]; then
    cut_good "      done: the wait is over"
    return 0
  fi
  cut_clock
  cut_spent=''
  if [ -n "${cut_takes}" ]; then
    cut_seconds "${cut_takes}"
    cut_spent=" (estimated ${cut_span})"
  fi
  cut_seconds "$((cut_time - cut_started))"
  cut_good "      done in ${cut_span}${cut_spent}"
}

cut_announce() {
  if [ -n "${cut_takes}" ]; then
    cut_seconds "${cut_takes}"
    cut_say "[${cut_n}/${cut_steps}] ${cut_title} (about ${cut_span})"
  else
    cut_say "[${cut_n}/${cut_steps}] ${cut_title} (no known length)"
  fi
}

# Why nobody saw whether an undo did what it should. A command cannot tell what is gone from what cannot be reached: what it said is shown.
cut_say_unseen() {
  if [ "${cut_vanishes}" = 0 ]; then
    cut_say "      undone, but its values could not be looked at"
    return 0
  fi
  cut_reason
  cut_say "      looking at ${cut_text} fails now, as it does when that is gone (${cut_brief})"
}

# Undoes from the last step that was begun to the first, and stops at one that cannot be undone.
cut_backward() {
  trap '' INT TERM HUP
  cut_n=${cut_at}
  [ "${cut_doubt}" -le "${cut_n}" ] || cut_n=${cut_doubt}
  cut_signal=''
  cut_odd=''
  while [ "${cut_n}" -gt 0 ]; do
    cut_step "${cut_n}" || return 6
    if [ -n "${cut_final}" ]; then
      cut_bad "The way back ends at step ${cut_n}, ${cut_id}: ${cut_final}"
      return 6
    fi
    cut_say "[back ${cut_n}/${cut_steps}] ${cut_id}"
    if [ "${cut_dry}" = 0 ]; then
      cut_undoing=${cut_n}
      cut_record undo "${cut_n}" "${cut_id}" || return 6
    fi
    cut_undone=0 cut_vanishes=0
    if "${cut_here}_undo"; then
      cut_undone=1
      if ! cut_settled "${cut_here}_was"; then
        [ "${cut_drift}" = 0 ] || cut_undone=0
        [ "${cut_drift}" -gt 0 ] || cut_say_unseen
      fi
    fi
    if [ "${cut_undone}" = 0 ] && [ -n "${cut_signal}" ]; then
      cut_bad "Stopped by signal ${cut_signal} while it waited: the undo of step ${cut_n}, ${cut_id}, has not begun."
      cut_signal=''
      return 6
    fi
    if [ "${cut_undone}" = 0 ]; then
      cut_bad "Step ${cut_n}, ${cut_id}, is not undone. Mend what the log says, then: ${cut_call} rollback --state ${cut_there}"
      return 6
    fi
    cut_at=$((cut_n - 1)) cut_doubt=0 cut_undoing=0
    if [ "${cut_dry}" = 0 ]; then
      cut_record undone "${cut_n}" "${cut_id}" || return 6
      cut_good "      undone"
    fi
    if ! cut_probe_all "${cut_at}"; then
      cut_bad "      not as the model says in this state:"
      printf '%s' "${cut_surprises}"
      cut_odd=${cut_surprises}
    else
      cut_odd=''
    fi
    cut_n=${cut_at}
  done
  if [ "${cut_dry}" = 0 ]; then
    cut_record over rolled-back || return 6
  fi
  [ -z "${cut_odd}" ] || return 6
}

# -- The end of a run ------------------------------------------------------------------------------------------------

cut_close() {
  cut_search_logs
  [ "$1" = keep ] || cut_drop_secrets
}

cut_hint() {
  cut_half=''
  [ "${cut_doubt}" -le "${cut_at}" ] || cut_half=", step ${cut_doubt} begun"
  [ "${cut_undoing}" = 0 ] || cut_half="${cut_half}, the undo of step ${cut_undoing} begun"
  cut_say "  state: step ${cut_at} of ${cut_steps} done${cut_half}; logs: ${cut_state}/logs/${cut_run}"
  # Once an undo has begun there is one way only.
  [ "${cut_undoing}" != 0 ] || cut_say "  go on:  ${cut_call} resume --state ${cut_there}"
  cut_say "  go back: ${cut_call} rollback --state ${cut_there}"
}

cut_after_failure() {
  cut_way=${cut_on_failure}
  if [ -n "${cut_signal}" ]; then
    cut_bad "Stopped by signal ${cut_signal}."
    cut_signal=''
  fi
  if [ "${cut_at}" = 0 ] && [ "${cut_doubt}" = 0 ]; then
    cut_close drop
    cut_say "Nothing was changed."
    return 1
  fi
  while [ "${cut_way}" = ask ]; do
    if ! cut_ask "Go back to where it began (rollback), or stop here (stop)?"; then
      cut_way=rollback
      break
    fi
    case "${cut_answer}" in
    rollback | stop) cut_way=${cut_answer} ;;
    *) ;;
    esac
  done
  if [ "${cut_way}" = stop ]; then
    cut_close keep
    cut_say "Stopped half-way."
    cut_hint
    return 3
  fi
  cut_go_back || return
  return 1
}

cut_go_back() {
  # They may be gone from memory since; what cannot be had is missed when it is needed.
  [ "${cut_dry}" = 1 ] || cut_all_secrets || cut_complain "Not all secrets are there: goes back as far as that goes."
  if cut_backward; then
    cut_close drop
    cut_good "Rolled back: everything is as before the run."
    return 0
  fi
  # Nothing is left to undo, so nothing is kept for it; what broke a promise meanwhile is not in the plan.
  if [ "${cut_at}" = 0 ] && [ "${cut_doubt}" = 0 ]; then
    cut_close drop
    cut_bad "All steps are undone, and yet the promises are not as before the run. What was seen last:"
    printf '%s' "${cut_odd}"
    cut_say "  logs: ${cut_state}/logs/${cut_run}"
    return 6
  fi
  cut_close keep
  cut_bad "Not rolled back."
  cut_hint
  return 6
}

cut_go_on() {
  if ! cut_forward "${cut_target}"; then
    cut_after_failure
    return
  fi
  if ! cut_await_confirmation; then
    if [ -n "${cut_signal}" ]; then
      cut_after_failure
      return
    fi
    cut_bad "Nobody confirmed in time."
    cut_go_back || return
    return 1
  fi
  if [ "${cut_at}" -lt "${cut_steps}" ]; then
    [ "${cut_confirm_within}" = 0 ] || cut_record kept "${cut_at}" || return 3
    cut_close keep
    cut_say "Stopped after ${cut_to}, as told."
    cut_hint
    return 0
  fi
  cut_record over finished || return 3
  cut_close drop
  cut_good "Done: all ${cut_steps} steps."
}

