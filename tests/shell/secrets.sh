#!/bin/bash
# Three planted secrets through a whole run, one that fails, one that is killed and rolled back, under each shell that is here: they stand in
# no file, no argument, and in no environment but that of the command they were given to (secrets.cut, secrets.py).
. "$(dirname "$0")/lib.bash"
CUTC=${CUTC:-$repo/build/cutc}
mkdir "$scratch/srv" "$scratch/w" "$scratch/planted"
printf '%s' "f1rst \"$mark\"/ü+\\?" >"$scratch/planted/first"
printf '%s' "s3cond&$mark=%41 ~" >"$scratch/planted/second"
printf '%s' "th1rd $mark>'<\$HOME" >"$scratch/planted/third"
planted=("$scratch/planted/first" "$scratch/planted/second" "$scratch/planted/third")
FIRST_SECRET=$(cat "$scratch/planted/first")
export FIRST_SECRET
printf '{}' >"$scratch/srv/page.json"
cp "$scratch/planted/first" "$scratch/srv/token"
jq -n --rawfile v "$scratch/planted/third" '{data: {third: $v}}' >"$scratch/srv/keys.json"
serve "$scratch/srv"
sed "s/@PORT@/$PORT/g" "$repo/tests/shell/secrets.cut" >"$scratch/three.cut"
emit() { (cd "$scratch" && "$CUTC" emit three.cut >book.sh) 2>"$scratch/out"; }
check 'the plan proves' emit

fresh() {
  rm -rf "$scratch/w"
  mkdir -p "$scratch/w"
  cp "$scratch/book.sh" "$scratch/w"
  printf 'old\n' >"$scratch/w/greeting"
  printf 'early\n' >"$scratch/w/farewell"
  cp "$scratch/planted/second" "$scratch/w/second.secret"
  printf 'import os, sys, time\nopen("used", "a").write(sys.argv[1] + " %%d\\n" %% len(sys.stdin.read() + os.environ.get("SECOND", "") + os.environ.get("THIRD", "")))\ntime.sleep(0.4)\nos.path.exists("hang") and time.sleep(5)\nsys.exit(os.path.exists("fail-" + sys.argv[1]))\n' >"$scratch/w/use.py"
}
run() { # SHELL COMMAND…
  (cd "$scratch/w" && setsid -w $1 book.sh "${@:2}" --patience 2 --state "$scratch/w/state") >>"$scratch/w/state.said" 2>&1 </dev/null
  status=$?
  cp "$scratch/w/state.said" "$scratch/out"
}
is() { [ "$status" = "$1" ] || { printf '# status %s instead of %s\n' "$status" "$1"; false; }; }
nowhere() { # no file but the one that is a secret's source
  found=$(/usr/bin/python3 "$repo/tests/shell/secrets.py" search "${planted[@]}" -- "$scratch/w" | grep -v 'in [^ ]*/second.secret$')
  [ -z "$found" ] || { printf '%s\n' "$found" | head -20 | sed 's/^/# /'; false; }
}
gone() { ! ls -d "$memory"/cutc-* >/dev/null 2>&1; }
kept_now() { [ "$(ls "$memory"/cutc-*/secret.* | wc -l)" = 3 ]; }
watch() {
  rm -f "$scratch/seen"
  KEPT=$memory /usr/bin/python3 "$repo/tests/shell/secrets.py" watch "$scratch/seen" "${planted[@]}" &
  watcher=$!
}
seen() { # what the watch has seen of its kind, but for what should be there
  grep -v -e '^environment first ' -e '^environment second /usr/bin/python3 use.py environment' -e '^environment third /usr/bin/python3 use.py verify' -e '^kept' "$scratch/seen" >"$scratch/strange"
  [ ! -s "$scratch/strange" ] || { sed 's/^/# /' "$scratch/strange"; false; }
}

# What would be found if it were there.
mkdir "$scratch/control"
for n in 0 1 2; do
  { head -c "$n" /dev/zero; cat "$scratch/planted/second"; printf tail; } | base64 -w 0 >"$scratch/control/$n"
done
jq -Rs . <"$scratch/planted/first" >"$scratch/control/json"
jq -Rsr @uri <"$scratch/planted/second" >"$scratch/control/url"
cp "$scratch/planted/third" "$scratch/control/plain"
check 'the search finds each disguise' [ "$(/usr/bin/python3 "$repo/tests/shell/secrets.py" search "${planted[@]}" -- "$scratch/control" | sed 's/.* in .*\///' | sort -u | tr '\n' ' ')" = '0 1 2 json plain url ' ]

while read -r sh; do
  fresh
  watch
  run "$sh" apply --yes
  kill "$watcher"
  wait "$watcher" 2>/dev/null
  check "$sh: applied" is 0
  check "$sh: every command had its secret" [ "$(sort -u "$scratch/w/used" | tr '\n' ' ')" = "environment $(wc -m <"$scratch/planted/second") input $(($(wc -m <"$scratch/planted/third") + 8)) verify $(wc -m <"$scratch/planted/third") " ]
  check "$sh: in no argument, in no other environment, with no other mode" seen
  check "$sh: the watch saw those that are given" grep -q '^environment second .*use.py environment' "$scratch/seen"
  check "$sh: the watch saw where they are kept" grep -q '^kept secret.third' "$scratch/seen"
  check "$sh: nowhere after the run" nowhere
  check "$sh: and not kept" gone
  run "$sh" rollback --yes
  check "$sh: rolled back" is 0
  check "$sh: nowhere after the rollback" eval 'nowhere && gone'

  fresh
  : >"$scratch/w/fail-verify"
  run "$sh" apply --yes
  check "$sh: failed and rolled back" is 1
  check "$sh: nowhere after a failure" eval 'nowhere && gone'
  run "$sh" apply --yes --on-failure stop
  check "$sh: stopped half-way" is 3
  check "$sh: kept, and nowhere else" eval 'nowhere && kept_now'
  run "$sh" rollback --yes
  check "$sh: not kept any longer" eval 'is 0 && nowhere && gone'

  fresh
  : >"$scratch/w/hang"
  (cd "$scratch/w" && exec $sh book.sh apply --yes --patience 2 --state "$scratch/w/state" </dev/null >>"$scratch/w/state.said" 2>&1) &
  victim=$!
  for _ in $(seq 400); do grep -q input "$scratch/w/used" 2>/dev/null && break; sleep 0.1; done
  kill -9 "$victim"
  wait "$victim" 2>/dev/null
  check "$sh: killed: nowhere but where they are kept" nowhere
  rm "$scratch/w/hang"
  : >"$scratch/srv/503-keys"
  FIRST_SECRET='' run "$sh" rollback --yes
  rm "$scratch/srv/503-keys"
  check "$sh: rolled back by another process without their sources" is 0
  check "$sh: nowhere after that" eval 'nowhere && gone'
done < <(if [ "$#" -gt 0 ]; then printf '%s\n' "$@"; else shells; fi)
finish
