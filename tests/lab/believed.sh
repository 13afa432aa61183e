# shellcheck shell=bash
# The plan that was believed: refused where somebody looks, stopped by its probes where nobody can. Sourced by run.sh.

scenario_believed() {
  lab_up believed || return
  guarded=$CELL
  TOKEN=$(cat "$CELL/secrets/vault")
  # As it went in history, beside: the same commands, and nobody looks.
  believed_by_hand >"$LAB/tap.unguarded.out" 2>&1 &
  historian=$!
  by_hand "$CELL/look.said" sh believed.sh preflight --state "$CELL/state"
  rc=$?
  ok "believed: preflight refuses it" same "$rc" 4
  ok "believed: preflight names the real origin and the declared one" \
    says "$CELL/look.said" "proxied_apps.origin is https://10.0.20.200:443, the plan says https://traefik.traefik.svc.cluster.local:443"
  ok "believed: preflight has changed nothing" as_before
  # Where the vendor's API does not answer, nobody can know better, and it goes as it went.
  echo 403 >"$CELL/faults/cloudflare"
  probe vps https://home.example.net 20
  by_hand "$CELL/apply.said" sh believed.sh apply --yes --on-failure rollback --state "$CELL/state"
  rc=$?
  probe_end
  rm -f "$CELL/faults/cloudflare"
  n=$(step_of "$CELL/plan/believed.sh" traefik)
  ok "believed: with the API at 403, applied, failed and rolled back" same "$rc" 1
  shown_unless "$rc" 1 "$CELL/apply.said"
  ok "believed: the origin is listed as not observed" says "$CELL/apply.said" "not observed: proxied_apps"
  ok "believed: the probes stop it after the step that moves traefik ($n)" says "$CELL/apply.said" "Surprise after step $n:"
  ok "believed: they say what was expected and what was seen" says "$CELL/apply.said" "public reaches https://home.example.net: expected up, seen down"
  ok "believed: the next step has not begun" none "$(grep " intent $((n + 1)) " "$CELL/state/journal")"
  read -r all failed down _ <<<"$(probed https://home.example.net)"
  ok "believed: the proxied path was down for a while ($down s, $failed of $all requests)" below 0.1 "$down"
  ok "believed: and is up again" same "$(sort -n "$CELL/probes" | tail -n 1 | cut -d ' ' -f 4)" 200
  ok "believed: all is as before, bit by bit" as_before
  no_secret "believed: no secret after the run"
  wait "$historian"
  cat "$LAB/tap.unguarded.out"
  CELL=$LAB/unguarded
  read -r _ _ longest _ <<<"$(probed https://home.example.net)"
  ok "believed: the proxied path was down for $down s; without the probes it would have been for $longest s at least" below "$down" "$longest"
  echo "# (measured: the same commands in a cell beside, without probes, to the last step, where the person at the firewall takes as long as the plan"
  echo "# says; then, at once, somebody who knows what is wrong mends it by hand)"
  lab_down "$guarded"
  lab_down "$CELL"
}

# The same runbook with its probes blindfolded after the preflight, and a person who takes the time that the plan gives.
believed_by_hand() {
  lab_up unguarded || return
  echo 403 >"$CELL/faults/cloudflare"
  sed 's/^cut_probe_all() {$/&\n  [ "$1" = 0 ] || return 0/' "$CELL/plan/believed.sh" >"$CELL/plan/unguarded.sh"
  echo unguarded.sh >>"$CELL/plan/.git/info/exclude"
  probe vps https://home.example.net 5
  by_hand "$CELL/apply.said" --takes sh unguarded.sh apply --yes --state "$CELL/state"
  rc=$?
  ok "believed: without probes all steps go through, and nothing says that anything is wrong" eval 'same "$rc" 0 && says "$CELL/apply.said" "Done: all"'
  shown_unless "$rc" 0 "$CELL/apply.said"
  ok "believed: … the tunnel leads to nowhere then" same "$(lab_in "$CELL" vps curl -sk -o /dev/null -w '%{http_code}' --max-time 10 https://home.example.net)" 502
  ok "believed: … and its API refuses to be asked or told" same "$(lab_in "$CELL" devvm curl -sk -o /dev/null -w '%{http_code}' --max-time 10 -X PUT https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations)" 403
  TOKEN=$(cat "$CELL/secrets/vault") by_hand "$CELL/back.said" sh unguarded.sh rollback --yes --state "$CELL/state"
  rc=$?
  ok "believed: … and the way back cannot fetch its secrets any more: the store is behind what is down" \
    eval 'same "$rc" 6 && says "$CELL/back.said" "A secret that the way back needs is neither kept nor to be fetched"'
  # Somebody who has seen it, and knows at once what to do, puts the Service back by hand.
  operator kubectl patch service traefik -n traefik --type merge -p '{"metadata":{"annotations":{"metallb.io/loadBalancerIPs":"10.0.20.200"}}}' >/dev/null 2>&1
  wait_for 60 eval 'lab_in "$CELL" vps curl -sfo /dev/null --cacert "$CELL/tls/ca.pem" --max-time 10 https://home.example.net'
  probe_end
  ok "believed: … until somebody moves the Service back by hand" same "$(sort -n "$CELL/probes" | tail -n 1 | cut -d ' ' -f 4)" 200
}
