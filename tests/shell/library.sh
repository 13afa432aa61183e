#!/bin/bash
# Runs the jq programs of the standard library against answers shaped as the systems' own documents show them.
set -u
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# program MODULE PATTERN [N]: what stands between the first and the last single quote of the N-th line that has the pattern.
program() { grep -F -- "$2" "stdlib/std/$1.cut" | sed -n "${3:-1}{s/^[^']*'//;s/'[^']*\$//;p;}"; }

# is NAME WANT GOT
is() {
  if [ "$2" = "$3" ]; then echo "ok - $1"; else printf 'not ok - %s\n# wanted: %s\n# got:    %s\n' "$1" "$2" "$3"; fi
}
# refuses NAME COMMAND…
refuses() {
  local name=$1
  shift
  if "$@" >"$work/refused" 2>/dev/null; then printf 'not ok - %s\n# it said %s\n' "$name" "$(cat "$work/refused")"; else echo "ok - $name"; fi
}

# ── Technitium ──
cat >"$work/records" <<'END'
{"status": "ok", "response": {"records": [
  {"name": "example.net", "type": "A", "ttl": 3600, "disabled": false, "comments": "the apex & more", "rData": {"ipAddress": "10.0.20.200"}},
  {"name": "example.net", "type": "NS", "ttl": 14400, "disabled": false, "rData": {"nameServer": "ns1.example.net"}}]}}
END
echo '{"status": "error", "errorMessage": "Cannot update record: the record does not exists to be updated."}' >"$work/mismatch"
echo '{"status": "invalid-token", "errorMessage": "Invalid token or session expired."}' >"$work/token"
echo '{"status": "ok", "response": {}}' >"$work/ok"
update=$(program technitium '${work}/before.json > ${work}/change.form')
change() { jq -r --arg domain example.net --arg old "$1" --arg new "$2" --argjson ttl 60 "$update" "$3"; }
is "technitium: the comment is kept" \
  'domain=example.net&type=A&ttl=60&disable=false&comments=the%20apex%20%26%20more&ipAddress=10.0.20.200&newIpAddress=10.0.20.203' \
  "$(change 10.0.20.200 10.0.20.203 "$work/records")"
is "technitium: a change that is there already is made once more" \
  'domain=example.net&type=A&ttl=60&disable=false&comments=the%20apex%20%26%20more&ipAddress=10.0.20.200&newIpAddress=10.0.20.200' \
  "$(change 10.0.20.203 10.0.20.200 "$work/records")"
refuses "technitium: a third value" change 10.0.20.1 10.0.20.2 "$work/records"
refuses "technitium: no token" change 10.0.20.200 10.0.20.203 "$work/token"
status=$(program technitium '.status == "ok" or error')
is "technitium: done" true "$(jq -e "$status" "$work/ok")"
refuses "technitium: an error is HTTP 200" jq -e "$status" "$work/mismatch"
clash=$(program technitium 'a record of this name')
is "technitium: a new record is there already" true "$(jq -e --arg new 10.0.20.200 "$clash" "$work/records")"
refuses "technitium: a new record's name leads elsewhere" jq -e --arg new 10.0.20.203 "$clash" "$work/records"
refuses "technitium: a CNAME where there is an address" jq -e --arg new www.example.net "$clash" "$work/records"
is "technitium: an IPv6 address beside the other" true "$(jq -e --arg new fd00::1 "$clash" "$work/records")"
gone=$(program technitium 'test("not exist")')
is "technitium: deleting what is gone" true "$(jq -e "$gone" "$work/mismatch")"
refuses "technitium: deleting without a token" jq -e "$gone" "$work/token"
is "dns_record: observed" '"10.0.20.200" "3600s"' \
  "$(jq -c "$(program net 'value = jq')" "$work/records") $(jq -c "$(program net 'ttl   = jq')" "$work/records")"

# ── Cloudflare ──
cat >"$work/tunnel" <<'END'
{"success": true, "errors": [], "result": {"version": 41, "source": "cloudflare", "config": {
  "ingress": [{"hostname": "*.example.net", "service": "https://10.0.20.200:443", "originRequest": {"http2Origin": true}}, {"service": "http_status:404"}],
  "warp-routing": {"enabled": false}}}}
END
jq '.result.version = 42' "$work/tunnel" >"$work/tunnel-later"
echo '{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "result": null}' >"$work/denied"
origin=$(program cloudflare '${work}/before.json > ${work}/after.json')
route() { jq -c --arg host '*.example.net' --arg old "$1" --arg new https://traefik.traefik.svc.cluster.local:443 "$origin" "$2"; }
is "cloudflare: one rule changes, every other key stays" \
  "$(jq -c '{config: (.result.config | .ingress[0].service = "https://traefik.traefik.svc.cluster.local:443")}' "$work/tunnel")" \
  "$(route https://10.0.20.200:443 "$work/tunnel")"
refuses "cloudflare: the rule leads elsewhere" route https://10.0.20.1:443 "$work/tunnel"
refuses "cloudflare: no right to read" route https://10.0.20.200:443 "$work/denied"
version=$(program cloudflare '--slurpfile before')
same() { jq -en --slurpfile before "$work/tunnel" --slurpfile again "$1" "$version"; }
is "cloudflare: nobody else was there" true "$(same "$work/tunnel")"
refuses "cloudflare: somebody else was there" same "$work/tunnel-later"
refuses "cloudflare: the answer decides" jq -e "$(program cloudflare '.success or error')" "$work/denied"

# ── Vault ──
value=$(program vault 'value = jq')
is "vault: KV version 2" '"s3cret"' "$(echo '{"data": {"data": {"token": "s3cret"}, "metadata": {}}}' | jq --arg field token "$value")"
is "vault: a static database login" '"s3cret"' "$(echo '{"data": {"password": "s3cret", "ttl": 530349}}' | jq --arg field password "$value")"

# ── pfSense ──
cat >"$work/forwards" <<'END'
{"code": 200, "data": [{"id": 0, "descr": "http", "target": "nginx"}, {"id": 1, "descr": "https", "target": "nginx"}]}
END
echo '{"code": 200, "data": [{"id": 0, "name": "nginx", "type": "host", "address": ["10.0.20.200"]}]}' >"$work/aliases"
retarget=$(program pfsense 'the rule leads to')
forward() { jq -ec --arg descr "$1" --arg old "$2" --arg new traefik_lb "$retarget" "$work/forwards"; }
is "pfsense: the rule's present index" '{"id":1,"target":"traefik_lb","apply":false}' "$(forward https nginx)"
refuses "pfsense: no such rule" forward ssh nginx
refuses "pfsense: the rule leads elsewhere" forward https other
is "pfsense: an alias changes" '{"id":0,"address":["10.0.20.203"]}' \
  "$(jq -ec --arg name nginx --arg old 10.0.20.200 --arg value 10.0.20.203 "$(program pfsense 'not exactly one alias')" "$work/aliases")"
refuses "pfsense: an alias stands for a third address" jq -ec --arg name nginx --arg old 10.0.20.9 --arg value 10.0.20.203 "$(program pfsense 'not exactly one alias')" "$work/aliases"
clash=$(program pfsense 'an alias of this name')
refuses "pfsense: another alias of that name is there" jq -e --arg name nginx --arg value 10.0.20.203 "$clash" "$work/aliases"
is "pfsense: the alias is there already" true "$(jq -e --arg name nginx --arg value 10.0.20.200 "$clash" "$work/aliases")"

# ── Terragrunt ──
announced=$(program terragrunt 'not announced')
plan() { printf '{"resource_changes": [%s]}' "$1" | jq -e --arg targets "$2" --arg ignore "$3" "$announced"; }
one='{"address": "helm_release.traefik", "change": {"actions": ["update"]}}'
drift='{"address": "null_resource.stamp", "change": {"actions": ["update"]}}'
gone='{"address": "helm_release.traefik", "change": {"actions": ["delete", "create"]}}'
idle='{"address": "helm_release.other", "change": {"actions": ["no-op"]}}'
is "stack: what was announced" true "$(plan "$one, $idle" helm_release.traefik '')"
refuses "stack: something else changes as well" plan "$one, $drift" helm_release.traefik ''
is "stack: perpetual drift is ignored" true "$(plan "$one, $drift" helm_release.traefik null_resource.stamp)"
is "stack: without targets, changes in place" true "$(plan "$one" '' '')"
refuses "stack: without targets, nothing is replaced" plan "$gone" '' ''

# ── Kubernetes ──
cat >"$work/service" <<'END'
{"metadata": {"annotations": {"metallb.universe.tf/allow-shared-ip": "shared"}}, "spec": {"externalTrafficPolicy": "Cluster"}, "status": {"loadBalancer": {"ingress": [{"ip": "10.0.20.200"}]}}}
END
is "lb_service: observed" '"10.0.20.200" "Cluster" "shared"' \
  "$(jq -c "$(program kubernetes 'address = jq')" "$work/service") $(jq -c "$(program kubernetes 'policy  = jq')" "$work/service") $(jq -c "$(program kubernetes 'sharing = jq')" "$work/service")"
is "lb_service: pending" null "$(echo '{"status": {"loadBalancer": {}}}' | jq -c "$(program kubernetes 'address = jq')")"

# ── Files ──
swap=$(program host 'error("neither')
text() { printf '%s' "$1" | jq -Rrsj --arg old 10.0.20.200 --arg new 10.0.20.203 "$swap"; }
is "file: every place" 'a 10.0.20.203 b 10.0.20.203' "$(text 'a 10.0.20.200 b 10.0.20.200')"
is "file: a second time" 'a 10.0.20.203' "$(text 'a 10.0.20.203')"
refuses "file: neither is there" text 'a 10.0.20.1'
