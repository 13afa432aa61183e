#!/bin/bash
# The runtime under each shell that is here, with a plan part written by hand (hand.part): forward, back, failure,
# surprise, resume after a kill, secrets nowhere.
. "$(dirname "$0")/lib.bash"
. "$repo/tests/shell/world.bash"

sed "/^  cut_id='third'/s/cut_hand=''/cut_hand=1/" "$scratch/book.sh" >"$scratch/by-hand.sh" # its last step is done by hand

forward='intent 1 first;done 1 first;intent 2 second;done 2 second;intent 3 third;done 3 third;over finished;'
while read -r sh; do
  fresh
  book "$sh" preflight
  check "$sh: preflight" is 0
  check "$sh: preflight says what nobody looks at" has 'not looked at: me reaches QUIC'
  check "$sh: preflight changes nothing" value old
  check "$sh: no secret after preflight" no_secrets
  watch_arguments "$mark"
  book "$sh" apply --yes
  check "$sh: no secret in an argument" watched
  check "$sh: apply" is 0
  check "$sh: value" value new
  check "$sh: journal" journal_is "$forward"
  check "$sh: secret reached the header" grep -qF "Bearer $secret_two" "$scratch/srv/log"
  check "$sh: secret reached standard input" [ "$(cat "$scratch/w/stack/length" | tr -d ' ')" = $((9 + ${#secret_two})) ]
  check "$sh: no secret after apply" no_secrets
  book "$sh" apply --yes
  check "$sh: apply again" is 0
  check "$sh: apply again changes nothing" has 'Already done'
  book "$sh" verify
  check "$sh: verify" is 0
  book "$sh" rollback --yes
  check "$sh: rollback" is 0
  check "$sh: value back" value old
  check "$sh: service back" grep -qF 10.0.0.1 "$scratch/srv/service.json"
  check "$sh: no secret after rollback" no_secrets

  fresh
  : >"$scratch/w/fail"
  book "$sh" apply --yes
  check "$sh: failing step rolls back" is 1
  check "$sh: its journal" journal_is 'intent 1 first;done 1 first;intent 2 second;done 2 second;intent 3 third;undo 3 third;undone 3 third;undo 2 second;undone 2 second;undo 1 first;undone 1 first;over rolled-back;'
  check "$sh: nothing left of it" [ ! -e "$scratch/w/stack/third" ]
  book "$sh" apply --yes --on-failure stop
  check "$sh: failing step stops" is 3
  check "$sh: secrets kept for the way back" [ -n "$(ls -d "$memory"/cutc-*)" ]
  rm "$scratch/w/fail"
  book "$sh" status
  check "$sh: status half-way" is 3
  check "$sh: status names the doubt" has 'maybe 3 third'
  : >"$scratch/srv/503-secret"
  book "$sh" resume
  check "$sh: resume" is 0
  check "$sh: resumed to the end" journal_is 'intent 1 first;done 1 first;intent 2 second;done 2 second;intent 3 third;done 3 third;over finished;'
  check "$sh: no secret after resume" no_secrets

  fresh
  printf 'x' >"$scratch/srv/503-service"
  book "$sh" preflight
  check "$sh: broken promise refuses" is 4
  check "$sh: and says so" has 'me reaches the service: expected up, seen down (status 503)'
  rm "$scratch/srv/503-service"
  printf '{"address": "10.9.9.9"}' >"$scratch/srv/service.json"
  book "$sh" apply --yes
  check "$sh: drift refuses" is 4
  check "$sh: and names it" has 'service.address is 10.9.9.9, the plan says 10.0.0.1'
  fresh
  book "$sh" apply
  check "$sh: no terminal, no --yes" is 2
  book "$sh" nonsense
  check "$sh: usage" is 2
  book "$sh" apply --dry-run
  check "$sh: dry run" is 0
  check "$sh: dry run shows the commands" has 'bin/apply new'
  check "$sh: dry run changes nothing" value old
  book "$sh" apply --yes --to first
  check "$sh: --to" is 0
  check "$sh: --to stops there" journal_is 'intent 1 first;done 1 first;'
  book "$sh" rollback --yes
  check "$sh: back from --to" is 0
  check "$sh: no secret at the end" no_secrets

  fresh
  book_file=by-hand.sh
  book "$sh" apply --yes --to second
  check "$sh: no terminal, and no step by hand up to there" is 0
  book "$sh" rollback --yes
  book "$sh" apply --yes --to third
  check "$sh: no terminal, and a step by hand" is 4
  check "$sh: names it" has 'step third is done by hand, and there is no terminal to confirm it at (--done third)'
  book_file=''

  fresh
  book "$sh" apply --yes --to first
  : >"$scratch/srv/503-service"
  book "$sh" rollback --yes
  check "$sh: undone, and something else is broken now" is 6
  check "$sh: says what" has 'me reaches the service: expected up, seen down (status 503)'
  check "$sh: that nothing is left to undo" journal_is 'intent 1 first;done 1 first;undo 1 first;undone 1 first;over rolled-back;'
  check "$sh: so no secret is kept" no_secrets
  rm "$scratch/srv/503-service"
  book "$sh" rollback --yes
  check "$sh: and the next rollback knows" has 'There is nothing to roll back'

  fresh
  (cd "$scratch/w" && $sh "$scratch/book.sh" apply --yes --patience 2 --state "$scratch/w/state" </dev/null 2>&1; printf '%s\n' "$?" >"$scratch/status") | head -n 1 >"$scratch/out"
  status=$(cat "$scratch/status")
  check "$sh: standard output closed early" is 0
  check "$sh: and the run went on" journal_is "$forward"

  fresh
  # A tool that prints what it was given: as it is, in base64 in the middle of something, URL-encoded.
  sed -i 's/^echo "applying.*/echo "$TOKEN"; printf "user:%s" "$TOKEN" | base64; printf "%s" "$TOKEN" | jq -sRr @uri >>leak.url; cp leak.url "$(ls -d ..\/state\/work\/1)"/' "$scratch/w/stack/bin/apply"
  book "$sh" apply --yes
  check "$sh: a leak" is 0
  check "$sh: a leak is said loudly" grep -q 'THE SECRET token STANDS IN .*step_1_do_1.log' "$scratch/out"
  check "$sh: an encoded leak too" grep -q 'THE SECRET token STANDS IN .*work/1/leak.url' "$scratch/out"
  check "$sh: no false alarm" [ "$(grep -c 'THE SECRET' "$scratch/out")" = 2 ]

  fresh
  : >"$scratch/w/stack/slow"
  (cd "$scratch/w" && exec $sh "$scratch/book.sh" apply --yes --patience 2 --state "$scratch/w/state" </dev/null >"$scratch/out" 2>&1) &
  victim=$!
  for _ in $(seq 200); do grep -q intent "$scratch/w/state/journal" 2>/dev/null && break; sleep 0.05; done
  kill -9 "$victim"
  wait "$victim" 2>/dev/null
  check "$sh: killed in the middle of a step" journal_is 'intent 1 first;'
  for _ in $(seq 100); do [ -e "$scratch/w/stack/slow-done" ] && break; sleep 0.05; done
  rm "$scratch/w/stack/slow"
  : >"$scratch/srv/503-secret"
  book "$sh" rollback --yes
  check "$sh: rolled back by another process, its store down" is 0
  check "$sh: and the value is the old one" value old
  check "$sh: no secret after that" no_secrets
  rm -f "$scratch/srv/503-secret"
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
