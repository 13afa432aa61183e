#!/bin/bash
# The lab: the runbooks of examples/traefik, unchanged, against real servers in network namespaces.
# run.sh [SCENARIO…]: cutover believed locks killed (all of them when none is named). Needs root, and build/cutc (or CUTC).
# TAP lines with the figures of each; ends with "N passed, N failed".
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
CUTC=${CUTC:-$HERE/../../build/cutc}
PATH=/usr/sbin:/sbin:/usr/bin:/bin:$PATH
LAB=$(mktemp -d) || exit 2
chmod 711 "$LAB"
CUTC=$(cd "$(dirname "$CUTC")" && pwd)/$(basename "$CUTC")
# shellcheck source=tests/lab/lib.sh
. "$HERE/lib.sh"

clean_up() {
  for folder in "$LAB"/*/; do
    lab_down "${folder%/}"
  done
  rm -rf "$LAB"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

for tool in nft nginx knotd kdig nsupdate jq curl ssh sshd ssh-keygen unshare nsenter setpriv git openssl psql python3; do
  command -v "$tool" >/dev/null || {
    echo "not ok - the lab needs $tool"
    echo "0 passed, 1 failed"
    exit 1
  }
done
for tool in terraform kubectl; do
  command -v "$tool" >/dev/null || {
    echo "ok - the lab # SKIP no $tool here: the step that moves Traefik is an apply of a stack, and real"
    echo "1 passed, 0 failed"
    exit 0
  }
done

# ok TEXT COMMAND…: one TAP line, from the exit status of the command; what a failure said is shown.
ok() {
  ok_text=$1
  shift
  if "$@" >"$LAB/said.$BASHPID" 2>&1; then
    echo "ok - $ok_text"
  else
    echo "not ok - $ok_text"
    sed 's/^/# /' "$LAB/said.$BASHPID"
  fi
}
same() { [ "$1" = "$2" ] || { echo "got $1, wanted $2"; false; }; }
none() { [ -z "$1" ] || { printf '%s\n' "$1"; false; }; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0) }' || { echo "$1 is more than $2"; false; }; }
as_before() {
  lab_photograph "$CELL" >"$CELL/after"
  diff "$CELL/baseline" "$CELL/after"
}
says() { grep -F -- "$2" "$1" || { cat "$1"; false; }; }

# by_hand TRANSCRIPT [--kill N WHOM] COMMAND…: the operator at a terminal, who does what is to be done by hand.
by_hand() {
  operator timeout 200 python3 "$HERE/hands.py" "$CELL" "$@"
}

probe() {
  lab_in "$CELL" vps python3 "$HERE/probe.py" "$CELL/tls/ca.pem" "$CELL/probes" "$@" &
  prober=$!
}
probe_end() {
  kill -TERM "$(tr -d ' ' <"/proc/$prober/task/$prober/children")" 2>/dev/null
  { wait "$prober"; } 2>/dev/null
}
# probed URL: requests, failed ones, and the longest stretch without a good answer, in seconds.
probed() {
  sort -n "$CELL/probes" | awk -v url="$1" '$3 == url {
      all++
      if ($4 == "200") { if (bad && $1 - bad > longest) longest = $1 - bad; bad = 0 } else { failed++; if (!bad) bad = $1 }
      last = $1 }
    END { if (bad && last - bad > longest) longest = last - bad; printf "%d %d %.1f", all, failed, longest }'
}
# The longest outage of a promise that a runbook's timeline says, in seconds.
promised() {
  awk -v what="$2" '/^#   p[0-9]+ / { mine = index($0, what) } mine && /longest outage:/ { print $4; exit }' "$1" |
    sed 's/h/*3600+/; s/m/*60+/; s/s//; s/+$//' | arithmetic
}
arithmetic() {
  read -r sum
  echo "$((sum))"
}

# -- 1. The plan that works ------------------------------------------------------------------------------------------

scenario_cutover() {
  lab_up cutover || return
  TOKEN=$(cat "$CELL/secrets/vault")
  cmp -s "$CELL/plan/cutover.sh" "$HERE/../../examples/traefik/cutover.sh" && echo "# the runbook is the one that is kept in examples/traefik"
  probe https://home.example.net 20 https://immich.example.net 20
  by_hand "$CELL/apply.said" sh cutover.sh apply --yes --on-failure rollback --state "$CELL/state"
  rc=$?
  sleep 1
  probe_end
  ok "cutover: applied" same "$rc" 0
  [ "$rc" = 0 ] || sed 's/^/# /' "$CELL/apply.said"
  read -r all failed _ <<<"$(probed https://home.example.net)"
  ok "cutover: the proxied path, $all requests at 20 a second through the whole run, $failed failed" same "$failed" 0
  read -r all failed longest <<<"$(probed https://immich.example.net)"
  limit=$(promised "$CELL/plan/cutover.sh" "public reaches https://immich.example.net")
  ok "cutover: the direct path was down for $longest s ($failed of $all requests), the timeline said $limit s at most" below "$longest" "$limit"
  ok "cutover: the address and the policy are the new ones" eval 'lab_in "$CELL" lb curl -sS http://127.0.0.1:8001/api/v1/namespaces/traefik/services/traefik | jq -e ".spec.externalTrafficPolicy == \"Local\" and .status.loadBalancer.ingress[0].ip == \"10.0.20.203\""'
  ok "cutover: the unobserved QUIC promise is named" says "$CELL/apply.said" "not looked at: public reaches immich.example.net:443/udp"
  ok "cutover: no secret in the state directory, on the memory file systems or at home" none "$(left_secrets "$CELL")"
  by_hand "$CELL/again.said" sh cutover.sh apply --yes --state "$CELL/state"
  ok "cutover: applied again, changes nothing" says "$CELL/again.said" "Nothing is changed"
  by_hand "$CELL/back.said" sh cutover.sh rollback --yes --state "$CELL/state"
  rc=$?
  ok "cutover: rolled back" same "$rc" 0
  [ "$rc" = 0 ] || sed 's/^/# /' "$CELL/back.said"
  ok "cutover: firewall, zone, tunnel, ingress, service, state and code are as before, bit by bit" as_before
  ok "cutover: no secret left after the rollback" none "$(left_secrets "$CELL")"
  ok "cutover: no lock left in the state database" same "$(locks "$CELL")" 0
}

# -- 2. The plan that was believed -----------------------------------------------------------------------------------

scenario_believed() {
  lab_up believed || return
  TOKEN=$(cat "$CELL/secrets/vault")
  by_hand "$CELL/look.said" sh believed.sh preflight --state "$CELL/state"
  ok "believed: preflight refuses it" same "$?" 4
  ok "believed: preflight names the real origin and the declared one" \
    says "$CELL/look.said" "proxied_apps.origin is https://10.0.20.200:443, the plan says https://traefik.traefik.svc.cluster.local:443"
  ok "believed: preflight has changed nothing" as_before
  # Where the vendor's API does not answer, nobody can know better, and it goes as it went.
  echo 403 >"$CELL/faults/cloudflare"
  probe https://home.example.net 20
  by_hand "$CELL/apply.said" sh believed.sh apply --yes --on-failure rollback --state "$CELL/state"
  rc=$?
  sleep 1
  probe_end
  rm -f "$CELL/faults/cloudflare"
  ok "believed: with the API at 403, applied, failed and rolled back" same "$rc" 1
  [ "$rc" = 1 ] || sed 's/^/# /' "$CELL/apply.said"
  ok "believed: the origin is listed as not observed" says "$CELL/apply.said" "not observed: proxied_apps"
  ok "believed: the probes stop it after the step that moves traefik" says "$CELL/apply.said" "Surprise after step 3"
  ok "believed: they say what was expected and what was seen" says "$CELL/apply.said" "public reaches https://home.example.net: expected up, seen down"
  ok "believed: the next step has not begun" none "$(grep ' intent 4 ' "$CELL/state/journal")"
  read -r all failed longest <<<"$(probed https://home.example.net)"
  ok "believed: the proxied path was down for $longest s ($failed of $all requests); without the probes, until somebody had mended the tunnel by hand" \
    below 0.1 "$longest"
  ok "believed: and is up again" same "$(sort -n "$CELL/probes" | tail -n 1 | cut -d ' ' -f 4)" 200
  ok "believed: all is as before, bit by bit" as_before
  ok "believed: no secret left" none "$(left_secrets "$CELL")"
}

# -- 3. Locks --------------------------------------------------------------------------------------------------------

# What the state and the world say, and how many locks are held: "10.0.20.200 10.0.20.200 0".
stand() {
  printf '%s %s %s' "$(sql "$CELL" "select data from terraform_remote_state.states where name = 'default'" |
    jq -r '.resources[0].instances[0].attributes.triggers_replace.value | fromjson | .metadata.annotations["metallb.io/loadBalancerIPs"]')" \
    "$(lab_in "$CELL" lb curl -sS http://127.0.0.1:8001/api/v1/namespaces/traefik/services/traefik | jq -r '.status.loadBalancer.ingress[0].ip')" "$(locks "$CELL")"
}
until_locked() {
  for _ in $(seq 200); do
    [ "$(locks "$CELL")" = 0 ] || return 0
    sleep 0.2
  done
}
signalled() { # SIGNAL
  state=$CELL/state-$1
  mkdir -p "$state"
  LAB_SLOW=3 operator timeout 150 sh cutover.sh apply --yes --done traefik_lb --done https --to traefik --state "$state" >"$CELL/$1.said" 2>&1 &
  runner=$!
  until_locked
  sleep 1
  lab_in "$CELL" cell sh -c "kill -s $1 \$(cat '$state/lock/pid')"
  wait "$runner"
  rc=$?
  ok "locks: the runbook gets $1 in mid-apply: rolled back (exit status 1)" same "$rc" 1
  ok "locks: … the state is that of the world, the lock is free" same "$(stand)" "10.0.20.200 10.0.20.200 0"
  ok "locks: … the log of the apply is whole" eval 'grep -h "Apply complete\|Stopping operation\|Gracefully shutting down" "$state"/logs/*/*step_4_do_5.log'
}

scenario_locks() {
  lab_up locks || return
  git -C "$CELL/plan" apply patches/traefik-dedicated-ip.patch
  LAB_SLOW=2 in_stack sh -c '../../scripts/tg apply -no-color -auto-approve -input=false | sed "/: begun/q"' >/dev/null 2>&1
  sleep 4
  ok "locks: by hand, a pipe that closes early: the world has moved, the state does not know" same "$(stand)" "10.0.20.200 10.0.20.203 0"
  LAB_SLOW=6 in_stack sh -c "python3 '$HERE/wrapper.py' ../../scripts/tg apply -no-color -auto-approve -input=false | sed '/: begun/q'" >/dev/null 2>&1
  sleep 2
  ok "locks: by hand, a wrapper behind a pipe: it is gone, and its orphan holds the lock" same "$(locks "$CELL")" 1
  for _ in $(seq 60); do
    [ "$(locks "$CELL")" = 0 ] && break
    sleep 0.3
  done
  in_stack sh -c '../../scripts/tg apply -no-color -auto-approve -input=false' >/dev/null 2>&1
  git -C "$CELL/plan" apply --reverse patches/traefik-dedicated-ip.patch
  in_stack sh -c '../../scripts/tg apply -no-color -auto-approve -input=false' >/dev/null 2>&1
  ok "locks: (mended by hand: all as before)" as_before

  TOKEN=$(cat "$CELL/secrets/vault")
  LAB_SLOW=1 operator sh -c "timeout 150 sh cutover.sh apply --yes --done traefik_lb --done https --to traefik --state '$CELL/state' | head -1" >/dev/null 2>&1
  for _ in $(seq 100); do
    [ -d "$CELL/state/lock" ] || break
    sleep 0.3
  done
  ok "locks: the runbook itself into head -1: it went on, the state is saved, the lock is free" same "$(stand)" "10.0.20.203 10.0.20.203 0"
  ok "locks: … the log of the apply is whole" eval 'grep -h "Apply complete" "$CELL"/state/logs/*/*step_4_do_5.log'
  operator timeout 150 sh cutover.sh rollback --yes --done traefik_lb --state "$CELL/state" >"$CELL/back.said" 2>&1
  ok "locks: … and rolls back" as_before
  signalled HUP
  signalled TERM
  ok "locks: all as before" as_before

  # A healthy holder: on the operator's host, alive, and idle to the server.
  hold="select pg_advisory_lock(id) from terraform_remote_state.states where name = 'default';"
  { echo "$hold"; sleep 40; } | operator env PGPASSWORD="$(cat "$CELL/secrets/pg")" psql -XAt -h 10.0.20.200 -U terraform terraform_state >/dev/null 2>&1 &
  until_locked
  sleep 2
  operator sh cutover.sh unlock --yes --idle 1s --state "$CELL/state" >"$CELL/alive.said" 2>&1
  ok "locks: a healthy holder, idle as all are, is left alone" eval 'says "$CELL/alive.said" "its client lives" && same "$(locks "$CELL")" 1'
  sql "$CELL" "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'" >/dev/null
  # A stuck one: its host is gone without a word.
  { echo "$hold"; sleep 60; } | lab_in "$CELL" family env PGPASSWORD="$(cat "$CELL/secrets/pg")" psql -XAt -h 10.0.20.200 -U terraform terraform_state >/dev/null 2>&1 &
  until_locked
  lab_in "$CELL" family ip link set eth0 down
  sleep 2
  operator sh cutover.sh preflight --idle 1s --state "$CELL/state" >"$CELL/stuck.said" 2>&1
  ok "locks: preflight refuses while a session whose client is gone holds the lock" same "$?" 4
  ok "locks: … and says who" says "$CELL/stuck.said" "nobody seems to be behind it"
  operator sh cutover.sh unlock --yes --idle 1s --state "$CELL/state" >"$CELL/free.said" 2>&1
  ok "locks: unlock ends just that session" eval 'says "$CELL/free.said" "ended: the lock is free" && same "$(locks "$CELL")" 0'
  ok "locks: no secret left" none "$(left_secrets "$CELL")"
}

# -- 4. Killed anywhere ----------------------------------------------------------------------------------------------

# Kill points, by commands after the first intent; a step of terraform is five of them. Each in turn, half of them in a cell of its own.
killed_points() {
  half=$1
  lab_up "killed$half" || return
  TOKEN=$(cat "$CELL/secrets/vault")
  shift
  for point; do
    whom=shell
    [ $((point / 2 % 2)) = 0 ] || whom=all
    rm -rf "$CELL/state"
    mkdir -p "$CELL/state"
    rm -f "$CELL/faults/vault"
    by_hand "$CELL/apply.said" --kill "$point" "$whom" sh cutover.sh apply --yes --state "$CELL/state"
    rc=$?
    # A new shell: no token in its environment, and the store gives nothing.
    echo sealed >"$CELL/faults/vault"
    where=$(tail -n 1 "$CELL/state/journal" | cut -d ' ' -f 2-)
    TOKEN='' by_hand "$CELL/back.said" sh cutover.sh rollback --yes --state "$CELL/state"
    back=$?
    ok "killed: KILL to ${whom} at command $point ($where): rolled back without the store, as before, no secret and no lock left" killed_well
  done
}
killed_well() {
  same "$rc" 137 && { same "$back" 0 || { cat "$CELL/back.said"; false; }; } && as_before && none "$(left_secrets "$CELL")" && same "$(locks "$CELL")" 0
}
scenario_killed() {
  killed_points 1 1 5 9 13 17 21 25 29 33 37 >"$LAB/tap.half" 2>&1 &
  killed_points 2 3 7 11 15 19 23 27 31 35 38
  wait "$!"
  cat "$LAB/tap.half"
}

# -- All of them, side by side ---------------------------------------------------------------------------------------

[ $# -gt 0 ] || set -- cutover believed locks killed
begin=$(date +%s)
lab_prepare || {
  echo "not ok - the lab is prepared"
  echo "0 passed, 1 failed"
  exit 1
}
for scenario; do
  ("scenario_$scenario" || echo "not ok - $scenario: ended early") >"$LAB/tap.$scenario" 2>&1 &
done
wait
for scenario; do
  cat "$LAB/tap.$scenario"
done >"$LAB/tap"
cat "$LAB/tap"
passed=$(grep -c '^ok ' "$LAB/tap")
failed=$(grep -c '^not ok ' "$LAB/tap")
echo "# $(($(date +%s) - begin)) s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
