#!/bin/bash
# What comes with the caller and does not count, under each shell that is here (hand.part): what its shell was told, TMOUT, a clock
# that is set back, a host that greets whoever logs in, a state directory of somebody else. And what does: the umask, for what
# the plan's commands make.
. "$(dirname "$0")/lib.bash"
. "$repo/tests/shell/world.bash"

# A command that hangs, with a limit; a step by hand; a promise that is looked at from another host.
sed 's/^  cut_run step_1_do_1 /  cut_run step_1_do_1 timeout 2 grace 2 /; s/^  bin\/apply new$/  sleep 40/' "$scratch/book.sh" >"$scratch/late.sh"
sed "s/^  cut_run step_3_do_1 .*/  cut_manual step_3_do_1 'red button' || return/; s/^  cut_run step_3_undo_1 .*/  cut_manual step_3_undo_1 'Take it back' || return/
  /^  cut_id='third'/s/cut_hand=''/cut_hand=1/" "$scratch/book.sh" >"$scratch/manual.sh"
sed '/^probe_1() {/,/^}/s/^  cut_probe_url .*/& far.example.org/' "$scratch/book.sh" >"$scratch/far.sh"
check 'the runbooks differ from the plain one' eval '! cmp -s "$scratch/book.sh" "$scratch/late.sh" && ! cmp -s "$scratch/book.sh" "$scratch/manual.sh" && ! cmp -s "$scratch/book.sh" "$scratch/far.sh"'

mkdir "$scratch/bin" "$scratch/back"
cat >"$scratch/bin/ssh" <<'T'
#!/bin/sh
printf '%s ' "$@" >>ssh-said
echo 'Welcome to far.example.org, 200 users are logged in'
while [ "$1" = -o ]; do shift 2; done
shift
exec sh -c "$*"
T
# An hour back from the first time that somebody sleeps once a step has begun.
printf '#!/bin/sh\n[ -e "%s/w/set-back" ] || exec %s "$@"\nexec %s -d "@$(($(%s +%%s) - 3600))" "$@"\n' "$scratch" "$(command -v date)" "$(command -v date)" "$(command -v date)" >"$scratch/back/date"
printf '#!/bin/sh\n! grep -q " intent " "%s/w/state/journal" || : >"%s/w/set-back"\nexec %s "$@"\n' "$scratch" "$scratch" "$(command -v sleep)" >"$scratch/back/sleep"
chmod +x "$scratch/bin/ssh" "$scratch/back/date" "$scratch/back/sleep"
forward='intent 1 first;done 1 first;intent 2 second;done 2 second;intent 3 third;done 3 third;over finished;'
took() { [ $((SECONDS - began)) -lt "$1" ] || { printf '# took %s s\n' "$((SECONDS - began))"; false; }; }
set_back() { # BOOK SHELL ARGUMENT…
  began=$SECONDS
  book_file=$1 PATH=$scratch/back:$PATH book "${@:2}"
}

while read -r sh; do
  # ── Options of the shell ──
  for option in -e -C -f -m; do
    fresh
    book "$sh $option" apply --yes
    check "$sh $option: applied" eval 'is 0 && value new && journal_is "$forward"'
  done
  fresh
  rm -rf "$memory"/cutc-*
  book "$sh -x" apply --yes
  check "$sh -x: applied" eval 'is 0 && value new'
  check "$sh -x: no secret in a trace" eval 'no_secrets && ! has "$secret_one" && ! has "$secret_two"'
  check "$sh -x: and no alarm" eval '! has "THE SECRET"'

  # ── A shell that ends each read after two seconds ──
  fresh
  (cd "$scratch/w" && TMOUT=2 "$repo/tests/shell/terminal.py" 'red button=SLOWLY' 'Type=done' -- $sh "$scratch/manual.sh" apply --yes --patience 2 --on-failure stop --state "$scratch/w/state" >"$scratch/out" 2>&1)
  status=$?
  check "$sh: TMOUT, and a person who takes longer" eval 'is 0 && journal_is "$forward"'

  # ── The clock is set back ──
  fresh
  set_back late.sh "$sh" apply --yes --on-failure stop
  check "$sh: a command's time is over all the same" eval 'is 3 && has "stopped: it took longer than 2s" && took 35'
  fresh
  sed 's/^  bin\/apply new$/&\n  : >"..\/..\/srv\/503-service"/' "$scratch/book.sh" >"$scratch/surprise.sh"
  set_back surprise.sh "$sh" apply --yes --on-failure stop
  check "$sh: patience has an end" eval 'is 3 && has "Surprise after step 1" && took 30'
  fresh
  sed -i 's/^printf .* >value$/:/' "$scratch/w/stack/bin/apply"
  set_back book.sh "$sh" apply --yes --on-failure stop
  check "$sh: so has what is waited for" eval 'is 3 && has "expected output equal \`new\`, got \`old\`" && took 30'

  # ── A host that greets ──
  fresh
  book_file=far.sh PATH=$scratch/bin:$PATH book "$sh" preflight
  check "$sh: a host that greets is looked from" eval 'is 0 && has "promises: as the model says"'
  check "$sh: and one that falls silent is not waited for" grep -q -- '-o ServerAliveInterval=5 -o ServerAliveCountMax=2' "$scratch/w/ssh-said"

  # ── Files ──
  for mask in 022 007; do
    fresh
    (umask "$mask" && book "$sh" apply --yes && is 0)
    check "$sh: umask $mask: what a command makes" [ "$(stat -c %a "$scratch/w/stack/third")" = "$(printf %o $((0666 & ~0$mask)))" ]
    check "$sh: umask $mask: and the run's own are for nobody else" [ -z "$(find "$scratch/w/state" -perm /077)" ]
  done

  # ── Steps by hand on the way back ──
  fresh
  sed 's/^  cut_tcp .*/  false/' "$scratch/manual.sh" >"$scratch/unseen.sh"
  book_file=unseen.sh book "$sh" apply --yes --done third
  check "$sh: done by hand, and its way back is not" eval 'is 6 && has "Step 3, third, is not undone." && journal_is "intent 1 first;done 1 first;intent 2 second;done 2 second;intent 3 third;undo 3 third;"'
  book_file=unseen.sh book "$sh" rollback --yes --done third
  check "$sh: until somebody says so" eval 'is 0 && value old'
  fresh
  book "$sh" preflight --done second
  check "$sh: one that nobody does by hand is no less done" eval 'is 0 && has "Step second is not done by hand: its commands run all the same"'

  # ── Somebody else's ──
  if [ "$(id -u)" = 0 ]; then
    fresh
    book "$sh" apply --yes --to first
    chmod 755 "$scratch" "$scratch/w"
    cp "$scratch/book.sh" "$scratch/w"
    for where in "$scratch/w/state" "$scratch/w/state/deeper/still"; do
      (cd "$scratch/w" && setsid -w setpriv --reuid=65534 --regid=65534 --clear-groups $sh book.sh status --state "$where" >"$scratch/out" 2>&1 </dev/null)
      status=$?
      check "$sh: a state that is closed says nothing: ${where##*/}" eval 'is 4 && has "is closed to you" && ! has "Not begun"'
    done
  fi
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
