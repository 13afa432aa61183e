# shellcheck shell=bash
# The plan that works: applied, applied again, rolled back, while somebody asks all the time. Sourced by run.sh.

scenario_cutover() {
  lab_up cutover || return
  book=$CELL/plan/cutover.sh
  TOKEN=$(cat "$CELL/secrets/vault")
  ok "cutover: the runbook is the one that is kept in examples/traefik, but for TTLs: $(lab_differs cutover)" lab_same_runbook cutover
  probe https://home.example.net 20 https://immich.example.net 20
  by_hand "$CELL/apply.said" sh cutover.sh apply --yes --on-failure rollback --state "$CELL/state"
  rc=$?
  probe_end
  ok "cutover: applied" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/apply.said"
  read -r all failed _ rate <<<"$(probed https://home.example.net)"
  ok "cutover: the proxied path, $all requests at $rate a second through the whole run, $failed failed" eval 'same "$failed" 0 && below 18 "$rate"'
  read -r all failed longest _ <<<"$(probed https://immich.example.net)"
  limit=$(promised "$book" "public reaches https://immich.example.net")
  ok "cutover: the direct path was down for $longest s ($failed of $all requests), the timeline said $limit s at most" below "$longest" "$limit"
  ok "cutover: the address and the policy are the new ones" eval 'lab_in "$CELL" lb curl -sS http://127.0.0.1:8001/api/v1/namespaces/traefik/services/traefik | jq -e ".spec.externalTrafficPolicy == \"Local\" and .status.loadBalancer.ingress[0].ip == \"10.0.20.203\""'
  ok "cutover: the firewall leads to the new alias, as pfctl says" eval 'lab_in "$CELL" router "$CELL/bin/pfctl" -sn | grep -F "port = 443 -> 10.0.20.203"'
  ok "cutover: the unobserved QUIC promise is named" says "$CELL/apply.said" "not looked at: public reaches immich.example.net:443/udp"
  no_secret "cutover: no secret after the run"
  by_hand "$CELL/again.said" sh cutover.sh apply --yes --state "$CELL/state"
  ok "cutover: applied again, changes nothing" says "$CELL/again.said" "Nothing is changed"
  by_hand "$CELL/back.said" sh cutover.sh rollback --yes --state "$CELL/state"
  rc=$?
  ok "cutover: rolled back" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/back.said"
  ok "cutover: firewall, zone, tunnel, ingress, service, state and code are as before, bit by bit ($(wc -l <"$CELL/baseline") lines)" as_before
  no_secret "cutover: no secret after the rollback"
  ok "cutover: no lock left in the state database" same "$(locks "$CELL")" 0
  cutover_waited
  lab_down "$CELL"
}

# The waits of the runbook, as the journal has them: how long each was to be, and how long it was between its intent and its end.
cutover_waited() {
  waits=$(awk '$2 == "intent" && $4 ~ /^wait[.]/ { begun[$3] = $1; name[$3] = $4 }
    $2 == "until" { due[$3] = $4 }
    $2 == "done" && $3 in begun { print name[$3], begun[$3], $1, due[$3]; delete begun[$3] }' "$CELL/state/journal")
  if [ -z "$(grep -o 'cut_id=wait[.]' "$book")" ]; then
    echo "# cutover: this plan waits nowhere"
    return 0
  fi
  while read -r name begun ended due; do
    length=$(($(date -d "$ended" +%s) - $(date -d "$begun" +%s)))
    n=$(step_of "$book" "$name")
    wanted=$(sed -n "/^step_${n}_do() {/,/^}/s/.*cut_until \([0-9]*\).*/\1/p" "$book")
    ok "cutover: $name was kept: $length s, and $wanted s were due" eval 'below "$wanted" "$((length + 1))" && below "$due" "$(date -d "$ended" +%s)"'
  done <<<"$waits"
  ok "cutover: each wait of the plan was kept" same "$(printf '%s\n' "$waits" | grep -c wait)" "$(grep -c 'cut_id=wait[.]' "$book")"
}
