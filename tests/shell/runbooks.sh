#!/bin/bash
# Compares the runbook of each example plan that proves with the one that is kept beside it (PLAN.sh), proves it against the plan,
# and has shellcheck and shfmt read it where they are. UPDATE=1 rewrites the kept ones: read the difference before it is kept.
set -u
cd "$(dirname "$0")/../.." || exit 2
: "${CUTC:=build/cutc}"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

for plan in examples/*/*.cut; do
  kept=${plan%.cut}.sh
  if ! "$CUTC" emit "$plan" >"$work/runbook" 2>"$work/err" </dev/null; then
    if [ -e "$kept" ]; then
      printf 'not ok - %s\n# nothing is emitted\n' "$plan"
      sed 's/^/# /' "$work/err"
    else
      printf 'ok - %s: no proof, no runbook\n' "$plan"
    fi
    continue
  fi
  [ -z "${UPDATE-}" ] || cmp -s "$work/runbook" "$kept" || { cp "$work/runbook" "$kept"; chmod +x "$kept"; }
  if difference=$(diff -u "$kept" "$work/runbook"); then
    printf 'ok - %s\n' "$kept"
  else
    printf 'not ok - %s\n' "$kept"
    printf '%s\n' "$difference" | head -n 60 | sed 's/^/# /'
  fi
  if said=$("$CUTC" verify "$kept" "$plan" 2>&1); then
    printf 'ok - %s is what the plan says\n' "$kept"
  else
    printf 'not ok - %s is what the plan says\n%s\n' "$kept" "$(printf '%s\n' "$said" | sed 's/^/# /')"
  fi
  if command -v shellcheck >"$work/which"; then
    # Everything it knows, in both dialects, without exclusions of any kind.
    if said=$(shellcheck --norc -s sh -o all "$kept" 2>&1 && shellcheck --norc -s dash -o all "$kept" 2>&1 && ! grep -n 'shellcheck disable' "$kept"); then
      printf 'ok - shellcheck %s\n' "$kept"
    else
      printf 'not ok - shellcheck %s\n%s\n' "$kept" "$(printf '%s\n' "$said" | head -n 40 | sed 's/^/# /')"
    fi
  fi
  if command -v shfmt >"$work/which"; then
    if said=$(shfmt -i 2 -d <"$kept" 2>&1); then
      printf 'ok - shfmt %s\n' "$kept"
    else
      printf 'not ok - shfmt %s\n%s\n' "$kept" "$(printf '%s\n' "$said" | head -n 40 | sed 's/^/# /')"
    fi
  fi
done
