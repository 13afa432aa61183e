#!/bin/bash
# The lab: the runbooks of examples/traefik against real servers in network namespaces.
# run.sh [SCENARIO…]: cutover additive unattended believed moved locks killed (all of them when none is named), LAB_JOBS of their parts at a time (3). Needs
# root, and build/cutc (or CUTC). TAP lines with the figures of each; ends with "N passed, N failed".
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
CUTC=${CUTC:-$HERE/../../build/cutc}
PATH=/usr/sbin:/sbin:/usr/bin:/bin:$PATH

# What cannot be had is said, and is no failure; being called by the wrong user is one.
skip() {
  echo "ok - the lab # SKIP $*"
  echo "1 passed, 0 failed"
  exit 0
}
refuse() {
  echo "not ok - $*"
  echo "0 passed, 1 failed"
  exit 1
}
[ "$(id -u)" = 0 ] || refuse "the lab makes network namespaces and needs root: sudo make lab"
[ -x "$CUTC" ] || refuse "the lab needs $CUTC: run make first"
for tool in nft nginx knotd kdig nsupdate jq curl ssh sshd ssh-keygen unshare nsenter setpriv git openssl psql pgbouncer unbound unbound-control python3; do
  command -v "$tool" >/dev/null || refuse "the lab needs $tool (tests/lab/packages.sh installs what Debian has)"
done
TERRAFORM=$(command -v terraform)
said=$(unshare -m -n -p -f --mount-proc sh -c 'ip link add br0 type bridge && ip netns add probe 2>&1 || exit; ip netns del probe' 2>&1) ||
  skip "no namespaces can be made here: $(printf '%s' "$said" | tail -n 1)"

LAB=$(mktemp -d "${TMPDIR:-/tmp}/cutc-lab.XXXXXX") || exit 2
chmod 711 "$LAB"
CUTC=$(cd "$(dirname "$CUTC")" && pwd)/$(basename "$CUTC")
# shellcheck source=tests/lab/lib.sh
. "$HERE/lib.sh"
for part in checks cutover additive unattended believed moved locks killed; do
  # shellcheck source=/dev/null
  . "$HERE/$part.sh"
done

running=
clean_up() {
  trap - EXIT
  for pid in $running; do
    kill "$pid" 2>/dev/null
  done
  for folder in "$LAB"/*/; do
    lab_down "${folder%/}"
  done
  rm -rf "$LAB"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# The parts of the scenarios that are asked for, the longest first: each has cells of its own.
[ $# -gt 0 ] || set -- cutover additive unattended believed moved locks killed
parts=
# Why a part cannot run here; nothing when it can. `moved` changes no cluster; without Terraform, `unattended` moves Traefik with kubectl.
left_out() {
  [ "$1" = moved ] || command -v kubectl >/dev/null || {
    echo "no kubectl here: the step that moves Traefik ends in a real call of it"
    return
  }
  case $1 in
  moved | unattended) ;;
  *) [ -n "$TERRAFORM" ] || echo "no terraform here: the step that moves Traefik is a real apply of a stack, and nothing stands in for it" ;;
  esac
}
for part in believed killed_1 killed_2 killed_3 locks moved cutover additive unattended; do
  for scenario; do
    [ "$scenario" != "${part%_?}" ] || parts="$parts $part"
  done
done
for scenario; do
  case $parts in
  *" $scenario"*) ;;
  *) refuse "there is no scenario $scenario" ;;
  esac
done

begin=$(date +%s)
if ! lab_prepare >"$LAB/prepare.log" 2>&1; then
  cat "$LAB/prepare.log"
  refuse "the lab is prepared"
fi
run_part() {
  why=$(left_out "$1")
  [ -z "$why" ] || {
    echo "ok - $1 # SKIP $why" | tee "$LAB/tap.$1"
    return
  }
  part_begin=$(date +%s)
  { "scenario_$1" || echo "not ok - $1: ended early"; } >"$LAB/tap.$1" 2>&1
  echo "# $1: $(($(date +%s) - part_begin)) s" >>"$LAB/tap.$1"
  flock "$LAB" cat "$LAB/tap.$1"
}
for part in $parts; do
  while [ "$(jobs -rp | wc -l)" -ge "${LAB_JOBS:-3}" ]; do
    wait -n
  done
  run_part "$part" &
  running="$running $!"
done
for pid in $running; do
  wait "$pid"
done
cat "$LAB"/tap.* >"$LAB/tap"
passed=$(grep -c '^ok ' "$LAB/tap")
failed=$(grep -c '^not ok ' "$LAB/tap")
echo "# all of it: $(($(date +%s) - begin)) s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
