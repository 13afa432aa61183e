# shellcheck shell=bash
# The plan that works: applied, applied again, rolled back, while somebody asks all the time. Sourced by run.sh.

scenario_cutover() {
  lab_up cutover || return
  book=$CELL/plan/cutover.sh
  TOKEN=$(cat "$CELL/secrets/vault")
  ok "cutover: the runbook is the one that is kept in examples/traefik, to the byte" cmp "$book" "$HERE/../../examples/traefik/cutover.sh"
  probe vps https://home.example.net 20 https://immich.example.net 20
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

# The waits of the runbook, as the journal has them by the operator's clock: when the step before had ended, when each was due, and
# when it was over. The clock is put ahead while it waits (clock.py); what the rest of the lab sees of it is seconds.
cutover_waited() {
  wanted=$(grep -c 'cut_id=wait[.]' "$book")
  kept=$(awk '$2 == "intent" && $4 ~ /^wait[.]/ { begun[$3] = last; name[$3] = $4 }
    $2 == "until" { due[$3] = $4 }
    $2 == "done" && $3 in begun { print $3, name[$3], begun[$3], $1, due[$3]; delete begun[$3] }
    $2 == "done" { last = $1 }' "$CELL/state/journal")
  while read -r n name begun ended due; do
    [ -n "$n" ] || continue
    begun=$(date -d "$begun" +%s) ended=$(date -d "$ended" +%s)
    length=$(sed -n "/^step_${n}_do() {/,/^}/s/.*cut_until \([0-9]*\).*/\1/p" "$book")
    ok "cutover: $name was kept: by the operator's clock $((ended - begun)) s, and $length s were due" eval 'below "$length" "$((ended - begun + 1))" && below "$due" "$ended"'
  done <<<"$kept"
  ok "cutover: each wait of the plan was kept ($wanted of them)" same "$(printf '%s\n' "$kept" | grep -c 'wait[.]')" "$wanted"
}
