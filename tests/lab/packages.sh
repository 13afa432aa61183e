#!/bin/sh
# Installs what the lab needs and the build does not. While it does, no daemon is started on this machine.
set -eu
[ "$(id -u)" = 0 ] || exit 0 # run.sh says who has to run it
missing=
for pair in nft:nftables nginx:nginx-light knotd:knot kdig:knot-dnsutils nsupdate:bind9-dnsutils sshd:openssh-server \
  ssh:openssh-client ip:iproute2 psql:postgresql-client pgbouncer:pgbouncer unbound:unbound kubectl:kubernetes-client setpriv:util-linux jq:jq curl:curl git:git openssl:openssl python3:python3; do
  PATH=/usr/sbin:/sbin:$PATH command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
[ -n "$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null)" ] || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || {
  echo "lab: missing:$missing" >&2
  exit 1
}
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$guard"
  chmod +x "$guard"
  trap 'rm -f "$guard"' EXIT
fi
echo "installing:$missing"
apt-get -o DPkg::Lock::Timeout=300 -qq update || true
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install $missing >/dev/null
