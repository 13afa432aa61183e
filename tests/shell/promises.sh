#!/bin/bash
# What the runbook promises beside the plain way forward and back, under each shell that is here (hand.part, hand3.part): what changes
# nothing changes nothing, half a line of the journal is none, resume looks before it goes on, one run at a time, steps by hand.
. "$(dirname "$0")/lib.bash"
. "$repo/tests/shell/world.bash"

hand3() { # the plan of hand3.part, for those that need no server
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w"
  : >"$scratch/w/wrapper"
  chmod +x "$scratch/w/wrapper"
}
{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh
  # Two of these at once would see each other.
  sed 's/^  \.\/wrapper apply/  if ! mkdir busy 2>\/dev\/null; then printf "overlap\\n" >>said; fi; sleep 1; rmdir busy/' "$repo/tests/shell/hand3.part"
} >"$scratch/busy.sh"
{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh
  sed "s/cut_run step_2_do_1 .*/cut_manual step_2_do_1 'Press the button' || return/; s/^  cut_hand=''/  cut_hand=1/" "$repo/tests/shell/hand3.part"
} >"$scratch/manual.sh"
with() { # BOOK SHELL COMMAND…
  (cd "$scratch/w" && setsid -w $2 "$scratch/$1" "${@:3}" --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
hasnt() { ! has "$1"; }
keep() { rm -rf "$scratch/kept" && cp -a "$scratch/w" "$scratch/kept"; }
untouched() { diff -r "$scratch/kept" "$scratch/w" >"$scratch/out" 2>&1; }
secrets_kept() { [ -n "$(ls -d "$memory"/cutc-*/secret.token 2>/dev/null)" ]; }
applied() { [ "$(grep -h '^applying' "$scratch"/w/state/logs/*/*step_1_do_1.log | wc -l)" = "$1" ]; }
half='intent 1 first;done 1 first;intent 2 second;done 2 second;intent 3 third;'

while read -r sh; do
  # ── What changes nothing ──
  fresh
  keep
  (cd "$scratch/w" && HOME=$scratch/home $sh "$scratch/book.sh") >"$scratch/out" 2>&1 </dev/null
  status=$?
  check "$sh: no command prints the header" eval 'is 0 && has "A runbook by hand."'
  check "$sh: no command changes nothing" eval '[ ! -e "$scratch/home" ] && untouched'
  book "$sh" status
  check "$sh: status before any run" eval 'is 0 && has "Not begun"'
  book "$sh" unlock
  check "$sh: unlock, where no state can be locked" eval 'is 0 && has "  none: no stack of this plan keeps its state in PostgreSQL"'
  book "$sh" resume --dry-run
  check "$sh: a dry resume of nothing" eval 'is 0 && has "There is no run to go on with."'
  for word in '--to nowhere' '--on-failure perhaps' '--patience x' '--idle never' '--confirm-within 0s' '--state'; do
    (cd "$scratch/w" && $sh "$scratch/book.sh" preflight --state "$scratch/w/state" $word) >"$scratch/out" 2>&1 </dev/null
    status=$?
    check "$sh: wrong usage: $word" is 2
  done
  rm -rf "$scratch/w/state"
  : >"$scratch/w/fail"
  book "$sh" apply --yes --on-failure stop
  check "$sh: half-way" eval 'is 3 && journal_is "$half"'
  keep
  book "$sh" resume --dry-run
  check "$sh: a dry resume shows what it would do" eval 'is 0 && has "[3/3] third: may fail"'
  check "$sh: a dry resume changes nothing" eval 'untouched && secrets_kept'
  book "$sh" rollback --dry-run
  check "$sh: a dry rollback shows the way back" eval 'is 0 && has "[back 1/3] first"'
  check "$sh: a dry rollback changes nothing" eval 'untouched && secrets_kept'
  book "$sh" confirm --dry-run
  check "$sh: a dry confirm changes nothing" eval 'is 1 && untouched'
  book "$sh" preflight
  check "$sh: no preflight of a run that is half-way" eval 'is 3 && journal_is "$half"'
  check "$sh: it leaves the secrets of the way back" secrets_kept
  book "$sh" rollback --yes
  check "$sh: and the way back is there" is 0
  rm -rf "$scratch/w/state"
  : >"$scratch/w/stack/slow"
  (cd "$scratch/w" && exec $sh "$scratch/book.sh" apply --yes --patience 2 --state "$scratch/w/state" </dev/null >"$scratch/out" 2>&1) &
  victim=$!
  for _ in $(seq 200); do grep -q 'intent 1' "$scratch/w/state/journal" 2>/dev/null && break; sleep 0.05; done
  book "$sh" status
  check "$sh: status while it is at work" eval 'is 3 && has "at work: process $victim"'
  kill -9 "$victim"
  wait "$victim" 2>/dev/null
  book "$sh" preflight
  check "$sh: no preflight beside a first step in doubt" is 3
  check "$sh: and the secrets of its way back stay" secrets_kept
  rm -f "$scratch/w/stack/slow" "$scratch/w/fail"
  book "$sh" resume
  check "$sh: resume after a kill" is 0
  check "$sh: what was done is not done twice" applied 1

  # ── All in one go ──
  fresh
  rm "$scratch/w/stack/bin/apply"
  printf '{"address": "10.9.9.9"}' >"$scratch/srv/service.json"
  : >"$scratch/srv/503-secret"
  printf x >"$scratch/srv/503-nothing"
  book "$sh" preflight
  check "$sh: preflight finds in one go" is 4
  check "$sh: … a tool that is missing" has 'the tool bin/apply is not here (looked for from'
  check "$sh: … a secret" has 'a secret cannot be fetched'
  check "$sh: … drift" has 'service.address is 10.9.9.9, the plan says 10.0.0.1'
  check "$sh: … and leaves nothing" no_secrets
  rm -f "$scratch"/srv/503-*

  # ── The journal ──
  fresh
  : >"$scratch/w/fail"
  book "$sh" apply --yes --on-failure stop
  printf '2026-01-01T00:00:00Z undone 1' >>"$scratch/w/state/journal" # of `undone 12 …`, when the power went
  book "$sh" status
  check "$sh: half a line counts for nothing" has 'done  2 second'
  rm "$scratch/w/fail"
  book "$sh" resume --to third
  check "$sh: half a line: resume" is 0
  check "$sh: half a line is marked" grep -q 'undone 1 (torn)$' "$scratch/w/state/journal"
  book "$sh" status
  check "$sh: half a line is never taken for a whole one" eval 'is 0 && has "finished"'
  sed -i 's/^\(.* run [^ ]*\) .*/\1 feedfeedfeedfeed/' "$scratch/w/state/journal"
  book "$sh" status
  check "$sh: a finished run of another version is none of this one's" eval 'is 0 && has "Not begun"'
  book "$sh" rollback --yes
  check "$sh: and is rolled back by its own runbook" eval 'is 3 && has "digest feedfeedfeedfeed"'
  sed -i '/ over /d' "$scratch/w/state/journal"
  for word in status apply resume rollback verify; do
    book "$sh" "$word" --yes
    check "$sh: a run of another version that is half-way: $word" eval 'is 3 && has "digest feedfeedfeedfeed"'
  done

  # ── Resume looks first ──
  fresh
  book "$sh" apply --yes --to second
  check "$sh: stopped after the second step" is 0
  : >"$scratch/srv/503-service"
  book "$sh" resume --on-failure stop
  check "$sh: resume finds the surprise before it goes on" eval 'is 3 && has "Surprise after step 2" && has "expected up, seen down (status 503)"'
  check "$sh: and has done nothing" journal_is 'intent 1 first;done 1 first;intent 2 second;done 2 second;'
  rm "$scratch/srv/503-service"
  book "$sh" resume
  check "$sh: without it, it goes on" eval 'is 0 && journal_is "${half}done 3 third;over finished;"'
  check "$sh: time beside the estimate" grep -q 'done in [0-9]*s (estimated 1s)' "$scratch"/w/state/logs/*/runbook.log
  mkdir "$scratch/home" "$scratch/temporary"
  fresh
  (cd "$scratch/w" && HOME=$scratch/home TMPDIR=$scratch/temporary setsid -w $sh "$scratch/book.sh" apply --yes --patience 2) >"$scratch/out" 2>&1 </dev/null
  status=$?
  check "$sh: without --state" is 0
  check "$sh: nothing is written outside of the state directory" [ "$(cd "$scratch" && find home temporary -type f ! -path 'home/.local/state/cutc/hand/*' | wc -l)" = 0 ]
  check "$sh: nor in the folder of the plan" [ "$(cd "$scratch/w" && find . -type f | sort | tr '\n' ' ')" = './stack/bin/apply ./stack/constant ./stack/length ./stack/third ./stack/value ' ]
  check "$sh: nobody else can read what it wrote" [ -z "$(find "$scratch/home/.local/state/cutc/hand" -perm /077)" ]
  rm -rf "$scratch/home" "$scratch/temporary"

  # ── One run at a time ──
  hand3
  mkdir -p "$scratch/w/state/lock"
  printf '99999999 %s 1-x\n' "$(uname -n)" >"$scratch/w/state/lock/holder"
  runs=()
  for n in 1 2 3 4 5; do
    (cd "$scratch/w" && setsid -w $sh "$scratch/busy.sh" apply --yes --state "$scratch/w/state" >"$scratch/w/out.$n" 2>&1 </dev/null; printf '%s\n' "$?" >"$scratch/w/status.$n") &
    runs+=($!)
  done
  wait "${runs[@]}"
  statuses=$(sort -u "$scratch"/w/status.? | tr '\n' ' ')
  check "$sh: five at once find a stale lock: each is done or finds another at work ($statuses)" eval '[ "$statuses" = "0 5 " ] || [ "$statuses" = "0 " ]'
  check "$sh: never two at once" [ "$(cat "$scratch/w/said")" = after ]
  check "$sh: one run" [ "$(grep -c ' run ' "$scratch/w/state/journal")" = 1 ]
  check "$sh: the lock is free" [ ! -e "$scratch/w/state/lock" ]

  # ── A way back that was killed between two steps ──
  fresh
  mkdir "$scratch/w/state"
  pwd >"$scratch/w/state/root"
  printf '2026-01-01T00:00:00Z %s\n' 'run r 0123456789abcdef' 'intent 1 first' 'done 1 first' 'intent 2 second' 'done 2 second' 'undo 2 second' 'undone 2 second' >"$scratch/w/state/journal"
  book "$sh" status
  check "$sh: what is undone is not done any more" eval 'is 3 && has "done  1 first" && ! has "done  2 second" && has "state: step 1 of 3 done;"'
  book "$sh" rollback --dry-run
  check "$sh: and is not undone again" eval 'is 0 && has "[back 1/3] first" && ! has "[back 2/3]"'
  sed 's/undo 2 second/done 2 (torn)/; /undone/d; s/done 2 second/intent 2 second/' "$scratch/w/state/journal" | uniq >"$scratch/torn"
  cp "$scratch/w/state/journal" "$scratch/whole"
  cp "$scratch/torn" "$scratch/w/state/journal"
  book "$sh" status
  check "$sh: half a line that is marked does not count" eval 'is 3 && has "maybe 2 second" && has "state: step 1 of 3 done, step 2 begun;"'
  cp "$scratch/whole" "$scratch/w/state/journal"
  printf '2026-01-01T00:00:00Z %s\n' 'undo 1 first' 'undone 1 first' 'over rolled-back' >>"$scratch/w/state/journal"
  book "$sh" rollback --dry-run
  check "$sh: a dry rollback of what is rolled back" eval 'is 0 && has "There is nothing to roll back."'

  # ── By hand ──
  hand3
  with manual.sh "$sh" apply --yes --done second
  check "$sh: a step by hand without a terminal refuses" eval 'is 4 && has "step first is done by hand, and there is no terminal to confirm it at (--done first)"'
  with manual.sh "$sh" preflight --confirm-within 1m
  check "$sh: a way back that wants somebody is said of one that begins by itself" eval 'is 0 && has "--confirm-within: the way back of step second is by hand; without a terminal it ends there"'
  with manual.sh "$sh" apply --yes --done second --done first --to first
  check "$sh: those that are named do not" is 0
  with manual.sh "$sh" resume
  check "$sh: resume refuses it as well" eval 'is 3 && has "step second is done by hand" && has "Nothing is changed."'
  : >"$scratch/w/said"
  printf 'after\n' >"$scratch/w/said"
  with manual.sh "$sh" resume --done second
  check "$sh: resume with its name" is 0
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
