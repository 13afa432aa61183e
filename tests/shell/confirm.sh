#!/bin/bash
# `apply --confirm-within` under each shell that is here (hand3.part): confirmed, not confirmed, without its terminal, killed, with
# the clock set back.
. "$(dirname "$0")/lib.bash"

fresh() {
  no_guard # of the run before
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w"
  printf '0.1\n' >"$scratch/w/seconds"
  : >"$scratch/w/said"
  printf '#!/bin/sh\n/usr/bin/python3 "%s/tests/shell/tf.py" "$@"\nexit $?\n' "$repo" >"$scratch/w/wrapper"
  chmod +x "$scratch/w/wrapper"
}
begin() { # SHELL COMMAND…: in the background, until it waits for its confirmation
  (cd "$scratch/w" && exec setsid env --default-signal $1 "$scratch/book.sh" "${@:2}" --state "$scratch/w/state" </dev/null >"$scratch/out" 2>&1) &
  run=$!
  until_said 'confirm-until'
}
until_said() { for _ in $(seq 600); do grep -q "$1" "$scratch/w/state/journal" 2>/dev/null && return; sleep 0.1; done; false; }
ended() {
  wait "$run" 2>/dev/null
  status=$?
}
bare() {
  (cd "$scratch/w" && setsid -w $1 "$scratch/book.sh" "${@:2}" --state "$scratch/w/state") >"$scratch/said" 2>&1 </dev/null
  status=$?
  cat "$scratch/said" >>"$scratch/out"
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
last() { [ "$(tail -n 1 "$scratch/w/state/journal" | cut -d ' ' -f 2-3)" = "$1" ] || { tail -n 3 "$scratch/w/state/journal"; false; }; }
said() { [ "$(tr '\n' ';' <"$scratch/w/said")" = "$1" ] || { printf '# said %s\n' "$(tr '\n' ';' <"$scratch/w/said")"; false; }; }
no_guard() { # the guard ends soon after its run
  for _ in $(seq 600); do pgrep -f -- "--watchdog $scratch/w/state" >/dev/null || return 0; sleep 0.1; done
  false
}

{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh "$repo/tests/shell/hand3.part"
} >"$scratch/book.sh"

# Who is not root loses the memory file system with the last session, unless they linger.
ordinary=()
[ "$(id -u)" != 0 ] || ordinary=(setpriv --reuid=65534 --regid=65534 --clear-groups)
mkdir "$scratch/bin"
printf '#!/bin/sh\nprintf "Linger=%%s\\n" "${LINGER}"\n' >"$scratch/bin/loginctl"
chmod +x "$scratch/bin/loginctl"
sed "s/^cut_secrets=.*/cut_secrets='1:one'/; \$d" "$scratch/book.sh" >"$scratch/secret.sh"
printf 'secret_1() {\n  cut_secret_env one ONE\n}\n\ncut_main "$@"\n' >>"$scratch/secret.sh"
# Where the clock is an hour behind once there is `set-back`.
mkdir "$scratch/back"
printf '#!/bin/sh\n[ -e "%s/w/set-back" ] || exec %s "$@"\nexec %s -d "@$(($(%s +%%s) - 3600))" "$@"\n' "$scratch" "$(command -v date)" "$(command -v date)" "$(command -v date)" >"$scratch/back/date"
chmod +x "$scratch/back/date"
lingers() { # LINGER SHELL
  fresh
  chmod 755 "$scratch"
  chmod 777 "$scratch/w" "$memory"
  chmod 666 "$scratch/w/said"
  (cd "$scratch/w" && ONE=planted-one LINGER=$1 PATH=$scratch/bin:$PATH "${ordinary[@]}" setsid -w $2 "$scratch/secret.sh" preflight --confirm-within 1m --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}

while read -r sh; do
  lingers no "$sh"
  check "$sh: secrets that go with the last session refuse" eval 'is 4 && has "loginctl enable-linger"'
  lingers yes "$sh"
  check "$sh: with a lingering user they stay" is 0
  fresh
  bare "$sh" apply --yes --confirm-within soon
  check "$sh: no such time" is 2
  begin "$sh" apply --yes --confirm-within 3s
  ended
  check "$sh: nobody confirms" is 1
  check "$sh: rolled back by itself" last 'over rolled-back'
  check "$sh: all of it" said 'began;saved;after;undone;'
  check "$sh: the time was shown" has 'NOT CONFIRMED: rolls back by itself at'
  bare "$sh" confirm
  check "$sh: too late" last 'over rolled-back'

  # As far as --to says: the same promise.
  fresh
  begin "$sh" apply --yes --to first --confirm-within 2s
  ended
  check "$sh: a part of it, and nobody confirms" eval 'is 1 && last "over rolled-back"'
  check "$sh: a part of it: rolled back" [ ! -e "$scratch/w/one" ]
  fresh
  begin "$sh" apply --yes --to first --confirm-within 1m
  bare "$sh" confirm
  check "$sh: a part of it, confirmed" is 0
  ended
  check "$sh: a part of it, confirmed: stays as it is" eval 'is 0 && last "kept 1" && has "Stopped after first, as told." && [ -e "$scratch/w/one" ]'
  bare "$sh" status
  check "$sh: a part of it, confirmed: nothing is to be confirmed any more" eval 'is 3 && ! grep -q "NOT CONFIRMED" "$scratch/said"'
  bare "$sh" confirm
  check "$sh: a part of it: nothing waits for that" is 1
  begin "$sh" resume
  for _ in $(seq 600); do [ "$(grep -c confirm-until "$scratch/w/state/journal")" = 2 ] && break; sleep 0.1; done
  bare "$sh" confirm
  ended
  check "$sh: the rest of it is to be confirmed too" eval 'is 0 && last "over finished"'
  fresh
  begin "$sh" apply --yes --to first --confirm-within 5s
  kill -9 "$run"
  ended
  bare "$sh" confirm
  check "$sh: a part of it, killed and confirmed" eval 'is 0 && last "kept 1"'
  check "$sh: a part of it, killed and confirmed: the guard is gone" no_guard

  fresh
  begin "$sh" apply --yes --confirm-within 24h
  bare "$sh" status
  check "$sh: status shows the time, and the day" has "NOT CONFIRMED: rolls back by itself at $(date -d "@$(sed -n 's/.* confirm-until //p' "$scratch/w/state/journal")" '+%Y-%m-%d %H:%M:%S %Z'), in "
  bare "$sh" confirm
  check "$sh: confirm" is 0
  ended
  check "$sh: confirmed" is 0
  check "$sh: confirmed: finished" last 'over finished'
  check "$sh: confirmed: nothing undone" said 'began;saved;after;'
  check "$sh: the guard is gone" no_guard

  fresh
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" 'type `confirm` here=confirm' -- $sh "$scratch/book.sh" apply --yes --confirm-within 30s --state "$scratch/w/state" >"$scratch/out" 2>&1)
  status=$?
  check "$sh: confirmed at the terminal" is 0
  check "$sh: confirmed at the terminal: finished" last 'over finished'

  fresh
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" 'NOT CONFIRMED=HANGUP' -- $sh "$scratch/book.sh" apply --yes --confirm-within 3s --state "$scratch/w/state" >"$scratch/out" 2>&1)
  check "$sh: the terminal goes: it rolls back in its time" until_said 'over rolled-back'
  check "$sh: the terminal goes: all of it" said 'began;saved;after;undone;'

  fresh
  printf '2\n' >"$scratch/w/seconds"
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" 'lock=HANGUP' -- $sh "$scratch/book.sh" apply --yes --confirm-within 4s --state "$scratch/w/state" >"$scratch/out" 2>&1) &
  run=$!
  check "$sh: the terminal goes in the middle: it goes on" until_said confirm-until
  bare "$sh" confirm
  check "$sh: and can be confirmed from elsewhere" last 'over finished'
  ended

  # A login: a shell with jobs, its terminal taken away; it passes the hang-up on to all of them.
  fresh
  printf 'cd "%s" && %s "%s" apply --yes --confirm-within 3s --state "%s"\n' "$scratch/w" "$sh" "$scratch/book.sh" "$scratch/w/state" >"$scratch/login"
  "$repo/tests/shell/terminal.py" 'ready=. "'"$scratch/login"'"' 'NOT CONFIRMED=HANGUP' -- env PS1='ready$ ' bash --norc --noprofile -i >"$scratch/out" 2>&1
  check "$sh: the login goes: it rolls back in its time" until_said 'over rolled-back'
  check "$sh: the login goes: all of it" said 'began;saved;after;undone;'

  fresh
  begin "$sh" apply --yes --confirm-within 3s
  kill -s KILL -- "-$run"
  ended
  check "$sh: its whole process group killed: its guard rolls back" until_said 'over rolled-back'

  if [ "$sh" = dash ] || [ "${SHELLS:-}" = all ]; then
    fresh
    begin "$sh" apply --yes --confirm-within 3s
    kill -s STOP "$run"
    check "$sh: stopped for good: its guard rolls back" until_said 'over rolled-back'
    ended
    check "$sh: stopped for good: all of it" said 'began;saved;after;undone;'
  fi

  fresh
  begin "$sh" apply --yes --confirm-within 3s
  kill -9 "$run"
  ended
  check "$sh: killed while it waits: its guard rolls back" until_said 'over rolled-back'
  check "$sh: killed: all of it" said 'began;saved;after;undone;'
  check "$sh: killed: the guard is gone" no_guard

  for how in alive killed; do
    fresh
    PATH=$scratch/back:$PATH begin "$sh" apply --yes --confirm-within 3s
    : >"$scratch/w/set-back"
    [ "$how" = alive ] || kill -9 "$run"
    check "$sh: the clock is set back ($how): it rolls back in its time" until_said 'over rolled-back'
    kill -9 "$run" 2>/dev/null
    ended
    check "$sh: the clock is set back ($how): all of it" said 'began;saved;after;undone;'
  done

  fresh
  begin "$sh" apply --yes --confirm-within 5s
  kill -9 "$run"
  ended
  bare "$sh" confirm
  check "$sh: killed, and confirmed" is 0
  check "$sh: killed, and confirmed: finished" last 'over finished'
  check "$sh: killed, and confirmed: the guard is gone" no_guard
  check "$sh: killed, and confirmed: nothing undone" said 'began;saved;after;'
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
