#!/bin/bash
# Waits for old answers under each shell: the runbook waits for as long as the plan says, and to the same moment of the clock
# after it was stopped, killed, or left alone until that moment is past; on the way back too.
. "$(dirname "$0")/lib.bash"
: "${CUTC:=$repo/build/cutc}"

cat >"$scratch/plan.cut" <<'P'
plan waits { operator = desk }
use std/net
client desk   { dns = internet }
client family { }
delete host first { address = 10.0.0.1  ports = [443/tcp]  takes = 1s  do { $ mv old old.gone }  undo { $ mv old.gone old } }
host second { address = 10.0.0.2  ports = [443/tcp] }
dns_record web { host = "web.example.net"  value = 10.0.0.1 -> 10.0.0.2  ttl = 7s  takes = 1s
  do { $ touch web }  undo { $ rm -f web } }
promise family reaches https://web.example.net always
P
"$CUTC" emit "$scratch/plan.cut" >"$scratch/book.sh" 2>"$scratch/out"
check "the plan gives a runbook" test -s "$scratch/book.sh"
check "its header says the wait" grep -q 'wait\.1.*lets old answers in caches run out before .first.' "$scratch/book.sh"

fresh() {
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w"
  touch "$scratch/w/old"
}
run() { # SHELL COMMAND…: to its end
  local sh=$1
  shift
  (cd "$scratch/w" && setsid -w $sh "$scratch/book.sh" "$@" --yes --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
begin() { # SHELL: in the background, until it waits
  (cd "$scratch/w" && exec setsid -w $1 "$scratch/book.sh" apply --yes --on-failure stop --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null &
  background=$!
  for _ in $(seq 200); do grep -q ' until ' "$scratch/w/state/journal" 2>/dev/null && break; sleep 0.1; done
  deadline=$(deadline_is)
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
done_at() { date -d "$(sed -n "s/ $1\\( .*\\)\\{0,1\\}\$//p" "$scratch/w/state/journal" | tail -n 1)" +%s; } # "intent 3": when that was
not_before() { [ "$1" -ge "$2" ] || { printf '# at %s, %s s before %s\n' "$1" "$(($2 - $1))" "$2"; false; }; }
deadline_is() { sed -n 's/.* until 2 //p' "$scratch/w/state/journal" | tail -n 1; }
ended_at() { sed -i "s/^[^ ]* done 1 /$(date -u -d "@$(($(date +%s) - $1))" +%Y-%m-%dT%H:%M:%SZ) done 1 /" "$scratch/w/state/journal"; } # so many seconds ago
once() { [ "$(grep -c " until $1 " "$scratch/w/state/journal")" = 1 ]; }

said_once() { [ "$(grep -cE "$1" "$scratch/out")" = 1 ] && [ "$(grep -cE '^ +(waits|nothing is left)' "$scratch/out")" = 1 ]; }

while read -r sh; do
  fresh
  run "$sh" apply --dry-run
  check "$sh: a dry run says the wait once" eval 'is 0 && said_once "^ +waits 7s$"'
  run "$sh" apply
  deadline=$(deadline_is)
  check "$sh: it runs to its end" is 0
  check "$sh: it waits so long since the name changed" not_before "$deadline" "$(($(done_at 'done 1') + 7))"
  check "$sh: the old place goes only when the second of the deadline is over" not_before "$(done_at 'intent 3')" "$((deadline + 1))"
  check "$sh: the output says until when" grep -q 'waits .*, goes on at \([0-9-]* \)\?[0-9][0-9]:[0-9][0-9]' "$scratch/out"
  check "$sh: of a wait no estimate is said" eval '[ "$(grep -c "^ *done" "$scratch/out")" = 3 ] && grep -qx "      done: the wait is over" "$scratch/out" && ! grep -q "estimated 7s" "$scratch/out"'
  sed -i 's/ until 2 / until 3 /' "$scratch/w/state/journal" # as of another wait, after this one
  run "$sh" verify
  check "$sh: verify does not wait once more" eval 'is 0 && ! grep -q "^ *waits" "$scratch/out" && ! grep -q " until 2 " "$scratch/w/state/journal"'

  fresh
  begin "$sh"
  kill -TERM -- "-$background"
  wait "$background"
  status=$?
  check "$sh: stopped while it waits" is 3
  check "$sh: the old place is still there" test -e "$scratch/w/old"
  first=$deadline
  run "$sh" resume
  check "$sh: resumed" is 0
  check "$sh: the deadline is the first one" once 2
  check "$sh: its output has the wait once, and no estimate of it" eval '[ "$(grep -c "wait\.1" "$scratch/out") $(grep -c "^ *waits" "$scratch/out")" = "1 1" ] && grep -qx "      done: the wait is over" "$scratch/out" && ! grep -q "estimated 7s" "$scratch/out"'
  check "$sh: it went on at that moment" not_before "$(done_at 'intent 3')" "$((first + 1))"

  fresh
  begin "$sh"
  kill -KILL -- "-$background"
  wait "$background" 2>/dev/null
  check "$sh: killed while it waits, the old place is still there" test -e "$scratch/w/old"
  first=$deadline
  sleep 1
  run "$sh" resume --dry-run
  check "$sh: a dry run says what is left of it, once" eval 'is 0 && said_once "^ +waits [0-6]s, goes on at ([0-9-]+ )?$(date -d "@$first" +%T)$"'
  while [ "$(date +%s)" -le "$first" ]; do sleep 0.5; done
  run "$sh" resume --dry-run
  check "$sh: a dry run says that nothing is left of it, once" eval 'is 0 && said_once "^ +nothing is left to wait for: the wait was over at $(date -d "@$first" +%T)$"'
  before=$(date +%s)
  run "$sh" resume
  check "$sh: resumed when the moment is past" is 0
  check "$sh: no second deadline" once 2
  check "$sh: nothing is waited for any more" not_before "$((before + 6))" "$(done_at 'intent 3')"
  check "$sh: the old place is gone" test ! -e "$scratch/w/old"

  # Stopped behind the step that publishes, and left alone.
  fresh
  run "$sh" apply --to web
  sleep 3
  run "$sh" resume --dry-run
  check "$sh: a dry run counts from the end of the step before" eval 'is 0 && said_once "^ +waits [0-5]s, goes on at ([0-9-]+ )?$(date -d "@$(($(done_at "done 1") + 7))" +%T)$"'
  run "$sh" resume
  check "$sh: what has passed since the step before ended is not waited for again" eval 'is 0 && [ "$(deadline_is)" = "$(($(done_at "done 1") + 7))" ]'
  check "$sh: and the rest of it is" not_before "$(done_at 'intent 3')" "$(($(deadline_is) + 1))"

  fresh
  run "$sh" apply --to web
  ended_at 3600
  before=$(date +%s)
  run "$sh" resume
  check "$sh: an hour later nothing is waited for" eval 'is 0 && not_before "$((before + 6))" "$(done_at "intent 3")"'

  fresh
  run "$sh" apply --to web
  ended_at -3600
  before=$(date +%s)
  run "$sh" resume
  check "$sh: the clock was set back since: the whole wait from now on, and no more" eval 'is 0 && not_before "$(deadline_is)" "$((before + 7))" && not_before "$((before + 12))" "$(deadline_is)"'

  fresh
  run "$sh" apply --to web
  ended_at 3600
  printf '2026-01-01T00:00:00Z %s\n' 'intent 2 wait.1' 'undo 2 wait.1' 'undone 2 wait.1' >>"$scratch/w/state/journal"
  before=$(date +%s)
  run "$sh" resume
  check "$sh: an undo came after it: the whole wait from now on" eval 'is 0 && not_before "$(deadline_is)" "$((before + 7))"'
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)

finish
