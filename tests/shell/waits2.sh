#!/bin/bash
# Waits for old answers to be forgotten, under each shell that is here (hand3.part with a wait in front of its second step and of its
# undo): stopped and resumed, killed, rolled back, done anew, with the clock set back, on a terminal.
. "$(dirname "$0")/lib.bash"

fresh() {
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w"
  printf '#!/bin/sh\nprintf "began\\n" >>said\n' >"$scratch/w/wrapper"
  chmod +x "$scratch/w/wrapper"
}
bare() { # SHELL COMMAND…
  (cd "$scratch/w" && setsid -w $1 "$scratch/book.sh" "${@:2}" --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
begin() { # SHELL [BOOK]: in the background, until it waits
  : >"$scratch/out"
  (cd "$scratch/w" && exec setsid env --default-signal $1 "${2:-$scratch/book.sh}" apply --yes --on-failure stop --state "$scratch/w/state" </dev/null >"$scratch/out" 2>&1) &
  run=$!
  for _ in $(seq 600); do grep -q ', goes on at ' "$scratch/out" 2>/dev/null && break; sleep 0.1; done
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
waits() { grep -c " until $1 " "$scratch/w/state/journal"; }
deadline() { sed -n "s/.* until $1 //p" "$scratch/w/state/journal" | tail -n 1; }
since_record() { # STEP: seconds between the line of the journal and the deadline in it
  line=$(grep " until $1 " "$scratch/w/state/journal" | tail -n 1)
  echo $((${line##* } - $(date -d "${line%% *}" +%s)))
}
after_deadline() { # EVENT: its line is not older than the deadline of step 2
  line=$(grep " $1" "$scratch/w/state/journal" | tail -n 1)
  [ "$(date -d "${line%% *}" +%s)" -ge "$(deadline 2)" ]
}
at_terminal() { # COLUMNS SHELL COMMAND…: on a terminal so wide; ANSWER is typed while it waits
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" ${ANSWER:+"left, goes=$ANSWER"} -- sh -c 'stty cols "$1"; shift; exec "$@"' sh "$1" $2 "$scratch/book.sh" "${@:3}" --state "$scratch/w/state" >"$scratch/out" 2>&1)
  status=$?
}
bars() { grep -oE '\[#*-*\] [0-9]+s left, goes on at ' "$scratch/out" | cut -d ' ' -f 1; } # each bar that was shown
whole() { [ "$(bars | awk '{ print length }' | sort -u)" = "$1" ]; } # all of that length
first_is() { [ "$(bars | head -n 1 | tr -cd '#' | wc -c)" "$1" "$2" ]; }
grow() { [ "$(bars | tr -cd '#\n')" = "$(bars | tr -cd '#\n' | sort)" ]; }
screen() { # what is to be read at the end, where a line was written over
  sed "s/$(printf '\033')\[[0-9]*m//g" "$scratch/out" | awk -F '\r' '{ line = ""; for (i = 1; i <= NF; i++) line = $i substr(line, length($i) + 1); sub(/ +$/, "", line); print line }'
}

{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh
  sed 's/^  cut_run step_2_do_1 /  cut_until 5 || return\n&/; s/^  cut_run step_2_undo_1 /  cut_since 2 3 || return\n&/' "$repo/tests/shell/hand3.part"
} >"$scratch/book.sh"

while read -r sh; do
  fresh
  bare "$sh" apply --dry-run
  check "$sh: a dry run shows the wait" eval 'is 0 && has "waits 5s" && [ ! -e "$scratch/w/state" ]'
  bare "$sh" rollback --dry-run
  check "$sh: a dry way back too" eval 'is 0 && has "waits 3s" && [ ! -e "$scratch/w/state" ]'
  begin "$sh"
  bare "$sh" status
  check "$sh: status says until when, and for what" eval 'is 3 && has "waits until " && has " from now, for caches to forget the answers that the next step must not meet"'
  first=$(deadline 2)
  check "$sh: the deadline is a time of the clock" eval '[ "$(since_record 2)" -ge 4 ] && [ "$(since_record 2)" -le 6 ]'
  kill -s TERM "$run"
  wait "$run" 2>/dev/null
  status=$?
  check "$sh: stopped while it waits" is 3
  bare "$sh" resume
  check "$sh: resumed" is 0
  check "$sh: resumed: the same deadline" eval '[ "$(waits 2)" = 1 ] && [ "$(deadline 2)" = "$first" ]'
  check "$sh: resumed: not before it" after_deadline 'done 2'
  check "$sh: no progress where no terminal is" eval '! grep -q "$(printf "\r")" "$scratch/out" && ! has " left, goes on"'

  fresh
  begin "$sh"
  kill -9 "$run"
  wait "$run" 2>/dev/null
  bare "$sh" rollback --yes
  check "$sh: killed while it waits, rolled back" is 0
  check "$sh: the way back waits too" [ "$(waits back-2)" = 1 ]
  check "$sh: nothing of the step was done" eval '! grep -q began "$scratch/w/said"'
  bare "$sh" apply --yes
  check "$sh: applied anew" is 0
  check "$sh: applied anew: a new wait" eval '[ "$(waits 2)" = 1 ] && [ "$(since_record 2)" -ge 4 ]'
  check "$sh: applied anew: not before it" after_deadline 'done 2'

  fresh
  begin "$sh"
  kill -9 "$run"
  wait "$run" 2>/dev/null
  sed -i "s/\( until 2 \).*/\1$(($(date +%s) + 100000))/" "$scratch/w/state/journal" # as if the clock had been ahead by far
  began=$(date +%s)
  bare "$sh" resume
  check "$sh: the clock was set back: resumed" is 0
  check "$sh: the clock was set back: the whole wait from now on, and no more" eval '[ "$(waits 2)" = 2 ] && [ "$(since_record 2)" -le 6 ] && [ "$(deadline 2)" -ge $((began + 5)) ]'

  # A day long: the moment has its date, and in a dry run what is left of it is said, once.
  fresh
  sed 's/cut_until 5 /cut_until 86400 /' "$scratch/book.sh" >"$scratch/long.sh"
  begin "$sh" "$scratch/long.sh"
  moment=$(date -d "@$(deadline 2)" '+%Y-%m-%d %H:%M:%S')
  check "$sh: on another day: the date is said" eval '{ has "waits 24h0m, goes on" || has "waits 23h59m, goes on"; } && has "goes on at $moment"' # a second may have gone by
  kill -9 "$run"
  wait "$run" 2>/dev/null
  bare "$sh" status
  check "$sh: on another day: by status too" has "waits until $moment, "
  bare "$sh" rollback --dry-run
  check "$sh: the way back, not begun: its whole wait" eval 'is 0 && has "waits 3s" && ! has "goes on at"'

  # The way back, stopped while it waits: by TERM, and by Ctrl-C at a terminal. HUP does not stop it.
  fresh
  sed -i 's/^  cut_since 2 3 /  cut_since 2 6 || return\n&/' "$scratch/book.sh"
  begin "$sh"
  kill -9 "$run"
  wait "$run" 2>/dev/null
  (cd "$scratch/w" && exec setsid env --default-signal $sh "$scratch/book.sh" rollback --yes --state "$scratch/w/state" </dev/null >"$scratch/out" 2>&1) &
  run=$!
  for _ in $(seq 600); do grep -q ' until back-2 ' "$scratch/w/state/journal" && break; sleep 0.1; done
  kill -s HUP "$run"
  sleep 1
  check "$sh: HUP does not stop the way back" kill -0 "$run"
  kill -s TERM "$run"
  wait "$run" 2>/dev/null
  status=$?
  check "$sh: the way back is stopped while it waits" eval 'is 6 && has "Stopped by signal TERM while it waited: the undo of step 2, second, has not begun."'
  check "$sh: and says how to go on, one way only" eval 'has "go back: sh " && ! has "go on: "'
  check "$sh: its journal is whole" [ "$(tail -n 1 "$scratch/w/state/journal" | cut -d ' ' -f 2-3)" = 'until back-2' ]
  bare "$sh" status
  check "$sh: status says that it waits, and one way only" eval 'is 3 && has "waits until" && has "go back: sh " && ! has "go on: "'
  first=$(deadline back-2)
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" 'waits=^C' -- $sh "$scratch/book.sh" rollback --yes --state "$scratch/w/state" >"$scratch/out" 2>&1)
  status=$?
  check "$sh: Ctrl-C stops it too" eval 'is 6 && has "Stopped by signal INT while it waited"'
  bare "$sh" rollback --yes
  check "$sh: and it goes on to the same moment" eval 'is 0 && [ "$(waits back-2)" = 1 ] && [ "$(deadline back-2)" = "$first" ]'
  sed -i '/cut_since 2 6 /d' "$scratch/book.sh"

  if [ "$sh" = dash ] || [ "${SHELLS:-}" = all ]; then
    fresh
    at_terminal 80 "$sh" apply --yes
    check "$sh: a bar on a terminal, and when it goes on" eval 'is 0 && whole 22'
    check "$sh: the bar begins empty, and ends full" eval 'first_is -eq 0 && [ "$(bars | tail -n 1)" = "[####################]" ]'
    check "$sh: the bar never shrinks" grow
    check "$sh: nothing of it stays" eval '! screen | grep -q " left" && screen | grep -qx "      done in [0-9]*s .*"'
    check "$sh: none of it is in the log" eval '! grep -q " left" "$scratch"/w/state/logs/*/runbook.log'
    fresh
    ANSWER='^C' at_terminal 80 "$sh" apply --yes --on-failure stop
    check "$sh: Ctrl-C: what is said of it has a line of its own" eval 'is 3 && screen | grep -q "s left, goes on at [0-9:]*" && screen | grep -qx "Stopped by signal INT\."'
    sleep 1
    at_terminal 54 "$sh" resume --yes
    check "$sh: resumed: the bar goes on where the wait is" eval 'is 0 && first_is -ge 4'
    check "$sh: a terminal of 54 columns: a shorter one" whole 18
    fresh
    at_terminal 40 "$sh" apply --yes
    check "$sh: of 40 columns: no bar, and what is left" eval 'is 0 && has "s left, goes on at " && [ -z "$(bars)" ]'
    fresh
    at_terminal 30 "$sh" apply --yes
    check "$sh: none where it would not fit into a line" eval 'is 0 && has "waits 5s, goes on at " && ! has " left, goes on at "'
  fi
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
