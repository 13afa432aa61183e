#!/bin/bash
# The runtime under each shell that is here: a terminal, prompts, steps by hand, time limits, a point of no return,
# surprises, probes through ssh, two runs at once, signals (hand2.part).
. "$(dirname "$0")/lib.bash"

asked="asked-pl4nted&2" filed='filed-pl4nted=3'

fresh() {
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w"
  printf '%s\n' "$filed" >"$scratch/w/secret.file"
  printf '{}' >"$scratch/w/served.json"
}
term() { # SHELL 'PATTERN=ANSWER'… -- COMMAND…: on a terminal
  local sh=$1 answers=()
  shift
  while [ "$1" != -- ]; do answers+=("$1"); shift; done
  shift
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" "${answers[@]}" -- $sh "$scratch/book.sh" "$@" --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1
  status=$?
}
bare() { # SHELL COMMAND…: without
  local sh=$1
  shift
  (cd "$scratch/w" && setsid -w $sh "$scratch/book.sh" "$@" --patience 2 --state "$scratch/w/state") >"$scratch/out" 2>&1 </dev/null
  status=$?
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
has() { grep -qF -e "$1" "$scratch/out"; }
hasnt() { ! grep -qF -e "$1" "$scratch/out"; }
no_secrets() {
  local found
  found=$(strangers "$asked" "$scratch/w/state" "$scratch/out"; strangers "$filed" "$scratch/w/state" "$scratch/out"
    strangers at-use- "$scratch/w/state" "$scratch/out"; ls -d "$memory"/cutc-* 2>/dev/null)
  [ -z "$found" ] || { printf '# found: %s\n' "$found"; false; }
}

fresh
serve "$scratch/w"
port=$PORT
mkdir "$scratch/bin"
cat >"$scratch/bin/ssh" <<'T'
#!/bin/sh
# A host to look from, without a network: runs what it is told here.
[ ! -e "${SSH_DOWN:-/nonexistent}" ] || exit 255
while [ "$1" = -o ]; do shift 2; done
[ "$1" = vps.example.org ] || exit 254
shift
exec sh -c "$*"
T
chmod +x "$scratch/bin/ssh"
export PATH="$scratch/bin:$PATH" SSH_DOWN="$scratch/w/ssh-down"
{
  printf '#!/bin/sh\n# A runbook by hand.\n\n'
  cat "$repo"/compiler/script/runtime-*.sh "$repo/tests/shell/hand2.part"
} >"$scratch/book.sh"

while read -r sh; do
  fresh
  term "$sh" "The password=$asked" "(yes/no)=yes" 'red=done' -- apply
  check "$sh: on a terminal" is 0
  check "$sh: each secret arrived" grep -q "^$asked:$filed:at-use-[0-9]" "$scratch/w/seen"
  check "$sh: what cannot be observed is listed" has 'not observed: nowhere'
  check "$sh: no secret left" no_secrets
  bare "$sh" rollback --yes --done hand
  check "$sh: no way back" is 6
  check "$sh: and why" has 'The way back ends at step 4, final: the old one is gone'
  rm -rf "$memory"/cutc-*

  fresh
  term "$sh" "The password=$asked" "(yes/no)=no" -- apply
  check "$sh: not confirmed" is 2
  check "$sh: nothing done" [ ! -e "$scratch/w/seen" ]
  check "$sh: no secret after no" no_secrets

  fresh
  term "$sh" "The password=$asked" 'red=stop' 'rollback=rollback' 'green=stop' -- apply --yes
  check "$sh: stopped by hand" is 6
  check "$sh: the undo by hand was asked for" has 'green'
  term "$sh" 'green=done' -- rollback --yes
  check "$sh: rolled back by hand" is 0
  check "$sh: undone" [ ! -e "$scratch/w/seen" ]
  check "$sh: no secret after that" no_secrets

  fresh
  : >"$scratch/w/slow"
  term "$sh" "The password=$asked" 'rollback=rollback' -- apply --yes
  check "$sh: past its time" is 1
  check "$sh: said so" has 'took longer than 2s'
  check "$sh: no secret after the time limit" no_secrets

  fresh
  : >"$scratch/w/surprise"
  term "$sh" "The password=$asked" 'red=done' 'rollback=rollback' 'green=done' -- apply --yes
  check "$sh: surprise" is 1
  check "$sh: expected and seen" has 'public reaches it: expected up, seen down (404, before the run it was 200)'
  check "$sh: the way back" [ -e "$scratch/w/served.json" ]

  fresh
  : >"$scratch/w/failfinal"
  term "$sh" "The password=$asked" 'red=done' -- apply --yes --on-failure rollback
  check "$sh: failed at the point of no return" is 6

  rm -rf "$memory"/cutc-*
  fresh
  : >"$scratch/w/ssh-down"
  term "$sh" "The password=$asked" -- preflight
  check "$sh: nobody to look from" is 4
  check "$sh: said so" has 'cannot look from vps.example.org'
  rm "$scratch/w/ssh-down"
  bare "$sh" apply --yes
  check "$sh: no terminal for the prompt" is 4
  check "$sh: no secret after all" no_secrets

  fresh
  mkdir -p "$scratch/w/state/lock"
  printf '%s %s %s\n' "$$" "$(uname -n)" "$(birth "$$")" >"$scratch/w/state/lock/holder"
  bare "$sh" preflight
  check "$sh: two runs at once" is 5
  printf '%s elsewhere.example.net 1-x\n' "$$" >"$scratch/w/state/lock/holder"
  bare "$sh" preflight
  check "$sh: a run on another host" is 5
  check "$sh: a run on another host cannot be judged" has 'which cannot be seen from'
  printf '%s %s 1-another-boot\n' "$$" "$(uname -n)" >"$scratch/w/state/lock/holder"
  term "$sh" "The password=$asked" -- preflight
  check "$sh: a stale lock, its number given away again" has 'is stale'
  check "$sh: a stale lock is no obstacle" is 0
  mkdir -p "$scratch/w/state/lock"
  printf '99999999 %s 1-x\n' "$(uname -n)" >"$scratch/w/state/lock/holder"
  printf '99999998 %s 1-x\n' "$(uname -n)" >"$scratch/w/state/lock/after.99999999.1-x"
  term "$sh" "The password=$asked" -- preflight
  check "$sh: a stale lock whose next holder died as well" is 0
  check "$sh: no lock is left" [ ! -e "$scratch/w/state/lock" ]

  fresh
  (cd "$scratch/w" && printf '%s\n' "$filed" >secret.file)
  PORT=$port "$repo/tests/shell/terminal.py" "The password=$asked" 'red=^C' 'rollback=rollback' 'green=done' -- \
    sh -c "cd '$scratch/w' && exec $sh '$scratch/book.sh' apply --yes --patience 2 --state '$scratch/w/state'" >"$scratch/out" 2>&1
  status=$?
  check "$sh: Ctrl-C" is 1
  check "$sh: Ctrl-C goes back" [ ! -e "$scratch/w/seen" ]
  check "$sh: no secret after Ctrl-C" no_secrets
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
