# shellcheck shell=bash
# Shell functions of the lab's scenarios: assertions that print their figure, waiting, the operator, requests that are counted.
# Needs LAB, HERE and CELL. Sourced by run.sh, after lib.sh.

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
says() { grep -F -- "$2" "$1" || { cat "$1"; false; }; }
as_before() {
  lab_photograph "$CELL" >"$CELL/after"
  diff "$CELL/baseline" "$CELL/after"
}
# The end of what a run said, as comments, when its exit status is not the one wanted.
shown_unless() { # STATUS WANTED TRANSCRIPT
  [ "$1" = "$2" ] || tail -n 60 "$3" | sed 's/^/# /'
}

# wait_for SECONDS COMMAND…: until it succeeds; says so when it never does. The time is a bound for a machine that has other things
# to do, and no measure of anything.
wait_for() {
  wait_left=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    wait_left=$((wait_left - 1))
    [ "$wait_left" -gt 0 ] || {
      echo "# waited in vain for: $*"
      return 1
    }
    sleep 0.2
  done
}
locked() { [ "$(locks "$CELL")" != 0 ]; }
unlocked() { [ "$(locks "$CELL")" = 0 ]; }
gone() { ! [ -e "$1" ]; }
service_on() { [ "$(service_address)" = "$1" ]; }
service_address() {
  lab_in "$CELL" lb curl -sS http://127.0.0.1:8001/api/v1/namespaces/traefik/services/traefik | jq -r '.status.loadBalancer.ingress[0].ip'
}

# by_hand TRANSCRIPT [OPTION…] COMMAND…: the operator at a terminal, who does what is to be done by hand (hands.py).
by_hand() {
  operator timeout 900 python3 "$HERE/hands.py" "$CELL" "$@"
}

# probe NODE URL RATE…: asks from there from now on; the lines are in $CELL/probes.
probe() {
  probe_from=$1
  shift
  rm -f "$CELL/probes" "$CELL/probes.stop"
  lab_in "$CELL" "$probe_from" python3 "$HERE/probe.py" "$CELL/tls/ca.pem" "$CELL/probes" "$@" &
  prober=$!
  wait_for 60 test -s "$CELL/probes"
}
probe_end() {
  sleep 1
  : >"$CELL/probes.stop"
  wait "$prober"
}
# probed URL: requests, failed ones, the longest stretch without a good answer, in seconds, and requests a second.
probed() {
  sort -n "$CELL/probes" | awk -v url="$1" '$3 == url {
      all++
      if (!first) first = $1
      if ($4 == "200") { if (bad && $1 - bad > longest) longest = $1 - bad; bad = 0 } else { failed++; if (!bad) bad = $1 }
      last = $1 }
    END { if (bad && last - bad > longest) longest = last - bad
      printf "%d %d %.1f %.1f", all, failed, longest, (last > first ? (all - 1) / (last - first) : 0) }'
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
# The number of the step of this name in a runbook.
step_of() {
  awk -v id="$2" '$0 == "  cut_id=" id { print n; exit } /^step_[0-9]+\(\)/ { split($1, part, /[_(]/); n = part[2] }' "$1"
}

# What a run leaves: no secret in any spelling in its state directory (journal, logs, work), at home, on the memory file systems or
# in what it said. The line says what was searched.
no_secret() { # TEXT
  searched=$(lab_in "$CELL" cell python3 "$HERE/search.py" "$CELL/secrets" "$CELL/state"* "$CELL/home" "$CELL"/*.said /dev/shm /run "$CELL/plan" 2>&1)
  found=$?
  ok "$1: $(printf '%s' "$searched" | tail -n 1)" eval 'same "$found" 0 && none "$(memory_left)" || { echo "$searched"; false; }'
}
memory_left() {
  lab_in "$CELL" cell find /dev/shm /run -name 'cutc-*' 2>/dev/null
}
