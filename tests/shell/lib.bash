# What the shell tests share: a scratch directory, a loopback server, assertions, the list of shells.
# Sourced by bash. `check NAME COMMAND…` prints TAP; `finish` gives the exit status.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
memory=$(mktemp -d /dev/shm/cutc-test.XXXXXX) # where runbooks keep secrets, apart from other tests that run now
export XDG_RUNTIME_DIR=$memory
mark=pl4nted-$$ # in each planted secret, so that tests that run at once do not see each other's
passed=0 failed=0
servers=()
tidy() {
  for p in "${servers[@]}"; do kill "$p" 2>/dev/null; done
  rm -rf "$scratch" "$memory"
}
trap tidy EXIT

check() { # NAME COMMAND…
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    printf 'ok - %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'not ok - %s\n' "$name"
    [ ! -s "$scratch/out" ] || tail -40 "$scratch/out" | sed 's/^/# /'
  fi
}

serve() { # DIRECTORY: sets PORT
  rm -f "$1/port"
  /usr/bin/python3 "$repo/tests/shell/server.py" "$1" &
  servers+=($!)
  for _ in $(seq 100); do [ -s "$1/port" ] && break; sleep 0.05; done
  PORT=$(cat "$1/port")
  export PORT
}

shells() { # the shells to run under, one command a line: dash and bash, with SHELLS=all every one that is here
  local s
  for s in dash bash "bash --posix" "busybox sh" ksh93 mksh yash "yash -o posixly-correct" "zsh --emulate sh"; do
    [ "${SHELLS:-}" = all ] || [ "$s" = dash ] || [ "$s" = bash ] || continue
    command -v "${s%% *}" >/dev/null && printf '%s\n' "$s"
  done
}

birth() { # PROCESS: when it was born, as the runtime writes it down
  printf '%s-%s' "$(awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat")" "$(cat /proc/sys/kernel/random/boot_id)"
}

finish() {
  printf '# %s: %d passed, %d failed\n' "$(basename "$0")" "$passed" "$failed"
  [ "$failed" = 0 ]
}

# `watch_arguments SECRET…` looks for secrets in the arguments of every process until `watched`, which is false when one was seen.
watch_arguments() {
  rm -f "$scratch/seen-in-arguments"
  /usr/bin/python3 - "$scratch/seen-in-arguments" "$@" <<'P' &
import glob, sys, time
secrets = [s.encode() for s in sys.argv[2:]]
me = str(__import__("os").getpid())
while True:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        if path.split("/")[2] == me:
            continue
        try:
            line = open(path, "rb").read()
        except OSError:
            continue
        if any(s in line for s in secrets):
            open(sys.argv[1], "ab").write(line + b"\n")
    time.sleep(0.002)
P
  watcher=$!
}
watched() {
  kill "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  [ ! -s "$scratch/seen-in-arguments" ] || { tr '\0' ' ' <"$scratch/seen-in-arguments" | sort -u | head -5 | sed 's/^/# /'; false; }
}

# `strangers SECRET DIR…`: files that hold a secret, plain, base64 or URL-encoded.
strangers() {
  local secret=$1 b64
  shift
  b64=$(printf %s "$secret" | base64 | tr -d '=\n')
  grep -rlF -e "$secret" -e "${b64%?}" "$@" 2>/dev/null
}
