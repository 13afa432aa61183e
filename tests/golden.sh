#!/bin/bash
# Checks each tests/golden/NAME.cut and compares what is printed, with the exit status behind it, to NAME.out.
# UPDATE=1 rewrites NAME.out: read the difference before it is kept.
set -u
: "${CUTC:=build/cutc}"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

for plan in tests/golden/*.cut; do
  [ -e "$plan" ] || continue
  want=${plan%.cut}.out
  "$CUTC" check --color=never "$plan" >"$work/out" 2>"$work/err" </dev/null
  printf 'exit %s\n' "$?" >>"$work/out"
  cat "$work/err" >>"$work/out"
  if [ "${UPDATE-}" ]; then
    cmp -s "$work/out" "$want" || cp "$work/out" "$want"
  fi
  if [ ! -e "$want" ]; then
    printf 'not ok - %s\n# there is no %s: UPDATE=1 writes it\n' "$plan" "$want"
  elif difference=$(diff -u "$want" "$work/out"); then
    printf 'ok - %s\n' "$plan"
  else
    printf 'not ok - %s\n' "$plan"
    printf '%s\n' "$difference" | sed 's/^/# /'
  fi
done
