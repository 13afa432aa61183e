#!/bin/bash
# Runs the tests and ends with "N passed, N failed" alone on a line: run.sh [SECTION…]
# Sections: unit golden acceptance explain docs report import refs shell live property sanitized. All of them when none is named.
# Every runner speaks TAP: "ok - NAME" and "not ok - NAME", with "# …" lines behind what failed. One that says nothing of
# the kind counts as one test, by its exit status. UPDATE=1 rewrites the expectations of golden tests.
set -u
cd "$(dirname "$0")/.." || exit 2
export LC_ALL=C.UTF-8 NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1
unset MAKEFLAGS MAKELEVEL MFLAGS
MAKE=${MAKE:-make}
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3
export PYTHON
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
passed=0 failed=0

wants() { [ -z "$sections" ] || [[ " $sections " == *" $1 "* ]]; }
sections="$*"

# failure TEXT: prints what failed, now and once more before the sum, where a log is looked at first.
failure() { printf '%s\n' "$1" | tee -a "$work/failures"; }

# collect NAME COMMAND…: counts what a runner says, and prints what failed.
collect() {
  local name=$1 status good bad
  shift
  "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
  good=$(grep -c '^ok' "$work/out")
  bad=$(grep -c '^not ok' "$work/out")
  if [ "$good$bad" = 00 ] && [[ $(tail -n 1 "$work/out") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
    [ "$bad" = 0 ] || failure "$name: $(tail -n 40 "$work/out" | sed '2,$s/^/    /')"
  fi
  if [ "$bad" = 0 ] && [ "$status" != 0 ]; then
    bad=1
    failure "not ok - $name: exit status $status
$(tail -n 40 "$work/out" "$work/err" | sed 's/^/    /')"
  elif [ "$good$bad" = 00 ]; then
    good=1
  elif [ "$bad" != 0 ]; then
    failure "$(awk -v name="$name" '/^not ok/ { bad = 1; print name ": " $0; next } /^ok/ { bad = 0 } bad { print "    " $0 }' "$work/out"
      tail -n 40 "$work/err" | sed 's/^/    /')"
  fi
  passed=$((passed + good)) failed=$((failed + bad))
  printf '%-28s %5s passed%s\n' "$name" "$good" "$([ "$bad" = 0 ] || echo ", $bad failed")"
}

# again COMMAND…: runs a suite of real shells, servers and signals, and once more when something failed. What failed only at first is
# printed all the same: it lost a race with the rest of the machine, or there is a race to be found.
exec 3>&1
again() {
  if "$@" >"$work/first" 2>&1 && ! grep -q '^not ok' "$work/first"; then
    cat "$work/first"
    return
  fi
  awk '/^not ok/ { bad = 1 } /^ok/ { bad = 0 } bad { print "    at first: " $0 }' "$work/first" >&3
  "$@"
}

# The tests of one build: run_with BUILD NAME-SUFFIX
run_with() {
  local build=$1 suffix=$2 program correct=400
  [ -z "$suffix" ] || correct=80
  export CUTC="$PWD/$build/cutc"
  if wants unit || [ -n "$suffix" ]; then
    for program in tests/unit/test_*.c; do
      [ -e "$program" ] || continue
      program=$(basename "$program" .c)
      collect "unit ${program#test_}$suffix" env CMOCKA_MESSAGE_OUTPUT=tap "$build/tests/unit/$program"
    done
  fi
  if wants golden || [ -n "$suffix" ]; then
    collect "golden$suffix" tests/golden.sh
  fi
  if wants acceptance || [ -n "$suffix" ]; then
    collect "acceptance$suffix" "$PYTHON" tests/acceptance.py
  fi
  if wants import || [ -n "$suffix" ]; then
    collect "import$suffix" "$PYTHON" tests/import/import.py
  fi
  if wants property || [ -n "$suffix" ]; then
    collect "property$suffix" "$PYTHON" tests/property/compare.py "$build/tests/property/driver" --count 2000
    collect "planted mistakes$suffix" "$PYTHON" tests/property/planted.py "$build/tests/property/driver" --count $((correct / 40)) --correct "$correct"
  fi
}

if ! $MAKE -s -j2 PACKAGES=no all units schemas; then
  printf 'the build failed\n0 passed, 1 failed\n'
  exit 1
fi
run_with build ""
if wants explain; then collect "explain pages" "$PYTHON" tests/pages.py explain; fi
if wants docs; then collect "examples in the docs" "$PYTHON" tests/pages.py docs; fi
if wants report; then collect "reports" "$PYTHON" tests/report.py; fi
if wants refs; then collect "search, beside git and rg" "$PYTHON" tests/refs.py; fi
if wants shell; then
  for script in tests/shell/*.sh; do
    [ -e "$script" ] || continue
    collect "shell $(basename "$script" .sh)" again "$script"
  done
fi
if wants live; then
  for script in tests/live/check*.py; do
    collect "live $(basename "$script" .py)" again "$PYTHON" "$script"
  done
fi
if wants sanitized; then
  if $MAKE -s -j2 PACKAGES=no SANITIZE=1 all units; then
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
    [ "${UPDATE-}" ] || run_with build/asan " (sanitized)"
  else
    failure "not ok - the build with sanitizers"
    failed=$((failed + 1))
  fi
fi
[ ! -e "$work/failures" ] || { printf '\nWhat failed:\n' && cat "$work/failures"; }
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
