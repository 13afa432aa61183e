# -- Waits -----------------------------------------------------------------------------------------------------------

cut_wait() {
  cut_seconds "$1"
  cut_say "      waits ${cut_span}"
  [ "${cut_dry}" = 1 ] || cut_sleep "$1"
}

# cut_hour TIME [ZONE]: seconds since 1970 as a time of the day, with the date when that is another day than this, in cut_day. ZONE
# is ' %Z' where the zone is said too.
cut_hour() {
  cut_format="+%Y-%m-%d %H:%M:%S${2-}"
  cut_day=$(date -d "@$1" "${cut_format}" 2>/dev/null) || cut_day=$(date -r "$1" "${cut_format}" 2>/dev/null) || cut_day="second $1"
  cut_today=$(date +%Y-%m-%d)
  cut_day=${cut_day#"${cut_today} "}
}

# How many columns of a line may be written over, in cut_room: 0 when standard output is no terminal.
cut_find_room() {
  cut_room=0
  [ -t 1 ] || return 0
  cut_size=$(stty size 2>/dev/null </dev/tty) || cut_size=''
  # A terminal that does not know its size has 0 columns. In the last one, some go on to the next line.
  case "${cut_size##* }" in
  '' | 0) cut_room=79 ;;
  *[!0-9]*) ;;
  *) cut_room=$((${cut_size##* } - 1)) ;;
  esac
}

# cut_write_over TEXT: on the line of a terminal, in place of the cut_shown columns that stand there.
cut_write_over() {
  cut_row=$1
  while [ "${#cut_row}" -lt "${cut_shown}" ]; do
    cut_row="${cut_row} "
  done
  printf '\r%s' "${cut_row}" 2>/dev/null || :
  cut_shown=${#1}
}

# cut_show_wait SECONDS: how far a wait of that length is, by its deadline, so that a wait that is resumed does not begin anew:
# [#####---------------] 36s left, goes on at 22:46:15. A narrow terminal has a shorter bar or none, or nothing at all.
cut_show_wait() {
  cut_left=$((cut_until_time - cut_time))
  cut_seconds "${cut_left}"
  cut_row="${cut_span} left, goes on at ${cut_day}"
  cut_width=$((cut_room - ${#cut_row} - 9))
  if [ "${cut_width}" -ge 5 ]; then
    [ "${cut_width}" -le 20 ] || cut_width=20
    cut_bar='' cut_i=0
    while [ "${cut_i}" -lt "${cut_width}" ]; do
      cut_i=$((cut_i + 1))
      if [ $((cut_i * $1)) -le $((cut_width * ($1 - cut_left))) ]; then
        cut_bar="${cut_bar}#"
      else
        cut_bar="${cut_bar}-"
      fi
    done
    cut_row="[${cut_bar}] ${cut_row}"
  fi
  [ $((${#cut_row} + 6)) -gt "${cut_room}" ] || cut_write_over "      ${cut_row}"
}

# cut_read_stamp STAMP: 2026-11-23T22:46:15Z, as the journal has it, as seconds since 1970 in cut_moment; empty for anything else.
# A year begins with March here, so that its last day is the one that may be missing.
cut_read_stamp() {
  cut_moment=''
  case "$1" in
  [12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z) ;;
  *) return 0 ;;
  esac
  cut_piece=${1#*-}
  cut_month="1${cut_piece%%-*}"
  cut_year=${1%%-*}
  [ "${cut_month}" -gt 102 ] || cut_year=$((cut_year - 1))
  cut_month=$((cut_month - 91))
  cut_month=$((cut_month % 12))
  cut_piece=${cut_piece#*-}
  cut_unit="1${cut_piece%%T*}"
  cut_moment=$((cut_year * 365 + cut_year / 4 - cut_year / 100 + cut_year / 400 + (cut_month * 306 + 5) / 10 + cut_unit - 719569))
  cut_piece=${cut_piece#*T}
  cut_unit="1${cut_piece%%:*}"
  cut_moment=$((cut_moment * 24 + cut_unit - 100))
  cut_piece=${cut_piece#*:}
  cut_unit="1${cut_piece%%:*}"
  cut_moment=$((cut_moment * 60 + cut_unit - 100))
  cut_piece=${cut_piece#*:}
  cut_unit="1${cut_piece%Z}"
  cut_moment=$((cut_moment * 60 + cut_unit - 100))
}

# cut_until SECONDS: waits so long since the step before ended, by its line in the journal, for caches to forget the answers that the next step must not meet.
# The deadline is in the journal as a clock time: a run that is stopped and resumed goes on at the same moment. An estimate will
# not do here. Both clocks tell whole seconds, this one and that of a cache, which still answers in the last second of a TTL: the
# deadline is over when its own second is.
cut_until() {
  # Whoever asks for one that is done only verifies.
  [ "${cut_n}" -gt "${cut_at}" ] || return 0
  cut_read_stamp "${cut_done_stamp}"
  cut_keep_wait "$1"
}

# cut_keep_wait SECONDS: the wait at hand, there or back.
cut_keep_wait() {
  cut_clock
  if [ "${cut_dry}" = 1 ]; then
    cut_foresee_wait "$1"
    return 0
  fi
  cut_set_deadline "$1" || return 1
  [ "${cut_time}" -le "${cut_until_time}" ] || return 0
  cut_hour "${cut_until_time}"
  cut_seconds "$((cut_until_time - cut_time))"
  cut_say "      waits ${cut_span}, goes on at ${cut_day}"
  cut_find_room
  cut_shown=0
  while [ "${cut_time}" -le "${cut_until_time}" ] && [ -z "${cut_signal}" ]; do
    cut_show_wait "$1"
    sleep 1
    cut_clock
    cut_set_deadline "$1" || break
  done
  if [ "${cut_shown}" -gt 0 ]; then
    # What is said of a signal gets a line of its own.
    if [ "${cut_time}" -gt "${cut_until_time}" ]; then
      cut_write_over ''
      printf '\r' 2>/dev/null || :
    else
      printf '\n' 2>/dev/null || :
    fi
  fi
  [ "${cut_time}" -gt "${cut_until_time}" ]
}

# cut_foresee_wait SECONDS: what is left of a wait, for --dry-run. It is said once: a verify asks for it again.
cut_foresee_wait() {
  [ "${cut_foreseen}" != "${cut_n}" ] || return 0
  cut_foreseen=${cut_n}
  cut_seconds "$1"
  if [ "${cut_until_step}" != "${cut_n}" ] && [ -z "${cut_moment}" ]; then
    cut_say "      waits ${cut_span}"
    return 0
  fi
  cut_find_deadline "$1"
  cut_hour "${cut_due}"
  cut_seconds "$((cut_due - cut_time))"
  if [ "${cut_time}" -le "${cut_due}" ]; then
    cut_say "      waits ${cut_span}, goes on at ${cut_day}"
  else
    cut_say "      nothing is left to wait for: the wait was over at ${cut_day}"
  fi
}

# cut_find_deadline SECONDS: the deadline of the wait at hand, in cut_due: that of the journal, else so long after cut_moment, or
# after now where that is not known. When it is further off than the wait is long, the clock was set back, and the whole wait
# from now on is enough.
cut_find_deadline() {
  cut_due=$((${cut_moment:-${cut_time}} + $1))
  [ "${cut_until_step}" != "${cut_n}" ] || cut_due=${cut_until_time}
  [ $((cut_due - cut_time)) -le "$1" ] || cut_due=$((cut_time + $1))
}

# The same, kept in the journal when it is new.
cut_set_deadline() {
  cut_find_deadline "$1"
  [ "${cut_until_step} ${cut_until_time}" != "${cut_n} ${cut_due}" ] || return 0
  cut_until_step=${cut_n} cut_until_time=${cut_due}
  cut_record until "${cut_n}" "${cut_until_time}" || return 1
  cut_hour "${cut_until_time}"
}

# cut_since STEP SECONDS: the same on the way back, from the beginning of the undo on, before something is undone that an answer leads to which was published once
# STEP had begun. When it never had, nobody can have that answer.
cut_since() {
  [ "${cut_high}" -ge "$1" ] || return 0
  cut_n_up=${cut_n} cut_moment=''
  cut_n="back-${cut_n}"
  # Nothing is at work while it waits: here, and only here, the way back may be stopped.
  trap 'cut_signal=INT' INT
  trap 'cut_signal=TERM' TERM
  cut_keep_wait "$2"
  set -- "$?"
  trap '' INT TERM
  cut_n=${cut_n_up}
  return "$1"
}

