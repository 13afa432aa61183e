# -- Secrets: files of mode 0600 in a directory of mode 0700 on a memory file system ---------------------------------

cut_is_memory() {
  cut_fs=$(stat -f -c %T "$1" 2>/dev/null) || cut_fs=$(df -P "$1" 2>/dev/null | awk 'NR == 2 { print $1 }')
  case "${cut_fs}" in
  tmpfs | ramfs | shm) return 0 ;;
  *) return 1 ;;
  esac
}

cut_is_mine() {
  cut_uid=$(id -u)
  cut_mine=$(find "$1" -prune -type d -user "${cut_uid}" -perm 700 2>/dev/null) || return 1
  [ -n "${cut_mine}" ]
}

# Opens the directory of the run, or makes one; a second process after a crash finds the same.
cut_open_secrets() {
  if [ -n "${cut_cred}" ] && cut_is_mine "${cut_cred}"; then
    return 0
  fi
  if [ -r "${cut_state}/secrets-at" ]; then
    cut_cred=$(cat -- "${cut_state}/secrets-at")
    if [ -n "${cut_cred}" ] && cut_is_mine "${cut_cred}"; then
      return 0
    fi
  fi
  cut_cred=''
  cut_uid=$(id -u)
  for cut_base in "${XDG_RUNTIME_DIR:-/dev/shm}" /dev/shm "${cut_state}"; do
    # That of a login goes with its last session; /dev/shm does too, but not for root.
    [ "${cut_confirm_within}" = 0 ] || [ "${cut_uid}" != 0 ] || [ "${cut_base}" != "/run/user/0" ] || continue
    if ! [ -d "${cut_base}" ] || ! [ -w "${cut_base}" ]; then
      continue
    fi
    if [ "${cut_base}" = "${cut_state}" ]; then
      cut_complain "No memory file system to keep secrets in: they are kept in ${cut_state} until the run is over."
    elif ! cut_is_memory "${cut_base}"; then
      continue
    fi
    cut_cred="${cut_base}/cutc-${cut_plan}-${cut_run:-look}-$$"
    if mkdir -m 700 "${cut_cred}" 2>/dev/null; then
      printf '%s\n' "${cut_cred}" >"${cut_state}/secrets-at" || return 1
      return 0
    fi
    cut_cred=''
  done
  cut_complain "No place to keep secrets in."
  return 1
}

cut_drop_secrets() {
  if [ -z "${cut_cred}" ] && [ -r "${cut_state}/secrets-at" ]; then
    cut_cred=$(cat -- "${cut_state}/secrets-at")
    if [ -z "${cut_cred}" ] || ! cut_is_mine "${cut_cred}"; then
      cut_cred=''
    fi
  fi
  if [ -n "${cut_cred}" ]; then
    rm -rf "${cut_cred:?}"
  fi
  cut_cred=''
  rm -f "${cut_state}/secrets-at"
}

# A secret's file without the line end of its source; an empty one is none.
cut_store() {
  awk 'NR > 1 { printf "\n" } { printf "%s", $0 }' >"${cut_cred}/secret.$1" && [ -s "${cut_cred}/secret.$1" ]
}

cut_secret_env() {
  awk 'BEGIN { printf "%s", ENVIRON[ARGV[1]]; exit }' "$2" | cut_store "$1" && return 0
  cut_complain "Secret $1: the environment variable $2 is not set (or not exported)."
  return 1
}

cut_secret_file() {
  case "$2" in
  /*) cut_file=$2 ;;
  *) cut_file=${cut_root}/$2 ;;
  esac
  if [ -r "${cut_file}" ] && cut_store "$1" <"${cut_file}"; then
    return 0
  fi
  cut_complain "Secret $1: the file ${cut_file} cannot be read, or is empty."
  return 1
}

cut_secret_prompt() {
  if ! cut_has_terminal; then
    cut_complain "Secret $1 is asked for at the terminal, and there is none."
    return 1
  fi
  printf '%s: ' "$2" >/dev/tty
  cut_quiet_tty=1
  stty -echo </dev/tty
  head -n 1 </dev/tty | cut_store "$1"
  cut_rc=$?
  stty echo </dev/tty
  cut_quiet_tty=0
  printf '\n' >/dev/tty
  [ "${cut_rc}" = 0 ] && return 0
  cut_complain "Secret $1: nothing was entered."
  return 1
}

# cut_secret_jq NAME PATH FIELD FILTER: picks the secret out of the last answer of its source.
cut_secret_jq() {
  jq -ej --arg path "$2" --arg field "$3" "$4" <"${cut_out}" 2>"${cut_cred}/jq.err" | cut_store "$1" && {
    rm -f "${cut_out}"
    return 0
  }
  cut_complain "Secret $1: the answer of its source has no $3 at $2."
  return 1
}

# cut_secret_text NAME: all of the last answer of its source.
cut_secret_text() {
  cut_store "$1" <"${cut_out}" && {
    rm -f "${cut_out}"
    return 0
  }
  cut_complain "Secret $1: the answer of its source is empty."
  return 1
}

# Fetches those that are not there yet; with a name, just that one.
cut_fetch() {
  [ "${cut_dry}" = 0 ] || return 0
  cut_open_secrets || return 1
  cut_missing=0
  for cut_wanted in "$@"; do
    [ ! -s "${cut_cred}/secret.${cut_wanted#*:}" ] || continue
    cut_secret_run=1
    "secret_${cut_wanted%%:*}" || cut_missing=1
    cut_secret_run=0
  done
  [ "${cut_missing}" = 0 ]
}

# Writes its operands one after the other: `text T` as it is, `secret NAME` from its file, never through an argument.
cut_compose() {
  while [ "$#" -gt 1 ]; do
    case "$1" in
    text) printf '%s' "$2" || return ;;
    secret) cat -- "${cut_cred}/secret.$2" || return ;;
    *) return 2 ;;
    esac
    shift 2
  done
}

# What a secret looks like in a file: as it is, in the text of JSON, URL-encoded, in base64 at each of its three offsets,
# and that for URLs. Of a secret of several lines, each line that says something. Nothing shorter than six bytes.
cut_disguises() {
  LC_ALL=C awk '
    function say(t) {
      if (length(t) >= 6 && t !~ /^-----/ && !(t in said)) print t
      said[t] = 1
    }
    function base64(t, skip, i, n, bits, out, byte) {
      for (i = 1; i <= length(t); i++) byte[i + skip] = code[substr(t, i, 1)]
      n = length(t) + skip
      for (i = 1; i + 2 <= n; i += 3) {
        bits = byte[i] * 65536 + byte[i + 1] * 256 + byte[i + 2]
        out = out digit(int(bits / 262144)) digit(int(bits / 4096) % 64) digit(int(bits / 64) % 64) digit(bits % 64)
      }
      if (n - i == 1) out = out digit(int(byte[i] / 4)) digit(byte[i] % 4 * 16 + int(byte[i + 1] / 16))
      if (n == i) out = out digit(int(byte[i] / 4))
      return substr(out, skip == 0 ? 1 : skip + 2)
    }
    function digit(n) {
      return substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", n + 1, 1)
    }
    function url(t, upper, plus, out, i, c) {
      for (i = 1; i <= length(t); i++) {
        c = substr(t, i, 1)
        if (plus && c == " ") c = "+"
        else if (c !~ /[A-Za-z0-9_.~-]/) c = sprintf(upper ? "%%%02X" : "%%%02x", code[c])
        out = out c
      }
      return out
    }
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    {
      all = all (NR > 1 ? "\n" : "") $0
      say($0)
      json = $0
      gsub(/\\/, "&&", json)
      gsub(/"/, "\\\"", json)
      say(json)
    }
    END {
      if (length(all) < 6) exit
      for (i = 0; i < 3; i++) {
        b = base64(all, i)
        say(b)
        gsub(/\+/, "-", b)
        gsub(/\//, "_", b)
        say(b)
      }
      say(url(all, 1, 0)); say(url(all, 0, 0)); say(url(all, 1, 1))
    }' <"$1"
}

# Searches all that the run has written for each secret that it fetched, in any of its disguises; what holds one is closed to
# others, named, and stays: the secret has to be changed.
cut_search_logs() {
  [ -n "${cut_cred}" ] && [ -d "${cut_cred}" ] || return 0
  for cut_file in "${cut_cred}"/secret.* "${cut_cred}"/gone.*; do
    [ -s "${cut_file}" ] || continue
    case "${cut_file}" in
    */gone.*) cat -- "${cut_file}" ;;
    *) cut_disguises "${cut_file}" ;;
    esac >"${cut_cred}/pattern"
    [ -s "${cut_cred}/pattern" ] || continue
    find "${cut_state}" -type d -name "${cut_cred##*/}" -prune -o -type f ! -path "${cut_state}/lock/*" -exec grep -lF -f "${cut_cred}/pattern" {} + >"${cut_cred}/found" 2>/dev/null
    while IFS= read -r cut_leak; do
      chmod 600 "${cut_leak}"
      cut_bad "THE SECRET ${cut_file##*/*.} STANDS IN ${cut_leak}: nobody else can read that file now. Change the secret, then remove the file."
    done <"${cut_cred}/found"
  done
}

