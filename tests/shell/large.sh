#!/bin/bash
# Runbooks of thousands of steps: their steps stand in parts, which the shell reads when it needs them. Memory and work in proportion,
# the run goes on and back across the edges of parts, and what is not whole is refused.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
cutc=${CUTC:-$repo/build/cutc}
steps=3000
work=$scratch/w
mkdir -p "$work/files"

plan() { # N: so many services, each of which moves
  cat <<'END'
plan many { operator = desk }
use std/net
client desk { }
kind service {
  address : address
  change {
    takes = 1s
    do { $ ./change ${name} ${new(address)} }
    undo { $ ./change ${name} ${new(address)} }
    verify { $ ./change ${name} "looked at" }
  }
}
END
  awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "service s%d { address = 10.0.%d.%d -> 10.1.%d.%d }\n", i, i / 250, i % 250 + 1, i / 250, i % 250 + 1 }'
}

looked_at() { # N: so many notes to look at, the last of which changes
  cat <<'END'
plan notes { operator = desk }
use std/net
client desk { }
kind note {
  text : string
  change {
    takes = 1s
    do { $ ./change ${name} ${new(text)} }
    undo { $ ./change ${name} ${new(text)} }
  }
  observe {
    $ jq -Rs "rtrimstr(\"\n\")" files/${name}
    text = jq '.'
  }
}
END
  awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "note n%d { text = \"it is %d\"%s }\n", i, i, i == n ? " -> \"it was\"" : "" }'
}

cat >"$work/change" <<'END'
#!/bin/sh
[ "$2" != "looked at" ] || exit 0
printf '%s %s\n' "$1" "$2" >>log
[ "$1" != "${FAIL_AT-}" ]
END
chmod +x "$work/change"

# peak COMMAND…: its output to out; prints its peak memory in kilobytes and its processor time in milliseconds
peak() {
  (cd "$work" && exec /usr/bin/python3 -c '
import os, resource, subprocess, sys
with open(sys.argv[1], "wb") as out:
    status = subprocess.run(sys.argv[2:], stdout=out, stdin=subprocess.DEVNULL).returncode
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(use.ru_maxrss, int(1000 * (use.ru_utime + use.ru_stime)))
sys.exit(status)' "$scratch/out" "$@")
}

emitted() { # N
  plan "$1" >"$work/plan$1.cut"
  "$cutc" emit "$work/plan$1.cut" >"$work/book$1.sh" 2>"$scratch/out" || return
  [ "$(grep -c '^# == Step ' "$work/book$1.sh")" = "$1" ] && [ "$(grep -c '^# == Part steps_' "$work/book$1.sh")" = $((($1 + 99) / 100)) ]
}

verified() { "$cutc" verify "$work/book$1.sh" "$work/plan$1.cut" >"$scratch/out" 2>&1; }

# edit N SED WORDS: what an edit of a long runbook has changed is said
edited() {
  sed "$1" "$work/book$steps.sh" >"$work/edited.sh"
  ! "$cutc" verify --color=never "$work/edited.sh" "$work/plan$steps.cut" >"$scratch/out" 2>&1 && grep -qF "$2" "$scratch/out"
}

clean() { # N
  shellcheck --norc -s sh -o all "$work/book$1.sh" >"$scratch/out" && [ ! -s "$scratch/out" ] && shfmt -i 2 -d <"$work/book$1.sh" >"$scratch/out"
}

# All that a shell keeps of the steps is one part of them: less than a quarter of the script, beside what any run takes.
little() { # SHELL COMMAND WORDS
  local use size
  size=$(stat -c %s "$work/book$steps.sh")
  use=$(peak $1 "book$steps.sh" $2 --state "$work/none") || return
  grep -q "$3" "$scratch/out" || return
  printf '# %s %s: %d kB for a runbook of %d kB\n' "$1" "$2" "${use% *}" "$((size / 1024))"
  # ksh93 gives nothing back of what it has read.
  case "$1" in
  ksh93) [ "${use% *}" -le $((14336 + size / 100)) ] ;;
  *) [ "${use% *}" -le $((14336 + size / 4096)) ] ;;
  esac
}

# Eight times as many steps are not thirty times the work, in processor time, of which a busy machine takes nothing.
grows() { # SHELL COMMAND
  local few many
  few=$(peak "$1" book300.sh $2) && many=$(peak "$1" book2400.sh $2) || return
  printf '# %s %s: %d ms for 300 steps, %d ms for 2400\n' "$1" "$2" "${few#* }" "${many#* }"
  [ "${many#* }" -le $((20 * (${few#* } + 10))) ]
}

# A run that has come to step $1.
begun() {
  rm -rf "$work/state" "$work/log"
  mkdir -p "$work/state"
  printf '%s\n' "2026-01-01T00:00:00Z run earlier $(sed -n 's/^cut_digest=//p' "$work/book$steps.sh")" \
    "2026-01-01T00:00:01Z intent $1 s$1" "2026-01-01T00:00:02Z done $1 s$1" >"$work/state/journal"
}
run() { # SHELL COMMAND…
  local sh=$1
  shift
  (cd "$work" && ulimit -v "$room" && setsid -w $sh "$book" "$@" --state "$work/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
did() { # WORDS: what was changed since the log was emptied
  local log
  log=$(awk '{ print $1 (/ 10\.0\./ ? "-" : "") }' "$work/log" 2>/dev/null | tr '\n' ' ')
  : >"$work/log"
  [ "$log" = "$1 " ] || { printf '# did: %s\n' "$log"; false; }
}
marks() { [ "$(grep -c "^$1 " "$scratch/out")" = "$2" ]; }

across() { # SHELL
  local sh=$1 last
  begun 2898
  run "$sh" status
  check "$sh: status of a long run" marks 'done ' 2898
  run "$sh" resume --yes --to s2903
  check "$sh: resume goes on into the next part" is 0
  check "$sh: what it did" did 's2899 s2900 s2901 s2902 s2903'
  FAIL_AT=s2899 run "$sh" rollback --yes
  check "$sh: rollback comes to what fails" is 6
  check "$sh: what it took back" did 's2903- s2902- s2901- s2900- s2899-'
  check "$sh: it says where it stands" has 'step 2899 of 3000 done, the undo of step 2899 begun'
  begun 2
  run "$sh" rollback --yes
  check "$sh: rollback to the start" is 0
  check "$sh: what that took back" did 's2- s1-'
  begun 2999
  run "$sh" resume --yes
  check "$sh: resume to the end" is 0
  check "$sh: what the end was" did 's3000'
  run "$sh" verify --done s17
  check "$sh: no such file is left" [ ! -e "$work/state/lock" ]
  begun 1
  run "$sh" resume --dry-run --to s202
  check "$sh: dry" has '      ./change s202 10.1.0.203'
  check "$sh: dry across parts" has '      ./change s101 10.1.0.102'
  check "$sh: dry does nothing" [ ! -e "$work/log" ]
  run "$sh" apply --to s3001
  check "$sh: a step that is not there" has 'There is no step s3001'
  run "$sh" apply --done s2999 --done s3001 --done s1
  check "$sh: one in --done that is not there" has 'There is no step s3001 (--done)'
}

check "a runbook of $steps steps is emitted" emitted "$steps"
check "it is what the plan says" verified "$steps"
check "an edit in a part" edited 's/^  \.\/change s1234 10\.1.*/  .\/change s1234 10.1.9.9/' 'step 1234 `s1234`, do, command 1: this is not what the plan says'
check "an edit of where a part begins" edited 's/^# == Part steps_2901/# == Part steps_2902/' 'error[E311]: the words are the same, but they are not written as they were emitted'
check "an edit of where the shell stops" edited 's/^  \[ "${cut_part}" = 0 \] || exit .*/  :/' 'outside of all functions: this is not what the plan says'
sed -n '/^# == Part steps_101 /,/^# == Part steps_201 /p' "$work/book$steps.sh" >"$work/part"
check "a part that is there twice" edited "/^# == Part steps_201 /{
r $work/part
}" 'written twice'
emitted 201 && emitted 300 && emitted 2400
check "a runbook in parts is clean" clean 201
for command in plan status; do
  check "dash: $command grows with the steps" grows dash "$command"
done
while read -r sh; do
  check "$sh: plan with little memory" little "$sh" plan "^ *$steps  s"
  check "$sh: status with little memory" little "$sh" status "^ *$steps  *s"
  # What the shell needs to be there, and 64 MB: not what it takes to keep two megabytes of script.
  room=$((65536 + $(cd "$work" && $sh -c 'awk "/^VmSize/ { print \$2 }" /proc/$$/status')))
  book=book$steps.sh
  across "$sh"
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)

# What is not whole is not begun.
sh=dash room=unlimited book=short.sh
head -c 1500000 "$work/book$steps.sh" >"$work/short.sh"
begun 1
run "$sh" resume --yes
check "half a runbook is refused" is 4
check "it says so" has 'The runbook short.sh is not whole'
sed '/^# == Part steps_1501 /d' "$work/book$steps.sh" >"$work/short.sh"
run "$sh" status
check "one without a part is refused" has 'it has 29 of its 30 parts'

sed -e '/^# == Part steps_1[01]01 /{s/steps_1101 /x/;s/steps_1001 /steps_1101 /;s/x/steps_1001 /;}' "$work/book$steps.sh" >"$work/short.sh"
begun 1005
run "$sh" resume --yes
check "one whose parts have each other's names does nothing" is 3
check "it says which" has 'The part steps_1001 of the runbook cannot be read'
check "nothing was done" [ ! -e "$work/log" ]

# Observations are in parts too; each is looked at by a command of its own.
looked_at 230 >"$work/notes.cut"
for i in $(seq 230); do printf 'it is %s\n' "$i" >"$work/files/n$i"; done
printf 'else\n' >"$work/files/n205"
book=notes.sh
"$cutc" emit "$work/notes.cut" >"$work/$book" 2>"$scratch/out"
check "a runbook of many observations" [ "$(grep -c '^# == Part observations_' "$work/$book")" = 3 ]
rm -rf "$work/state" "$work/log"
run "$sh" preflight
check "a value in another part differs" is 4
check "it is named" has 'n205.text is else, the plan says it is 205'
check "all others were looked at" [ "$(ls "$work"/state/logs/*/ | grep -c observe_)" = 230 ]
finish
