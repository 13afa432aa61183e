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
sed -i '1ihost all postgres 127.0.0.1/32 trust\nhost all tf 127.0.0.2/32 scram-sha-256' "$scratch/pg/data/pg_hba.conf"
as "pg_ctl -D $scratch/pg/data reload" >/dev/null

encoded=$(jq -rn --arg v "$password" '$v | @uri')
export CONNECTION="postgres://tf:$encoded@127.0.0.1:$port/state?sslmode=disable"
keywords="host=127.0.0.1 port=$port dbname=state user=tf password='$(printf %s "$password" | sed "s/[\\\\']/\\\\&/g")'"
holder() { # KEY [PORT]: a session that holds a lock and is idle; its client in $client, its backend in $backend
  python3 - "$1" "${2:-$port}" <<P &
import os, subprocess, sys, time
env = dict(os.environ, PGPASSWORD=open("$scratch/password").read())
p = subprocess.Popen(["psql", "-XAtq", "-h", "127.0.0.1", "-p", sys.argv[2], "-U", "tf", "-d", "state"], stdin=subprocess.PIPE, env=env, stdout=subprocess.DEVNULL)
p.stdin.write(("select pg_try_advisory_lock(%s);\n" % sys.argv[1]).encode())
p.stdin.flush()
time.sleep(600)
P
  client=$!
  servers+=("$client")
  for _ in $(seq 100); do
    backend=$(sql "select pid from pg_locks where locktype = 'advisory' and objid = $1" | head -n 1)
    [ -z "$backend" ] || break
    sleep 0.1
  done
  sql "select client_port from pg_stat_activity where pid = $backend" >"$scratch/holder-port"
}
free_all() { sql "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'" >/dev/null; kill "$client" 2>/dev/null; wait "$client" 2>/dev/null; sleep 0.2; }
printf %s "$password" >"$scratch/password"
idle() { for _ in $(seq 100); do [ "$(sql "select now() - state_change > interval '1.1 second' from pg_stat_activity where pid = $backend")" = t ] && return; sleep 0.1; done; }
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
  sed "s/^cut_secrets=.*/cut_secrets='1:conn'/; /^plan_locks/,/^}/s/^  :/  cut_state_lock 1 traefik_stack traefik default 2/; \$d" "$repo/tests/shell/hand3.part"
  printf 'lock_1() {\n  cut_compose secret conn\n}\n\nsecret_1() {\n  cut_secret_env conn CONNECTION\n}\n\ncut_main "$@"\n'
} >"$scratch/book.sh"
# Hosts that see the connections of others, and not the holder's (it is gone), some other one (a tunnel is between), or none.
mkdir "$scratch/tunnel" "$scratch/none"
printf '#!/bin/sh\n%s "$@" | grep -v " 127.0.0.[12]:$(cat "%s/holder-port") "\n' "$(command -v ss || echo false)" "$scratch" >"$scratch/bin/ss"
printf '#!/bin/sh\necho "0 0 192.0.2.1:1 192.0.2.1:2"\n' >"$scratch/tunnel/ss"
printf '#!/bin/sh\nexit 1\n' >"$scratch/none/ss"
chmod +x "$scratch"/*/ss
# A client at another address of its own.
cat >"$scratch/forward.py" <<'P'
import socket, sys, threading
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
def pump(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
while True:
    client = server.accept()[0]
    target = socket.create_connection(("127.0.0.1", int(sys.argv[2])), source_address=("127.0.0.2", 0))
    for pair in (client, target), (target, client):
        threading.Thread(target=pump, args=pair, daemon=True).start()
P
elsewhere=$((port + 2))
python3 "$scratch/forward.py" "$elsewhere" "$port" &
servers+=($!)

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
    PATH=$scratch/tunnel:$PATH book "$sh" unlock --yes --idle 1s
    check "$sh: behind a tunnel nobody can tell" has 'left alone: the database sees this host as 127.0.0.1 port'
    PATH=$scratch/none:$PATH book "$sh" unlock --yes --idle 1s
    check "$sh: without ss nobody can tell" has 'left alone: the connections of this host cannot be listed'
    check "$sh: it is still there" held 1
  fi
  PATH=$scratch/bin:$PATH book "$sh" unlock --yes
  check "$sh: younger than the bound" has 'left alone: it has not been idle for 15m0s yet'
  check "$sh: younger than the bound: still holds it" held 1
  idle
  PATH=$scratch/bin:$PATH book "$sh" preflight --idle 1s
  check "$sh: preflight says where to go" has 'nobody seems to be behind it: sh'
  PATH=$scratch/bin:$PATH book "$sh" unlock --idle 1s
  check "$sh: not without being told" held 1
  PATH=$scratch/bin:$PATH book "$sh" unlock --dry-run --yes --idle 1s
  check "$sh: not by a dry run" eval 'has "would be ended" && held 1'
  PATH=$scratch/bin:$PATH book "$sh" unlock --yes --idle 1s
  check "$sh: freed" has 'ended: the lock is free'
  check "$sh: freed: status" is 0
  check "$sh: freed: indeed" held 0
  free_all
  check "$sh: no secret left" no_secrets
  holder 2 "$elsewhere"
  idle
  book "$sh" unlock --yes --idle 1s
  check "$sh: a client on another host cannot be judged" has 'left alone: its client is on another host, 127.0.0.2. Look there for terraform'
  book "$sh" unlock --yes --idle 1s --gone 127.0.0.9
  check "$sh: another host that is gone is no reason" held 1
  book "$sh" unlock --yes --gone 127.0.0.2
  check "$sh: nor is one that is said to be gone before its time" eval 'held 1 && has "not been idle for 15m0s yet"'
  book "$sh" unlock --yes --idle 1s --gone 127.0.0.2
  check "$sh: one that is said to be gone is ended" eval 'has "said to be gone: the client at 127.0.0.2" && held 0'
  check "$sh: and that is success" is 0
  free_all

  rm -rf "$scratch/w/state" "$scratch/w/said"
  book "$sh" apply --yes --to first
  check "$sh: half-way" is 0
  holder 2
  book "$sh" resume
  check "$sh: resume refuses while somebody holds a lock that it needs" eval 'is 3 && has "is held by backend $backend" && has "Nothing is changed."'
  book "$sh" rollback --yes
  check "$sh: rollback does not mind a lock that it does not need" is 0
  printf '#!/bin/sh\nexit 1\n' >"$scratch/w/wrapper"
  free_all
  book "$sh" apply --yes --on-failure stop
  check "$sh: half-way in the step that locks" is 3
  holder 2
  book "$sh" rollback --yes
  check "$sh: rollback refuses while somebody holds a lock that it needs" eval 'is 6 && has "is held by backend $backend" && has "Nothing is changed: the way back goes through what is locked."'
  check "$sh: and has done nothing" eval '! grep -q undo "$scratch/w/state/journal"'
  free_all
  book "$sh" rollback --yes
  check "$sh: and goes back when it is free" is 0
  : >"$scratch/w/wrapper"
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
