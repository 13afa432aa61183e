# -- Probes: each promise, looked at from where its client stands ----------------------------------------------------

# cut_curl_config URL SECONDS
cut_curl_config() {
  case "$1" in
  *[\\\"]*)
    printf 'url = "'
    printf '%s' "$1" | sed 's/[\\"]/\\&/g'
    printf '"\n'
    ;;
  *) printf 'url = "%s"\n' "$1" ;;
  esac
  printf 'max-time = %s\nconnect-timeout = %s\noutput = "/dev/null"\nnoproxy = "*"\nsilent\n' "$2" "$2"
  printf 'write-out = "%%{http_code} %%{num_connects}\\n"\n'
}

# cut_look URL SECONDS [HOST]: runs curl here or on a host; cut_status, cut_made, cut_rc. A connection to that host that is cut
# meanwhile, perhaps by the change itself, ends soon.
cut_look() {
  cut_curl_config "$1" "$2" >"${cut_cred}/probe"
  if [ -n "${3-}" ]; then
    ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=2 "$3" 'curl -q -K -' <"${cut_cred}/probe" >"${cut_cred}/probe.out" 2>"${cut_cred}/probe.err"
  else
    curl -q -K "${cut_cred}/probe" </dev/null >"${cut_cred}/probe.out" 2>"${cut_cred}/probe.err"
  fi
  cut_rc=$?
  cut_status=000 cut_made=0
  # That host may greet whoever logs in.
  while read -r cut_first cut_rest; do
    case "${cut_first}:${cut_rest}" in
    [0-9][0-9][0-9]:[0-9]) cut_status=${cut_first} cut_made=${cut_rest} ;;
    *) ;;
    esac
  done <"${cut_cred}/probe.out"
}

# A URL is reached when an answer of HTTP comes with a status below 500; a 404 where the baseline had none is the
# "not hosted here" of a reverse proxy, and counts as not reached. Sets cut_verdict: up, down or blind.
cut_probe_url() {
  cut_look "$1" 10 "${2-}"
  cut_detail="status ${cut_status}"
  if [ "${cut_rc}" = 255 ] && [ -n "${2-}" ] || [ "${cut_rc}" -ge 126 ]; then
    cut_verdict=blind cut_detail="cannot look from ${2:-here}"
  elif [ "${cut_rc}" -ne 0 ]; then
    cut_verdict=down cut_detail="curl says ${cut_rc}"
  elif [ "${cut_status}" = 404 ] && [ "${cut_before}" != 404 ] && [ -n "${cut_before}" ]; then
    cut_verdict=down cut_detail="404, before the run it was ${cut_before}"
  elif [ "${cut_status}" -ge 100 ] && [ "${cut_status}" -lt 500 ]; then
    cut_verdict=up
  else
    cut_verdict=down
  fi
}

cut_probe_tcp() {
  cut_status=tcp
  for cut_max in 1 5; do
    cut_look "telnet://$1:$2" "${cut_max}" "${3-}"
    if [ "${cut_rc}" != 28 ] || [ "${cut_made}" != 0 ]; then
      break
    fi
  done
  cut_status=tcp
  if [ "${cut_rc}" = 255 ] && [ -n "${3-}" ] || [ "${cut_rc}" -ge 126 ]; then
    cut_verdict=blind cut_detail="cannot look from ${3:-here}"
  elif [ "${cut_made:-0}" -gt 0 ]; then
    cut_verdict=up cut_detail=connected
  else
    cut_verdict=down cut_detail="no connection"
  fi
}

# Probes promise N in state K; true when it is as the model says, or the model does not say.
cut_probe_one() {
  cut_blind=''
  "promise_$1"
  [ -z "${cut_blind}" ] || return 0
  cut_said=''
  for cut_word in ${cut_states}; do # "0 up 4 down 5 up": from a state on, what it is
    case "${cut_word}" in
    [0-9]*) [ "${cut_word}" -le "$2" ] || break ;;
    *) cut_said=${cut_word} ;;
    esac
  done
  cut_before=''
  [ ! -r "${cut_kept}/promise-$1" ] || read -r cut_before <"${cut_kept}/promise-$1" || :
  "probe_$1"
  cut_note "state $2, ${cut_text}: expected ${cut_said}, seen ${cut_verdict} (${cut_detail})"
  case "${cut_said}" in
  up | down) [ "${cut_verdict}" = "${cut_said}" ] ;;
  *) return 0 ;;
  esac
}

# Probes every promise in state K, those that surprise again and again for cut_patience seconds.
cut_probe_all() {
  [ "${cut_dry}" = 0 ] || return 0
  cut_name="probes-state-$1"
  cut_id=''
  cut_files
  cut_clock
  cut_deadline=$((cut_time + cut_patience))
  cut_open=''
  cut_i=1
  while [ "${cut_i}" -le "${cut_promises}" ]; do
    cut_open="${cut_open} ${cut_i}"
    cut_i=$((cut_i + 1))
  done
  while :; do
    cut_again=''
    cut_surprises=''
    for cut_i in ${cut_open}; do
      cut_probe_one "${cut_i}" "$1" && continue
      cut_again="${cut_again} ${cut_i}"
      cut_surprises="${cut_surprises}  ${cut_text}: expected ${cut_said}, seen ${cut_verdict} (${cut_detail})
"
    done
    [ -n "${cut_again}" ] || return 0
    cut_open=${cut_again}
    ! cut_is_late "${cut_patience}" || break
    cut_sleep 2 || break
  done
  return 1
}

# -- Preflight: finds all it can, changes nothing --------------------------------------------------------------------

cut_problem() {
  cut_problems=$((cut_problems + 1))
  # What fails since somebody stops it is no finding.
  [ -n "${cut_signal}" ] || cut_bad "  refused: $*"
}

# cut_tool NAME DIRECTORY: a program that the plan's commands start.
cut_tool() {
  case "$1" in
  /*) [ -x "$1" ] && return 0 ;;
  */*) [ -x "${cut_root}/$2/$1" ] && return 0 ;;
  *) command -v "$1" >/dev/null 2>&1 && return 0 ;;
  esac
  if [ "$2" = . ]; then
    cut_problem "the tool $1 is not here"
  else
    cut_problem "the tool $1 is not here (looked for from ${cut_root}/$2)"
  fi
}

# cut_observe NUMBER NAME: what can't be observed is listed, and does not refuse.
cut_observe() {
  cut_text=$2
  cut_turn "observe_$1" || return 0
  cut_gentle=1
  "${cut_turned}"
  cut_rc=$?
  cut_gentle=0
  [ "${cut_rc}" != 0 ] && [ -z "${cut_signal}" ] || return 0
  cut_reason
  cut_say "  not observed: ${cut_text} (${cut_brief})"
}

# Why the last look did not see anything, in cut_brief: what the runtime or curl says of it, before what the other side said.
cut_reason() {
  cut_brief=$(awk '/^(expected |curl: |nobody answers )/ { why = $0 } !/^# / { last = $0 } END { print why != "" ? why : last }' "${cut_log}" | cut -c 1-120)
  [ -n "${cut_brief}" ] || cut_brief=${cut_why}
}

# cut_absent NUMBER NAME STEP: what that step creates may not be there yet, unless the step is said to be done.
cut_absent() {
  cut_step "$3" && cut_turn "observe_$1" || return 0
  case "${cut_done_list}" in
  *" ${cut_id} "*) return 0 ;;
  *) ;;
  esac
  cut_text=$2 cut_present=''
  cut_gentle=1
  "${cut_turned}"
  cut_rc=$?
  cut_gentle=0
  if [ -n "${cut_present}" ]; then
    cut_problem "${cut_text} is there already (${cut_present}), and step ${cut_id} creates it; the way back would remove it. Remove it, or leave \`create\` out of the plan; when it was made for this run, say --done ${cut_id}"
    return 0
  fi
  [ "${cut_rc}" != 0 ] && [ -z "${cut_signal}" ] || return 0
  cut_reason
  cut_say "  not looked at whether ${cut_text} is there already (${cut_brief})"
}

# cut_found ATTRIBUTE jq|text FILTER: the last command's answer, of what may not be there: any value is one too many.
cut_found() {
  if [ "$2" = jq ]; then
    cut_value=$(jq -r "($3) | if . == null or . == [] then \"\" elif type == \"array\" then (map(tostring) | sort | join(\", \")) else . end" <"${cut_out}" 2>/dev/null) || cut_value=''
  else
    cut_value=$(cat -- "${cut_out}")
  fi
  cut_note "${cut_text}.$1: declared not there, seen ${cut_value}"
  [ -n "${cut_value}" ] || return 0
  cut_present="${cut_present:+${cut_present}, }$1 is ${cut_value}"
  [ "${cut_watching}" = 0 ] || cut_drift=$((cut_drift + 1)) cut_differs="${cut_text} is still there (${cut_present})"
}

# cut_unused ADDRESS PORT NAME: nobody may answer yet where the plan puts somebody.
cut_unused() {
  if cut_tcp "$1" "$2" 2>/dev/null; then
    cut_problem "$1 port $2 already answers, and only $3 should, later"
  fi
}

# cut_baseline NAME: keeps the output of a command for `expect output unchanged`.
cut_baseline() {
  cut_name=$1 cut_timeout=60 cut_holds='' cut_stop=TERM cut_grace=10
  cut_files
  if cut_once; then
    { cat -- "${cut_out}" >"${cut_kept}/$1"; } 2>/dev/null || cut_problem "the output of $1 has to be unchanged later, and cannot be kept in ${cut_kept}: a full disk, or no right to it"
  else
    cut_problem "the output of $1 cannot be seen (exit status ${cut_rc}); it has to be unchanged later: ${cut_log}"
  fi
}

# Steps by hand among those that are still to do need a terminal, or their names in --done.
cut_by_hand() {
  cut_has_terminal && return 0
  cut_i=$((cut_at + 1))
  while [ "${cut_i}" -le "${cut_target}" ] && cut_step "${cut_i}"; do
    case "${cut_done_list}" in
    *" ${cut_id} "*) ;;
    *) [ -z "${cut_hand}" ] || cut_problem "step ${cut_id} is done by hand, and there is no terminal to confirm it at (--done ${cut_id})" ;;
    esac
    cut_i=$((cut_i + 1))
  done
}

# --confirm-within is a promise to roll back, which a step without a way back breaks.
cut_by_itself() {
  cut_i=1
  while [ "${cut_i}" -le "${cut_steps}" ] && cut_step "${cut_i}"; do
    [ -z "${cut_final}" ] || cut_problem "--confirm-within: step ${cut_id} has no way back (${cut_final}), so nothing can roll back by itself after it"
    [ -z "${cut_hand}" ] || cut_say "  --confirm-within: the way back of step ${cut_id} is by hand; without a terminal it ends there"
    cut_i=$((cut_i + 1))
  done
  cut_lingers
}

# The secrets of the way back are in memory, and systemd empties that of a user with the last session: perhaps the one that
# the change cuts.
cut_lingers() {
  cut_uid=$(id -u)
  if [ "${cut_uid}" = 0 ] || [ -z "${cut_secrets}" ] || ! command -v loginctl >/dev/null 2>&1; then
    return 0
  fi
  cut_linger=$(loginctl show-user "${cut_uid}" -p Linger 2>/dev/null) || return 0
  [ "${cut_linger}" != Linger=no ] || cut_problem "--confirm-within: with your last session here systemd removes the secrets that the way back needs: loginctl enable-linger, then again"
}

cut_preflight() {
  cut_problems=0 cut_drift=0 cut_n=0
  cut_say "Preflight (changes nothing)"
  mkdir -p "${cut_kept}"
  plan_tools
  [ "${cut_problems}" != 0 ] || cut_say "  tools: all here"
  cut_open_secrets || return 4
  if cut_all_secrets; then
    [ -z "${cut_secrets}" ] || cut_say "  secrets: all fetched"
  else
    cut_problem "a secret cannot be fetched; what needs it cannot be looked at below"
  fi
  [ "${cut_mode}" = preflight ] || cut_by_hand
  [ "${cut_confirm_within}" = 0 ] || cut_by_itself
  plan_observe
  [ "${cut_drift}" = 0 ] || cut_problem "the world is not what the plan starts from (${cut_drift} values differ)"
  cut_held=0 cut_to_step=0
  plan_locks
  plan_unused
  plan_baseline
  cut_keep_statuses
  if cut_probe_all 0; then
    cut_say "  promises: as the model says"
  elif [ -z "${cut_signal}" ]; then
    cut_problem "promises that are not as the model says:"
    printf '%s' "${cut_surprises}"
  fi
  if [ -n "${cut_signal}" ]; then
    cut_bad "Stopped by signal ${cut_signal}, before all was looked at. Nothing was changed."
    return 4
  fi
  cut_list_blind
  [ "${cut_problems}" = 0 ] || return 4
}

# The status of each URL before the run, to tell a 404 that was there from one that is new.
cut_keep_statuses() {
  cut_name=baseline-status cut_id=''
  cut_files
  cut_i=1
  while [ "${cut_i}" -le "${cut_promises}" ]; do
    rm -f "${cut_kept}/promise-${cut_i}"
    cut_blind='' cut_before=''
    "promise_${cut_i}"
    if [ -z "${cut_blind}" ]; then
      "probe_${cut_i}"
      [ "${cut_verdict}" != up ] || { printf '%s\n' "${cut_status}" >"${cut_kept}/promise-${cut_i}"; } 2>/dev/null || cut_problem "what preflight saw cannot be kept in ${cut_kept}: a full disk, or no right to it"
    fi
    cut_i=$((cut_i + 1))
  done
}

cut_list_blind() {
  cut_i=1
  while [ "${cut_i}" -le "${cut_promises}" ]; do
    cut_blind=''
    "promise_${cut_i}"
    [ -z "${cut_blind}" ] || cut_say "  not looked at: ${cut_text} (${cut_blind})"
    cut_i=$((cut_i + 1))
  done
}

cut_all_secrets() {
  # The names come from the plan and have no blanks.
  cut_list=${cut_secrets}
  set --
  while [ -n "${cut_list}" ]; do
    set -- "$@" "${cut_list%% *}"
    case "${cut_list}" in
    *' '*) cut_list=${cut_list#* } ;;
    *) cut_list='' ;;
    esac
  done
  cut_fetch "$@"
}

