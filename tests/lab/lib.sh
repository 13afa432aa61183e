# Shell functions of the lab: a cell is built from what `lab_prepare` has made once, entered, photographed and ended.
# Needs LAB (a folder of its own), HERE (this folder), CUTC, TERRAFORM (its path, or nothing). Sourced by run.sh.

LAB_DOMAIN=example.net

# What all cells share: certificates, keys, runbooks, an empty state database.
lab_prepare() {
  mkdir -p "$LAB/tls" "$LAB/ssh" "$LAB/secrets" "$LAB/plan" "$LAB/bin"
  PG_BIN=$(find /usr/lib/postgresql -path '*/bin/initdb' | sort | tail -n 1)
  PG_BIN=${PG_BIN%/initdb}
  export PG_BIN
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=The lab' \
    -keyout "$LAB/tls/ca.key" -out "$LAB/tls/ca.pem" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$LAB_DOMAIN" \
    -keyout "$LAB/tls/key.pem" -out "$LAB/tls/request.pem" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:*.%s,DNS:api.cloudflare.com,IP:10.0.20.10,IP:10.0.20.1\n' "$LAB_DOMAIN" "$LAB_DOMAIN" >"$LAB/tls/names"
  openssl x509 -req -in "$LAB/tls/request.pem" -CA "$LAB/tls/ca.pem" -CAkey "$LAB/tls/ca.key" -CAcreateserial -days 2 \
    -extfile "$LAB/tls/names" -out "$LAB/tls/cert.pem" 2>/dev/null
  ssh-keygen -q -t ed25519 -N '' -f "$LAB/ssh/id"
  ssh-keygen -q -t ed25519 -N '' -f "$LAB/ssh/host"
  # With characters that JSON, URLs and base64 each write in another way.
  for secret in vault technitium cloudflare pg pfsense; do
    printf 'p+%s/%%=\n' "$(openssl rand -base64 24)" >"$LAB/secrets/$secret"
  done
  printf 'postgres://terraform:%s@10.0.20.200/terraform_state?sslmode=disable\n' "$(jq -Rr @uri "$LAB/secrets/pg")" >"$LAB/secrets/conn_str"
  cp -R "$HERE/../../examples/traefik/." "$LAB/plan"
  mkdir -p "$LAB/plan/scripts"
  cp "$HERE/tg" "$LAB/plan/scripts/tg"
  cp "$HERE"/plans/*.cut "$LAB/plan"
  # The same plan where the firewall has the REST API package, and nobody has to be there.
  sed 's|^pfsense .*|pfsense pfsense { host = 10.0.20.1  ssh = "admin@10.0.20.1"  rest = https://10.0.20.1  key = secret pfsense_key }\
secret pfsense_key { from = vault  path = "secret/data/pfsense"  field = "key" }|' "$LAB/plan/cutover.cut" >"$LAB/plan/unattended.cut"
  # Without Terraform, kubectl moves its Service in place.
  [ -n "$TERRAFORM" ] || sed -i -e 's/^\( *via  *= \)traefik_stack$/\1cluster/' -e '/^ *patch  *= "patches\/traefik-dedicated-ip.patch"$/d' "$LAB/plan/unattended.cut"
  for plan in cutover additive believed moved unattended; do
    (cd "$LAB/plan" && "$CUTC" emit "$plan.cut" 2>/dev/null >"$plan.sh") || return
  done
  # The database: made once, copied into each cell.
  install -d -o postgres -m 700 "$LAB/pg"
  as_postgres "$PG_BIN/initdb" -D "$LAB/pg/data" -A trust -U postgres --no-sync >/dev/null || return
  printf 'host all all 10.0.20.0/24 scram-sha-256\n' >>"$LAB/pg/data/pg_hba.conf"
  printf "listen_addresses = '10.0.20.200'\nunix_socket_directories = ''\nfsync = off\nmax_connections = 30\nshared_buffers = 16MB\n" >>"$LAB/pg/data/postgresql.conf"
  printf "create role terraform login password '%s' in role pg_signal_backend;\ncreate database terraform_state owner terraform;\n" \
    "$(cat "$LAB/secrets/pg")" | tr '\n' ' ' | sed 's/; /;\n\n/g' |
    as_postgres "$PG_BIN/postgres" --single -j -D "$LAB/pg/data" postgres >/dev/null 2>&1
}

as_postgres() {
  (cd / && exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
}

# lab_up NAME [real-time]: starts a cell and leaves its folder in CELL; nobody puts its clock ahead when told so.
lab_up() {
  CELL=$LAB/$1
  mkdir -p "$CELL/faults" "$CELL/bin" "$CELL/ssh" "$CELL/api" "$CELL/lb" "$CELL/tunnel" "$CELL/state" "$CELL/home"
  cp -R "$LAB/tls" "$LAB/secrets" "$LAB/plan" "$CELL"
  cp -a "$LAB/pg" "$CELL/pg"
  chmod 711 "$LAB" "$CELL"
  git -C "$CELL/plan" init -q
  git -C "$CELL/plan" add -A
  git -C "$CELL/plan" -c user.name=lab -c user.email=lab@example.net commit -q -m lab
  printf '.tg-cache/\n' >"$CELL/plan/.git/info/exclude"
  sed "s|@DIR@|$CELL|g" "$HERE/ingress.conf" >"$CELL/lb/nginx.conf.in"
  sed 's|@ADDRESS@|10.0.20.200|g' "$CELL/lb/nginx.conf.in" >"$CELL/lb/nginx.conf"
  sed "s|@DIR@|$CELL|g" "$HERE/tunnel.conf" >"$CELL/tunnel/nginx.conf.in"
  sed 's|@ORIGIN@|https://10.0.20.200:443|g' "$CELL/tunnel/nginx.conf.in" >"$CELL/tunnel/nginx.conf"
  lab_api_conf >"$CELL/api/nginx.conf"
  mkdir -p "$CELL/dns/lan" "$CELL/dns/wan"
  lab_zones
  for node in vps router family; do
    cat >"$CELL/ssh/$node.conf" <<END
Port 22
HostKey $LAB/ssh/host
AuthorizedKeysFile $LAB/ssh/id.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
PasswordAuthentication no
SetEnv PATH=$CELL/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CURL_CA_BUNDLE=$CELL/tls/ca.pem
END
  done
  printf 'IdentityFile %s\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n' "$LAB/ssh/id" >"$CELL/ssh/config"
  printf '#!/bin/sh\nexec /usr/bin/ssh -F %s "$@"\n' "$CELL/ssh/config" >"$CELL/bin/ssh"
  cp "$HERE/pfctl" "$CELL/bin/pfctl"
  # Each call of terraform is written down.
  [ -z "$TERRAFORM" ] || printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>%s\nexec %s "$@"\n' "$CELL/terraform.calls" "$TERRAFORM" >"$CELL/bin/terraform"
  # The operator's clock, which clock.py puts ahead during long waits.
  cat >"$CELL/bin/date" <<END
#!/bin/sh
case " \$* " in
*" -d "* | *" -r "*) exec $(command -v date) "\$@" ;;
esac
exec $(command -v date) -d "\$(cat $CELL/ahead) seconds" "\$@"
END
  echo 0 >"$CELL/ahead"
  chmod +x "$CELL"/bin/*
  cat >"$CELL/kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "https://10.0.20.10:6443", certificate-authority: $CELL/tls/ca.pem}}]
users: [{name: lab, user: {token: lab}}]
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
current-context: lab
END
  mkfifo "$CELL/ready"
  unshare -m -n -p -f --kill-child --mount-proc sh "$HERE/cell.sh" "$CELL" >"$CELL/cell.log" 2>&1 </dev/null &
  echo "$!" >"$CELL/outer"
  [ "${2-}" = real-time ] || python3 "$HERE/clock.py" "$CELL" "$!" &
  read -r said <"$CELL/ready"
  tr -d ' ' <"/proc/$(cat "$CELL/outer")/task/$(cat "$CELL/outer")/children" >"$CELL/inner"
  [ "$said" = ok ] || {
    cat "$CELL/cell.log" >&2
    return 1
  }
  [ -z "$TERRAFORM" ] || in_stack sh -c '../../scripts/tg init -no-color -input=false >init.log 2>&1 && ../../scripts/tg apply -no-color -input=false -auto-approve >>init.log 2>&1' || {
    cat "$CELL/plan/stacks/traefik/init.log" >&2
    return 1
  }
  rm -f "$CELL/plan/stacks/traefik/init.log"
  lab_photograph "$CELL" >"$CELL/baseline"
}

# Ends a cell by its first process; the kernel ends the rest.
lab_down() {
  [ -s "$1/inner" ] || return 0
  kill -9 "$(cat "$1/inner")" 2>/dev/null || :
  wait "$(cat "$1/outer")" 2>/dev/null || :
  rm -f "$1/inner"
}

lab_api_conf() {
  cat <<END
# The Kubernetes API's address.
user root;
worker_processes 1;
pid $CELL/api/nginx.pid;
error_log $CELL/api/error.log;
events { worker_connections 128; }
http {
  client_body_temp_path $CELL/api/t1; proxy_temp_path $CELL/api/t2; fastcgi_temp_path $CELL/api/t3;
  uwsgi_temp_path $CELL/api/t4; scgi_temp_path $CELL/api/t5;
  access_log off;
  server {
    listen 10.0.20.10:6443 ssl;
    ssl_certificate $CELL/tls/cert.pem;
    ssl_certificate_key $CELL/tls/key.pem;
    location / { proxy_pass http://127.0.0.1:8001; }
  }
}
END
}

lab_zones() {
  key=$(openssl rand -base64 32)
  printf 'key "lab" {\n algorithm hmac-sha256;\n secret "%s";\n};\n' "$key" >"$CELL/dns/key"
  for side in lan wan; do
    address=10.0.20.201 names=$LAB_DOMAIN
    [ "$side" = lan ] || address=203.0.113.53 names="$LAB_DOMAIN example.org cloudflare.com"
    {
      cat <<END
server:
    rundir: "$CELL/dns/$side"
    listen: $address@53
    user: root:root
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
key:
  - id: lab
    algorithm: hmac-sha256
    secret: $key
acl:
  - id: change
    key: lab
    action: update
  - id: look
    address: 10.0.20.201
    action: transfer
database:
    storage: "$CELL/dns/$side"
log:
  - target: stderr
    any: warning
control:
    listen: "$CELL/dns/$side/knot.sock"
zone:
END
      for name in $names; do
        printf '  - domain: %s\n    storage: "%s"\n    file: %s.zone\n    acl: [change, look]\n    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: changes\n' \
          "$name" "$CELL/dns/$side" "$name"
        printf '$ORIGIN %s.\n$TTL 3600\n@ SOA ns1 hostmaster 1 900 300 604800 60\n@ NS ns1\nns1 A %s\n' "$name" "$address" >"$CELL/dns/$side/$name.zone"
      done
    } >"$CELL/dns/$side/knot.conf"
  done
  printf '@ A 10.0.20.200\n* CNAME %s.\nwww 20 A 10.0.20.211\n' "$LAB_DOMAIN" >>"$CELL/dns/lan/$LAB_DOMAIN.zone"
  printf '@ A 203.0.113.80\n* A 203.0.113.80\nimmich A 203.0.113.7\n' >>"$CELL/dns/wan/$LAB_DOMAIN.zone"
  echo 'vps A 203.0.113.50' >>"$CELL/dns/wan/example.org.zone"
  echo 'api A 203.0.113.81' >>"$CELL/dns/wan/cloudflare.com.zone"
}

# lab_in CELL NODE COMMAND…: in a node of a cell; the node `cell` is the cell itself.
lab_in() {
  in_cell=$1 in_node=$2
  shift 2
  if [ "$in_node" = cell ]; then
    nsenter -t "$(cat "$in_cell/inner")" -m -n -p --wdns="$PWD" -- "$@"
  else
    nsenter -t "$(cat "$in_cell/inner")" -m -n -p --wdns="$PWD" -- ip netns exec "$in_node" "$@"
  fi
}

# operator COMMAND…: as the operator, at the plan's folder of $CELL, in a new shell that has nothing but what TOKEN gives it.
operator() {
  (
    cd "$CELL/plan" || exit
    lab_in "$CELL" devvm env -i PATH="$CELL/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME="$CELL/home" TERM=dumb \
      CURL_CA_BUNDLE="$CELL/tls/ca.pem" KUBECONFIG="$CELL/kubeconfig" KUBECACHEDIR="$CELL/home/kube" TF_IN_AUTOMATION=1 \
      CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null LAB_GATE="$CELL/gate" LAB_PROVIDER="$HERE/provider.py" ${TOKEN:+VAULT_TOKEN="$TOKEN"} "$@"
  )
}

in_stack() {
  operator env -C stacks/traefik PG_CONN_STR="$(cat "$CELL/secrets/conn_str")" "$@"
}

# What a rollback has to bring back, bit by bit; without serials, lineage and what is drawn by lot (the id of a terraform_data).
lab_photograph() {
  echo "== firewall"
  lab_in "$1" router nft -s list ruleset
  echo "== zone"
  lab_in "$1" dns kdig +noall +answer @10.0.20.201 "$LAB_DOMAIN" AXFR | grep -v '^;' | sed 's/\(SOA.* \)[0-9]* 900 300/\1SERIAL 900 300/'
  echo "== the DNS server's view"
  lab_in "$1" dns curl -sS -H "Authorization: Bearer $(cat "$1/secrets/technitium")" \
    "http://10.0.20.201:5380/api/zones/records/get?domain=$LAB_DOMAIN" | jq -S '.response.records | map(del(.. | .text?))'
  echo "== ingress"
  cat "$1/lb/nginx.conf"
  lab_in "$1" lb ip -o -4 addr show dev eth0 | awk '{ print $4 }' | sort
  echo "== tunnel"
  cat "$1/tunnel/nginx.conf"
  lab_in "$1" tunnel curl -sS -H "Authorization: Bearer $(cat "$1/secrets/cloudflare")" \
    http://127.0.0.1:8443/client/v4/accounts/a1/cfd_tunnel/t1/configurations | jq -S .result.config
  echo "== service"
  lab_in "$1" lb curl -sS http://127.0.0.1:8001/api/v1/namespaces/traefik/services/traefik | jq -S 'del(.metadata.resourceVersion)'
  lab_in "$1" lb curl -sS -o /dev/null -w 'beside it: %{http_code}\n' http://127.0.0.1:8001/api/v1/namespaces/traefik/services/traefik-direct
  echo "== state"
  [ -z "$TERRAFORM" ] || sql "$1" "select data from terraform_remote_state.states where name = 'default'" |
    jq -S 'del(.serial, .lineage, .resources[]?.instances[]?.attributes.id)'
  echo "== code"
  git -C "$1/plan" status --porcelain
  git -C "$1/plan" diff
}

sql() {
  lab_in "$1" lb env PGPASSWORD="$(cat "$1/secrets/pg")" psql -XAt -h 10.0.20.200 -U terraform terraform_state -c "$2"
}

# Locks that are held in the state database.
locks() {
  sql "$1" "select count(*) from pg_locks where locktype = 'advisory' and granted"
}
