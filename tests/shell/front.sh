#!/bin/bash
# Where neither setsid with env --default-signal nor perl is here, commands run in front of the runbook: their time is limited all the
# same, a tool has its grace, and what is left of it is ended.
. "$(dirname "$0")/lib.bash"
CUTC=${CUTC:-$repo/build/cutc}
apart=$(command -v setsid)
mkdir "$scratch/w" "$scratch/bin"
printf '#!/bin/sh\nexit 1\n' | tee "$scratch/bin/setsid" "$scratch/bin/perl" >"$scratch/bin/none"
chmod +x "$scratch"/bin/*
cat >"$scratch/w/plan.cut" <<'END'
plan front { operator = desk }
use std/net
client desk { }
tool deaf { stop = TERM  grace = 2s }
kind thing {
  tool : string
  size : number
  change {
    takes = 1s
    do   { $ ${tool} ${name} ${new(size)} { within 2s } }
    undo { $ ./quick ${name} ${new(size)} { within 9s } }
  }
}
END
things() { # TOOL: the tool of the second step
  cat "$scratch/w/plan.cut" >"$scratch/w/$1.cut"
  printf 'thing a { tool = "./quick"  size = 1 -> 2 }\nthing b { tool = "./%s"  size = 1 -> 2  after = [a] }\n' "$1" >>"$scratch/w/$1.cut"
  (cd "$scratch/w" && "$CUTC" emit "$1.cut" >"$1.sh") 2>"$scratch/out"
}
cat >"$scratch/w/quick" <<'END'
#!/bin/sh
printf '%s %s;' "$1" "$2" >>log
END
cat >"$scratch/w/slow" <<'END'
#!/usr/bin/python3
import signal, sys, time

def say(word):
    with open("log", "a") as log:
        log.write(word)

def stop(*_):
    say("saved;")
    sys.exit(3)

signal.signal(signal.SIGTERM, stop)
say("begins;")
time.sleep(173)
END
cat >"$scratch/w/deaf" <<'END'
#!/bin/sh
trap '' TERM
printf 'deaf;' >>log
sleep 3
sleep 179
printf 'never;' >>log
END
chmod +x "$scratch"/w/quick "$scratch"/w/slow "$scratch"/w/deaf
run() { # SHELL BOOK COMMAND…
  rm -rf "$scratch/w/state" "$scratch/w/log"
  (cd "$scratch/w" && PATH=$scratch/bin:$PATH "$apart" -w $1 "$2" "${@:3}" --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
said() { [ "$(cat "$scratch/w/log")" = "$1" ] || { printf '# log: %s\n' "$(cat "$scratch/w/log")"; false; }; }
nobody() { ! pgrep -af "$scratch/w/state|^sleep 179$|^[a-z0-9/]* ./(slow|deaf)" | sed "s/^/# left: /" | grep .; }

check 'emit' eval 'things slow && things deaf && things quick'
while read -r sh; do
  run "$sh" quick.sh apply --yes
  check "$sh: what is quick is done" is 0
  check "$sh: nobody waits on for it" nobody
  run "$sh" slow.sh apply --yes
  check "$sh: what takes too long is stopped" is 1
  check "$sh: it is said" has 'failed: step_2_do_1: it took longer than 2s'
  check "$sh: the tool could save its work, and the way back was gone" said 'a 2;begins;saved;b 1;a 1;'
  check "$sh: nobody is left" nobody
  run "$sh" deaf.sh apply --yes
  check "$sh: what does not hear is killed after its grace" eval 'is 1 && has "killed: it did not stop in 2s"'
  check "$sh: it did no more" said 'a 2;deaf;b 1;a 1;'
  check "$sh: nobody is left of that" nobody
  check "$sh: the shell says nothing of its own" eval '! grep -q "^[A-Za-z/].*\(Terminated\|Killed\)\|^\(Terminated\|Killed\)" "$scratch/out"'
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
