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
  lab_down "$CELL"
}
