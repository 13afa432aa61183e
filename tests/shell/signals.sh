#!/bin/bash
# Signals and closed terminals under each shell that is here, with a tool that holds a lock behind a wrapper (hand3.part, tf.py).
. "$(dirname "$0")/lib.bash"

fresh() { # SECONDS that the tool works
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w"
  printf '%s\n' "$1" >"$scratch/w/seconds"
  : >"$scratch/w/said"
  printf '#!/bin/sh\n/usr/bin/python3 "%s/tests/shell/tf.py" "$@"\nexit $?\n' "$repo" >"$scratch/w/wrapper"
  chmod +x "$scratch/w/wrapper"
}
begin() { # SHELL COMMAND…: in the background, without a terminal; its process in $run
  (cd "$scratch/w" && exec setsid env --default-signal $1 "$scratch/book.sh" "${@:2}" --patience 2 --state "$scratch/w/state" </dev/null >"$scratch/out" 2>&1) &
  run=$!
  for _ in $(seq 200); do grep -q began "$scratch/w/said" && break; sleep 0.05; done
}
ended() { # SECONDS it may take
  began=$(date +%s)
  wait "$run" 2>/dev/null
  status=$?
  [ $(($(date +%s) - began)) -le "$1" ]
}
bare() {
  (cd "$scratch/w" && setsid -w $1 "$scratch/book.sh" "${@:2}" --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
hasnt() { ! has "$1"; }
said() { [ "$(tr '\n' ';' <"$scratch/w/said")" = "$1" ] || { printf '# said %s\n' "$(tr '\n' ';' <"$scratch/w/said")"; false; }; }
journal_is() { [ "$(cut -d ' ' -f 2-4 "$scratch/w/state/journal" | grep -v '^run' | tr '\n' ';')" = "$1" ] || { cut -d ' ' -f 2-4 "$scratch/w/state/journal"; false; }; }
free() { [ ! -e "$scratch/w/lock" ] && [ ! -e "$scratch/w/state/lock" ]; }
whole_log() { grep -q 'output to its end' "$scratch"/w/state/logs/*/*step_2_do_1.log; }

{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh "$repo/tests/shell/hand3.part"
} >"$scratch/book.sh"
back='intent 1 first;done 1 first;intent 2 second;undo 2 second;undone 2 second;undo 1 first;undone 1 first;over rolled-back;'
edge='intent 1 first;done 1 first;intent 2 second;done 2 second;undo 2 second;undone 2 second;undo 1 first;undone 1 first;over rolled-back;'

while read -r sh; do
  for signal in TERM INT; do
    fresh 30
    begin "$sh" apply --yes
    kill -s "$signal" "$run"
    check "$sh: $signal to the runbook alone reaches the tool at once" ended 8
    check "$sh: $signal: rolled back" is 1
    check "$sh: $signal: one polite stop, the work saved" said 'began;signal SIGINT;saved;undone;'
    check "$sh: $signal: journal" journal_is "$back"
    check "$sh: $signal: locks free, the log whole" eval 'free && whole_log'
  done

  fresh 30
  begin "$sh" apply --yes --on-failure stop
  kill -s TERM "$run"
  ended 8
  check "$sh: TERM, stop" is 3
  check "$sh: TERM, stop: the way back is offered" has 'go back: sh'
  check "$sh: TERM, stop: the signal is named" has 'Stopped by signal TERM'

  fresh 30
  : >"$scratch/w/stubborn"
  begin "$sh" apply --yes
  kill -s TERM "$run"
  check "$sh: a tool that does not stop" ended 12
  check "$sh: is killed after its grace, and that is said" has 'tf HOLDS A LOCK and has not stopped in 3s'

  fresh 3
  begin "$sh" apply --yes
  kill -s HUP "$run"
  check "$sh: HUP" ended 10
  check "$sh: HUP lets a lock holder finish, and the step" said 'began;saved;after;undone;'
  check "$sh: HUP stops at the step's edge" journal_is "$edge"
  check "$sh: HUP: status" is 1

  fresh 30
  (cd "$scratch/w" && LIMIT=2 setsid -w $sh "$scratch/book.sh" apply --yes --patience 2 --state "$scratch/w/state" </dev/null >"$scratch/out" 2>&1)
  status=$?
  check "$sh: its time is over" is 1
  check "$sh: its time is over: one polite stop" said 'began;signal SIGINT;saved;undone;'
  check "$sh: its time is over: said" has 'took longer than 2s'

  fresh 30
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" 'lock=^C' 'rollback=stop' -- $sh "$scratch/book.sh" apply --yes --state "$scratch/w/state" >"$scratch/out" 2>&1)
  status=$?
  check "$sh: Ctrl-C" is 3
  check "$sh: Ctrl-C reaches the tool once" said 'began;signal SIGINT;saved;'
  check "$sh: Ctrl-C: locks free" free

  fresh 3
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" 'lock=HANGUP' -- $sh "$scratch/book.sh" apply --yes --state "$scratch/w/state" >"$scratch/out" 2>&1)
  check "$sh: the terminal goes: the tool ends its work" said 'began;saved;after;undone;'
  check "$sh: the terminal goes: rolled back from the step's edge" journal_is "$edge"
  check "$sh: the terminal goes: locks free, the log whole" eval 'free && whole_log'

  fresh 5
  begin "$sh" apply --yes
  kill -9 "$run"
  wait "$run" 2>/dev/null
  bare "$sh" rollback --yes
  check "$sh: killed: rollback" is 0
  check "$sh: killed: it waits for the command that is still at work" has 'still at work'
  check "$sh: killed: it names the tool, not what the tool runs under" grep -q '^Its command step_[0-9]_do_1 is still at work (process [0-9]*, wrapper): waits for it\.$' "$scratch/out"
  check "$sh: killed: nothing beside it" said 'began;saved;undone;'
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
