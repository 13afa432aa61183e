#!/bin/bash
# What people get wrong, under each shell that is here: command lines, a path with blanks, closed descriptors, a look that is
# stopped, a secret that is gone when it is wanted, a year in which 32 bits are too few (hand.part).
. "$(dirname "$0")/lib.bash"
. "$repo/tests/shell/world.bash"

refused() { # SAYING ARGUMENT…: wrong usage, said, and nothing done
  local saying=$1
  shift
  book "$sh" "$@"
  check "$sh: $*: wrong usage" is 2
  check "$sh: $*: says why" has "$saying"
  check "$sh: $*: changes nothing" value old
}
gone() { ! ls -d "$memory"/cutc-* >/dev/null 2>&1; }
with() { # SHELL-TEXT: the runbook's descriptors as that says
  (cd "$scratch/w" && eval "setsid -w $sh '$scratch/book.sh' apply --yes --patience 2 --state '$scratch/w/state' $1")
  status=$?
}

while read -r sh; do
  fresh
  refused 'Two commands, apply and status: say one.' apply status
  refused 'Two commands, --help and apply: say one.' --help apply
  refused 'There is no command or option `--sate`.' apply --sate x
  refused 'The option --to wants a value.' apply --yes --to
  refused '`08` is no value of the option --idle' unlock --idle 08
  refused '`08` is no value of the option --patience' preflight --patience 08
  refused '`99999h` is no value of the option --confirm-within' apply --yes --confirm-within 99999h
  refused '`maybe` is no value of the option --on-failure' apply --yes --on-failure maybe
  refused 'There is no step frist (--done)' apply --yes --done frist
  refused 'A rollback takes back all that was done' rollback --yes --to first
  book "$sh" apply --help
  check "$sh: help" eval 'is 0 && has "usage: sh " && value old'
  (cd "$scratch/w" && setsid -w $sh -s apply --yes --state "$scratch/w/state" <"$scratch/book.sh" >"$scratch/out" 2>&1)
  status=$?
  check "$sh: read from standard input" eval 'is 2 && has "This runbook has to be a file" && value old'
  book "$sh" preflight --patience 1m
  check "$sh: a patience in minutes" is 0

  fresh
  mkdir "$scratch/w/it's here"
  cp "$scratch/book.sh" "$scratch/w/it's here/the book.sh"
  (cd "$scratch/w" && setsid -w $sh "it's here/the book.sh" apply --yes --to first --patience 2 --state "the \$state" </dev/null >"$scratch/out" 2>&1)
  status=$?
  check "$sh: paths with blanks" is 0
  (cd "$scratch/w" && sed -n 's/^  go back: //p' "$scratch/out" >go-back && sed -i 's/$/ --yes --patience 2/' go-back && sh go-back </dev/null >"$scratch/out" 2>&1)
  status=$?
  check "$sh: the way back that it names can be copied" eval 'is 0 && value old'

  fresh
  book "$sh" apply --yes --to second
  book "$sh" resume --to first
  check "$sh: resumed to what lies behind" eval 'is 3 && has "A later step than first is done or begun"'
  check "$sh: resumed to what lies behind: nothing is changed" journal_is 'intent 1 first;done 1 first;intent 2 second;done 2 second;'
  book "$sh" resume
  check "$sh: resumed" is 0
  printf 'changed\n' >"$scratch/w/stack/constant"
  book "$sh" preflight
  check "$sh: preflight of a plan that is done" eval 'is 0 && has "Already done"'
  book "$sh" verify
  check "$sh: verify goes by what was before the run" eval 'is 1 && has "expected output unchanged \`same\`, got \`changed\`"'
  printf 'same\n' >"$scratch/w/stack/constant"
  : >"$scratch/srv/503-secret"
  book "$sh" verify
  check "$sh: verify without one of its secrets looks at the rest" eval 'is 1 && has "Not all secrets can be fetched" && has "not looked at: me reaches QUIC"'
  check "$sh: verify without one of its secrets keeps no other" gone
  book "$sh" rollback --yes
  check "$sh: no rollback without its secrets" eval 'is 6 && has "neither kept nor to be fetched"'
  check "$sh: no rollback without its secrets: none is kept for a run that is over" gone
  rm "$scratch/srv/503-secret"
  book "$sh" rollback --yes
  check "$sh: rolled back" eval 'is 0 && value old'

  fresh
  with '</dev/null >&- 2>&-'
  check "$sh: output and errors closed" eval 'is 0 && value new'
  fresh
  with '<&- >&- 2>&-'
  check "$sh: all three closed" eval 'is 0 && value new && gone'

  fresh
  : >"$scratch/srv/slow"
  (cd "$scratch/w" && "$repo/tests/shell/terminal.py" 'Preflight=^C' -- $sh "$scratch/book.sh" apply --yes --state "$scratch/w/state" >"$scratch/out" 2>&1)
  status=$?
  check "$sh: Ctrl-C while it only looks" eval 'is 4 && has "Stopped by signal INT, before all was looked at. Nothing was changed."'
  check "$sh: Ctrl-C while it only looks: no findings that are none" eval '! has "refused:" && ! has "not observed" && gone'
  rm "$scratch/srv/slow"

  # Another century, and what each shell makes of it.
  mkdir -p "$scratch/bin"
  printf '#!/bin/sh\nexec %s -d "@$(($(%s +%%s) + 500000000))" "$@"\n' "$(command -v date)" "$(command -v date)" >"$scratch/bin/date"
  chmod +x "$scratch/bin/date"
  fresh
  PATH=$scratch/bin:$PATH book "$sh" apply --yes
  case $sh in
  mksh) check "$sh: 32 bits are too few: said before anything is done" eval 'is 2 && has "counts in 32 bits" && value old' ;;
  *) check "$sh: the year 2042" eval 'is 0 && value new' ;;
  esac
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
