# shellcheck shell=bash
# The plan that works, where the firewall's REST API makes the steps by hand commands: nobody is there, and there is no terminal.
# Sourced by run.sh.

scenario_unattended() {
  lab_up unattended || return
  book=$CELL/plan/unattended.sh
  TOKEN=$(cat "$CELL/secrets/vault")
  ok "unattended: nothing is done by hand" none "$(grep "^ *cut_manual " "$book")"
  probe vps https://home.example.net 20
  operator timeout 900 sh unattended.sh apply --yes --state "$CELL/state" >"$CELL/apply.said" 2>&1
  rc=$?
  probe_end
  ok "unattended: applied without a terminal" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/apply.said"
  read -r all failed _ _ <<<"$(probed https://home.example.net)"
  ok "unattended: the proxied path, $all requests, $failed failed" same "$failed" 0
  ok "unattended: the alias and the port forward went through the firewall's API, and are in force" \
    eval 'lab_in "$CELL" router "$CELL/bin/pfctl" -sn | grep -F "port = 443 -> 10.0.20.203" && grep -q "PATCH /api/v2/firewall/nat/port_forward HTTP" "$CELL/pfsense.log"'
  no_secret "unattended: no secret after the run"
  operator timeout 900 sh unattended.sh rollback --yes --state "$CELL/state" >"$CELL/back.said" 2>&1
  rc=$?
  ok "unattended: rolled back" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/back.said"
  ok "unattended: all is as before, bit by bit" as_before
  unattended_in_doubt
  lab_down "$CELL"
}

# KILL when the firewall has written the alias down and has not answered: in its API it is there, and it is not in force.
unattended_in_doubt() {
  rm -rf "$CELL/state" "$CELL/held"
  mkdir "$CELL/state"
  echo held >"$CELL/faults/pfsense"
  operator timeout 900 sh unattended.sh apply --yes --state "$CELL/state" >"$CELL/doubt.said" 2>&1 &
  runner=$!
  wait_for 300 eval 'test -e "$CELL/held" || ! kill -0 "$runner" 2>/dev/null'
  lab_in "$CELL" cell sh -c "kill -9 \$(cat '$CELL/state/lock/pid')"
  wait "$runner" 2>/dev/null
  rm -f "$CELL/faults/pfsense"
  ok "unattended: KILL between $(cat "$CELL/held") and its answer: the alias is written down, and not in force" \
    eval 'same "$(tail -n 1 "$CELL/state/journal" | cut -d " " -f 2,4)" "intent traefik_lb" && none "$(lab_in "$CELL" router nft list maps | grep traefik_lb)"'
  operator timeout 900 sh unattended.sh resume --yes --state "$CELL/state" >"$CELL/resumed.said" 2>&1
  rc=$?
  ok "unattended: … resumed, to the end" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/resumed.said"
  ok "unattended: … in force" eval 'lab_in "$CELL" router "$CELL/bin/pfctl" -sn | grep -F "port = 443 -> 10.0.20.203"'
  no_secret "unattended: … no secret after the runs"
  operator timeout 900 sh unattended.sh rollback --yes --state "$CELL/state" >"$CELL/back.said" 2>&1
  rc=$?
  ok "unattended: … rolled back" same "$rc" 0
  shown_unless "$rc" 0 "$CELL/back.said"
  ok "unattended: … all is as before, bit by bit" as_before
}
