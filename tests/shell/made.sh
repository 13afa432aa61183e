#!/bin/bash
# What the standard library makes through an API is made once: a run that is ended with KILL between the request and its journal
# line goes on, one that finds it made already goes on, and one that finds something else of that name stops, and its way back
# leaves that alone.
. "$(dirname "$0")/lib.bash"
: "${CUTC:=$repo/build/cutc}"

mkdir -p "$scratch/w" "$scratch/bin"
/usr/bin/python3 "$repo/tests/shell/made.py" "$scratch/w" &
servers+=($!)
for _ in $(seq 100); do [ -s "$scratch/w/port" ] && break; sleep 0.05; done
api=http://127.0.0.1:$(cat "$scratch/w/port")
# What the DNS server answers is what its API has.
cat >"$scratch/bin/dig" <<END
#!/bin/sh
for name; do :; done
curl -s $api/world | jq -r --arg name "\$name" '.records[] | select(.name == \$name) | .rData | .ipAddress // .cname'
END
chmod +x "$scratch/bin/dig"

# plan NAME TEXT: a plan that makes one thing, as its runbook NAME.sh.
plan() {
  cat >"$scratch/$1.cut" <<P
plan $1 { operator = desk }
use std/net
use std/technitium
use std/pfsense
use std/cloudflare
client desk { zone = lan }
secret t { from = env "T" }
host web { address = 10.0.20.203  ports = [443/tcp] }
$2
P
  "$CUTC" emit "$scratch/$1.cut" >"$scratch/$1.sh" 2>"$scratch/out"
  check "$1: the plan gives a runbook" test -s "$scratch/$1.sh"
}
dns="technitium dns { api = $api  token = secret t  domains = [\"example.net\"] }
"
empty='{"aliases": [], "pending": [], "records": [{"name": "web.example.net", "type": "A", "ttl": 3600, "disabled": false, "rData": {"ipAddress": "10.0.20.203"}}], "version": 1, "ingress": [{"service": "http_status:404"}]}'
world() { # JSON: what there is now, beside what is always there
  curl -s -o "$scratch/was" -d "$(jq -c --argjson more "$1" '. + $more + {records: (.records + ($more.records // []))}' <<<"$empty")" "$api/world"
  jq -S 'del(.version)' "$scratch/was" >"$scratch/before"
  rm -rf "$scratch/w/state"
}
run() { # BOOK COMMAND…
  local book=$scratch/$1.sh
  shift
  (cd "$scratch/w" && PATH=$scratch/bin:$PATH T=$mark setsid -w dash "$book" "$@" --yes --patience 2 --state "$scratch/w/state"; exit $?) >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
there() { jq -e "$1" "$scratch/w/world" >"$scratch/there" || { sed 's/$/\n/' "$scratch/w/world"; false; }; }
as_before() { jq -S 'del(.version)' "$scratch/w/world" | diff "$scratch/before" -; }

# made NAME WANTED OTHER REQUEST…: WANTED is what jq finds when it is made, OTHER a world with another of its name.
made() {
  local name=$1 wanted=$2 other=$3 request
  shift 3
  for request; do
    world '{}'
    printf '%s\n' "$request" >"$scratch/w/kill"
    run "$name" apply --on-failure stop
    check "$name: KILL after $request" is 137
    run "$name" resume --on-failure stop
    check "$name: … resumed" is 0
    check "$name: … made once, and in force" there "$wanted and .pending == []"
    run "$name" rollback
    check "$name: … rolled back" is 0
    check "$name: … nothing is left" as_before
  done
  world '{}'
  run "$name" apply
  rm -rf "$scratch/w/state"
  run "$name" apply
  check "$name: made already, preflight refuses" eval 'is 4 && grep -q "refused: one is there already" "$scratch/out"'
  run "$name" apply --done one
  check "$name: made already for this run, it goes on" is 0
  check "$name: … and there is one" there "$wanted"
  world "$other"
  run "$name" apply --on-failure rollback
  check "$name: another of this name, preflight refuses" eval 'is 4 && grep -q "refused: one is there already" "$scratch/out"'
  run "$name" apply --on-failure rollback --done one
  # It is not this plan's to take back, and so it is still there: that is said, and is no success.
  check "$name: another of this name, said to be this one, and it stops" eval 'is 6 && grep -q "one is still there" "$scratch/out"'
  check "$name: … says so" grep -qr "already, for\|for this hostname already" "$scratch/out" "$scratch/w/state/logs"
  check "$name: … and leaves it alone" as_before
}

plan alias "pfsense fw { host = 127.0.0.1  rest = $api  key = secret t }
host gate { address = 127.0.0.1  ports = [${api##*:}/tcp] }
"'create alias one { value = 10.0.20.203  via = fw }'
made alias '.aliases == [{name: "one", type: "host", address: ["10.0.20.203"], detail: [""]}]' \
  '{"aliases": [{"name": "one", "type": "host", "address": ["10.0.20.203", "10.0.20.9"], "detail": ["", ""]}]}' \
  'POST /api/v2/firewall/alias' 'POST /api/v2/firewall/apply'
plan address "$dns"'create dns_record one { host = "one.example.net"  value = 10.0.20.203  ttl = 60s  via = dns }'
made address '(.records | length) == 2 and .records[1].rData.ipAddress == "10.0.20.203"' \
  '{"records": [{"name": "one.example.net", "type": "A", "ttl": 60, "disabled": false, "rData": {"ipAddress": "10.0.20.9"}}]}' \
  'POST /api/zones/records/add'
plan cname "$dns"'create dns_record one { host = "one.example.net"  value = "web.example.net"  ttl = 60s  via = dns }
dns_record web_name { host = "web.example.net"  value = 10.0.20.203 }'
made cname '(.records | length) == 2 and .records[1].rData.cname == "web.example.net"' \
  '{"records": [{"name": "one.example.net", "type": "CNAME", "ttl": 60, "disabled": false, "rData": {"cname": "other.example.net"}}]}' \
  'POST /api/zones/records/add'
plan route "cloudflare cf { api = $api  account = \"a1\"  token = secret t  zone = lan }
"'tunnel tun { id = "t1"  connector = lan }
create tunnel_route one { tunnel = tun  host = "one.example.net"  origin = https://10.0.20.203:443  via = cf }'
made route '[.ingress[].service] == ["https://10.0.20.203:443", "http_status:404"]' \
  '{"ingress": [{"hostname": "one.example.net", "service": "https://10.0.20.9:443"}, {"service": "http_status:404"}]}' \
  'PUT /accounts/a1/cfd_tunnel/t1/configurations'

finish
