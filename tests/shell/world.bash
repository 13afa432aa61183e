# The world of hand.part for the tests that source this after lib.bash: a loopback server, a folder with a tool, two planted secrets.

secret_one="$mark-One/+x" secret_two="it's \"$mark\" two\$HOME"
export PLANTED=$secret_one

fresh() { # a world for one run
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w/stack/bin"
  printf '%s' "$secret_one" >"$scratch/srv/token"
  printf '{"address": "10.0.0.1"}' >"$scratch/srv/service.json"
  jq -n --arg v "$secret_two" '{data: {pw: $v}}' >"$scratch/srv/secret.json"
  rm -f "$scratch"/srv/log "$scratch"/srv/[0-9]*
  printf 'old\n' >"$scratch/w/stack/value"
  printf 'same\n' >"$scratch/w/stack/constant"
  cat >"$scratch/w/stack/bin/apply" <<'T'
#!/bin/sh
[ "$TOKEN" = "x-$PLANTED" ] || exit 9
echo "applying $1"
[ ! -e slow ] || { sleep 1; : >slow-done; }
printf '%s\n' "$1" >value
T
  chmod +x "$scratch/w/stack/bin/apply"
}

book() { # SHELL COMMAND…: runs the runbook; status in $status
  local sh=$1
  shift
  (cd "$scratch/w" && PATH=$PATH setsid -w $sh "$scratch/${book_file:-book.sh}" "$@" --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
value() { [ "$(cat "$scratch/w/stack/value")" = "$1" ]; }
journal() { cut -d ' ' -f 2-4 "$scratch/w/state/journal" | grep -v '^run' | tr '\n' ';'; }
journal_is() { [ "$(journal)" = "$1" ] || { journal; false; }; }
no_secrets() {
  local found
  found=$(strangers "$secret_one" "$scratch/w/state"; strangers "$secret_two" "$scratch/w/state"; ls -d "$memory"/cutc-* 2>/dev/null)
  [ -z "$found" ] || { printf '# found: %s\n' "$found"; false; }
}

mkdir "$scratch/srv"
serve "$scratch/srv"
{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh "$repo/tests/shell/hand.part"
} >"$scratch/book.sh"
