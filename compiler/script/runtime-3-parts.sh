# -- What the commands of the plan are made of (each runs in the subshell of its command) ----------------------------

cut_stdin() {
  umask 077
  cut_compose "$@" >"${cut_cred}/now.stdin" || return
  umask "${cut_umask}"
  exec <"${cut_cred}/now.stdin"
  rm -f "${cut_cred}/now.stdin"
}

cut_header() {
  umask 077
  cut_compose "$@" >>"${cut_cred}/now.header" && printf '\n' >>"${cut_cred}/now.header"
}

cut_basic() {
  umask 077
  {
    printf 'user = "'
    cut_compose "$@" | sed 's/[\\"]/\\&/g'
    printf '"\n'
  } >"${cut_cred}/now.config"
}

cut_body() {
  umask 077
  cut_compose "$@" >"${cut_cred}/now.body"
}

# cut_http METHOD URL [status 'N N'] [body FILE] [save FILE] [resolve ADDRESS] [cacert FILE] [max SECONDS]
# Prints the body of the answer; fails unless the status is one of those expected (2xx when none is named).
cut_http() {
  umask 077
  cut_method=$1 cut_url=$2 cut_wanted='' cut_save='' cut_max=60
  shift 2
  cut_left=$#
  set -- "$@" -q -sS --connect-timeout 10
  while [ "${cut_left}" -gt 1 ]; do
    cut_key=$1 cut_value=$2
    shift 2
    case "${cut_key}" in
    status) cut_wanted=${cut_value} ;;
    body) set -- "$@" --data-binary "@${cut_value}" ;;
    save) cut_save=${cut_value} ;;
    resolve) set -- "$@" --connect-to "::${cut_value}:" ;;
    cacert) set -- "$@" --cacert "${cut_value}" ;;
    max) cut_max=${cut_value} ;;
    *) return 2 ;;
    esac
    cut_left=$((cut_left - 2))
  done
  case "${cut_method}" in
  GET) ;;
  HEAD) set -- "$@" -I ;;
  *) set -- "$@" -X "${cut_method}" ;;
  esac
  [ ! -s "${cut_cred}/now.header" ] || set -- "$@" -H "@${cut_cred}/now.header"
  [ ! -s "${cut_cred}/now.config" ] || set -- "$@" -K "${cut_cred}/now.config"
  [ ! -e "${cut_cred}/now.body" ] || set -- "$@" --data-binary "@${cut_cred}/now.body"
  : >"${cut_cred}/now.reply"
  curl "$@" --max-time "${cut_max}" -o "${cut_cred}/now.reply" -w '%{http_code}\n' -- "${cut_url}" >"${cut_cred}/now.status"
  cut_rc=$?
  cut_status=$(cat -- "${cut_cred}/now.status")
  printf '%s %s: %s\n' "${cut_method}" "${cut_url}" "${cut_status:-no answer}" >&2
  [ -z "${cut_save}" ] || cp -- "${cut_cred}/now.reply" "${cut_save}" || return
  cat -- "${cut_cred}/now.reply"
  [ "${cut_rc}" = 0 ] || return "${cut_rc}"
  [ -n "${cut_wanted}" ] || case "${cut_status}" in
  2??) return 0 ;;
  *) ;;
  esac
  case " ${cut_wanted} " in
  *" ${cut_status} "*) return 0 ;;
  *) ;;
  esac
  printf 'expected status %s, got %s\n' "${cut_wanted:-2xx}" "${cut_status}" >&2
  return 22
}

# cut_tcp HOST PORT: somebody accepts a connection. curl's telnet stays connected until its time is up, so the first
# try is short, and what counts is that a connection was made.
cut_tcp() {
  for cut_max in 1 5; do
    cut_made=$(curl -q -s --noproxy '*' --max-time "${cut_max}" -o /dev/null -w '%{num_connects}' "telnet://$1:$2" </dev/null)
    cut_rc=$?
    if [ "${cut_rc}" = 0 ] || [ "${cut_rc}" = 28 ] && [ "${cut_made:-0}" -gt 0 ]; then
      return 0
    fi
    [ "${cut_rc}" = 28 ] || break
  done
  printf 'nobody answers on %s port %s\n' "$1" "$2" >&2
  return 7
}

# cut_dns NAME SERVER PORT TYPE EXPECTED: what the server says is what is expected, and nothing beside it.
cut_dns() {
  cut_answer=$(dig +time=3 +tries=1 +short -p "$3" "@$2" -t "$4" -q "$1") || return
  printf '%s\n' "${cut_answer}"
  cut_match=$(printf '%s\n' "${cut_answer}" | awk -v type="$4" -v want="$5" '
    BEGIN { want = tolower(want); sub(/\.$/, "", want) }
    { got = tolower($0); sub(/\.$/, "", got) }
    type == "CNAME" && got == want { good = 1 }
    type == "A" && got ~ /^[0-9.]+$/ { if (got == want) good = 1; else other = 1 }
    type == "AAAA" && got ~ /:/ { if (got == want) good = 1; else other = 1 }
    END { print good && !other ? "yes" : (want == "none" && NR <= 1 && got == "") ? "yes" : "no" }')
  [ "${cut_match}" = yes ] && return 0
  printf '%s at %s: expected %s\n' "$1" "$2" "$5" >&2
  return 1
}

