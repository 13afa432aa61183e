#!/bin/bash
# State locks in a real PostgreSQL: found by preflight, shown and freed by unlock, a healthy holder left alone, a pooler recognised.
# Needs initdb, psql and root (PostgreSQL does not run as root: it runs as `postgres`); says so and ends where they are missing.
. "$(dirname "$0")/lib.bash"
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
if [ -z "$bin" ] || [ "$(id -u)" != 0 ] || ! command -v psql >/dev/null || ! id postgres >/dev/null 2>&1; then
  echo 'ok - state locks # SKIP needs PostgreSQL, psql and root'
  exit 0
fi
chmod 755 "$scratch"
install -d -o postgres -m 700 "$scratch/pg"
as() { su -s /bin/sh postgres -c "cd / && PATH=$bin:\$PATH $1"; }
password="p:w/$mark %41@'\\x" # every character that a connection string could trip over
port=$((20000 + $$ % 20000))
as "initdb -D $scratch/pg/data -A trust -U postgres --no-sync" >"$scratch/out" 2>&1 &&
  as "pg_ctl -D $scratch/pg/data -o '-p $port -k $scratch/pg -c listen_addresses=127.0.0.1 -c fsync=off' -l $scratch/pg/log -w start" >"$scratch/out" 2>&1 || { check 'a server' false; finish; exit; }
stop_server() { as "pg_ctl -D $scratch/pg/data -m immediate stop" >/dev/null 2>&1; tidy; }
trap stop_server EXIT
sql() { psql -XAtq -h 127.0.0.1 -p "$port" -U postgres -d "${DB:-state}" -c "$1"; }
DB=postgres sql 'create database state'
sql "create role tf login password '$(printf %s "$password" | sed "s/'/''/g")'; create schema traefik authorization tf;
  create table traefik.states (id bigint primary key, name text unique, data text); alter table traefik.states owner to tf;
  insert into traefik.states values (2, 'default', '{}'), (3, 'other', '{}')" >"$scratch/out"
sed -i 's/ trust$/ scram-sha-256/; /^local/d' "$scratch/pg/data/pg_hba.conf"
sed -i '1ihost all postgres 127.0.0.1/32 trust' "$scratch/pg/data/pg_hba.conf"
as "pg_ctl -D $scratch/pg/data reload" >/dev/null

encoded=$(jq -rn --arg v "$password" '$v | @uri')
export CONNECTION="postgres://tf:$encoded@127.0.0.1:$port/state?sslmode=disable"
keywords="host=127.0.0.1 port=$port dbname=state user=tf password='$(printf %s "$password" | sed "s/[\\\\']/\\\\&/g")'"
holder() { # KEY: a session that holds a lock and is idle; its client in $client, its backend in $backend
  python3 - "$1" <<P &
import os, subprocess, sys, time
env = dict(os.environ, PGPASSWORD=open("$scratch/password").read())
p = subprocess.Popen(["psql", "-XAtq", "-h", "127.0.0.1", "-p", "$port", "-U", "tf", "-d", "state"], stdin=subprocess.PIPE, env=env, stdout=subprocess.DEVNULL)
p.stdin.write(("select pg_try_advisory_lock(%s);\n" % sys.argv[1]).encode())
p.stdin.flush()
time.sleep(60)
P
  client=$!
  servers+=("$client")
  for _ in $(seq 100); do
    backend=$(sql "select pid from pg_locks where locktype = 'advisory' and objid = $1" | head -n 1)
    [ -z "$backend" ] || break
    sleep 0.1
  done
}
free_all() { sql "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'" >/dev/null; kill "$client" 2>/dev/null; wait "$client" 2>/dev/null; sleep 0.2; }
printf %s "$password" >"$scratch/password"
book() {
  (cd "$scratch/w" && setsid -w $1 "$scratch/book.sh" "${@:2}" --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
hasnt() { ! has "$1"; }
held() { [ "$(sql "select count(*) from pg_locks where locktype = 'advisory' and pid = $backend")" = "$1" ]; }
no_secrets() {
  local found
  found=$(strangers "$password" "$scratch/w" "$scratch/out"; strangers "$encoded" "$scratch/w" "$scratch/out"; ls -d "$memory"/cutc-* 2>/dev/null)
  [ -z "$found" ] || { printf '# found: %s\n' "$found"; false; }
}
mkdir "$scratch/w" "$scratch/bin"
: >"$scratch/w/wrapper"
chmod +x "$scratch/w/wrapper"
{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh
  sed "s/^cut_secrets=.*/cut_secrets='1:conn'/; /^plan_locks/,/^}/s/^  :/  cut_state_lock 1 traefik_stack traefik default/; \$d" "$repo/tests/shell/hand3.part"
  printf 'lock_1() {\n  cut_compose secret conn\n}\n\nsecret_1() {\n  cut_secret_env conn CONNECTION\n}\n\ncut_main "$@"\n'
} >"$scratch/book.sh"
# A host that sees no connection: the client is elsewhere, or gone.
printf '#!/bin/sh\nexit 0\n' >"$scratch/bin/ss"
chmod +x "$scratch/bin/ss"

while read -r sh; do
  book "$sh" preflight
  check "$sh: no holder" is 0
  check "$sh: no holder: looked" hasnt 'not looked at'
  CONNECTION=$keywords book "$sh" unlock
  check "$sh: a connection in keywords" has 'free: the state lock of traefik_stack (schema traefik, workspace default)'
  check "$sh: nothing held" is 0
  holder 3
  book "$sh" preflight
  check "$sh: another workspace's lock is none of ours" is 0
  free_all

  holder 2
  watch_arguments "$mark" "$encoded"
  book "$sh" preflight
  check "$sh: a held lock refuses" is 4
  check "$sh: and says who" has "is held by backend $backend of tf, from 127.0.0.1 port"
  book "$sh" unlock --yes --idle 1s
  check "$sh: no password in an argument" watched
  if command -v ss >/dev/null; then
    check "$sh: a client that lives" has 'left alone: its client lives (psql, process'
    check "$sh: still holds it" held 1
    check "$sh: and that is no success" is 1
  fi
  PATH=$scratch/bin:$PATH book "$sh" unlock --yes
  check "$sh: younger than the bound" has 'left alone: it has not been idle for 15m0s yet'
  check "$sh: younger than the bound: still holds it" held 1
  sleep 1.1
  PATH=$scratch/bin:$PATH book "$sh" preflight --idle 1s
  check "$sh: preflight says where to go" has 'nobody seems to be behind it: sh'
  PATH=$scratch/bin:$PATH book "$sh" unlock --idle 1s
  check "$sh: not without being told" held 1
  PATH=$scratch/bin:$PATH book "$sh" unlock --yes --idle 1s
  check "$sh: freed" has 'ended: the lock is free'
  check "$sh: freed: status" is 0
  check "$sh: freed: indeed" held 0
  free_all
  check "$sh: no secret left" no_secrets
  CONNECTION="postgres://tf:wrong@127.0.0.1:$port/state" book "$sh" preflight
  check "$sh: a database that refuses is listed" has 'state lock not looked at: traefik_stack'
  check "$sh: a database that refuses does not refuse the run" is 0
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)

if pooler=$(command -v pgbouncer || ls /usr/sbin/pgbouncer 2>/dev/null); then
  pool=$((port + 1))
  printf '[databases]\nstate = host=127.0.0.1 port=%s user=postgres\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%s\nauth_type=any\npool_mode=transaction\nignore_startup_parameters=extra_float_digits\nunix_socket_dir=\npidfile=%s/pg/b.pid\nlogfile=%s/pg/b.log\n' "$port" "$pool" "$scratch" "$scratch" >"$scratch/pg/b.ini"
  chown postgres "$scratch/pg/b.ini"
  as "$pooler -d -q $scratch/pg/b.ini"
  sleep 0.5
  CONNECTION="postgres://postgres@127.0.0.1:$pool/state" book sh preflight
  kill "$(cat "$scratch/pg/b.pid")"
  check 'a pooler in transaction mode refuses' is 4
  check 'a pooler in transaction mode is named' has 'is behind a pooler'
else
  echo 'ok - a pooler in transaction mode # SKIP needs pgbouncer'
fi
finish
