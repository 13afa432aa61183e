# -- Steps at hand ---------------------------------------------------------------------------------------------------

# In a long runbook the steps and the observations stand below the call of cut_main, where the shell does not read: a shell
# takes long to find a function among hundred thousands, and some keep twenty times the bytes of each. They are read from the
# file a part at a time. A part begins with a line that nothing else in the file can have, since it names the digest.

# Finds the parts of the file cut_book: cut_part_steps_101='OFFSET LENGTH' and so on. False when one is missing.
cut_find_parts() {
  [ "${cut_parted}" != "${cut_book}" ] || return 0
  cut_parts_due=$(((cut_steps + cut_part - 1) / cut_part + (cut_observations + cut_part - 1) / cut_part))
  cut_parts=$(LC_ALL=C awk -v digest="${cut_digest}" '
    /^# == Part / && ($6 == digest || $6 == digest ":") {
      if (name ~ /^(steps|observations)_[0-9]+$/) printf "cut_part_%s=\047%.0f %.0f\047\n", name, from, at - from
      name = $4
      from = at
    }
    { at += length($0) + 1 }
    END { if (name == "end") print "cut_parted=" }' "${cut_book}") || cut_parts=''
  cut_parts_found=0
  for cut_mark in ${cut_parts}; do
    case "${cut_mark}" in
    cut_part_*) cut_parts_found=$((cut_parts_found + 1)) ;;
    cut_parted=) cut_parted=${cut_book} ;;
    *) ;;
    esac
  done
  if [ "${cut_parts_found}" != "${cut_parts_due}" ] || [ "${cut_parted}" != "${cut_book}" ]; then
    cut_parted=''
    cut_complain "The runbook ${cut_self} is not whole: it has ${cut_parts_found} of its ${cut_parts_due} parts, or no end. Emit it again."
    return 1
  fi
  eval "${cut_parts}"
  cut_parted=${cut_book}
}

# Prints a part, steps_101 or so.
cut_part_text() {
  cut_where=''
  eval "cut_where=\${cut_part_$1-}"
  cut_where_from=${cut_where% *}
  tail -c "+$((cut_where_from + 1))" "${cut_book}" 2>/dev/null | head -c "${cut_where#* }"
}

# The part that the functions step_N… or observe_N… stand in, in cut_holding; empty for all others, which are always there.
cut_find_part() {
  cut_holding=''
  [ "${cut_part}" != 0 ] || return 0
  case "$1" in
  step_*) cut_holding=steps ;;
  observe_*) cut_holding=observations ;;
  *) return 0 ;;
  esac
  cut_nth=${1#*_}
  cut_nth=${cut_nth%%_*}
  cut_holding="${cut_holding}_$(((cut_nth - 1) / cut_part * cut_part + 1))"
}

# Sets cut_turned to the function of the step or observation $1 (step_N, observe_N), which is there then, with those of its part:
# in place of those of another, as step_at_1 to step_at_100. Under ever new names, bash would keep them all.
cut_turn() {
  cut_find_part "$1"
  cut_turned=$1
  [ -n "${cut_holding}" ] || return 0
  cut_turned="${1%_*}_at_$(((cut_nth - 1) % cut_part + 1))"
  case "${cut_holding}" in
  "${cut_steps_held}" | "${cut_observations_held}") return 0 ;;
  *) ;;
  esac
  cut_find_parts || {
    cut_problems=$((cut_problems + 1))
    return 1
  }
  cut_part_shell=$(cut_part_text "${cut_holding}" | cut_rename)
  case "${cut_holding}" in
  steps_*)
    cut_drop_functions "${cut_steps_names}"
    cut_steps_names='' cut_steps_held=''
    ;;
  *)
    cut_drop_functions "${cut_observations_names}"
    cut_observations_names='' cut_observations_held=''
    ;;
  esac
  case "${cut_part_shell}" in
  "# == Part ${cut_holding} of ${cut_digest}: "*) eval "${cut_part_shell}" ;;
  *) ;;
  esac
  command -v "${cut_turned}" >/dev/null 2>&1 && return 0
  cut_steps_held='' cut_observations_held='' cut_problems=$((cut_problems + 1))
  cut_complain "The part ${cut_holding} of the runbook cannot be read from ${cut_book}."
  return 1
}

# Names the functions of a part by their place in it. Its last lines say what the part is and which these are.
cut_rename() {
  LC_ALL=C awk -v size="${cut_part}" -v part="${cut_holding}" '
    BEGIN {
      kind = first = part
      sub(/_.*/, "", kind)
      sub(/.*_/, "", first)
    }
    /^(step|observe)_[0-9]+[a-z0-9_]*\(\) \{( # .*)?$/ {
      split($0, piece, /[_( ]/)
      if (piece[2] >= first + 0 && piece[2] < first + size) {
        sub(/_[0-9]+/, "_at_" (piece[2] - first + 1))
        name = $0
        sub(/\(.*/, "", name)
        names = names " " name
      }
    }
    { print }
    END {
      printf "cut_%s_names=\047%s\047 cut_%s_held=%s\n", kind, names, kind, part
    }'
}

cut_drop_functions() {
  for cut_function in $1; do
    unset -f "${cut_function}"
  done
}

# Step N is the one at hand: what it is called and takes, in cut_id and so on; its functions are there, as ${cut_here}_do and so on.
cut_step() {
  cut_turn "step_$1" || return
  cut_here=${cut_turned}
  "${cut_here}"
}

# Makes the command $1 be there in this shell.
cut_define() {
  cut_find_part "$1"
  [ -z "${cut_holding}" ] || cut_find_parts || return
  cut_part_shell=''
  [ -z "${cut_holding}" ] || cut_part_shell=$(cut_part_text "${cut_holding}") || return
  eval "${cut_part_shell}"
}

# Makes the copy from which commands run have what the command $1 needs.
cut_give() {
  cut_find_part "$1"
  case "${cut_holding}" in
  '' | "${cut_given_part}") return 0 ;;
  *) ;;
  esac
  {
    cat -- "${cut_state}/lock/base" && cut_part_text "${cut_holding}" && printf '\ncut_main "$@"\n'
  } 2>/dev/null >"${cut_copy}.new" && mv -f "${cut_copy}.new" "${cut_copy}" || return
  cut_given_part=${cut_holding}
}
