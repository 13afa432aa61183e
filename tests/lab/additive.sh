# shellcheck shell=bash
# The plan that lets a second Service stand beside the first: no promise is broken at any time, there and back, while somebody asks
# both paths all the time; and what it creates may not be there already. Sourced by run.sh.

scenario_additive() {
  lab_up additive || return
  book=$CELL/plan/additive.sh
  TOKEN=$(cat "$CELL/secrets/vault")
  ok "additive: the runbook is the one that is kept in examples/traefik, to the byte" cmp "$book" "$HERE/../../examples/traefik/additive.sh"
  probe vps https://home.example.net 20 https://immich.example.net 20
  by_hand "$CELL/apply.said" sh additive.sh apply --yes --on-failure rollback --state "$CELL/state"
  rc=$?
  probe_end
  ok "additive: applied" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/apply.said"
  additive_asked "there"
  ok "additive: both Services answer, the new one under policy Local" eval 'lab_in "$CELL" lb curl -sS http://127.0.0.1:8001/api/v1/namespaces/traefik/services/traefik-direct | jq -e ".spec.externalTrafficPolicy == \"Local\" and .status.loadBalancer.ingress[0].ip == \"10.0.20.203\"" && service_on 10.0.20.200'
  ok "additive: the firewall leads to the new alias, as pfctl says" eval 'lab_in "$CELL" router "$CELL/bin/pfctl" -sn | grep -F "port = 443 -> 10.0.20.203"'
  no_secret "additive: no secret after the run"
  # A second plan with the same wish finds it there.
  by_hand "$CELL/second.said" sh additive.sh preflight --state "$CELL/second"
  rc=$?
  ok "additive: what the plan creates is there already: another run's preflight refuses it" \
    eval 'same "$rc" 4 && says "$CELL/second.said" "refused: traefik-direct is there already (address is 10.0.20.203, policy is Local)"'
  probe vps https://home.example.net 20 https://immich.example.net 20
  by_hand "$CELL/back.said" sh additive.sh rollback --yes --state "$CELL/state"
  rc=$?
  probe_end
  ok "additive: rolled back" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/back.said"
  additive_asked "back"
  # The Service may go only when nobody can have its address in a cache: the way back has waited for that.
  wanted=$(sed -n '/^step_1_undo() {/,/^}/s/.*cut_since [0-9]* \([0-9]*\).*/\1/p' "$book" | sort -n | tail -n 1)
  waited=$(awk '$2 == "undo" && $3 == 1 { begun = $1 } $2 == "undone" && $3 == 1 { print begun, $1 }' "$CELL/state/journal")
  waited=$(($(date -d "${waited#* }" +%s) - $(date -d "${waited% *}" +%s)))
  ok "additive: … after a wait of $waited s by the operator's clock for old answers, and $wanted s were due" eval '[ "$wanted" -gt 0 ] && below "$wanted" "$((waited + 1))"'
  ok "additive: firewall, zone, tunnel, ingress, services, state and code are as before, bit by bit" as_before
  no_secret "additive: no secret after the rollback"
  ok "additive: no lock left in the state database" same "$(locks "$CELL")" 0
  lab_down "$CELL"
}

additive_asked() { # THERE|BACK
  for url in https://home.example.net https://immich.example.net; do
    read -r all failed _ rate <<<"$(probed "$url")"
    ok "additive: $1, ${url#https://}: $all requests at $rate a second through the whole run, $failed failed" eval 'same "$failed" 0 && below 18 "$rate"'
  done
}
