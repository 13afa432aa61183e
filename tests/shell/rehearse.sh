#!/bin/bash
# Rehearsals: those of the examples end well, a runtime with a planted defect is found out, nothing is left behind, and what
# cannot be stood in for is refused. SAMPLE=N failure points of each plan (a few), SAMPLE=all for every one.
. "$(dirname "$0")/lib.bash"
CUTC=${CUTC:-$repo/build/cutc}
export TMPDIR=$scratch
SAMPLE=${SAMPLE:-}
[ "$SAMPLE" = all ] && SAMPLE=1000000

left() { # what a rehearsal must not leave
  local found
  found=$(find "$scratch" "$memory" -maxdepth 1 -name 'cutc-rehearse.*'; pgrep -f "$scratch/cutc-rehearse")
  [ -z "$found" ] || { printf '# left: %s\n' "$found"; false; }
}
counts() { jq -r '"\(.runs) runs under \(.shell), \(.baseline) at the baseline, \(.target) at the target, \(.forward) forward, \(.unseen) unseen, \(.bad) bad"' "$scratch/json"; }

# ── The examples ──
rehearse() { # PLAN OPTION…
  local start=$SECONDS
  "$CUTC" rehearse "$@" --format json >"$scratch/json" 2>"$scratch/out"
  status=$?
  printf '# %s: %s, %s s\n' "${1#"$repo"/}" "$(counts)" "$((SECONDS - start))"
  jq -r '.points[] | select(.outcome == "bad") | "# \(.id): \(.what): \(.why) \(.statuses)"' "$scratch/json"
}
for plan in "$repo"/examples/*/*.cut; do
  "$CUTC" check -q "$plan" >/dev/null 2>&1 || continue
  rehearse "$plan" --sample "${SAMPLE:-2}"
  check "rehearsal of ${plan#"$repo"/}" [ "$status" = 0 ]
done

# ── A small plan, all of it ──
mkdir -p "$scratch/w/files"
sed 's/@PORT@/8199/' "$repo/tests/shell/small.cut" >"$scratch/w/small.cut"
small=$scratch/w/small.cut
rehearse "$small" --sample "${SAMPLE:-16}"
check 'rehearsal of a small plan' [ "$status" = 0 ]
[ "$SAMPLE" != 1000000 ] || check 'it has failures of every kind' [ "$(jq '[.points[].id | sub(".*[.](?<f>[a-z]+)([.]resume)?$"; "\(.f)")] | unique | length' "$scratch/json")" -ge 14 ]
check 'each run ends in the baseline or the target' [ "$(jq '.baseline + .target == .runs' "$scratch/json")" = true ]
check 'nothing is left behind' left

# ── Under every shell that is here: a few points, and all that belongs to a wait ──
cat >"$scratch/w/waits.cut" <<'P'
plan waits { operator = desk }
use std/net
client desk   { dns = internet }
client family { }
delete host first { address = 10.0.0.1  ports = [443/tcp]  takes = 1s  do { $ shut first }  undo { $ open first } }
host second { address = 10.0.0.2  ports = [443/tcp] }
dns_record web { host = "web.example.net"  value = 10.0.0.1 -> 10.0.0.2  ttl = 1h  takes = 1s
  do { $ sleep 90; publish second }  undo { $ publish first } }
promise family reaches https://web.example.net always
P
waits=2.wait.int,2.wait.term,2.wait.hup,record4.after,record4.after.resume
while read -r sh; do
  rehearse "$small" --shell "$sh" --sample "${SAMPLE:-2}"
  check "$sh" [ "$status" = 0 ]
  rehearse "$scratch/w/waits.cut" --shell "$sh" --only "$waits"
  check "$sh, in a wait" [ "$status $(jq '[.points[].statuses[0]] == [1, 1, 1, 137, 137]' "$scratch/json")" = '0 true' ]
  # HUP goes to all of the terminal's processes, and to no command, not even to a shell's own process for it.
  rehearse "$scratch/w/waits.cut" --shell "$sh" --only 1.hup,3.hup
  check "$sh, the terminal goes" [ "$status $(jq .baseline "$scratch/json")" = '0 2' ]
done < <(SHELLS=all shells)
rehearse "$repo/examples/traefik/cutover.cut" --only 7.undo.wait.int,7.undo.wait.term,7.undo.wait.hup
check 'in a wait on the way back' [ "$status $(jq '[.points[].statuses] == [[0, 6, 0], [0, 6, 0], [0, 0]]' "$scratch/json")" = '0 true' ]
"$CUTC" emit "$repo/examples/traefik/cutover.cut" 2>/dev/null | sed '/^cut_ask() {/,/^}/s|^  printf .*|&\n  cut_spin=0\n  while [ "${cut_spin}" -lt 100000 ]; do cut_spin=$((cut_spin + 1)); done|' >"$scratch/slow.sh"
rehearse "$repo/examples/traefik/cutover.cut" --runbook "$scratch/slow.sh" --only 3.int,3.hup
check 'a signal between a question and the read of its answer' [ "$status $(grep -c cut_spin=0 "$scratch/slow.sh")" = '0 1' ]
printf '%s\n' '#!/bin/sh' 'echo sleep' >"$scratch/odd"
chmod +x "$scratch/odd"
"$CUTC" rehearse "$small" --shell "$scratch/odd" >"$scratch/out" 2>&1
check 'a shell whose programs are its own is refused' [ $? = 2 ]
check 'and why' grep -q 'has `.*` built in and does not look for it on the PATH' "$scratch/out"

# ── What is killed at a record, or fails on the way back, begins with a copy of a run without failures ──
ends() { jq -c '[.points[] | [.id, .outcome, .statuses]]' "$scratch/json"; }
copies=back.clean,back2.before,back4.after,record2.before,record3.after.resume,record4.before
rehearse "$small" -j 1 --only "$copies"
copied=$(ends)
rehearse "$small" -j 1 --only "$copies" --keep
check 'as it would without a copy' [ "$copied" = "$(ends)" ]
rm -rf "$scratch"/cutc-rehearse.* "$memory"/cutc-rehearse.*

"$CUTC" rehearse "$small" --only clean >"$scratch/out" 2>&1
check 'the matrix' grep -q '^the whole run .* 1t$' "$scratch/out"
check 'the count' grep -q '^1 runs under sh in .* s: 0 back at the baseline, 1 at the target, 0 forward, 0 unseen, 0 bad$' "$scratch/out"
"$CUTC" rehearse "$small" --only claen >"$scratch/out" 2>&1
check 'a point that there is not' [ $? = 2 ]
check 'and the one that was meant' grep -q 'did you mean `clean`' "$scratch/out"
"$CUTC" rehearse "$small" --only clean --keep >/dev/null 2>"$scratch/out"
kept=$(sed -n 's/^kept: \(.*\) (secrets: .*/\1/p' "$scratch/out")
check '--keep keeps the journal' grep -q ' over finished$' "$kept"/clean/state/cutc/small/journal
rm -rf "$kept" "$(sed -n 's/^kept: .* (secrets: \(.*\))$/\1/p' "$scratch/out")"

# ── Told to stop ──
"$CUTC" rehearse "$small" >"$scratch/out" 2>&1 &
rehearsal=$!
for _ in $(seq 600); do # until its first run is under way
  compgen -G "$scratch/cutc-rehearse.*/*/state/cutc/small/journal" >/dev/null && break
  sleep 0.05
done
kill -TERM "$rehearsal"
wait "$rehearsal"
check 'TERM ends a rehearsal' [ $? = 2 ]
check 'with nothing left behind' left

# ── A runtime with a planted defect is found out ──
"$CUTC" emit "$small" >"$scratch/book.sh" 2>/dev/null
"$CUTC" emit "$repo/examples/vault-raft/plan.cut" >"$scratch/raft.sh" 2>/dev/null
points='' # of the small plan
planted() { # NAME PLAN BOOK POINT SED-SCRIPT
  sed "$5" "$3" >"$scratch/planted.sh"
  check "$1: planted" sh -c '! cmp -s "$1" "$2"' sh "$3" "$scratch/planted.sh"
  "$CUTC" rehearse "$2" --runbook "$scratch/planted.sh" --only "$4" >"$scratch/out" 2>&1
  check "$1: found" [ $? = 1 ]
  check "$1: the command line to see it again" grep -q -- "--only $4 --keep" "$scratch/out"
  [ "$2" != "$small" ] || case ",$points," in *",$4,"*) ;; *) points=${points:+$points,}$4 ;; esac
}
planted 'an intent that is written after its step' "$small" "$scratch/book.sh" 2.orphan \
  '/^      cut_record intent /d; s/^    "step_${cut_n}_do" || return 1$/&\n    cut_record intent "${cut_n}" "${cut_id}" || return 1/'
planted 'secrets that are not removed' "$small" "$scratch/book.sh" clean 's/rm -rf "${cut_cred:?}"/:/'
planted 'a lock that is not released' "$small" "$scratch/book.sh" clean 's/^  rmdir "${cut_state}\/lock" 2>\/dev\/null || :$/  :/'
planted 'a rollback that forgets the step in doubt' "$small" "$scratch/book.sh" 2.do3.late '/^cut_backward() {/,/^}/s/|| cut_n=${cut_doubt}/|| :/'
planted 'a verify that does not count' "$small" "$scratch/book.sh" 2.do3.lie 's/cut_settled "${cut_here}_verify" || return 1/cut_settled "${cut_here}_verify" || :/'
planted 'a probe that does not count' "$small" "$scratch/book.sh" 1.probe 's/^  cut_probe_all "${cut_at}" && return 0$/  cut_probe_all "${cut_at}"; return 0/'
planted 'a journal that is not needed' "$small" "$scratch/book.sh" record3.full '/^cut_record() {/,/^}/s/return 1/return 0/'
planted 'a secret in an argument' "$small" "$scratch/book.sh" clean 's/-H "@${cut_cred}\/now.header"/-H "$(cat "${cut_cred}\/now.header")"/'
planted 'a step in doubt that counts as done' "$repo/examples/vault-raft/plan.cut" "$scratch/raft.sh" record3.after.resume 's/ && { \[ "${cut_count}" -gt "${cut_looked}" \] || .*; }; then$/; then/'
"$CUTC" rehearse "$repo/examples/vault-raft/plan.cut" --only record3.after.resume >"$scratch/out" 2>&1
check 'and without it well' [ $? = 0 ]
"$CUTC" rehearse "$small" --only "$points" >"$scratch/out" 2>&1
check 'without the defects these points end well' [ $? = 0 ]
check 'all of them' grep -q "^$(tr ',' '\n' <<<"$points" | grep -c .) runs" "$scratch/out"
check 'still nothing is left behind' left

# ── What cannot be stood in for is refused ──
refused() { # NAME COMMAND WORDS
  printf 'plan x { operator = desk }\nuse std/net\nclient desk { zone = lan }\nstep a { do { $ %s } undo { $ tool back } }\n' "$2" >"$scratch/w/x.cut"
  "$CUTC" rehearse "$scratch/w/x.cut" >"$scratch/out" 2>&1
  check "refused: $1" [ $? = 2 ]
  check "refused: $1: why" grep -q "$3" "$scratch/out"
}
refused 'a program by its whole path' '/usr/bin/touch seen' 'by its whole path'
refused 'one in a substitution' 'tool "$(/usr/bin/id)"' 'by its whole path'
refused 'one behind an operator' 'tool a && exec /bin/rm seen' 'by its whole path'
refused 'one behind a keyword' 'if /bin/true; then tool a; fi' 'by its whole path'
refused 'a file outside' 'tool a > /etc/passwd.rehearsed' 'writes to'
refused 'a folder outside' 'cd /etc && tool a' 'outside of the plan'
refused 'a script that is read in' '. ./x.sh' "shell's own"
printf '%s\n' '#!/bin/sh' "touch $scratch/ran" >"$scratch/w/script.sh"
chmod +x "$scratch/w/script.sh"
printf 'plan x { operator = desk }\nuse std/net\nclient desk { zone = lan }\nstep a { do { $ ./script.sh a } undo { $ sh -c "touch %s/ran" } }\n' "$scratch" >"$scratch/w/x.cut"
"$CUTC" rehearse "$scratch/w/x.cut" >"$scratch/out" 2>&1
check 'programs of the plan by a path have stand-ins' [ $? = 0 ]
check 'nothing of the plan really runs' [ ! -e "$scratch/ran" ]
printf '# %s s in all\n' "$SECONDS"
finish
