# -- Commit or revert: a run that nobody confirms in time rolls back by itself ---------------------------------------

# The terminal goes, perhaps because of the change itself: with --confirm-within the run goes on without it.
cut_hang_up() {
  cut_mute
  if [ "${cut_confirm_within}" -gt 0 ]; then
    [ "${cut_alone_now}" = 1 ] || cut_say "The terminal is gone: goes on without it, and rolls back unless somebody confirms."
    cut_alone_now=1
  else
    cut_signal=HUP
  fi
}

cut_say_until() {
  [ -n "${cut_until}" ] || return 0
  cut_clock
  cut_remains=$((cut_until - cut_time))
  [ "${cut_remains}" -gt 0 ] || cut_remains=0
  cut_hour "${cut_until}" ' %Z'
  cut_seconds "${cut_remains}"
  cut_say "  NOT CONFIRMED: rolls back by itself at ${cut_day}, in ${cut_span}, unless: ${cut_call} confirm --state ${cut_there}"
}

# Begins to guard the run: a second process, apart from the terminal, which rolls back when this one is killed and nobody
# takes over or confirms in time.
cut_guard() {
  rm -rf "${cut_state:?}/decided"
  cut_until=''
  if [ "${cut_confirm_within}" = 0 ]; then
    rm -f "${cut_state}/confirm-within"
    return 0
  fi
  # Nobody suspends it by mistake.
  trap '' TSTP TTIN TTOU
  { printf '%s\n' "${cut_confirm_within}" >"${cut_state}/confirm-within" && cp -- "${cut_book}" "${cut_state}/watchdog"; } 2>/dev/null || {
    cut_complain "What guards the run cannot be written to ${cut_state}: a full disk, or no right to it."
    return 1
  }
  cut_born "$$"
  umask "${cut_umask}"
  cut_once_more "${cut_state}/watchdog" --watchdog "${cut_state}" "$$" "${cut_confirm_within}" "${cut_shell}" "${cut_birth}" >>"${cut_state}/watchdog.log" 2>&1
  umask 077
  cut_record guarded "$!" || return
  cut_seconds "${cut_confirm_within}"
  cut_say "To be confirmed within ${cut_span} of its last step; guarded by process $! from now on."
}

# cut_watchdog STATE PROCESS SECONDS SHELL BIRTH: see cut_guard. It has nothing to do while that process lives, unless that one
# has not noticed that its time is over: stopped, or held up by a terminal that takes nothing more.
cut_watchdog() {
  trap '' HUP INT
  cut_state=$1 cut_deadline='' cut_shell=$4
  while sleep 2; do
    # The journal of a long run is long: as long as there is nothing to wait for, nobody reads all of it.
    if cut_is_alive "$2" "$5" && ! grep -q -e ' confirm-until ' -e ' over ' "${cut_state}/journal"; then
      continue
    fi
    cut_read_journal
    [ -z "${cut_over}" ] || return 0
    cut_clock
    if cut_is_alive "$2" "$5"; then
      if [ -z "${cut_until}" ] || [ "${cut_time}" -lt $((cut_until + 20)) ] || ! mkdir "${cut_state}/decided" 2>/dev/null; then
        continue
      fi
      kill -s KILL "$2"
      cut_revert
      return
    fi
    # Ended as it should, or taken over by somebody.
    cut_read_holder "${cut_state}/lock/holder" || return 0
    if [ "${cut_holder}" != "$2" ] || [ "${cut_begun}" = 0 ] || [ -d "${cut_state}/decided" ]; then
      return 0
    fi
    [ -n "${cut_deadline}" ] || cut_deadline=${cut_until:-$((cut_time + $3))}
    cut_is_late "$3" || continue
    ! mkdir "${cut_state}/decided" 2>/dev/null || cut_revert
    return
  done
}

# Rolls back; what stands in the way (a state lock of somebody else, a source of secrets that is down) may go away in an hour.
cut_revert() {
  cut_self=$0
  cut_tries=0
  while [ "${cut_tries}" -lt 60 ] && [ -d "${cut_state}/decided" ]; do
    umask "${cut_umask}"
    cut_once_more "$0" rollback --yes --state "${cut_state}" --no-color
    umask 077
    wait "$!"
    cut_read_journal
    if [ "${cut_begun}" = 0 ] || [ -n "${cut_over}" ]; then
      return 0
    fi
    cut_tries=$((cut_tries + 1))
    sleep 60
  done
}

# After the last step to be done: waits to be told that all is well. False when nobody did in time, or a signal came.
cut_await_confirmation() {
  [ "${cut_confirm_within}" -gt 0 ] || return 0
  cut_clock
  cut_until=$((cut_time + cut_confirm_within))
  cut_record confirm-until "${cut_until}" || return 1
  if [ "${cut_steps}" = 1 ]; then
    cut_say "The only step is done."
  elif [ "${cut_at}" = "${cut_steps}" ]; then
    cut_say "All ${cut_steps} steps are done."
  else
    cut_say "${cut_at} of ${cut_steps} steps are done, as told."
  fi
  cut_say_until
  cut_reader=''
  if cut_has_terminal; then
    cut_say "  or type \`confirm\` here"
    (
      while IFS= read -r cut_line; do
        [ "${cut_line}" != confirm ] || mkdir "${cut_state}/decided"
      done
    ) </dev/tty >/dev/null 2>&1 &
    cut_reader=$!
  fi
  cut_told=${cut_time} cut_sure=0
  while [ -z "${cut_signal}" ]; do
    if [ -d "${cut_state}/decided" ]; then
      cut_sure=1
      break
    fi
    cut_deadline=${cut_until}
    if cut_is_late "${cut_confirm_within}"; then
      # Whoever makes this directory has decided.
      mkdir "${cut_state}/decided" 2>/dev/null || cut_sure=1
      break
    fi
    if [ "${cut_deadline}" != "${cut_until}" ]; then
      # The clock was set back.
      cut_until=${cut_deadline} cut_told=0
      cut_record confirm-until "${cut_until}" || :
    fi
    if [ $((cut_time - cut_told)) -ge 60 ]; then
      cut_told=${cut_time}
      cut_say_until
    fi
    sleep 1
  done
  [ -z "${cut_reader}" ] || kill "${cut_reader}" 2>/dev/null || :
  [ "${cut_sure}" = 1 ] || return 1
  cut_good "Confirmed."
}

# From another shell: keeps what the run did. When the run itself is gone, cut_orphaned says so, and this one ends it.
cut_confirm_command() {
  cut_orphaned=0
  if [ "${cut_begun}" = 0 ] || [ -n "${cut_over}" ]; then
    cut_say "There is nothing to confirm."
    return 0
  fi
  cut_refuse_other || return
  if [ -z "${cut_until}" ] && [ "${cut_at}" -lt "${cut_steps}" ] || [ "${cut_undoing}" -gt 0 ]; then
    cut_complain "Not confirmed: step ${cut_at} of ${cut_steps} is done, and the run does not wait for that."
    return 1
  fi
  if [ "${cut_dry}" = 1 ]; then
    cut_say "Would keep what run ${cut_run} did."
    return 0
  fi
  if ! mkdir "${cut_state}/decided" 2>/dev/null; then
    cut_complain "Not confirmed: it was decided before. See: ${cut_call} status --state ${cut_there}"
    return 1
  fi
  if cut_read_holder "${cut_state}/lock/holder" && cut_is_alive "${cut_holder}" "${cut_holder_birth}"; then
    cut_left=30
    while [ -z "${cut_over}" ] && [ -n "${cut_until}" ] && [ "${cut_left}" -gt 0 ]; do
      sleep 1
      cut_left=$((cut_left - 1))
      cut_read_journal
    done
    cut_say "Confirmed: run ${cut_run} stays${cut_over:+: }${cut_over}."
    return 0
  fi
  cut_orphaned=1
  return 1
}

cut_confirm_orphan() {
  if [ -n "${cut_over}" ]; then
    cut_say "Confirmed: run ${cut_run} stays: ${cut_over}."
    return 0
  fi
  cut_open_logs || return
  if [ "${cut_at}" -lt "${cut_steps}" ]; then
    cut_record kept "${cut_at}" || return 3
    cut_close keep
  else
    cut_record over finished || return 3
    cut_close drop
  fi
  cut_good "Confirmed: run ${cut_run} stays. Its process was gone."
}

