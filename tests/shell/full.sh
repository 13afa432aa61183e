#!/bin/bash
# A disk that fills up while a run is at work: the run says so once, in its own words, and goes on as long as its journal can be written;
# nothing that a shell or a tool says of it stands between.
. "$(dirname "$0")/lib.bash"
CUTC=${CUTC:-$repo/build/cutc}
if [ "${1-}" != mounted ]; then
  # A file system of our own for the state; it goes with this process.
  for how in -m -rm; do
    mkdir -p "$scratch/try"
    unshare $how mount -t tmpfs none "$scratch/try" 2>"$scratch/out" || continue
    unshare $how "$0" mounted "$@"
    exit
  done
  check 'no file system of our own can be made here' true
  finish
  exit
fi
shift
work=$scratch/w
mkdir -p "$work/state"
cat >"$work/plan.cut" <<'END'
plan full { operator = desk }
use std/net
client desk { }
secret token { from = env "TOKEN" }
kind service {
  address : address
  change {
    takes = 1s
    do {
      $ ./change ${name} ${new(address)} { env SECRET = secret token }
      expect output contains "moved"
    }
    undo { $ ./change ${name} ${new(address)} }
    verify {
      $ cat kept
      expect output unchanged
    }
  }
  observe {
    $ cat ${name}
    address = output
  }
}
END
for i in 1 2 3 4 5; do printf 'service s%d { address = 10.0.0.%d -> 10.0.1.%d  after = [%s] }\n' "$i" "$i" "$i" "$([ "$i" = 1 ] || echo "s$((i - 1))")"; done >>"$work/plan.cut"
cat >"$work/change" <<'END'
#!/bin/sh
printf '%s\n' "$2" >"$1"
[ "$1" != "${FILL-}" ] || cat /dev/zero >state/fill 2>fill.err
[ "$1" != "${EMPTY-}" ] || rm -f state/fill
[ "$1" != "${FAIL-}" ] || { echo "it broke"; exit 1; }
echo moved
END
chmod +x "$work/change"
export TOKEN="t0k3n-$mark"
(cd "$work" && "$CUTC" emit plan.cut) >"$work/book.sh" 2>"$scratch/out"
check 'emit' [ -s "$work/book.sh" ]

fresh() {
  umount "$work/state" 2>"$scratch/err"
  mount -t tmpfs -o size=512k none "$work/state"
  for i in 1 2 3 4 5; do printf '10.0.0.%d\n' "$i" >"$work/s$i"; done
  printf 'kept\n' >"$work/kept"
}
run() { # SHELL COMMAND…
  local sh=$1
  shift
  (cd "$work" && setsid -w $sh book.sh "$@" --patience 1 --state "$work/state/of") >"$scratch/out" 2>"$scratch/err" </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; cat "$scratch/err"; false; }; }
has() { cat "$scratch/out" "$scratch/err" | grep -qF -e "$1"; }
own_words() { ! grep -v -e '^The log .* cannot be written (a full disk, or no right to it): what its command says is not kept\.$' \
  -e '^The journal .* cannot be written: nothing is done that is not recorded first\.$' -e '^Step .*, is not undone\.' \
  -e '^The runbook cannot be copied to .*: a full disk, or no right to it\.$' -e '^The lock .* cannot be written' "$scratch/err"; }

while read -r sh; do
  fresh
  FILL=s2 run "$sh" apply --yes
  check "$sh: a log that is lost stops no run" is 0
  check "$sh: it is said" has 'cannot be written (a full disk'
  check "$sh: and nothing beside it" own_words
  check "$sh: once" [ "$(grep -c 'cannot be written' "$scratch/err")" = 1 ]
  fresh
  FILL=s2 FAIL=s3 run "$sh" apply --yes
  check "$sh: what fails then stops it" is 6
  check "$sh: what it said is shown, though its log cannot be kept" has '| it broke'
  check "$sh: in its own words" own_words
  rm "$work/state/fill"
  run "$sh" rollback --yes
  check "$sh: with room again, all goes back" is 0
  fresh
  FILL=s2 run "$sh" apply --yes --to s2
  i=0
  while printf '1234567' 2>"$scratch/err" >>"$work/state/of/journal"; do i=$((i + 1)); done
  run "$sh" resume --yes
  check "$sh: a journal that cannot be written stops the run before it does anything" [ "$(cat "$work/s3")" = 10.0.0.3 ]
  check "$sh: that too in its own words" own_words
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
umount "$work/state"
finish
