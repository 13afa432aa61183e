# shellcheck shell=bash
# KILL anywhere, then a rollback in a new shell that can ask the secret store for nothing. Sourced by run.sh.
# Points are counted in commands that were begun since the first intent. A third of them in each cell.

scenario_killed_1() {
  lab_up killed1 || return
  killed_points 1 7 13 19 25 31 37
  lab_down "$CELL"
}

scenario_killed_2() {
  lab_up killed2 || return
  killed_points 3 9 15 21 27 33 38
  lab_down "$CELL"
}

scenario_killed_3() {
  lab_up killed3 || return
  killed_points 5 11 17 23 29 35
  killed_back 31 6
  killed_back 36 14
  lab_down "$CELL"
}

# killed_apply POINT: applies, and is ended there: the shell alone, or with all that it started.
killed_apply() {
  whom=shell
  [ $(($1 / 2 % 2)) = 0 ] || whom=all
  rm -rf "$CELL/state"
  mkdir -p "$CELL/state"
  TOKEN=$(cat "$CELL/secrets/vault") by_hand "$CELL/apply.said" --kill "$1" "$whom" sh cutover.sh apply --yes --state "$CELL/state"
  rc=$?
  where=$(tail -n 1 "$CELL/state/journal" | cut -d ' ' -f 2-)
}

# A new shell: no token in its environment, and the store is sealed or, at every third point, not there at all. Its own page is then
# among the promises that are not kept, which the rollback has to say; all else is the same.
killed_points() {
  nth=0
  for point; do
    killed_apply "$point"
    nth=$((nth + 1))
    if [ $((nth % 3)) = 0 ]; then
      store='gone'
      store_goes
      TOKEN='' by_hand "$CELL/back.said" sh cutover.sh rollback --yes --patience 1 --state "$CELL/state"
      back=$?
      store_comes
      ok "killed: KILL to $whom at command $point ($where), the store is gone: all is as before, its page apart, no secret and no lock left" killed_well 6
    else
      store=sealed
      echo sealed >"$CELL/faults/vault"
      TOKEN='' by_hand "$CELL/back.said" sh cutover.sh rollback --yes --state "$CELL/state"
      back=$?
      rm -f "$CELL/faults/vault"
      ok "killed: KILL to $whom at command $point ($where), the store is sealed: rolled back, as before, no secret and no lock left" killed_well 0
    fi
  done
}

# The way back is ended too, at its own Nth command, and taken once more.
killed_back() {
  killed_apply "$1"
  echo sealed >"$CELL/faults/vault"
  TOKEN='' by_hand "$CELL/back.said" --kill "$2" all sh cutover.sh rollback --yes --state "$CELL/state"
  first=$?
  there=$(tail -n 1 "$CELL/state/journal" | cut -d ' ' -f 2-)
  TOKEN='' by_hand "$CELL/back.said" sh cutover.sh rollback --yes --state "$CELL/state"
  back=$?
  rm -f "$CELL/faults/vault"
  ok "killed: KILL at command $1 ($where) and to the rollback at its command $2 ($there): the next rollback ends it, as before, no secret and no lock left" \
    eval 'same "$first" 137 && killed_well 0'
}

killed_well() {
  same "$rc" 137 && { same "$back" "$1" || { cat "$CELL/back.said"; false; }; } &&
    { [ "$1" = 0 ] || says "$CELL/back.said" "public reaches https://vault.example.net: expected up, seen down"; } &&
    as_before && none "$(memory_left)" && same "$(locks "$CELL")" 0 &&
    lab_in "$CELL" cell python3 "$HERE/search.py" "$CELL/secrets" "$CELL/state" "$CELL/home" /dev/shm /run "$CELL/back.said" "$CELL/apply.said"
}

# Nobody listens any more where the store was.
store_goes() {
  lab_in "$CELL" lb nft -f - <<'END'
table inet gone {
  chain in {
    type filter hook input priority 0
    tcp dport 8200 reject with tcp reset
  }
}
END
}
store_comes() {
  lab_in "$CELL" lb nft delete table inet gone
}
