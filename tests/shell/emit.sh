#!/bin/bash
# Runbooks that cutc emits: clean under shellcheck and shfmt, the same bytes each time, run for real, and every edit seen.
. "$(dirname "$0")/lib.bash"
CUTC=${CUTC:-$repo/build/cutc}

token="t0k3n-$mark+/=" key="k3y \"$mark\" it's" note="n0te \\ \"$mark\" {"
export SMALL_TOKEN=$token
mkdir "$scratch/srv" "$scratch/w"
printf '{}' >"$scratch/srv/page.json"
serve "$scratch/srv"
sed "s/@PORT@/$PORT/g" "$repo/tests/shell/small.cut" >"$scratch/w/small.cut"
book=$scratch/w/book.sh

fresh() {
  rm -rf "$scratch/w/state" "$scratch/w/files"
  mkdir "$scratch/w/files"
  printf 'old text\n' >"$scratch/w/files/greeting"
  printf 'other\n' >"$scratch/w/files/other"
  printf '%s' "$token" >"$scratch/srv/token"
  jq -n --arg v "$key" '{data: {first: $v}}' >"$scratch/srv/keys.json"
  printf '{"value": "hello, it'\''s $HOME", "keep": 1}' >"$scratch/srv/motd.json"
  printf '#!/bin/sh\n[ "$1" = first ] && cat <<"N"\n%s\nN\n' "$note" >"$scratch/w/notes"
  chmod +x "$scratch/w/notes"
  rm -f "$scratch/srv/log"
}
run() { # SHELL COMMAND…
  local sh=$1
  shift
  (cd "$scratch/w" && setsid -w $sh book.sh "$@" --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
hasnt() { ! has "$1"; }
motd() { [ "$(jq -r .value "$scratch/srv/motd.json")" = "$1" ]; }
greeting() { [ "$(cat "$scratch/w/files/greeting")" = "$1" ]; }
called() { [ "$(tr ' ' '\n' <"$scratch/w/words/made" | grep -c '^n-')" = 17 ]; }
no_secrets() {
  local found
  found=$(strangers "$token" "$scratch/w/state" "$scratch/out"; strangers "$key" "$scratch/w/state" "$scratch/out"; strangers "$note" "$scratch/w/state" "$scratch/out"; ls -d "$memory"/cutc-* 2>/dev/null)
  [ -z "$found" ] || { printf '# found: %s\n' "$found"; false; }
}

emit() { (cd "$scratch/w" && "$CUTC" emit small.cut) >"$1" 2>"$scratch/out"; }
check 'emit' emit "$book"
emit "$scratch/again.sh"
check 'the same plan, the same bytes' cmp "$book" "$scratch/again.sh"
(cd "$scratch" && "$CUTC" emit w/small.cut) >"$scratch/again.sh" 2>/dev/null
check 'from another folder too' cmp "$book" "$scratch/again.sh"
for plan in "$repo"/examples/*/*.cut "$scratch/w/small.cut"; do
  "$CUTC" emit "$plan" >"$scratch/x.sh" 2>/dev/null || continue
  name=$(basename "$(dirname "$plan")")/$(basename "$plan")
  shellcheck -s sh -o all "$scratch/x.sh" >"$scratch/out"
  check "$name: shellcheck" [ ! -s "$scratch/out" ]
  shfmt -i 2 -d "$scratch/x.sh" >"$scratch/out"
  check "$name: shfmt" [ ! -s "$scratch/out" ]
  "$CUTC" verify "$scratch/x.sh" "$plan" >"$scratch/out" 2>&1
  check "$name: verify" [ $? = 0 ]
  sh "$scratch/x.sh" plan >"$scratch/out"
  check "$name: plan" grep -q '^Steps, in the proven order' "$scratch/out"
done

mkdir "$scratch/w/one"
printf 'plan one { }\nstep only { do { $ touch made\n } undo { $ rm -f made\n } takes = 1s }\n' >"$scratch/w/one/one.cut"
(cd "$scratch/w/one" && "$CUTC" emit one.cut >one.sh && "$CUTC" verify one.sh one.cut && setsid -w sh one.sh apply --yes --confirm-within 1s --state "$scratch/w/one/state") >"$scratch/out" 2>&1 </dev/null
check 'one step: verify' has 'no more and no less: 1 step in the proven order'
check 'one step: to be confirmed' has 'The only step is done.'
check 'one step: taken back' [ ! -e "$scratch/w/one/made" ]

# Programs that are called like a reserved word, of which more than the shell at hand has.
mkdir "$scratch/w/words" "$scratch/w/words/bin"
for word in if then else elif fi do done case esac for while until in select function time coproc; do
  printf '#!/bin/sh\nprintf "%%s " "${0##*/}" "$@" >>made\n' >"$scratch/w/words/bin/$word"
done
chmod +x "$scratch/w/words/bin/"*
{
  printf 'plan words { }\nkind note { text : string  change { takes = 1s\n do {\n $ ${new(text)} ${name}\n }\n undo { $ ${text} } } }\n'
  for word in "$scratch/w/words/bin/"*; do printf 'note n-%s { text = "true" -> "%s" }\n' "${word##*/}" "${word##*/}"; done
} >"$scratch/w/words/words.cut"
(cd "$scratch/w/words" && "$CUTC" emit words.cut >words.sh) 2>"$scratch/out"
check 'reserved words: emit' [ -s "$scratch/w/words/words.sh" ]
while read -r sh; do
  fresh
  (cd "$scratch/w/words" && rm -rf state made && PATH=$PWD/bin:$PATH setsid -w $sh words.sh apply --yes --patience 2 --state "$PWD/state") >"$scratch/out" 2>&1 </dev/null
  check "$sh: programs that are called like a reserved word" called
  run "$sh" preflight
  check "$sh: preflight" is 0
  check "$sh: nothing changed" greeting 'old text'
  watch_arguments "$mark"
  run "$sh" apply --yes
  check "$sh: no secret in an argument" watched
  check "$sh: apply" is 0
  check "$sh: setting" motd 'good bye'
  check "$sh: the rest of the setting" grep -q '"keep": 1' "$scratch/srv/motd.json"
  check "$sh: file" greeting 'new text'
  check "$sh: environment" [ "$(tr -d ' ' <"$scratch/w/files/length")" = $((2 + ${#key})) ]
  check "$sh: standard input" [ "$(cat "$scratch/w/files/stdin-length")" = "it is $key's $note" ]
  check "$sh: header" grep -qF "Bearer $key" "$scratch/srv/log"
  rm "$scratch/w/files/stdin-length"
  check "$sh: no secret left" no_secrets
  run "$sh" verify
  check "$sh: verify" is 0
  run "$sh" rollback --yes
  check "$sh: rollback" is 0
  check "$sh: setting back" motd "hello, it's \$HOME"
  check "$sh: file back" greeting 'old text'
  check "$sh: no secret after rollback" no_secrets
  printf '{"value": "something else"}' >"$scratch/srv/motd.json"
  run "$sh" preflight
  check "$sh: drift" is 4
  check "$sh: drift is named" has "motd.value is something else, the plan says hello, it's \$HOME"
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)

# Edits: each is caught where it is.
edit() { # NAME SED-SCRIPT WORDS
  sed "$2" "$book" >"$scratch/edited.sh"
  (cd "$scratch/w" && "$CUTC" verify --color=never "$scratch/edited.sh" small.cut) >"$scratch/out" 2>&1
  status=$?
  check "edit: $1" is 1
  check "edit: $1: said" has "$3"
  check "edit: $1: E311" has 'error[E311]'
}
edit 'a pipe' 's/^  sed -i .*new.*/& | tee log/' 'step 2 `greeting`, do, command 1'
edit 'a verify removed' '/cut_run step_1_verify_1/d' 'step 1 `motd`, verify'
edit 'a secret echoed' 's/^  cut_http PUT/  cat "${cut_cred}\/secret.key"\n&/' 'this is not in the plan'
edit 'another address' 's/127.0.0.1:[0-9]*\/motd/127.0.0.2:1\/motd/' 'instead of'
edit 'a command more' 's/^step_2_undo() {/&\n  rm -rf files/' 'step 2 `greeting`, undo: this is not in the plan'
edit 'a step renamed' 's/cut_id=motd/cut_id=greeting/' 'not in the proven order'
edit 'the runtime' 's/umask 077/umask 022/' 'the runtime is not that of this cutc'
edit 'a line at the end' '$a rm -rf /tmp/nothing' 'outside of all functions'
edit 'the header' 's/^# .*motd: value.*/#    1  nothing/' 'the header does not say what the plan says'
edit 'an open quote' "s/cut_id=greeting/cut_id='greeting/" 'cannot be read'
# A lock holder in a pipe is what it is, whoever wrote it there.
traefik=$repo/examples/traefik/cutover.cut
"$CUTC" emit "$traefik" 2>/dev/null | sed '/scripts\/tg apply/s/$/ | tee log/' >"$scratch/edited.sh"
"$CUTC" verify --color=never "$scratch/edited.sh" "$traefik" >"$scratch/out" 2>&1
check 'edit: tg in a pipe' has 'error[E281]'
check 'edit: tg in a pipe: where' has 'step 5 `traefik`, do, command 5'
python3 - "$book" "$scratch/edited.sh" <<'P'
import sys
s = open(sys.argv[1]).read()
a, b, c = s.index("# == Step 1 of 2"), s.index("# == Step 2 of 2"), s.index("# == Promises ==")
one, two = s[a:b], s[b:c]
open(sys.argv[2], "w").write(s[:a] + two.replace("step_2", "step_1") + one.replace("step_1", "step_2") + s[c:])
P
(cd "$scratch/w" && "$CUTC" verify "$scratch/edited.sh" small.cut) >"$scratch/out" 2>&1
status=$?
check 'edit: two steps swapped' is 1
check 'edit: two steps swapped: said' has 'not in the proven order'
sed 's/takes = 2s/takes = 3s/' "$scratch/w/small.cut" >"$scratch/w/other.cut"
"$CUTC" verify "$book" "$scratch/w/other.cut" >"$scratch/out" 2>&1
check 'another plan' has 'another version of the plan'
"$CUTC" verify "$scratch/w/small.cut" "$scratch/w/small.cut" >"$scratch/out" 2>&1
check 'no runbook at all' has 'this is no runbook of cutc'
finish
