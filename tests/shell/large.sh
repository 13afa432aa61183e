#!/bin/bash
# A runbook of three thousand steps: a shell reads all of it before its first command, with memory in proportion to its bytes.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
cutc=${CUTC:-$repo/build/cutc}
steps=3000

plan() { # N: so many services, each of which moves
  cat <<'END'
plan many { operator = desk }
use std/net
client desk { }
kind service {
  address : address
  serves address 80/tcp in lan
  change {
    takes = 1s
    do { $ ./change ${name} ${new(address)} }
    undo { $ ./change ${name} ${new(address)} }
  }
}
END
  awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "service s%d { address = 10.0.%d.%d -> 10.1.%d.%d }\n", i, i / 250, i % 250 + 1, i / 250, i % 250 + 1 }'
}

# peak COMMAND…: its output to out; prints its peak memory in kilobytes
peak() {
  /usr/bin/python3 -c '
import os, resource, subprocess, sys
with open(sys.argv[1], "wb") as out:
    status = subprocess.run(sys.argv[2:], stdout=out, stdin=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)' "$scratch/out" "$@"
}

emitted() {
  plan "$steps" >"$scratch/plan.cut"
  "$cutc" emit "$scratch/plan.cut" >"$scratch/book.sh" 2>"$scratch/out" || return
  [ "$(grep -c '^# == Step ' "$scratch/book.sh")" = "$steps" ]
}

# At most so many bytes of memory for each of the runbook, beside what any run takes (bash keeps more of a function than dash).
read_by() { # SHELL TIMES
  local kilobytes size
  size=$(stat -c %s "$scratch/book.sh")
  kilobytes=$(cd "$scratch" && peak "$1" book.sh plan) || return
  grep -q "^ *$steps  s" "$scratch/out" || return
  printf '# %s: %d kB for a runbook of %d kB\n' "$1" "$kilobytes" "$((size / 1024))"
  [ "$kilobytes" -le "$((16384 + $2 * size / 1024))" ]
}

check "a runbook of $steps steps is emitted" emitted
check "dash reads it with memory in proportion" read_by dash 4
check "bash reads it with memory in proportion" read_by bash 20
finish
