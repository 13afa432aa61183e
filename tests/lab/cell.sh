#!/bin/sh
# The first process of a cell: builds the network and starts the servers, says `ok` or `fail` in DIR/ready, and stays.
# cell.sh DIR: DIR has been filled by `lab_up`. Everything here ends with this process; nothing outside is touched.
set -eu
PATH=/usr/sbin:/sbin:/usr/bin:/bin:$PATH
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
trap 'echo fail >"$dir/ready"' EXIT
[ -d /etc/netns ] || mkdir /etc/netns
for place in /run /etc/netns /dev/shm; do
  mount -t tmpfs tmpfs "$place"
done
mkdir -p /run/netns /run/sshd

# -- Nodes and links --
ip link set lo up
for net in wan lan; do
  ip link add "br-$net" type bridge
  ip link set "br-$net" up
done
node() {
  ip netns add "$1"
  ip -n "$1" link set lo up
  mkdir -p "/etc/netns/$1" "$dir/$1"
}
leg() { # NODE INTERFACE NETWORK ADDRESS…
  ip link add "$1.$2" type veth peer name "$2" netns "$1"
  ip link set "$1.$2" master "br-$3" up
  leg_node=$1 leg_if=$2
  shift 3
  for address; do
    ip -n "$leg_node" addr add "$address/24" dev "$leg_if"
  done
  ip -n "$leg_node" link set "$leg_if" up
}
on() {
  on_node=$1
  shift
  ip netns exec "$on_node" "$@"
}
for name in router lb dns tunnel vps devvm family; do
  node "$name"
done
leg router wan0 wan 203.0.113.7
leg router lan0 lan 10.0.20.1
leg lb eth0 lan 10.0.20.10 10.0.20.200
leg dns eth0 lan 10.0.20.201
leg dns pub0 wan 203.0.113.53
leg devvm eth0 lan 10.0.20.50
leg family eth0 lan 10.0.20.51
leg tunnel edge wan 203.0.113.80 203.0.113.81
leg tunnel lan0 lan 10.0.20.80
leg vps eth0 wan 203.0.113.50
for name in lb devvm family; do
  ip -n "$name" route add default via 10.0.20.1
done
ip -n dns route add 10.0.20.0/24 dev eth0 2>/dev/null || :
ip -n lb addr add 10.43.81.7/32 dev lo
ip -n tunnel route add 10.43.81.7/32 via 10.0.20.10
# Nobody there is known after a tenth of a second instead of three.
for name in devvm router tunnel vps; do
  # shellcheck disable=SC2016
  on "$name" sh -c 'for n in /proc/sys/net/ipv4/neigh/*; do echo 100 >"$n/retrans_time_ms"; echo 2 >"$n/mcast_solicit"; done'
done
on router sysctl -qw net.ipv4.ip_forward=1
on lb sysctl -qw net.ipv4.ip_nonlocal_bind=1
on router nft -f "$here/router.nft"

# -- Who is who --
for name in devvm vps router tunnel; do
  echo 'nameserver 203.0.113.53' >"/etc/netns/$name/resolv.conf"
done
for name in family lb; do
  echo 'nameserver 10.0.20.201' >"/etc/netns/$name/resolv.conf"
done
printf '127.0.0.1 localhost\n10.43.81.7 traefik.traefik.svc.cluster.local\n' >/etc/netns/tunnel/hosts
for name in devvm vps family; do
  echo '127.0.0.1 localhost' >"/etc/netns/$name/hosts"
done
{ cat /etc/passwd && echo "admin:x:0:0:the firewall's administrator:/root:/bin/sh"; } >/etc/netns/router/passwd

# -- Servers --
for which in lan wan; do
  on dns knotd -c "$dir/dns/$which/knot.conf" >"$dir/dns/$which/log" 2>&1 &
done
for each in cloudflare:8443:tunnel technitium:5380:dns vault:8200:lb kubernetes:8001:lb switch:8300:lb pfsense:443:router; do
  name=${each%%:*}
  rest=${each#*:}
  on "${rest#*:}" python3 "$here/servers.py" "$name" "${rest%:*}" "$dir" >"$dir/$name.log" 2>&1 &
done
on lb nginx -p "$dir/lb" -c "$dir/lb/nginx.conf"
on lb nginx -p "$dir/api" -c "$dir/api/nginx.conf"
on tunnel nginx -p "$dir/tunnel" -c "$dir/tunnel/nginx.conf"
for name in vps router family; do
  on "$name" /usr/sbin/sshd -f "$dir/ssh/$name.conf" -E "$dir/ssh/$name.log"
done
on lb setpriv --reuid=postgres --regid=postgres --clear-groups "$PG_BIN/postgres" -D "$dir/pg/data" >"$dir/pg/log" 2>&1 &

# -- Until all of them answer --
until_ok() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || {
      echo "no answer: $*"
      exit 1
    }
    sleep 0.05
  done
}
until_ok on family kdig +time=1 +retry=0 @10.0.20.201 example.net SOA +short
until_ok on vps kdig +time=1 +retry=0 @203.0.113.53 example.net SOA +short
until_ok on devvm curl -sf --cacert "$dir/tls/ca.pem" https://vault.example.net/v1/sys/health
until_ok on devvm curl -sf --cacert "$dir/tls/ca.pem" https://api.cloudflare.com/healthz
until_ok on devvm curl -sf --cacert "$dir/tls/ca.pem" https://10.0.20.10:6443/version
until_ok on devvm curl -sf http://10.0.20.201:5380/healthz
until_ok on devvm curl -sf --cacert "$dir/tls/ca.pem" https://10.0.20.1/healthz
until_ok on devvm "$PG_BIN/pg_isready" -q -h 10.0.20.200
trap - EXIT
echo ok >"$dir/ready"
while :; do
  sleep 3600 &
  wait "$!" || :
done
