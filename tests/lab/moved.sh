# shellcheck shell=bash
# A name with a TTL of twenty seconds moves, and the server it leaves is switched off, while somebody behind a resolver that caches
# asks all the time (plans/moved.cut). Nobody puts the clock ahead here. Sourced by run.sh.

scenario_moved() {
  lab_up moved real-time || return
  book=$CELL/plan/moved.sh
  if ! grep -q '^  cut_until [0-9]' "$book"; then
    echo "ok - moved # SKIP this compiler does not wait for old answers"
    return 0
  fi
  cat >"$CELL/unbound.conf" <<END
server:
  interface: 127.0.0.1
  directory: "$CELL"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
remote-control:
  control-enable: yes
  control-interface: $CELL/unbound.sock
  control-use-cert: no
forward-zone:
  name: "."
  forward-addr: 10.0.20.201
END
  lab_in "$CELL" lb ip addr add 10.0.20.211/24 dev eth0
  lab_in "$CELL" cell sh -c 'echo nameserver 127.0.0.1 >/etc/netns/family/resolv.conf'
  lab_in "$CELL" family unbound -d -c "$CELL/unbound.conf" >"$CELL/unbound.log" 2>&1 &
  wait_for 60 eval 'lab_in "$CELL" family curl -sfo /dev/null --cacert "$CELL/tls/ca.pem" --max-time 5 https://www.example.net'
  lab_photograph "$CELL" >"$CELL/baseline"

  moved_run apply moved.sh
  ok "moved: applied" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/apply.said"
  wanted=$(sed -n '/_do() {/,/^}/s/^  cut_until \([0-9]*\).*/\1/p' "$book")
  waited=$(awk '$2 == "intent" && $4 ~ /^wait[.]/ { begun = $1 } begun && $2 == "done" { print begun, $1; exit }' "$CELL/state/journal")
  waited=$(($(date -d "${waited#* }" +%s) - $(date -d "${waited% *}" +%s)))
  ok "moved: it waited $waited s until no cache held the old answer, and $wanted s were due" below "$wanted" "$((waited + 1))"
  read -r all failed _ _ <<<"$(probed https://www.example.net)"
  ok "moved: through a caching resolver, $all requests, $failed failed" same "$failed" 0
  moved_run rollback moved.sh
  ok "moved: rolled back" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/rollback.said"
  read -r all failed _ _ <<<"$(probed https://www.example.net)"
  ok "moved: on the way back, $all requests, $failed failed" same "$failed" 0
  ok "moved: all is as before, bit by bit" as_before
  no_secret "moved: no secret after the runs"

  # The same without the waits.
  sed 's/^cut_until() {$/&\n  return 0/' "$book" >"$CELL/plan/hasty.sh"
  rm -rf "$CELL/state"
  mkdir "$CELL/state"
  moved_run apply hasty.sh
  read -r all failed longest _ <<<"$(probed https://www.example.net)"
  ok "moved: without the wait $failed of $all requests fail, for $longest s (exit status $rc)" below 1 "$failed"
  lab_down "$CELL"
}

# moved_run COMMAND RUNBOOK: with somebody asking from the LAN; at the first step the resolver has a fresh answer.
moved_run() {
  probe family https://www.example.net 20
  operator env TECHNITIUM_TOKEN="$(cat "$CELL/secrets/technitium")" timeout 600 sh "$2" "$1" --yes --state "$CELL/state" >"$CELL/$1.said" 2>&1 &
  runner=$!
  wait_for 120 eval '! kill -0 "$runner" 2>/dev/null || grep -q " intent 1 " "$CELL/state/journal"'
  lab_in "$CELL" family unbound-control -c "$CELL/unbound.conf" flush www.example.net >/dev/null
  wait "$runner"
  rc=$?
  probe_end
}
