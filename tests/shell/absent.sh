#!/bin/bash
# What a plan creates may not be there yet: preflight looks for it under each shell that is here, at an API, through a command, and
# where nobody can tell.
. "$(dirname "$0")/lib.bash"
CUTC=${CUTC:-$repo/build/cutc}
mkdir "$scratch/srv"
serve "$scratch/srv"
cat >"$scratch/plan.cut" <<END
plan made { operator = desk }
use std/net
client desk { }
kind thing {
  size : string
  list : [string]
  observe {
    http GET "http://127.0.0.1:$PORT/\${name}"
    size = jq '.size'
    list = jq '.list'
  }
}
kind paper {
  text : string
  observe {
    $ cat paper
    text = output
  }
}
create thing fresh { size = "small"  list = ["a"]  takes = 1s
  do     { $ cp fresh.new srv/fresh.json }
  undo   { $ rm -f srv/fresh.json } }
create paper note { text = "to do"  takes = 1s
  do     { $ cp note.new paper }
  undo   { $ rm -f paper } }
thing elder { size = "big"  list = [] }
END
printf '{"size": "small", "list": ["a"]}\n' >"$scratch/fresh.new"
printf 'to do\n' >"$scratch/note.new"
emit() { (cd "$scratch" && "$CUTC" emit plan.cut >book.sh) 2>"$scratch/out"; }
check 'the plan proves' emit
check 'it looks for what it creates, and at what is there' [ "$(grep -c '^  cut_absent \|^  cut_observe ' "$scratch/book.sh")" = 3 ]
check 'the runbook is what the plan says' eval '"$CUTC" verify "$scratch/book.sh" "$scratch/plan.cut" >"$scratch/out" 2>&1'
sed 's/^  cut_absent .*//' "$scratch/book.sh" >"$scratch/blind.sh"
check 'a runbook that does not look for it is not' eval '! "$CUTC" verify "$scratch/blind.sh" "$scratch/plan.cut" >"$scratch/out" 2>&1'
check 'its rehearsal has no bad end' eval '(cd "$scratch" && "$CUTC" rehearse plan.cut) >"$scratch/out" 2>&1'

fresh() {
  rm -rf "$scratch/w" "$scratch"/srv/[0-9]* "$scratch/srv/fresh.json"
  mkdir "$scratch/w"
  ln -s "$scratch/srv" "$scratch/w/srv"
  printf '{"size": "big", "list": []}' >"$scratch/srv/elder.json"
  cp "$scratch/fresh.new" "$scratch/note.new" "$scratch/w"
}
run() { # SHELL COMMAND…
  (cd "$scratch/w" && setsid -w $1 "$scratch/book.sh" "${@:2}" --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }

while read -r sh; do
  fresh
  run "$sh" preflight
  check "$sh: nothing is there yet" eval 'is 0 && ! has "fresh is there already"'
  check "$sh: a command that fails tells nothing" has 'not looked at whether note is there already (cat: paper: No such file or directory)'
  run "$sh" apply --yes
  check "$sh: made" is 0
  run "$sh" rollback --yes
  check "$sh: and taken back" eval 'is 0 && ! has "could not be looked at" && ! has "failed:" && [ ! -e "$scratch/srv/fresh.json" ]'
  check "$sh: what a look at what is gone says" has 'looking at note fails now, as it does when that is gone (cat: paper: No such file or directory)'

  # An undo that says it is done, and what was made is still there.
  run "$sh" apply --yes
  sed -i 's/^  rm -f srv\/fresh.json$/  : # &/' "$scratch/book.sh"
  (cd "$scratch/w" && sed 's/^  cut_settle_by=.*/  cut_settle_by=0/' "$scratch/book.sh" >quick.sh && setsid -w $sh quick.sh rollback --yes --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
  check "$sh: not gone, whatever its undo says" eval 'is 6 && has "fresh is still there (size is small, list is a)" && has "Step 1, fresh, is not undone"'
  sed -i 's/^  : # \(  rm\)/\1/' "$scratch/book.sh"
  run "$sh" rollback --yes
  check "$sh: undone now" eval 'is 0 && [ ! -e "$scratch/srv/fresh.json" ]'
  run "$sh" apply --yes
  sed 's/^  cut_settle_by=.*/  cut_settle_by=0/; s/^  rm -f paper$/  :/' "$scratch/book.sh" >"$scratch/w/quick.sh"
  (cd "$scratch/w" && setsid -w $sh quick.sh rollback --yes --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
  check "$sh: seen through a command, not gone" eval 'is 6 && has "note is still there (text is to do)" && has "Step 2, note, is not undone"'
  run "$sh" rollback --yes
  check "$sh: gone" eval 'is 0 && [ ! -e "$scratch/w/paper" ]'

  cp "$scratch/w/fresh.new" "$scratch/srv/fresh.json"
  run "$sh" apply --yes
  check "$sh: it is there already" is 4
  check "$sh: as what, and what to do" has 'refused: fresh is there already (size is small, list is a), and step fresh creates it; the way back would remove it.'
  check "$sh: it stays" [ -e "$scratch/srv/fresh.json" ]
  run "$sh" apply --yes --done fresh
  check "$sh: it was made for this run" is 0
  run "$sh" rollback --yes
  printf '{"size": null, "list": []}' >"$scratch/srv/fresh.json"
  run "$sh" preflight
  check "$sh: an answer that says nothing is nothing" eval 'is 0 && ! has "fresh is there already"'
  rm "$scratch/srv/fresh.json"
  : >"$scratch/srv/503-fresh"
  run "$sh" preflight
  check "$sh: an API that is down tells nothing" eval 'is 0 && has "not looked at whether fresh is there already (expected status 2xx, got 503)"'
  rm "$scratch/srv/503-fresh"
  printf 'somebody'\''s\n' >"$scratch/w/paper"
  run "$sh" preflight
  check "$sh: a command that says something tells" eval 'is 4 && has "note is there already (text is somebody'\''s)"'
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
