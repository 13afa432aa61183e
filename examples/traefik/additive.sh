#!/bin/sh
# traefik-dedicated-ip: a runbook
#
# Plan      additive.cut:2
# Digest    sha256 6232163f143a998d2d3f95f8ab0d836036500180f96d9534a555d2b6229a8c21
# Compiler  cutc 0.1.0
# Length    5m10s
#
# Change the plan and emit again instead of editing this; `cutc verify RUNBOOK PLAN` says what an edit changed.
# Run it with sh from the folder of the plan: plan (prints this), preflight, apply, resume, confirm, rollback, status, verify, unlock.
#
# Steps, in the proven order
#    1  traefik-direct: create lb_service
#       about 1m30s, additive.cut:59
#       undo: back again, 6 commands, after a wait of up to 1h for old answers in caches
#    2  apex: ttl 1h -> 60s
#       about 10s, additive.cut:78
#       undo: back again, 4 commands
#    3  apex: value 10.0.20.200 -> 10.0.20.203
#       about 10s, additive.cut:74
#       undo: back again, 4 commands
#    4  apex: ttl 60s -> 1h
#       about 10s, additive.cut:78
#       undo: back again, 4 commands
#    5  traefik_lb: create alias
#       about 1m, by hand, additive.cut:104
#       undo: back again, 1 command, by hand
#    6  https: target nginx -> traefik_lb
#       about 2m, by hand, additive.cut:105
#       undo: back again, 1 command, by hand
#    7  proxied_apps: origin https://10.0.20.200:443 -> https://traefik.traefik.svc.cluster.local:443
#       about 10s, additive.cut:87
#       undo: back again, 7 commands
#
# Timeline: state 0 is before the first step, state k after step k
#   p1 devvm reaches 10.0.20.200:5432 (always)
#       0 up  1 up  2 up  3 up  4 up  5 up  6 up  7 up
#       looked at from where the runbook runs
#   p2 public reaches https://home.example.net (always)
#       0 up  1 up  2 up  3 up  4 up  5 up  6 up  7 up
#       looked at from vps.example.org
#   p3 public reaches https://vault.example.net (always)
#       0 up  1 up  2 up  3 up  4 up  5 up  6 up  7 up
#       looked at from vps.example.org
#   p4 public reaches https://immich.example.net (always)
#       0 up  1 up  2 up  3 up  4 up  5 up  6 up  7 up
#       looked at from vps.example.org
#   p5 family reaches https://immich.example.net (always)
#       0 up  1 up  2 up  3 up  4 up  5 up  6 up  7 up
#       not observed: family asks other name servers than the operator, and has no probe
#   p6 public reaches immich.example.net:443/udp (always)
#       0 up  1 up  2 up  3 up  4 up  5 up  6 up  7 up
#       not observed: udp cannot be probed with curl
#   p7 traefik-direct.exists (finally)
#       0 down  1 up  2 up  3 up  4 up  5 up  6 up  7 up
#       not probed: a condition on the plan's own values: the steps' verifies look at it
#
# Points of no return
#   none: every step can be undone
#
# What the proof rests on: values of today that the plan does not change, the heaviest first
#   lan_names.value = example.net (0, additive.cut:82)
#   immich_wan.value = 203.0.113.7 (0, additive.cut:83)
#   proxied.value = cloudflared (0, additive.cut:84)
#
# Secrets, fetched before the first step
#   vault_token: from the environment, VAULT_TOKEN
#   technitium_token: from vault, secret/data/technitium token
#   cloudflare_token: from vault, secret/data/platform cloudflare_api_token
#   pg_conn: from vault, secret/data/terraform conn_str
#
# State locks, looked at by preflight and unlock
#   traefik_stack: schema terraform_remote_state, workspace default, with psql
#
# Tools it needs
#   curl, jq, git, ../../scripts/tg (in ./stacks/traefik), rm, kubectl, dig, ssh

# == Runtime of cutc runbooks: the same in every runbook, of no interest to a reviewer of this one ==
#
# Commands of the plan are functions: step_N_do, step_N_undo, step_N_verify and, one per command, step_N_do_1 and so on.
# Each runs in a process of its own (`--command`) with its output in a log of its own. All names of the runtime begin with `cut_`.
# It has to run the same under dash, bash, busybox, ksh93, mksh, yash and zsh: hence no `set -e`, no `local`, no
# arrays, no `echo`, file descriptors below 10, and a flag instead of `$?` in the EXIT trap.

# Files of the run are for nobody else; what the plan's commands make is as their caller wants it.
cut_umask=$(umask)
umask 077

set -u
# What the shell was told otherwise does not count (`sh -e`, a TMOUT that ends each read at the terminal; ksh93 goes by it
# even when it is unset).
set +e +f +m +a +C
TMOUT=0
unset CDPATH TMOUT

cut_mode=plan cut_yes=0 cut_dry=0 cut_to='' cut_on_failure=ask cut_state='' cut_done_list=' ' cut_colour=1
cut_root='' cut_run='' cut_logs='' cut_log='' cut_out='' cut_work='' cut_cred='' cut_base=''
cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=0 cut_other='' cut_torn=0 cut_call='' cut_there='' cut_kept='' cut_given_mode='' cut_tty_out=0 cut_tty_err=0 cut_present='' cut_why=''
cut_signal='' cut_clean=0 cut_locked=0 cut_quiet_tty=0 cut_count=0
cut_name='' cut_rc=0 cut_timeout=0 cut_within=0 cut_grace=10 cut_stop=TERM cut_holds='' cut_secret_run=0 cut_lost=0 cut_vanishes=0
cut_part=0 cut_observations=0 cut_book='' cut_parted='' cut_steps_held='' cut_steps_names='' cut_observations_held='' cut_observations_names='' cut_given_part='' cut_turned='' cut_here='' cut_holding=''
cut_launcher='' cut_shell='' cut_copy='' cut_child='' cut_late=0 cut_hung_up=0
cut_bound=900 cut_gone=' ' cut_held=0 cut_from=0 cut_to_step=0 cut_only_look=0 cut_counting=0 cut_confirm_within=0 cut_until='' cut_orphaned=0 cut_alone_now=0 cut_target=0 cut_foreseen=0
cut_id='' cut_title='' cut_takes='' cut_final='' cut_hand='' cut_newer=''
cut_text='' cut_states='' cut_blind='' cut_verdict='' cut_status='' cut_before='' cut_surprises=''
cut_problems=0 cut_drift=0 cut_watching=0 cut_gentle=0 cut_differs='' cut_patience=30 cut_n=0

# -- Talking ---------------------------------------------------------------------------------------------------------

# When a terminal that was there is gone, what is said goes to the logs alone: ksh93 ends at the first word of its own
# that it cannot get rid of.
cut_mute() {
  [ "${cut_tty_out}" = 0 ] || [ -t 1 ] || exec >/dev/null
  [ "${cut_tty_err}" = 0 ] || [ -t 2 ] || exec 2>/dev/null
}

cut_say() {
  printf '%s\n' "$*" 2>/dev/null || cut_mute
  [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
}

cut_complain() {
  printf '%s\n' "$*" >&2 2>/dev/null || :
  [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
}

# What a shell or a tool says itself of a full disk is muted, and said once.
cut_note() {
  { printf '%s\n' "$*" >>"${cut_log}"; } 2>/dev/null || cut_lose_log
}

cut_lose_log() {
  [ "${cut_lost}" = 0 ] || return 0
  cut_lost=1
  cut_complain "The log ${cut_log} cannot be written (a full disk, or no right to it): what its command says is not kept."
}

cut_good() { cut_paint 32 "$*"; }
cut_bad() { cut_paint 31 "$*"; }
cut_paint() {
  cut_paint_code=$1
  shift
  if [ "${cut_colour}" = 1 ]; then
    printf '\033[%sm%s\033[0m\n' "${cut_paint_code}" "$*" 2>/dev/null || :
    [ -z "${cut_logs}" ] || printf '%s\n' "$*" >>"${cut_logs}/runbook.log" 2>/dev/null || :
  else
    cut_say "$*"
  fi
}

# Seconds as people say them, in cut_span.
cut_seconds() {
  if [ "$1" -ge 3600 ]; then
    cut_span="$(($1 / 3600))h$(($1 % 3600 / 60))m"
  elif [ "$1" -ge 120 ]; then
    cut_span="$(($1 / 60))m$(($1 % 60))s"
  else
    cut_span="$1s"
  fi
}

cut_clock() {
  cut_time=$(date +%s)
}

# cut_is_late SECONDS: is cut_deadline over, which was so many seconds away when it was set? When it is further away, the clock
# was set back, and those seconds from now on are enough.
cut_is_late() {
  cut_clock
  [ $((cut_deadline - cut_time)) -le "$1" ] || cut_deadline=$((cut_time + $1))
  [ "${cut_time}" -ge "${cut_deadline}" ]
}

# A path as one word of a command line that people copy, in cut_quoted.
cut_quote() {
  cut_quoted=$1
  case "$1" in
  *[!A-Za-z0-9_./:@%+=,-]*)
    cut_quoted=$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")
    cut_quoted="'${cut_quoted}'"
    ;;
  *) ;;
  esac
}

cut_has_terminal() {
  (: </dev/tty) 2>/dev/null
}

# One line from the terminal in cut_answer; empty when there is none or a signal came. Read in a subshell, since the
# `read` of some shells goes on waiting after a signal that is trapped.
cut_ask() {
  cut_answer=''
  cut_has_terminal || return 1
  printf '%s ' "$*" >/dev/tty
  cut_answer=$(IFS= read -r cut_line </dev/tty && printf '%s' "${cut_line}") || return 1
  [ -z "${cut_signal}" ]
}

# Sleeps in short pieces, so that a signal is seen.
cut_sleep() {
  cut_left=$1
  while [ "${cut_left}" -gt 0 ] && [ -z "${cut_signal}" ]; do
    sleep 1
    cut_left=$((cut_left - 1))
  done
  [ -z "${cut_signal}" ]
}

# -- Journal: an intent is on disk before what it speaks of ----------------------------------------------------------

cut_record() {
  cut_stamp=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  [ "${cut_torn}" = 0 ] || cut_mend_journal
  if ! { printf '%s %s\n' "${cut_stamp}" "$*" >>"${cut_state}/journal"; } 2>/dev/null; then
    cut_torn=1
    cut_complain "The journal ${cut_state}/journal cannot be written: nothing is done that is not recorded first."
    return 1
  fi
  [ "$1" != 'done' ] || cut_done_stamp=${cut_stamp}
  sync "${cut_state}/journal" 2>/dev/null || sync 2>/dev/null || :
}

# Reads where things stand: cut_at (steps done), cut_doubt (a step begun and not ended), cut_undoing (an undo begun and
# not ended), cut_over (finished, rolled-back or empty), cut_other (digest of another plan's run), cut_done_stamp (when the last
# step ended, empty where an undo came after it). Half a line at the
# end, from a crash or a full disk while it was written, does not count.
cut_read_journal() {
  cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=0 cut_other='' cut_until=''
  cut_until_step=0 cut_until_time=0 cut_high=0 cut_done_stamp=''
  [ -r "${cut_state}/journal" ] || return 0
  while read -r cut_j_time cut_j_event cut_j_number cut_j_rest; do
    case "${cut_j_event} ${cut_j_number} ${cut_j_rest}" in
    *'(torn)'*) continue ;;
    *) ;;
    esac
    case "${cut_j_event}" in
    run)
      cut_at=0 cut_doubt=0 cut_undoing=0 cut_over='' cut_begun=1 cut_until_step=0 cut_high=0 cut_done_stamp=''
      cut_run=${cut_j_number}
      cut_other=''
      [ "${cut_j_rest}" = "${cut_digest}" ] || cut_other=${cut_j_rest}
      ;;
    intent)
      cut_doubt=${cut_j_number} cut_over=''
      [ "${cut_high}" -ge "${cut_j_number}" ] || cut_high=${cut_j_number}
      ;;
    done) cut_at=${cut_j_number} cut_doubt=0 cut_done_stamp=${cut_j_time} ;;
    undo) cut_undoing=${cut_j_number} cut_over='' ;;
    undone)
      cut_at=$((cut_j_number - 1)) cut_doubt=0 cut_undoing=0 cut_done_stamp=''
      [ "${cut_until_step}" != "${cut_j_number}" ] || cut_until_step=0
      ;;
    until) cut_until_step=${cut_j_number} cut_until_time=${cut_j_rest} ;;
    guarded | kept) cut_until='' ;;
    confirm-until) cut_until=${cut_j_number} ;;
    over) cut_over=${cut_j_number} cut_until='' ;;
    *) cut_complain "The journal has a line of ${cut_j_time} that this runbook does not know: ${cut_j_event}" ;;
    esac
  done <"${cut_state}/journal"
  [ ! -r "${cut_state}/root" ] || cut_root=$(cat -- "${cut_state}/root")
}

# Half a line at the end is marked, so that nobody takes it for a whole one later.
cut_mend_journal() {
  [ -s "${cut_state}/journal" ] || return 0
  cut_last=$(tail -c 1 "${cut_state}/journal" | wc -l)
  [ "${cut_last}" -gt 0 ] || { printf ' (torn)\n' >>"${cut_state}/journal"; } 2>/dev/null || return 0
  cut_torn=0
}

# -- One run at a time -----------------------------------------------------------------------------------------------

# When the process was born, in cut_birth, empty when it is gone (or a zombie): with its number, one process and no other,
# also after its number has been given away again or the host has been started anew.
cut_born() {
  cut_birth=''
  if [ -r "/proc/$$/stat" ]; then
    cut_birth=$(awk '{ sub(/.*\) /, ""); if ($1 !~ /[ZX]/) print $20 }' "/proc/$1/stat" 2>/dev/null) || cut_birth=''
    cut_boot=''
    [ ! -r /proc/sys/kernel/random/boot_id ] || read -r cut_boot </proc/sys/kernel/random/boot_id
    [ -z "${cut_birth}" ] || cut_birth="${cut_birth}-${cut_boot}"
  elif kill -0 "$1" 2>/dev/null; then
    cut_birth=$(ps -o lstart= -p "$1" 2>/dev/null | tr ' ' _) || cut_birth=''
    [ -n "${cut_birth}" ] || cut_birth=unknown
  fi
}

# cut_is_alive PROCESS BIRTH
cut_is_alive() {
  [ -n "$1" ] || return 1
  cut_born "$1"
  [ -n "${cut_birth}" ] && [ "${cut_birth}" = "$2" ]
}

# Who holds the lock by the file $1: cut_holder, cut_holder_host, cut_holder_birth.
cut_read_holder() {
  cut_holder='' cut_holder_host='' cut_holder_birth=''
  cut_held_by=$(cat -- "$1" 2>/dev/null) || return 1
  cut_holder=${cut_held_by%% *}
  cut_holder_birth=${cut_held_by##* }
  cut_holder_host=${cut_held_by#* }
  cut_holder_host=${cut_holder_host%% *}
}

# The lock is the file `holder`, made whole in one go by a hard link. That of a process that is gone is taken over by
# whoever links `after.` it first, and then replaces it; one who dies between the two is taken over in the same way.
cut_lock() {
  cut_tries=0
  cut_host=$(uname -n)
  cut_me="${cut_state}/lock/me.$$"
  while :; do
    mkdir -p "${cut_state}/lock" || {
      cut_complain "The state directory ${cut_state} cannot be made."
      return 4
    }
    cut_born "$$"
    { printf '%s %s %s\n' "$$" "${cut_host}" "${cut_birth}" >"${cut_me}"; } 2>/dev/null && ln "${cut_me}" "${cut_state}/lock/holder" 2>/dev/null && break
    cut_rc=0
    cut_take_over || cut_rc=$?
    [ "${cut_rc}" != 0 ] || break
    cut_tries=$((cut_tries + 1))
    [ "${cut_rc}" != 1 ] || [ "${cut_tries}" -lt 20 ] || {
      cut_complain "The lock ${cut_state}/lock cannot be written: a full disk, no right to it, or a file system without hard links."
      cut_rc=4
    }
    if [ "${cut_rc}" != 1 ]; then
      cut_leave_lock
      return "${cut_rc}"
    fi
    sleep 1
  done
  cut_locked=1
  rm -f "${cut_state}"/lock/me.* "${cut_state}"/lock/after.*
  { printf '%s\n' "$$" >"${cut_state}/lock/pid"; } 2>/dev/null || :
  cut_copy_book || return 4
  cut_outlived
}

# Commands are run from a copy, so that a runbook that is written anew meanwhile changes nothing. It has what they are made of
# and the plan, and cut_command as its end: most of the time that a command takes would go into reading the rest.
cut_copy_commands() {
  sed -n '/^set -u$/,/^# -- /p
    /^cut_compose() {$/,/^}$/p
    /^# -- What the commands of the plan are made of/,/^# -- /p
    /^cut_command() {$/,/^}$/{ s/^cut_command/cut_main/; p; }' <"$1" && sed -e '1,/^# == End of the .* ==$/d' -e "/^# == Part tables of ${cut_digest} ==/q" <"$1"
}

cut_copy_book() {
  cut_copy="${cut_state}/lock/runbook"
  if [ "${cut_part}" = 0 ]; then
    { cut_copy_commands "${cut_self}"; } 2>/dev/null >"${cut_copy}" && return 0
  else
    cut_book="${cut_state}/lock/book"
    if { cp -- "${cut_self}" "${cut_book}" && cut_copy_commands "${cut_book}" >"${cut_state}/lock/base" &&
      cat -- "${cut_state}/lock/base" >"${cut_copy}" && printf '\ncut_main "$@"\n' >>"${cut_copy}"; } 2>/dev/null; then
      cut_find_parts
      return
    fi
  fi
  cut_complain "The runbook cannot be copied to ${cut_state}/lock: a full disk, or no right to it."
  return 1
}

cut_leave_lock() {
  rm -f "${cut_me}"
  rmdir "${cut_state}/lock" 2>/dev/null || :
}

# 0: taken over; 1: it has changed meanwhile; 5: its holder lives, or cannot be judged.
cut_take_over() {
  cut_read_holder "${cut_state}/lock/holder" || return 1
  cut_stale=${cut_held_by}
  while :; do
    if [ "${cut_holder_host}" != "${cut_host}" ]; then
      cut_complain "Another run of this plan holds ${cut_state}/lock: process ${cut_holder} on ${cut_holder_host}, which cannot be seen from ${cut_host}. When it is gone for sure, remove ${cut_state}/lock"
      return 5
    fi
    if cut_is_alive "${cut_holder}" "${cut_holder_birth}"; then
      cut_complain "Another run of this plan holds ${cut_state}/lock (process ${cut_holder} on ${cut_holder_host})."
      return 5
    fi
    cut_after="${cut_state}/lock/after.${cut_holder}.${cut_holder_birth}"
    ! ln "${cut_me}" "${cut_after}" 2>/dev/null || break
    cut_read_holder "${cut_after}" || return 1
  done
  cut_read_holder "${cut_state}/lock/holder" || cut_held_by=''
  if [ "${cut_held_by}" != "${cut_stale}" ] || ! mv -f "${cut_me}" "${cut_state}/lock/holder" 2>/dev/null; then
    rm -f "${cut_after}"
    return 1
  fi
  cut_say "The lock of run ${cut_holder} is stale (that process is gone): taken over."
}

# Is the command $2 of this run's lock at work, as process $1 when that is known? Its process is then in cut_worker.
cut_works() {
  cut_worker=''
  if [ -r "/proc/$$/cmdline" ]; then
    for cut_base in /proc/[0-9]*; do
      [ -z "$1" ] || [ "${cut_base##*/}" = "$1" ] || continue
      cut_line=$({ tr '\0' ' ' <"${cut_base}/cmdline"; } 2>/dev/null) || continue
      case "${cut_line}" in
      *"${cut_state}/lock/runbook --command $2 "*) cut_worker=${cut_base##*/} ;;
      *) continue ;;
      esac
      return 0
    done
    return 1
  fi
  cut_worker=$(ps -A -o pid= -o args= 2>/dev/null | awk -v pid="$1" -v name="$2" '(pid == "" || $1 == pid) && index($0, "--command " name " ") { print $1; exit }')
  [ -n "${cut_worker}" ]
}

# What a person would look for among the processes: the program that the command behind cut_worker has started, in cut_busy.
cut_name_worker() {
  cut_busy=$(cut_processes | awk -v parent="${cut_worker}" '$2 == parent { print $1; exit }')
  [ -n "${cut_busy}" ] || cut_busy=${cut_worker}
  cut_program=$(ps -o comm= -p "${cut_busy}" 2>/dev/null || cat "/proc/${cut_busy}/comm" 2>/dev/null) || cut_program=''
  cut_busy="process ${cut_busy}${cut_program:+, ${cut_program##*/}}"
}

# A run that was killed may have left a command at work: nothing is done beside it.
cut_outlived() {
  cut_orphan_name=$(cat -- "${cut_state}/lock/command" 2>/dev/null) || return 0
  cut_orphan=''
  case "${cut_orphan_name}" in
  *' '*)
    cut_orphan=${cut_orphan_name%% *}
    cut_orphan_name=${cut_orphan_name#* }
    ;;
  *) ;;
  esac
  cut_orphan_left=600
  while cut_works "${cut_orphan}" "${cut_orphan_name}"; do
    if [ "${cut_orphan_left}" = 600 ]; then
      cut_name_worker
      cut_say "Its command ${cut_orphan_name} is still at work (${cut_busy}): waits for it."
    fi
    if [ "${cut_orphan_left}" = 0 ] || [ -n "${cut_signal}" ]; then
      cut_name_worker
      cut_complain "The command ${cut_orphan_name} of the run before is still at work (${cut_busy}): nothing is done beside it."
      return 5
    fi
    sleep 1
    cut_orphan_left=$((cut_orphan_left - 1))
  done
  # What it said is kept in its log.
  if [ -r "${cut_state}/lock/output" ]; then
    { IFS= read -r cut_out && IFS= read -r cut_orphan_log; } <"${cut_state}/lock/output" || cut_out=''
    [ -z "${cut_out}" ] || [ ! -s "${cut_out}" ] || { cat -- "${cut_out}" >>"${cut_orphan_log}" && rm -f "${cut_out}"; } 2>/dev/null || :
  fi
  rm -f "${cut_state}/lock/command" "${cut_state}/lock/output"
}

# What the lock is made of goes last.
cut_unlock() {
  [ "${cut_locked}" = 1 ] || return 0
  cut_locked=0
  # While a command may be at work, it stays: whoever finds it stale waits for that command.
  [ ! -e "${cut_state}/lock/command" ] || return 0
  rm -f "${cut_state}/lock/runbook" "${cut_state}/lock/base" "${cut_state}/lock/book" "${cut_state}/lock/pid" "${cut_state}/lock/output" "${cut_state}"/lock/me.*
  rm -f "${cut_state}/lock/holder"
  rmdir "${cut_state}/lock" 2>/dev/null || :
}
# -- Secrets: files of mode 0600 in a directory of mode 0700 on a memory file system ---------------------------------

cut_is_memory() {
  cut_fs=$(stat -f -c %T "$1" 2>/dev/null) || cut_fs=$(df -P "$1" 2>/dev/null | awk 'NR == 2 { print $1 }')
  case "${cut_fs}" in
  tmpfs | ramfs | shm) return 0 ;;
  *) return 1 ;;
  esac
}

cut_is_mine() {
  cut_uid=$(id -u)
  cut_mine=$(find "$1" -prune -type d -user "${cut_uid}" -perm 700 2>/dev/null) || return 1
  [ -n "${cut_mine}" ]
}

# Opens the directory of the run, or makes one; a second process after a crash finds the same.
cut_open_secrets() {
  if [ -n "${cut_cred}" ] && cut_is_mine "${cut_cred}"; then
    return 0
  fi
  if [ -r "${cut_state}/secrets-at" ]; then
    cut_cred=$(cat -- "${cut_state}/secrets-at")
    if [ -n "${cut_cred}" ] && cut_is_mine "${cut_cred}"; then
      return 0
    fi
  fi
  cut_cred=''
  cut_uid=$(id -u)
  for cut_base in "${XDG_RUNTIME_DIR:-/dev/shm}" /dev/shm "${cut_state}"; do
    # That of a login goes with its last session; /dev/shm does too, but not for root.
    [ "${cut_confirm_within}" = 0 ] || [ "${cut_uid}" != 0 ] || [ "${cut_base}" != "/run/user/0" ] || continue
    if ! [ -d "${cut_base}" ] || ! [ -w "${cut_base}" ]; then
      continue
    fi
    if [ "${cut_base}" = "${cut_state}" ]; then
      cut_complain "No memory file system to keep secrets in: they are kept in ${cut_state} until the run is over."
    elif ! cut_is_memory "${cut_base}"; then
      continue
    fi
    cut_cred="${cut_base}/cutc-${cut_plan}-${cut_run:-look}-$$"
    if mkdir -m 700 "${cut_cred}" 2>/dev/null; then
      printf '%s\n' "${cut_cred}" >"${cut_state}/secrets-at" || return 1
      return 0
    fi
    cut_cred=''
  done
  cut_complain "No place to keep secrets in."
  return 1
}

cut_drop_secrets() {
  if [ -z "${cut_cred}" ] && [ -r "${cut_state}/secrets-at" ]; then
    cut_cred=$(cat -- "${cut_state}/secrets-at")
    if [ -z "${cut_cred}" ] || ! cut_is_mine "${cut_cred}"; then
      cut_cred=''
    fi
  fi
  if [ -n "${cut_cred}" ]; then
    rm -rf "${cut_cred:?}"
  fi
  cut_cred=''
  rm -f "${cut_state}/secrets-at"
}

# A secret's file without the line end of its source; an empty one is none.
cut_store() {
  awk 'NR > 1 { printf "\n" } { printf "%s", $0 }' >"${cut_cred}/secret.$1" && [ -s "${cut_cred}/secret.$1" ]
}

cut_secret_env() {
  awk 'BEGIN { printf "%s", ENVIRON[ARGV[1]]; exit }' "$2" | cut_store "$1" && return 0
  cut_complain "Secret $1: the environment variable $2 is not set (or not exported)."
  return 1
}

cut_secret_file() {
  case "$2" in
  /*) cut_file=$2 ;;
  *) cut_file=${cut_root}/$2 ;;
  esac
  if [ -r "${cut_file}" ] && cut_store "$1" <"${cut_file}"; then
    return 0
  fi
  cut_complain "Secret $1: the file ${cut_file} cannot be read, or is empty."
  return 1
}

cut_secret_prompt() {
  if ! cut_has_terminal; then
    cut_complain "Secret $1 is asked for at the terminal, and there is none."
    return 1
  fi
  printf '%s: ' "$2" >/dev/tty
  cut_quiet_tty=1
  stty -echo </dev/tty
  head -n 1 </dev/tty | cut_store "$1"
  cut_rc=$?
  stty echo </dev/tty
  cut_quiet_tty=0
  printf '\n' >/dev/tty
  [ "${cut_rc}" = 0 ] && return 0
  cut_complain "Secret $1: nothing was entered."
  return 1
}

# cut_secret_jq NAME PATH FIELD FILTER: picks the secret out of the last answer of its source.
cut_secret_jq() {
  jq -ej --arg path "$2" --arg field "$3" "$4" <"${cut_out}" 2>"${cut_cred}/jq.err" | cut_store "$1" && {
    rm -f "${cut_out}"
    return 0
  }
  cut_complain "Secret $1: the answer of its source has no $3 at $2."
  return 1
}

# cut_secret_text NAME: all of the last answer of its source.
cut_secret_text() {
  cut_store "$1" <"${cut_out}" && {
    rm -f "${cut_out}"
    return 0
  }
  cut_complain "Secret $1: the answer of its source is empty."
  return 1
}

# Fetches those that are not there yet; with a name, just that one.
cut_fetch() {
  [ "${cut_dry}" = 0 ] || return 0
  cut_open_secrets || return 1
  cut_missing=0
  for cut_wanted in "$@"; do
    [ ! -s "${cut_cred}/secret.${cut_wanted#*:}" ] || continue
    cut_secret_run=1
    "secret_${cut_wanted%%:*}" || cut_missing=1
    cut_secret_run=0
  done
  [ "${cut_missing}" = 0 ]
}

# Writes its operands one after the other: `text T` as it is, `secret NAME` from its file, never through an argument.
cut_compose() {
  while [ "$#" -gt 1 ]; do
    case "$1" in
    text) printf '%s' "$2" || return ;;
    secret) cat -- "${cut_cred}/secret.$2" || return ;;
    *) return 2 ;;
    esac
    shift 2
  done
}

# What a secret looks like in a file: as it is, in the text of JSON, URL-encoded, in base64 at each of its three offsets,
# and that for URLs. Of a secret of several lines, each line that says something. Nothing shorter than six bytes.
cut_disguises() {
  LC_ALL=C awk '
    function say(t) {
      if (length(t) >= 6 && t !~ /^-----/ && !(t in said)) print t
      said[t] = 1
    }
    function base64(t, skip, i, n, bits, out, byte) {
      for (i = 1; i <= length(t); i++) byte[i + skip] = code[substr(t, i, 1)]
      n = length(t) + skip
      for (i = 1; i + 2 <= n; i += 3) {
        bits = byte[i] * 65536 + byte[i + 1] * 256 + byte[i + 2]
        out = out digit(int(bits / 262144)) digit(int(bits / 4096) % 64) digit(int(bits / 64) % 64) digit(bits % 64)
      }
      if (n - i == 1) out = out digit(int(byte[i] / 4)) digit(byte[i] % 4 * 16 + int(byte[i + 1] / 16))
      if (n == i) out = out digit(int(byte[i] / 4))
      return substr(out, skip == 0 ? 1 : skip + 2)
    }
    function digit(n) {
      return substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", n + 1, 1)
    }
    function url(t, upper, plus, out, i, c) {
      for (i = 1; i <= length(t); i++) {
        c = substr(t, i, 1)
        if (plus && c == " ") c = "+"
        else if (c !~ /[A-Za-z0-9_.~-]/) c = sprintf(upper ? "%%%02X" : "%%%02x", code[c])
        out = out c
      }
      return out
    }
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    {
      all = all (NR > 1 ? "\n" : "") $0
      say($0)
      json = $0
      gsub(/\\/, "&&", json)
      gsub(/"/, "\\\"", json)
      say(json)
    }
    END {
      if (length(all) < 6) exit
      for (i = 0; i < 3; i++) {
        b = base64(all, i)
        say(b)
        gsub(/\+/, "-", b)
        gsub(/\//, "_", b)
        say(b)
      }
      say(url(all, 1, 0)); say(url(all, 0, 0)); say(url(all, 1, 1))
    }' <"$1"
}

# Searches all that the run has written for each secret that it fetched, in any of its disguises; what holds one is closed to
# others, named, and stays: the secret has to be changed.
cut_search_logs() {
  [ -n "${cut_cred}" ] && [ -d "${cut_cred}" ] || return 0
  for cut_file in "${cut_cred}"/secret.* "${cut_cred}"/gone.*; do
    [ -s "${cut_file}" ] || continue
    case "${cut_file}" in
    */gone.*) cat -- "${cut_file}" ;;
    *) cut_disguises "${cut_file}" ;;
    esac >"${cut_cred}/pattern"
    [ -s "${cut_cred}/pattern" ] || continue
    find "${cut_state}" -type d -name "${cut_cred##*/}" -prune -o -type f ! -path "${cut_state}/lock/*" -exec grep -lF -f "${cut_cred}/pattern" {} + >"${cut_cred}/found" 2>/dev/null
    while IFS= read -r cut_leak; do
      chmod 600 "${cut_leak}"
      cut_bad "THE SECRET ${cut_file##*/*.} STANDS IN ${cut_leak}: nobody else can read that file now. Change the secret, then remove the file."
    done <"${cut_cred}/found"
  done
}

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
# -- What the commands of the plan are made of (each runs in the subshell of its command) ----------------------------

cut_stdin() {
  umask 077
  cut_compose "$@" >"${cut_cred}/now.stdin" || return
  umask "${cut_umask}"
  exec <"${cut_cred}/now.stdin"
  rm -f "${cut_cred}/now.stdin"
}

cut_header() {
  umask 077
  cut_compose "$@" >>"${cut_cred}/now.header" && printf '\n' >>"${cut_cred}/now.header"
}

cut_basic() {
  umask 077
  {
    printf 'user = "'
    cut_compose "$@" | sed 's/[\\"]/\\&/g'
    printf '"\n'
  } >"${cut_cred}/now.config"
}

cut_body() {
  umask 077
  cut_compose "$@" >"${cut_cred}/now.body"
}

# cut_http METHOD URL [status 'N N'] [body FILE] [save FILE] [resolve ADDRESS] [cacert FILE] [max SECONDS]
# Prints the body of the answer; fails unless the status is one of those expected (2xx when none is named).
cut_http() {
  umask 077
  cut_method=$1 cut_url=$2 cut_wanted='' cut_save='' cut_max=60
  shift 2
  cut_left=$#
  set -- "$@" -q -sS --connect-timeout 10
  while [ "${cut_left}" -gt 1 ]; do
    cut_key=$1 cut_value=$2
    shift 2
    case "${cut_key}" in
    status) cut_wanted=${cut_value} ;;
    body) set -- "$@" --data-binary "@${cut_value}" ;;
    save) cut_save=${cut_value} ;;
    resolve) set -- "$@" --connect-to "::${cut_value}:" ;;
    cacert) set -- "$@" --cacert "${cut_value}" ;;
    max) cut_max=${cut_value} ;;
    *) return 2 ;;
    esac
    cut_left=$((cut_left - 2))
  done
  case "${cut_method}" in
  GET) ;;
  HEAD) set -- "$@" -I ;;
  *) set -- "$@" -X "${cut_method}" ;;
  esac
  [ ! -s "${cut_cred}/now.header" ] || set -- "$@" -H "@${cut_cred}/now.header"
  [ ! -s "${cut_cred}/now.config" ] || set -- "$@" -K "${cut_cred}/now.config"
  [ ! -e "${cut_cred}/now.body" ] || set -- "$@" --data-binary "@${cut_cred}/now.body"
  : >"${cut_cred}/now.reply"
  curl "$@" --max-time "${cut_max}" -o "${cut_cred}/now.reply" -w '%{http_code}\n' -- "${cut_url}" >"${cut_cred}/now.status"
  cut_rc=$?
  cut_status=$(cat -- "${cut_cred}/now.status")
  printf '%s %s: %s\n' "${cut_method}" "${cut_url}" "${cut_status:-no answer}" >&2
  [ -z "${cut_save}" ] || cp -- "${cut_cred}/now.reply" "${cut_save}" || return
  cat -- "${cut_cred}/now.reply"
  [ "${cut_rc}" = 0 ] || return "${cut_rc}"
  [ -n "${cut_wanted}" ] || case "${cut_status}" in
  2??) return 0 ;;
  *) ;;
  esac
  case " ${cut_wanted} " in
  *" ${cut_status} "*) return 0 ;;
  *) ;;
  esac
  printf 'expected status %s, got %s\n' "${cut_wanted:-2xx}" "${cut_status}" >&2
  return 22
}

# cut_tcp HOST PORT: somebody accepts a connection. curl's telnet stays connected until its time is up, so the first
# try is short, and what counts is that a connection was made.
cut_tcp() {
  for cut_max in 1 5; do
    cut_made=$(curl -q -s --noproxy '*' --max-time "${cut_max}" -o /dev/null -w '%{num_connects}' "telnet://$1:$2" </dev/null)
    cut_rc=$?
    if [ "${cut_rc}" = 0 ] || [ "${cut_rc}" = 28 ] && [ "${cut_made:-0}" -gt 0 ]; then
      return 0
    fi
    [ "${cut_rc}" = 28 ] || break
  done
  printf 'nobody answers on %s port %s\n' "$1" "$2" >&2
  return 7
}

# cut_dns NAME SERVER PORT TYPE EXPECTED: what the server says is what is expected, and nothing beside it.
cut_dns() {
  cut_answer=$(dig +time=3 +tries=1 +short -p "$3" "@$2" -t "$4" -q "$1") || return
  printf '%s\n' "${cut_answer}"
  cut_match=$(printf '%s\n' "${cut_answer}" | awk -v type="$4" -v want="$5" '
    BEGIN { want = tolower(want); sub(/\.$/, "", want) }
    { got = tolower($0); sub(/\.$/, "", got) }
    type == "CNAME" && got == want { good = 1 }
    type == "A" && got ~ /^[0-9.]+$/ { if (got == want) good = 1; else other = 1 }
    type == "AAAA" && got ~ /:/ { if (got == want) good = 1; else other = 1 }
    END { print good && !other ? "yes" : (want == "none" && NR <= 1 && got == "") ? "yes" : "no" }')
  [ "${cut_match}" = yes ] && return 0
  printf '%s at %s: expected %s\n' "$1" "$2" "$5" >&2
  return 1
}

# -- Running one command ---------------------------------------------------------------------------------------------

# Every process and its parent, a line each.
cut_processes() {
  if [ -r "/proc/$$/stat" ]; then
    cat /proc/[0-9]*/stat 2>/dev/null | awk '{ pid = $1; sub(/.*\) /, ""); print pid, $2 }'
  else
    ps -A -o pid= -o ppid= 2>/dev/null
  fi
}

# Ends a process with all that it started: politely, and after the grace time for good.
cut_end_tree() {
  cut_tree=$(cut_processes | awk -v root="$1" '
    { parent[$1] = $2 }
    END {
      for (p in parent) {
        q = p
        for (i = 0; i < 64 && q != root && q in parent; i++) q = parent[q]
        if (q == root && p != root) print p
      }
    }')
  for cut_victim in ${cut_tree}; do
    kill -s "$2" "${cut_victim}" 2>/dev/null || :
  done
  kill -s "$2" "$1" 2>/dev/null || :
}

# How commands are started, found once. Each runs in a session of its own, with the signals as a program expects them:
# what the terminal sends (Ctrl-C, HUP) does not reach it by itself, so that this script passes it on exactly once, and a
# tool that is started in the background does not ignore INT. Where that cannot be had, a command runs in the foreground
# and a signal waits for its end.
cut_find_launcher() {
  cut_launcher=none
  if setsid true 2>/dev/null && env --default-signal true 2>/dev/null; then
    cut_launcher=setsid
  elif perl -e 'use POSIX ();' 2>/dev/null; then
    cut_launcher=perl
  fi
  # The shell that runs this script runs its commands.
  cut_shell=''
  [ ! -r "/proc/$$/cmdline" ] || cut_shell=$(tr '\0' '\n' <"/proc/$$/cmdline" | awk -v self="${cut_self}" '$0 == self { found = 1; exit } { all = all $0 "\n" } END { if (found) printf "%s", all }')
  [ -n "${cut_shell}" ] || cut_shell='sh'
}

# Starts a program in a session of its own, in the background; its output is where this one's is. Without `exec`, yash
# would keep a process of its own for it in this session, which HUP ends while the program works on.
cut_apart() {
  case "${cut_launcher}" in
  setsid) exec setsid env --default-signal "$@" </dev/null & ;;
  perl) exec perl -e 'use POSIX (); POSIX::setsid(); $SIG{$_} = "DEFAULT" for qw(INT QUIT TERM HUP PIPE); exec { $ARGV[0] } @ARGV; exit 127' "$@" </dev/null & ;;
  *) exec nohup "$@" </dev/null & ;;
  esac
}

# This script once more, under the shell that runs it: cut_once_more FILE WORD…
cut_once_more() {
  # The words of the shell's command line, which have no blanks, in front of the others.
  cut_words=''
  for cut_word in ${cut_shell}; do
    cut_words="${cut_word}
${cut_words}"
  done
  for cut_word in ${cut_words}; do
    set -- "${cut_word}" "$@"
  done
  cut_apart "$@"
}

# Starts the command cut_name in the background.
cut_launch() {
  # Known before it begins, so that whoever comes after a crash can wait for it.
  { printf '%s\n' "${cut_out}" "${cut_log}" >"${cut_state}/lock/output" && printf '%s\n' "${cut_name}" >"${cut_state}/lock/command"; } 2>/dev/null || :
  cut_once_more "${cut_copy}" --command "${cut_name}" "${cut_cred}" "${cut_run}" "${cut_work}" "${cut_root}" "${cut_umask}" >"${cut_out}" 2>>"${cut_log}"
  cut_child=$!
}

# The other end of cut_launch: --command NAME …, in a copy of what commands are made of (cut_copy_commands). It outlives the
# signals that its tool gets, so that it has the tool's exit status.
cut_command() {
  trap ':' INT TERM HUP
  shift
  cut_name=$1 cut_cred=$2 cut_run=$3 cut_work=$4 cut_umask=$6
  # What it does with secrets is not traced (`sh -x`).
  set +x
  { printf '%s %s\n' "$$" "${cut_name}" >"${0%/*}/command"; } 2>/dev/null || :
  umask "${cut_umask}"
  cd -- "$5" || exit 126
  "${cut_name}"
}

# Sets cut_alive to those of cut_family that still run (a zombie does not).
cut_count_alive() {
  cut_alive=''
  for cut_member in ${cut_family}; do
    cut_born "${cut_member}"
    [ -z "${cut_birth}" ] || cut_alive="${cut_alive} ${cut_member}"
  done
}

# cut_stop_command WHY: asks the command and all that it started to stop, once, as the tool wants it; waits as long as the
# tool needs; only then ends it for good, and says so when it holds a lock.
cut_stop_command() {
  cut_seconds "${cut_grace}"
  cut_say "      $1: asks ${cut_holds:-the command} to stop (${cut_stop}), and waits for it up to ${cut_span}"
  cut_note "$1: signal ${cut_stop}, grace ${cut_grace}s"
  cut_tree=''
  cut_end_tree "${cut_child}" "${cut_stop}"
  cut_family="${cut_child} ${cut_tree}"
  cut_given=${cut_grace}
  cut_count_alive
  while [ -n "${cut_alive}" ] && [ "${cut_given}" -gt 0 ]; do
    sleep 1
    cut_given=$((cut_given - 1))
    cut_count_alive
  done
  [ -n "${cut_alive}" ] || return 0
  if [ -n "${cut_holds}" ]; then
    cut_bad "      ${cut_holds} HOLDS A LOCK and has not stopped in ${cut_span}: it is killed now. What it did may not be saved, and its lock may stay: ${cut_call} unlock --state ${cut_there}"
  else
    cut_say "      killed: it did not stop in ${cut_span}"
  fi
  cut_note "killed after its grace time"
  # With what they have started since; halted first, or one goes on to its next line when what it waits for is killed.
  for cut_member in ${cut_alive}; do
    kill -s STOP "${cut_member}" 2>/dev/null || :
  done
  for cut_member in ${cut_alive}; do
    cut_end_tree "${cut_member}" KILL
  done
}

# Waits for the command; a signal or the end of its time stops it. The terminal going (HUP) stops nothing that holds a lock.
cut_attend() {
  cut_timer='' cut_stopped=0 cut_late=0
  if [ "${cut_timeout}" -gt 0 ]; then
    # By what it leaves one knows that its time is over, and not by the clock, which may be set back.
    (sleep "${cut_timeout}" && : >"${cut_cred}/now.late" && kill -s ALRM "$$") >/dev/null 2>&1 </dev/null &
    cut_timer=$!
  fi
  while :; do
    cut_rc=0
    wait "${cut_child}" || cut_rc=$?
    kill -0 "${cut_child}" 2>/dev/null || break
    [ "${cut_stopped}" = 0 ] || continue
    if [ "${cut_signal}" = HUP ] && [ -n "${cut_holds}" ]; then
      # Put aside until the step's edge.
      cut_say "      the terminal is gone: ${cut_holds} ends its work first"
      cut_hung_up=1 cut_signal=''
    fi
    if [ -n "${cut_signal}" ]; then
      cut_stopped=1
      cut_stop_command "signal ${cut_signal}"
    elif [ -n "${cut_timer}" ] && [ -e "${cut_cred}/now.late" ]; then
      cut_stopped=1 cut_late=1
      cut_stop_command "stopped: it took longer than ${cut_timeout}s"
    fi
  done
  [ -z "${cut_timer}" ] || cut_end_timer
  [ "${cut_late}" = 0 ] || cut_why="it took longer than ${cut_timeout}s"
}

# For good: asked politely before its shell has begun, it would sleep on to its end. Halted first, or it could start its sleep
# while one looks for what it has started.
cut_end_timer() {
  {
    kill -s STOP "${cut_timer}"
    cut_end_tree "${cut_timer}" KILL
    wait "${cut_timer}"
  } 2>/dev/null || :
}

# Where a command cannot have a session of its own it runs in front, so that Ctrl-C reaches it, and what stops it when its time
# is over stands beside it.
cut_in_front() {
  cut_timer=''
  if [ "${cut_timeout}" -gt 0 ]; then
    (
      sleep "${cut_timeout}"
      : >"${cut_cred}/now.late"
      cut_child=$(cat -- "${cut_cred}/now.front")
      cut_stop_command "stopped: it took longer than ${cut_timeout}s"
    ) </dev/null &
    cut_timer=$!
  fi
  # It outlives what stops its tool, to have the tool's exit status; what a shell says of its end goes to the log.
  (
    trap ':' INT TERM
    trap '' HUP
    (
      set +x
      umask "${cut_umask}"
      [ -z "${cut_timer}" ] || sh -c 'printf "%s\n" "${PPID}"' >"${cut_cred}/now.front"
      cut_define "${cut_name}" && cd -- "${cut_root}" && "${cut_name}"
    )
    exit "$?"
  ) >"${cut_out}" 2>>"${cut_log}" </dev/null
  cut_rc=$?
  [ -n "${cut_timer}" ] || return 0
  if [ -e "${cut_cred}/now.late" ]; then
    wait "${cut_timer}" 2>/dev/null || :
    cut_late=1 cut_why="it took longer than ${cut_timeout}s"
  else
    cut_end_timer
  fi
}

# Removes what a try was given, and its name.
cut_clear() {
  for cut_given in "${cut_cred}"/now.* "${cut_state}/lock/command"; do
    if [ -e "${cut_given}" ]; then
      rm -f "${cut_cred}"/now.* "${cut_state}/lock/command"
      return
    fi
  done
}

# One try.
cut_once() {
  cut_clear
  cut_late=0
  if [ "${cut_launcher}" = none ]; then
    cut_in_front
  elif cut_give "${cut_name}"; then
    cut_launch
    cut_attend
  else
    cut_rc=126 cut_why="${cut_copy} cannot be written: a full disk, or no right to it"
  fi
  cut_clear
  [ "${cut_late}" = 0 ] || [ "${cut_rc}" != 0 ] || cut_rc=124
  return "${cut_rc}"
}

# Compares the output with what is expected of it; says in the log what differs.
cut_expected() {
  [ "$#" -gt 0 ] || return 0
  cut_got=$(cat -- "${cut_out}")
  while [ "$#" -gt 0 ]; do
    cut_want=${2-}
    cut_holds=1
    case "$1" in
    equal) [ "${cut_got}" = "${cut_want}" ] || cut_holds=0 ;;
    contains)
      case "${cut_got}" in
      *"${cut_want}"*) ;;
      *) cut_holds=0 ;;
      esac
      ;;
    without)
      case "${cut_got}" in
      *"${cut_want}"*) cut_holds=0 ;;
      *) ;;
      esac
      ;;
    matches) grep -Eq -e "${cut_want}" <"${cut_out}" || cut_holds=0 ;;
    unchanged)
      cut_want=$(cat -- "${cut_kept}/${cut_name}" 2>/dev/null) || cut_want='(not seen by preflight)'
      [ "${cut_got}" = "${cut_want}" ] || cut_holds=0
      ;;
    *) ;;
    esac
    if [ "${cut_holds}" = 0 ]; then
      cut_note "expected output $1 ${cut_want}"
      cut_note "got ${cut_got}"
      cut_brief=$(printf '%s\n' "${cut_got}" | head -n 1 | cut -c 1-120)
      cut_why="expected output $1 \`${cut_want}\`, got \`${cut_brief}\`"
      return 1
    fi
    shift 2
  done
}

# cut_run NAME [timeout S] [stop SIGNAL] [grace S] [holds TOOL] [within S] [equal T | contains T | without T | matches T | unchanged -]...
# Runs a command of the plan with its output in files; with `within`, again and again until it succeeds with the output
# that is expected, or the time is over.
cut_run() {
  cut_name=$1 cut_timeout=0 cut_within=0 cut_grace=10 cut_stop=TERM cut_holds='' cut_why=''
  shift
  if [ "${cut_dry}" = 1 ]; then
    cut_show "${cut_name}"
    return 0
  fi
  [ -z "${cut_signal}" ] || return 1
  while [ "$#" -gt 1 ]; do
    case "$1" in
    timeout) cut_timeout=$2 ;;
    stop) cut_stop=$2 ;;
    grace) cut_grace=$2 ;;
    holds) cut_holds=$2 ;;
    within) cut_within=$2 ;;
    *) break ;;
    esac
    shift 2
  done
  cut_files
  cut_clock
  cut_deadline=$((cut_time + cut_within))
  while :; do
    cut_why=''
    if cut_once && cut_expected "$@"; then
      cut_keep_output
      cut_forget
      return 0
    fi
    [ -n "${cut_why}" ] || cut_why="exit status ${cut_rc}"
    if cut_is_late "${cut_within}" || [ -n "${cut_signal}" ]; then
      break
    fi
    cut_note "${cut_why}; again, until ${cut_within}s have passed"
    cut_sleep 2
  done
  cut_keep_output
  cut_forget
  cut_failed_command "${cut_name}: ${cut_why}"
  return 1
}

# Where this command's output goes: one log per command, in the order they ran. What fetches a secret leaves nothing.
cut_files() {
  cut_count=$((cut_count + 1))
  cut_number=$(printf '%03d' "${cut_count}")
  cut_out="${cut_cred}/now-out"
  if [ "${cut_secret_run}" = 1 ]; then
    cut_log="${cut_cred}/fetch.log"
    cut_work=${cut_cred}
  else
    cut_log="${cut_logs}/${cut_number}-${cut_name}.log"
    cut_work="${cut_state}/work/${cut_n}"
    [ -d "${cut_work}" ] || mkdir -p "${cut_work}"
  fi
  cut_stamp=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  # Where it cannot be kept it is in memory, to be shown when the command fails.
  if ! { printf '# %s %s\n' "${cut_name}" "${cut_stamp}" >>"${cut_log}"; } 2>/dev/null; then
    cut_lose_log
    cut_log="${cut_cred}/lost.log"
    { printf '# %s %s\n' "${cut_name}" "${cut_stamp}" >"${cut_log}"; } 2>/dev/null || :
  fi
}

# Secrets that are fetched at their use are gone after it.
cut_forget() {
  [ "${cut_secret_run}" = 0 ] || return 0
  for cut_gone in ${cut_at_use}; do
    [ -e "${cut_cred}/secret.${cut_gone}" ] || continue
    [ ! -s "${cut_cred}/secret.${cut_gone}" ] || cut_disguises "${cut_cred}/secret.${cut_gone}" >>"${cut_cred}/gone.${cut_gone}"
    rm -f "${cut_cred}/secret.${cut_gone}"
  done
}

cut_keep_output() {
  [ "${cut_secret_run}" = 1 ] || { cat -- "${cut_out}" >>"${cut_log}"; } 2>/dev/null || cut_lose_log
}

cut_failed_command() {
  [ "${cut_gentle}" = 0 ] || return 0
  cut_bad "      failed: $*"
  [ "${cut_secret_run}" = 0 ] || return 0
  tail -n 15 "${cut_log}" 2>/dev/null | sed 's/^/      | /' 2>/dev/null
  cut_say "      log: ${cut_log}"
}

# The text of a function of this file, for --dry-run.
cut_show() {
  cut_find_part "$1"
  if [ -z "${cut_holding}" ]; then
    cat -- "${cut_self}"
  else
    cut_part_text "${cut_holding}"
  fi | sed -n "/^$1() {/,/^}/p" | sed '1d;$d;s/^/      /'
}

# A step that a person takes: printed, and confirmed at the terminal.
cut_manual() {
  cut_name=$1
  cut_say "      By hand: $2"
  [ "${cut_dry}" = 0 ] || return 0
  # Whoever named a step for `apply` has not done its way back.
  cut_word=${cut_done_list}
  [ "${cut_undoing}" = 0 ] || [ "${cut_mode}" = rollback ] || cut_word=' '
  case "${cut_word}" in
  *" ${cut_id} "*)
    cut_say "      taken as done (--done ${cut_id})"
    return 0
    ;;
  *) ;;
  esac
  while [ -z "${cut_signal}" ]; do
    cut_ask "      Type \`done\` when it is done, \`stop\` to stop here:" || break
    case "${cut_answer}" in
    done) return 0 ;;
    stop) return 1 ;;
    *) ;;
    esac
  done
  cut_bad "      Nobody confirmed it. Without a terminal, name it: --done ${cut_id}"
  return 1
}

# cut_seen ATTRIBUTE jq|text FILTER DECLARED|'?': one value of the last command's answer against the plan's.
cut_seen() {
  [ "${cut_dry}" = 0 ] || return 0
  if [ "$2" = jq ]; then
    cut_value=$(jq -r "($3) | if . == null then \"none\" elif type == \"array\" then (map(tostring) | sort | join(\", \")) else . end" <"${cut_out}" 2>/dev/null) || cut_value='(cannot be read)'
  else
    cut_value=$(cat -- "${cut_out}")
  fi
  cut_note "${cut_text}.$1: declared $4, seen ${cut_value}"
  case "$4" in
  "${cut_value}") ;;
  '?') cut_say "  seen: ${cut_text}.$1 is ${cut_value} (the plan does not know it)" ;;
  *)
    cut_drift=$((cut_drift + 1))
    cut_differs="${cut_text}.$1 is ${cut_value}, the plan says $4"
    if [ "$2" = jq ] && cut_first_page; then
      cut_differs="${cut_differs} (the answer is one page of a longer list, and only that was looked at: ask for the thing itself, or for more at once)"
    fi
    [ "${cut_watching}" = 1 ] || cut_bad "  drift: ${cut_differs}"
    ;;
  esac
}

# Is what was answered one page of more? A value that is not on it may be on another.
cut_first_page() {
  cut_more=$(jq '(.metadata?.continue? // "") != "" or (.result_info? // {} | (.cursors?.after? // .cursor? // "") != "" or (.page? // 0) < (.total_pages? // 0))' <"${cut_out}" 2>/dev/null) && [ "${cut_more}" = true ]
}

# cut_watch NAME … cut_watched: the values of a resource while a step is verified or undone.
cut_watch() {
  cut_text=$1 cut_watching=1 cut_drift=0 cut_vanishes=0
}

# The same for what may not be there any more: that nobody knows of it is no failure.
cut_watch_gone() {
  cut_watch "$1"
  cut_gentle=1 cut_present='' cut_vanishes=1
}

cut_watched() {
  cut_gentle=0
  [ "${cut_drift}" = 0 ]
}

# Did the last command fail since nobody knows of what it asked for? An API says so by 404, in JSON.
cut_is_gone() {
  grep -q '^expected status .*, got 404$' "${cut_log}" && cut_brace=$(head -c 1 "${cut_out}") && [ "${cut_brace}" = '{' ] && : >"${cut_out}"
}

# Runs a verify; one that only looks at values gives them a minute to become what they have to be.
cut_settled() {
  cut_clock
  cut_settle_by=$((cut_time + 60))
  while :; do
    cut_watching=0 cut_drift=0
    if "$1"; then
      cut_watching=0
      return 0
    fi
    cut_gentle=0 cut_deadline=${cut_settle_by}
    if [ "${cut_drift}" = 0 ] || cut_is_late 60 || [ -n "${cut_signal}" ]; then
      break
    fi
    cut_settle_by=${cut_deadline}
    cut_sleep 3
  done
  cut_watching=0
  [ "${cut_drift}" = 0 ] || cut_bad "      ${cut_differs}"
  return 1
}

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

# -- Probes: each promise, looked at from where its client stands ----------------------------------------------------

# cut_curl_config URL SECONDS
cut_curl_config() {
  case "$1" in
  *[\\\"]*)
    printf 'url = "'
    printf '%s' "$1" | sed 's/[\\"]/\\&/g'
    printf '"\n'
    ;;
  *) printf 'url = "%s"\n' "$1" ;;
  esac
  printf 'max-time = %s\nconnect-timeout = %s\noutput = "/dev/null"\nnoproxy = "*"\nsilent\n' "$2" "$2"
  printf 'write-out = "%%{http_code} %%{num_connects}\\n"\n'
}

# cut_look URL SECONDS [HOST]: runs curl here or on a host; cut_status, cut_made, cut_rc. A connection to that host that is cut
# meanwhile, perhaps by the change itself, ends soon.
cut_look() {
  cut_curl_config "$1" "$2" >"${cut_cred}/probe"
  if [ -n "${3-}" ]; then
    ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=2 "$3" 'curl -q -K -' <"${cut_cred}/probe" >"${cut_cred}/probe.out" 2>"${cut_cred}/probe.err"
  else
    curl -q -K "${cut_cred}/probe" </dev/null >"${cut_cred}/probe.out" 2>"${cut_cred}/probe.err"
  fi
  cut_rc=$?
  cut_status=000 cut_made=0
  # That host may greet whoever logs in.
  while read -r cut_first cut_rest; do
    case "${cut_first}:${cut_rest}" in
    [0-9][0-9][0-9]:[0-9]) cut_status=${cut_first} cut_made=${cut_rest} ;;
    *) ;;
    esac
  done <"${cut_cred}/probe.out"
}

# A URL is reached when an answer of HTTP comes with a status below 500; a 404 where the baseline had none is the
# "not hosted here" of a reverse proxy, and counts as not reached. Sets cut_verdict: up, down or blind.
cut_probe_url() {
  cut_look "$1" 10 "${2-}"
  cut_detail="status ${cut_status}"
  if [ "${cut_rc}" = 255 ] && [ -n "${2-}" ] || [ "${cut_rc}" -ge 126 ]; then
    cut_verdict=blind cut_detail="cannot look from ${2:-here}"
  elif [ "${cut_rc}" -ne 0 ]; then
    cut_verdict=down cut_detail="curl says ${cut_rc}"
  elif [ "${cut_status}" = 404 ] && [ "${cut_before}" != 404 ] && [ -n "${cut_before}" ]; then
    cut_verdict=down cut_detail="404, before the run it was ${cut_before}"
  elif [ "${cut_status}" -ge 100 ] && [ "${cut_status}" -lt 500 ]; then
    cut_verdict=up
  else
    cut_verdict=down
  fi
}

cut_probe_tcp() {
  cut_status=tcp
  for cut_max in 1 5; do
    cut_look "telnet://$1:$2" "${cut_max}" "${3-}"
    if [ "${cut_rc}" != 28 ] || [ "${cut_made}" != 0 ]; then
      break
    fi
  done
  cut_status=tcp
  if [ "${cut_rc}" = 255 ] && [ -n "${3-}" ] || [ "${cut_rc}" -ge 126 ]; then
    cut_verdict=blind cut_detail="cannot look from ${3:-here}"
  elif [ "${cut_made:-0}" -gt 0 ]; then
    cut_verdict=up cut_detail=connected
  else
    cut_verdict=down cut_detail="no connection"
  fi
}

# Probes promise N in state K; true when it is as the model says, or the model does not say.
cut_probe_one() {
  cut_blind=''
  "promise_$1"
  [ -z "${cut_blind}" ] || return 0
  cut_said=''
  for cut_word in ${cut_states}; do # "0 up 4 down 5 up": from a state on, what it is
    case "${cut_word}" in
    [0-9]*) [ "${cut_word}" -le "$2" ] || break ;;
    *) cut_said=${cut_word} ;;
    esac
  done
  cut_before=''
  [ ! -r "${cut_kept}/promise-$1" ] || read -r cut_before <"${cut_kept}/promise-$1" || :
  "probe_$1"
  cut_note "state $2, ${cut_text}: expected ${cut_said}, seen ${cut_verdict} (${cut_detail})"
  case "${cut_said}" in
  up | down) [ "${cut_verdict}" = "${cut_said}" ] ;;
  *) return 0 ;;
  esac
}

# Probes every promise in state K, those that surprise again and again for cut_patience seconds.
cut_probe_all() {
  [ "${cut_dry}" = 0 ] || return 0
  cut_name="probes-state-$1"
  cut_id=''
  cut_files
  cut_clock
  cut_deadline=$((cut_time + cut_patience))
  cut_open=''
  cut_i=1
  while [ "${cut_i}" -le "${cut_promises}" ]; do
    cut_open="${cut_open} ${cut_i}"
    cut_i=$((cut_i + 1))
  done
  while :; do
    cut_again=''
    cut_surprises=''
    for cut_i in ${cut_open}; do
      cut_probe_one "${cut_i}" "$1" && continue
      cut_again="${cut_again} ${cut_i}"
      cut_surprises="${cut_surprises}  ${cut_text}: expected ${cut_said}, seen ${cut_verdict} (${cut_detail})
"
    done
    [ -n "${cut_again}" ] || return 0
    cut_open=${cut_again}
    ! cut_is_late "${cut_patience}" || break
    cut_sleep 2 || break
  done
  return 1
}

# -- Preflight: finds all it can, changes nothing --------------------------------------------------------------------

cut_problem() {
  cut_problems=$((cut_problems + 1))
  # What fails since somebody stops it is no finding.
  [ -n "${cut_signal}" ] || cut_bad "  refused: $*"
}

# cut_tool NAME DIRECTORY: a program that the plan's commands start.
cut_tool() {
  case "$1" in
  /*) [ -x "$1" ] && return 0 ;;
  */*) [ -x "${cut_root}/$2/$1" ] && return 0 ;;
  *) command -v "$1" >/dev/null 2>&1 && return 0 ;;
  esac
  if [ "$2" = . ]; then
    cut_problem "the tool $1 is not here"
  else
    cut_problem "the tool $1 is not here (looked for from ${cut_root}/$2)"
  fi
}

# cut_observe NUMBER NAME: what can't be observed is listed, and does not refuse.
cut_observe() {
  cut_text=$2
  cut_turn "observe_$1" || return 0
  cut_gentle=1
  "${cut_turned}"
  cut_rc=$?
  cut_gentle=0
  [ "${cut_rc}" != 0 ] && [ -z "${cut_signal}" ] || return 0
  cut_reason
  cut_say "  not observed: ${cut_text} (${cut_brief})"
}

# Why the last look did not see anything, in cut_brief: what the runtime or curl says of it, before what the other side said.
cut_reason() {
  cut_brief=$(awk '/^(expected |curl: |nobody answers )/ { why = $0 } !/^# / { last = $0 } END { print why != "" ? why : last }' "${cut_log}" | cut -c 1-120)
  [ -n "${cut_brief}" ] || cut_brief=${cut_why}
}

# cut_absent NUMBER NAME STEP: what that step creates may not be there yet, unless the step is said to be done.
cut_absent() {
  cut_step "$3" && cut_turn "observe_$1" || return 0
  case "${cut_done_list}" in
  *" ${cut_id} "*) return 0 ;;
  *) ;;
  esac
  cut_text=$2 cut_present=''
  cut_gentle=1
  "${cut_turned}"
  cut_rc=$?
  cut_gentle=0
  if [ -n "${cut_present}" ]; then
    cut_problem "${cut_text} is there already (${cut_present}), and step ${cut_id} creates it; the way back would remove it. Remove it, or leave \`create\` out of the plan; when it was made for this run, say --done ${cut_id}"
    return 0
  fi
  [ "${cut_rc}" != 0 ] && [ -z "${cut_signal}" ] || return 0
  cut_reason
  cut_say "  not looked at whether ${cut_text} is there already (${cut_brief})"
}

# cut_found ATTRIBUTE jq|text FILTER: the last command's answer, of what may not be there: any value is one too many.
cut_found() {
  if [ "$2" = jq ]; then
    cut_value=$(jq -r "($3) | if . == null or . == [] then \"\" elif type == \"array\" then (map(tostring) | sort | join(\", \")) else . end" <"${cut_out}" 2>/dev/null) || cut_value=''
  else
    cut_value=$(cat -- "${cut_out}")
  fi
  cut_note "${cut_text}.$1: declared not there, seen ${cut_value}"
  [ -n "${cut_value}" ] || return 0
  cut_present="${cut_present:+${cut_present}, }$1 is ${cut_value}"
  [ "${cut_watching}" = 0 ] || cut_drift=$((cut_drift + 1)) cut_differs="${cut_text} is still there (${cut_present})"
}

# cut_unused ADDRESS PORT NAME: nobody may answer yet where the plan puts somebody.
cut_unused() {
  if cut_tcp "$1" "$2" 2>/dev/null; then
    cut_problem "$1 port $2 already answers, and only $3 should, later"
  fi
}

# cut_baseline NAME: keeps the output of a command for `expect output unchanged`.
cut_baseline() {
  cut_name=$1 cut_timeout=60 cut_holds='' cut_stop=TERM cut_grace=10
  cut_files
  if cut_once; then
    { cat -- "${cut_out}" >"${cut_kept}/$1"; } 2>/dev/null || cut_problem "the output of $1 has to be unchanged later, and cannot be kept in ${cut_kept}: a full disk, or no right to it"
  else
    cut_problem "the output of $1 cannot be seen (exit status ${cut_rc}); it has to be unchanged later: ${cut_log}"
  fi
}

# Steps by hand among those that are still to do need a terminal, or their names in --done.
cut_by_hand() {
  cut_has_terminal && return 0
  cut_i=$((cut_at + 1))
  while [ "${cut_i}" -le "${cut_target}" ] && cut_step "${cut_i}"; do
    case "${cut_done_list}" in
    *" ${cut_id} "*) ;;
    *) [ -z "${cut_hand}" ] || cut_problem "step ${cut_id} is done by hand, and there is no terminal to confirm it at (--done ${cut_id})" ;;
    esac
    cut_i=$((cut_i + 1))
  done
}

# --confirm-within is a promise to roll back, which a step without a way back breaks.
cut_by_itself() {
  cut_i=1
  while [ "${cut_i}" -le "${cut_steps}" ] && cut_step "${cut_i}"; do
    [ -z "${cut_final}" ] || cut_problem "--confirm-within: step ${cut_id} has no way back (${cut_final}), so nothing can roll back by itself after it"
    [ -z "${cut_hand}" ] || cut_say "  --confirm-within: the way back of step ${cut_id} is by hand; without a terminal it ends there"
    cut_i=$((cut_i + 1))
  done
  cut_lingers
}

# The secrets of the way back are in memory, and systemd empties that of a user with the last session: perhaps the one that
# the change cuts.
cut_lingers() {
  cut_uid=$(id -u)
  if [ "${cut_uid}" = 0 ] || [ -z "${cut_secrets}" ] || ! command -v loginctl >/dev/null 2>&1; then
    return 0
  fi
  cut_linger=$(loginctl show-user "${cut_uid}" -p Linger 2>/dev/null) || return 0
  [ "${cut_linger}" != Linger=no ] || cut_problem "--confirm-within: with your last session here systemd removes the secrets that the way back needs: loginctl enable-linger, then again"
}

cut_preflight() {
  cut_problems=0 cut_drift=0 cut_n=0
  cut_say "Preflight (changes nothing)"
  mkdir -p "${cut_kept}"
  plan_tools
  [ "${cut_problems}" != 0 ] || cut_say "  tools: all here"
  cut_open_secrets || return 4
  if cut_all_secrets; then
    [ -z "${cut_secrets}" ] || cut_say "  secrets: all fetched"
  else
    cut_problem "a secret cannot be fetched; what needs it cannot be looked at below"
  fi
  [ "${cut_mode}" = preflight ] || cut_by_hand
  [ "${cut_confirm_within}" = 0 ] || cut_by_itself
  plan_observe
  [ "${cut_drift}" = 0 ] || cut_problem "the world is not what the plan starts from (${cut_drift} values differ)"
  cut_held=0 cut_to_step=0
  plan_locks
  plan_unused
  plan_baseline
  cut_keep_statuses
  if cut_probe_all 0; then
    cut_say "  promises: as the model says"
  elif [ -z "${cut_signal}" ]; then
    cut_problem "promises that are not as the model says:"
    printf '%s' "${cut_surprises}"
  fi
  if [ -n "${cut_signal}" ]; then
    cut_bad "Stopped by signal ${cut_signal}, before all was looked at. Nothing was changed."
    return 4
  fi
  cut_list_blind
  [ "${cut_problems}" = 0 ] || return 4
}

# The status of each URL before the run, to tell a 404 that was there from one that is new.
cut_keep_statuses() {
  cut_name=baseline-status cut_id=''
  cut_files
  cut_i=1
  while [ "${cut_i}" -le "${cut_promises}" ]; do
    rm -f "${cut_kept}/promise-${cut_i}"
    cut_blind='' cut_before=''
    "promise_${cut_i}"
    if [ -z "${cut_blind}" ]; then
      "probe_${cut_i}"
      [ "${cut_verdict}" != up ] || { printf '%s\n' "${cut_status}" >"${cut_kept}/promise-${cut_i}"; } 2>/dev/null || cut_problem "what preflight saw cannot be kept in ${cut_kept}: a full disk, or no right to it"
    fi
    cut_i=$((cut_i + 1))
  done
}

cut_list_blind() {
  cut_i=1
  while [ "${cut_i}" -le "${cut_promises}" ]; do
    cut_blind=''
    "promise_${cut_i}"
    [ -z "${cut_blind}" ] || cut_say "  not looked at: ${cut_text} (${cut_blind})"
    cut_i=$((cut_i + 1))
  done
}

cut_all_secrets() {
  # The names come from the plan and have no blanks.
  cut_list=${cut_secrets}
  set --
  while [ -n "${cut_list}" ]; do
    set -- "$@" "${cut_list%% *}"
    case "${cut_list}" in
    *' '*) cut_list=${cut_list#* } ;;
    *) cut_list='' ;;
    esac
  done
  cut_fetch "$@"
}

# -- State locks: who holds the lock of a Terraform state in PostgreSQL ----------------------------------------------

# A connection string, URL or keywords, as a service file of PostgreSQL: it never stands in an argument.
cut_service_file() {
  LC_ALL=C awk '
    function decode(t, out, i, c) {
      out = ""
      for (i = 1; i <= length(t); i++) {
        c = substr(t, i, 1)
        if (c == "%" && substr(t, i + 1, 2) ~ /^[0-9A-Fa-f][0-9A-Fa-f]$/) {
          c = sprintf("%c", (index(hex, tolower(substr(t, i + 1, 1))) - 1) * 16 + index(hex, tolower(substr(t, i + 2, 1))) - 1)
          i += 2
        }
        out = out c
      }
      return out
    }
    function put(key, value) {
      if (value != "" && value !~ /\n/) print key "=" value
    }
    function url(t, at, n, i, part, host, hosts, ports, user) {
      sub(/^postgres(ql)?:\/\//, "", t)
      if (i = index(t, "?")) {
        n = split(substr(t, i + 1), part, "&")
        t = substr(t, 1, i - 1)
        for (i = 1; i <= n; i++) if (at = index(part[i], "=")) put(decode(substr(part[i], 1, at - 1)), decode(substr(part[i], at + 1)))
      }
      if (i = index(t, "/")) {
        put("dbname", decode(substr(t, i + 1)))
        t = substr(t, 1, i - 1)
      }
      if (match(t, /.*@/)) {
        user = substr(t, 1, RLENGTH - 1)
        t = substr(t, RLENGTH + 1)
        if (i = index(user, ":")) {
          put("password", decode(substr(user, i + 1)))
          user = substr(user, 1, i - 1)
        }
        put("user", decode(user))
      }
      n = split(t, part, ",")
      for (i = 1; i <= n; i++) {
        host = part[i]
        at = match(host, /:[0-9]*$/) && host !~ /^\[[^]]*$/ ? RSTART : 0
        ports = ports (i > 1 ? "," : "") (at ? substr(host, at + 1) : "")
        if (at) host = substr(host, 1, at - 1)
        gsub(/^\[|\]$/, "", host)
        hosts = hosts (i > 1 ? "," : "") decode(host)
      }
      put("host", hosts)
      if (ports ~ /[0-9]/) put("port", ports)
    }
    function words(t, key, value, c, quoted) {
      while (match(t, /^[ \t\n]*[a-z_]+[ \t\n]*=[ \t\n]*/)) {
        key = substr(t, 1, RLENGTH)
        gsub(/[ \t\n=]/, "", key)
        t = substr(t, RLENGTH + 1)
        value = ""
        quoted = substr(t, 1, 1) == "\047"
        if (quoted) t = substr(t, 2)
        while (t != "") {
          c = substr(t, 1, 1)
          t = substr(t, 2)
          if (quoted ? c == "\047" : c ~ /[ \t\n]/) break
          if (c == "\\") {
            c = substr(t, 1, 1)
            t = substr(t, 2)
          }
          value = value c
        }
        put(key, value)
      }
    }
    BEGIN { hex = "0123456789abcdef"; print "[state]" }
    { text = text (NR > 1 ? "\n" : "") $0 }
    END { if (text ~ /^postgres(ql)?:\/\//) url(text); else words(text) }'
}

# psql on the state database of the lock at hand, its statements on standard input.
cut_psql() {
  PGSERVICEFILE="${cut_cred}/pg_service" PGSERVICE=state PGAPPNAME=cutc PGCONNECT_TIMEOUT=10 \
    psql -XAtqw -F '|' -v ON_ERROR_STOP=1 -v "schema=${cut_schema}" -v "workspace=${cut_workspace}" "$@"
}

# Two sessions at once, the second while the first is idle: when both are served by one backend, something between here
# and the server hands sessions around, and a session's lock means nothing there.
cut_pooled() {
  cut_pids=$(
    cut_psql <<'EOF' 2>>"${cut_log}"
select 'first', pg_backend_pid();
\! printf '%s\n' "select 'second', pg_backend_pid();" | psql -XAtqw -F '|'
select 'third', pg_backend_pid();
EOF
  ) || return 2
  cut_note "${cut_pids}"
  printf '%s\n' "${cut_pids}" | awk -F '|' '{ pid[$1] = $2 } END { exit !(pid["first"] == pid["second"] || pid["first"] != pid["third"]) }'
}

# The sessions that hold the lock of the workspace (or the one lock that new workspaces are made under), a line each:
# backend, client's address, its port, state, seconds in it, start of the session, key, user. With them how the server sees
# this session itself (in the file `seen-as`), and the connections of this host meanwhile (`connections`).
cut_holders() {
  rm -f "${cut_cred}/connections"
  cut_psql -v "seen=${cut_cred}/seen-as" <<'EOF' >"${cut_cred}/holders" 2>>"${cut_log}"
select l.pid, coalesce(host(a.client_addr), 'local'), coalesce(a.client_port, -1), coalesce(a.state, 'hidden'),
  coalesce(extract(epoch from now() - a.state_change)::bigint, -1),
  to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), k.key, coalesce(a.usename, '?')
from pg_locks l join pg_stat_activity a using (pid)
join (select id as key from :"schema".states where name = :'workspace' union all select -1) k
  on k.key = (l.classid::bigint << 32 | l.objid::bigint)
where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
  and l.database = (select oid from pg_database where datname = current_database())
order by l.pid;
\o :seen
select coalesce(host(inet_client_addr()), 'local'), coalesce(inet_client_port(), -1);
\o
\! ss -tnpH state established >"${PGSERVICEFILE%/*}/connections" 2>/dev/null
EOF
}

# Ends one backend, if all that was seen of it still is so: this session, idle, for longer than the bound, with this lock.
# cut_end_holder PID START KEY
cut_end_holder() {
  cut_psql -v "pid=$1" -v "start=$2" -v "key=$3" -v "bound=${cut_bound}" <<'EOF' 2>>"${cut_log}"
select pg_terminate_backend(a.pid) from pg_stat_activity a
where a.pid = :pid and a.state = 'idle' and now() - a.state_change > :bound * interval '1 second'
  and to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') = :'start'
  and exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.objsubid = 1 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = :key);
EOF
}

# The process behind the connection of this host from address $1, port $2, in cut_client, empty when there is none.
cut_find_client() {
  cut_client=$(awk -v address="$1" -v port="$2" '
    {
      here = $3
      if (!match(here, /:[0-9]+$/) || substr(here, RSTART + 1) != port) next
      here = substr(here, 1, RSTART - 1)
      gsub(/[][]|^\[?::ffff:|%.*/, "", here)
      if (here != address) next
      who = $0
      if (!sub(/.*users:\(\("/, "", who)) who = "a process of somebody else"
      sub(/,fd=.*/, "", who)
      sub(/",pid=/, ", process ", who)
      print who
      exit
    }' "${cut_cred}/connections")
}

# Can it be seen from here whether the client at address $1 lives? Only where the server sees this host as it is (no tunnel,
# proxy or translation of addresses between: its own connection is then found here), and only of a client on this host.
# Sets cut_unseen to why not.
cut_can_see() {
  cut_unseen=''
  cut_seen_as='' cut_seen_port=''
  [ ! -r "${cut_cred}/seen-as" ] || IFS='|' read -r cut_seen_as cut_seen_port <"${cut_cred}/seen-as" || :
  if ! [ -s "${cut_cred}/connections" ]; then
    cut_unseen="the connections of this host cannot be listed (ss is not here)"
  elif [ "$1" = local ] || [ "${cut_seen_as:-local}" = local ]; then
    cut_unseen="a connection by a socket of the database's own host cannot be told apart"
  else
    cut_find_client "${cut_seen_as}" "${cut_seen_port}"
    if [ -z "${cut_client}" ]; then
      cut_unseen="the database sees this host as ${cut_seen_as} port ${cut_seen_port}, which is not here: a tunnel, a proxy or a translation of addresses is between"
    elif [ "$1" != "${cut_seen_as}" ] && ! ip -o addr show 2>/dev/null | awk -v address="$1" '{ sub(/\/.*/, "", $4); if ($4 == address) found = 1 } END { exit !found }'; then
      cut_unseen="its client is on another host, $1"
    fi
  fi
  cut_client=''
  [ -z "${cut_unseen}" ]
}

# cut_state_lock N NAME SCHEMA WORKSPACE STEPS: looks who holds the lock; cut_held counts those who do. Of a run that is
# half-way only the locks count that a step from cut_from to cut_to_step goes through.
cut_state_lock() {
  if [ "${cut_to_step}" -gt 0 ]; then
    cut_concerned=0 cut_list=$5
    for cut_i in ${cut_list}; do
      [ "${cut_i}" -lt "${cut_from}" ] || [ "${cut_i}" -gt "${cut_to_step}" ] || cut_concerned=1
    done
    [ "${cut_concerned}" = 1 ] || return 0
  fi
  cut_schema=$3 cut_workspace=$4 cut_lock_name="$2 (schema $3, workspace $4)"
  if ! command -v psql >/dev/null 2>&1; then
    cut_blind_lock "$2" 'psql is not here'
    return 0
  fi
  if ! "lock_$1" >"${cut_cred}/connection" || ! cut_service_file <"${cut_cred}/connection" >"${cut_cred}/pg_service"; then
    cut_blind_lock "$2" 'its connection is not known'
    return 0
  fi
  cut_name="state-lock-$1"
  cut_files
  if [ "${cut_mode}" = preflight ] || [ "${cut_mode}" = apply ]; then
    cut_pooled
    case "$?" in
    0) cut_problem "the state of $2 is behind a pooler that hands sessions around (transaction mode): its locks protect nothing; let PG_CONN_STR name the server itself" ;;
    1) ;;
    *)
      cut_brief=$(tail -n 1 "${cut_log}" | cut -c 1-120)
      cut_blind_lock "$2" "${cut_brief}"
      return 0
      ;;
    esac
  fi
  if ! cut_holders; then
    cut_brief=$(grep -i 'error' <"${cut_log}" | tail -n 1 | cut -c 1-120)
    cut_blind_lock "$2" "${cut_brief}"
    return 0
  fi
  [ -s "${cut_cred}/holders" ] || [ "${cut_mode}" != unlock ] || cut_say "  free: the state lock of ${cut_lock_name}"
  while IFS='|' read -r cut_pid cut_address cut_port cut_doing cut_idle cut_since cut_key cut_user; do
    cut_held=$((cut_held + 1))
    [ "${cut_counting}" = 1 ] || cut_judge_holder
  done <"${cut_cred}/holders"
}

# A holder is always idle to PostgreSQL, at work or not. It is left alone while its client lives, while nobody can see whether
# it does, unless that client is said to be gone (--gone), and while it is younger than the bound.
cut_judge_holder() {
  cut_seconds "${cut_idle}"
  cut_held_since="${cut_doing} for ${cut_span}"
  cut_whole="backend ${cut_pid} of ${cut_user}, from ${cut_address} port ${cut_port}, connected since ${cut_since}, ${cut_held_since}"
  cut_seconds "${cut_bound}"
  cut_alone='' cut_told=0
  case "${cut_gone}" in
  *" ${cut_address} "*) cut_told=1 ;;
  *) ;;
  esac
  if ! cut_can_see "${cut_address}"; then
    [ "${cut_told}" = 1 ] || cut_alone="${cut_unseen}. Look there for terraform; when it is gone for sure: ${cut_call} unlock --gone ${cut_address} --state ${cut_there}"
  else
    cut_find_client "${cut_address}" "${cut_port}"
    [ -z "${cut_client}" ] || cut_alone="its client lives (${cut_client}): wait for it, or ask it to stop with kill -s INT, which saves its work"
  fi
  if [ "${cut_doing}" != idle ]; then
    cut_alone="it is not idle"
  elif [ -z "${cut_alone}" ] && [ "${cut_idle}" -lt "${cut_bound}" ]; then
    cut_alone="it has not been idle for ${cut_span} yet (--idle)"
  fi
  if [ "${cut_mode}" != unlock ]; then
    cut_problem "the state lock of ${cut_lock_name} is held by ${cut_whole}"
    if [ -n "${cut_alone}" ]; then
      cut_say "    perhaps at work: ${cut_alone}"
    else
      cut_say "    nobody seems to be behind it: ${cut_call} unlock --state ${cut_there}"
    fi
    return 0
  fi
  cut_say "  held: the state lock of ${cut_lock_name}, by ${cut_whole}"
  if [ -n "${cut_alone}" ]; then
    cut_say "    left alone: ${cut_alone}"
    return 0
  fi
  if [ -n "${cut_unseen}" ]; then
    cut_say "    said to be gone: the client at ${cut_address} (--gone)"
  else
    cut_say "    its client was on this host, and is gone"
  fi
  if [ "${cut_only_look}" = 1 ]; then
    cut_say "    this session would be ended"
    return 0
  fi
  if ! cut_confirm "    End this one session"; then
    return 0
  fi
  cut_ended=$(cut_end_holder "${cut_pid}" "${cut_since}" "${cut_key}" </dev/null)
  if [ "${cut_ended}" = t ]; then
    sleep 1
    cut_now=$(
      cut_psql -v "pid=${cut_pid}" <<'EOF' 2>>"${cut_log}"
select count(*) from pg_locks l where l.pid = :pid and l.locktype = 'advisory';
EOF
    )
    if [ "${cut_now}" = 0 ]; then
      cut_held=$((cut_held - 1))
      cut_good "    ended: the lock is free"
      return 0
    fi
  fi
  cut_bad "    not ended: it has changed since it was looked at, or this user may not: ${cut_log}"
}

# cut_blind_lock NAME WHY
cut_blind_lock() {
  [ "${cut_counting}" = 1 ] || cut_say "  state lock not looked at: $1 ($2)"
}

# Shows who holds the state locks of the plan's stacks and, when told, ends those that nobody is behind.
cut_unlock_command() {
  cut_held=0 cut_problems=0 cut_n=0
  [ -n "${cut_run}" ] || cut_new_run
  cut_open_logs || return
  cut_open_secrets || return 4
  cut_all_secrets || cut_complain "Not all secrets can be fetched: looks with those that are there."
  cut_say "State locks of this plan"
  cut_to_step=0 cut_lock_name=''
  plan_locks
  [ -n "${cut_lock_name}" ] || cut_say "  none: no stack of this plan keeps its state in PostgreSQL, as far as the plan says"
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; then
    cut_close keep
  else
    cut_close drop
  fi
  [ "${cut_held}" = 0 ] || return 1
}

# Before a run goes on or back from step $1 to step $2: false when somebody else holds a lock that one of these steps needs, and
# does not give it back soon (a tool that was killed with its run keeps it for a moment).
cut_locks_free() {
  cut_from=$1 cut_to_step=$2 cut_held=0 cut_n=0 cut_counting=1
  cut_clock
  cut_deadline=$((cut_time + cut_patience))
  plan_locks
  [ "${cut_held}" = 0 ] || cut_say "A state lock that this needs is held: waits for it up to ${cut_patience}s."
  while [ "${cut_held}" -gt 0 ] && ! cut_is_late "${cut_patience}" && cut_sleep 2; do
    cut_held=0
    plan_locks
  done
  cut_counting=0
  if [ "${cut_held}" -gt 0 ]; then
    cut_held=0
    plan_locks
  fi
  cut_to_step=0
  [ "${cut_held}" = 0 ]
}
# -- Commit or revert: a run that nobody confirms in time rolls back by itself ---------------------------------------

# The terminal goes, perhaps because of the change itself: with --confirm-within the run goes on without it.
cut_hang_up() {
  cut_mute
  if [ "${cut_confirm_within}" -gt 0 ]; then
    [ "${cut_alone_now}" = 1 ] || cut_say "The terminal is gone: goes on without it, and rolls back unless somebody confirms."
    cut_alone_now=1
  else
    cut_signal=HUP
  fi
}

cut_say_until() {
  [ -n "${cut_until}" ] || return 0
  cut_clock
  cut_remains=$((cut_until - cut_time))
  [ "${cut_remains}" -gt 0 ] || cut_remains=0
  cut_hour "${cut_until}" ' %Z'
  cut_seconds "${cut_remains}"
  cut_say "  NOT CONFIRMED: rolls back by itself at ${cut_day}, in ${cut_span}, unless: ${cut_call} confirm --state ${cut_there}"
}

# Begins to guard the run: a second process, apart from the terminal, which rolls back when this one is killed and nobody
# takes over or confirms in time.
cut_guard() {
  rm -rf "${cut_state:?}/decided"
  cut_until=''
  if [ "${cut_confirm_within}" = 0 ]; then
    rm -f "${cut_state}/confirm-within"
    return 0
  fi
  # Nobody suspends it by mistake.
  trap '' TSTP TTIN TTOU
  { printf '%s\n' "${cut_confirm_within}" >"${cut_state}/confirm-within" && cp -- "${cut_book}" "${cut_state}/watchdog"; } 2>/dev/null || {
    cut_complain "What guards the run cannot be written to ${cut_state}: a full disk, or no right to it."
    return 1
  }
  cut_born "$$"
  umask "${cut_umask}"
  cut_once_more "${cut_state}/watchdog" --watchdog "${cut_state}" "$$" "${cut_confirm_within}" "${cut_shell}" "${cut_birth}" >>"${cut_state}/watchdog.log" 2>&1
  umask 077
  cut_record guarded "$!" || return
  cut_seconds "${cut_confirm_within}"
  cut_say "To be confirmed within ${cut_span} of its last step; guarded by process $! from now on."
}

# cut_watchdog STATE PROCESS SECONDS SHELL BIRTH: see cut_guard. It has nothing to do while that process lives, unless that one
# has not noticed that its time is over: stopped, or held up by a terminal that takes nothing more.
cut_watchdog() {
  trap '' HUP INT
  cut_state=$1 cut_deadline='' cut_shell=$4
  while sleep 2; do
    # The journal of a long run is long: as long as there is nothing to wait for, nobody reads all of it.
    if cut_is_alive "$2" "$5" && ! grep -q -e ' confirm-until ' -e ' over ' "${cut_state}/journal"; then
      continue
    fi
    cut_read_journal
    [ -z "${cut_over}" ] || return 0
    cut_clock
    if cut_is_alive "$2" "$5"; then
      if [ -z "${cut_until}" ] || [ "${cut_time}" -lt $((cut_until + 20)) ] || ! mkdir "${cut_state}/decided" 2>/dev/null; then
        continue
      fi
      kill -s KILL "$2"
      cut_revert
      return
    fi
    # Ended as it should, or taken over by somebody.
    cut_read_holder "${cut_state}/lock/holder" || return 0
    if [ "${cut_holder}" != "$2" ] || [ "${cut_begun}" = 0 ] || [ -d "${cut_state}/decided" ]; then
      return 0
    fi
    [ -n "${cut_deadline}" ] || cut_deadline=${cut_until:-$((cut_time + $3))}
    cut_is_late "$3" || continue
    ! mkdir "${cut_state}/decided" 2>/dev/null || cut_revert
    return
  done
}

# Rolls back; what stands in the way (a state lock of somebody else, a source of secrets that is down) may go away in an hour.
cut_revert() {
  cut_self=$0
  cut_tries=0
  while [ "${cut_tries}" -lt 60 ] && [ -d "${cut_state}/decided" ]; do
    umask "${cut_umask}"
    cut_once_more "$0" rollback --yes --state "${cut_state}" --no-color
    umask 077
    wait "$!"
    cut_read_journal
    if [ "${cut_begun}" = 0 ] || [ -n "${cut_over}" ]; then
      return 0
    fi
    cut_tries=$((cut_tries + 1))
    sleep 60
  done
}

# After the last step to be done: waits to be told that all is well. False when nobody did in time, or a signal came.
cut_await_confirmation() {
  [ "${cut_confirm_within}" -gt 0 ] || return 0
  cut_clock
  cut_until=$((cut_time + cut_confirm_within))
  cut_record confirm-until "${cut_until}" || return 1
  if [ "${cut_steps}" = 1 ]; then
    cut_say "The only step is done."
  elif [ "${cut_at}" = "${cut_steps}" ]; then
    cut_say "All ${cut_steps} steps are done."
  else
    cut_say "${cut_at} of ${cut_steps} steps are done, as told."
  fi
  cut_say_until
  cut_reader=''
  if cut_has_terminal; then
    cut_say "  or type \`confirm\` here"
    (
      while IFS= read -r cut_line; do
        [ "${cut_line}" != confirm ] || mkdir "${cut_state}/decided"
      done
    ) </dev/tty >/dev/null 2>&1 &
    cut_reader=$!
  fi
  cut_told=${cut_time} cut_sure=0
  while [ -z "${cut_signal}" ]; do
    if [ -d "${cut_state}/decided" ]; then
      cut_sure=1
      break
    fi
    cut_deadline=${cut_until}
    if cut_is_late "${cut_confirm_within}"; then
      # Whoever makes this directory has decided.
      mkdir "${cut_state}/decided" 2>/dev/null || cut_sure=1
      break
    fi
    if [ "${cut_deadline}" != "${cut_until}" ]; then
      # The clock was set back.
      cut_until=${cut_deadline} cut_told=0
      cut_record confirm-until "${cut_until}" || :
    fi
    if [ $((cut_time - cut_told)) -ge 60 ]; then
      cut_told=${cut_time}
      cut_say_until
    fi
    sleep 1
  done
  [ -z "${cut_reader}" ] || kill "${cut_reader}" 2>/dev/null || :
  [ "${cut_sure}" = 1 ] || return 1
  cut_good "Confirmed."
}

# From another shell: keeps what the run did. When the run itself is gone, cut_orphaned says so, and this one ends it.
cut_confirm_command() {
  cut_orphaned=0
  if [ "${cut_begun}" = 0 ] || [ -n "${cut_over}" ]; then
    cut_say "There is nothing to confirm."
    return 0
  fi
  cut_refuse_other || return
  if [ -z "${cut_until}" ] && [ "${cut_at}" -lt "${cut_steps}" ] || [ "${cut_undoing}" -gt 0 ]; then
    cut_complain "Not confirmed: step ${cut_at} of ${cut_steps} is done, and the run does not wait for that."
    return 1
  fi
  if [ "${cut_dry}" = 1 ]; then
    cut_say "Would keep what run ${cut_run} did."
    return 0
  fi
  if ! mkdir "${cut_state}/decided" 2>/dev/null; then
    cut_complain "Not confirmed: it was decided before. See: ${cut_call} status --state ${cut_there}"
    return 1
  fi
  if cut_read_holder "${cut_state}/lock/holder" && cut_is_alive "${cut_holder}" "${cut_holder_birth}"; then
    cut_left=30
    while [ -z "${cut_over}" ] && [ -n "${cut_until}" ] && [ "${cut_left}" -gt 0 ]; do
      sleep 1
      cut_left=$((cut_left - 1))
      cut_read_journal
    done
    cut_say "Confirmed: run ${cut_run} stays${cut_over:+: }${cut_over}."
    return 0
  fi
  cut_orphaned=1
  return 1
}

cut_confirm_orphan() {
  if [ -n "${cut_over}" ]; then
    cut_say "Confirmed: run ${cut_run} stays: ${cut_over}."
    return 0
  fi
  cut_open_logs || return
  if [ "${cut_at}" -lt "${cut_steps}" ]; then
    cut_record kept "${cut_at}" || return 3
    cut_close keep
  else
    cut_record over finished || return 3
    cut_close drop
  fi
  cut_good "Confirmed: run ${cut_run} stays. Its process was gone."
}

# -- Forward and back ------------------------------------------------------------------------------------------------

cut_forward() {
  while [ "${cut_at}" -lt "$1" ]; do
    [ -z "${cut_signal}" ] || return 1
    cut_n=$((cut_at + 1))
    cut_step "${cut_n}" || return 1
    cut_announce
    cut_clock
    cut_started=${cut_time}
    if [ "${cut_dry}" = 0 ]; then
      cut_doubt=${cut_n} cut_high=${cut_n}
      cut_record intent "${cut_n}" "${cut_id}" || return 1
    fi
    "${cut_here}_do" || return 1
    # A signal that came when the work was done waits for the step's edge, a second one does not.
    cut_aside=${cut_signal}
    cut_signal=''
    cut_settled "${cut_here}_verify" || return 1
    [ "${cut_hung_up}" = 0 ] || cut_aside=HUP
    cut_hung_up=0
    [ -n "${cut_signal}" ] || cut_signal=${cut_aside}
    cut_at=${cut_n}
    if [ "${cut_dry}" = 0 ]; then
      cut_doubt=0
      cut_record 'done' "${cut_n}" "${cut_id}" || return 1
    else
      cut_done_stamp=''
    fi
    [ "${cut_dry}" = 1 ] || cut_say_done
    [ -z "${cut_signal}" ] || return 1
    cut_as_predicted || return 1
  done
}

# The promises in the state that is reached, before anything more is changed.
cut_as_predicted() {
  cut_probe_all "${cut_at}" && return 0
  [ -z "${cut_signal}" ] || return 1
  cut_bad "Surprise after step ${cut_at}: the model missed something. Nothing more is changed."
  printf '%s' "${cut_surprises}"
  return 1
}

# How long the step took, beside its estimate. A wait has none: it is over when it is, however long this run was there for it.
cut_say_done() {
  if [ "${cut_until_step}" = "${cut_n}" ]; then
    cut_good "      done: the wait is over"
    return 0
  fi
  cut_clock
  cut_spent=''
  if [ -n "${cut_takes}" ]; then
    cut_seconds "${cut_takes}"
    cut_spent=" (estimated ${cut_span})"
  fi
  cut_seconds "$((cut_time - cut_started))"
  cut_good "      done in ${cut_span}${cut_spent}"
}

cut_announce() {
  if [ -n "${cut_takes}" ]; then
    cut_seconds "${cut_takes}"
    cut_say "[${cut_n}/${cut_steps}] ${cut_title} (about ${cut_span})"
  else
    cut_say "[${cut_n}/${cut_steps}] ${cut_title} (no known length)"
  fi
}

# Why nobody saw whether an undo did what it should. A command cannot tell what is gone from what cannot be reached: what it said is shown.
cut_say_unseen() {
  if [ "${cut_vanishes}" = 0 ]; then
    cut_say "      undone, but its values could not be looked at"
    return 0
  fi
  cut_reason
  cut_say "      looking at ${cut_text} fails now, as it does when that is gone (${cut_brief})"
}

# Undoes from the last step that was begun to the first, and stops at one that cannot be undone.
cut_backward() {
  trap '' INT TERM HUP
  cut_n=${cut_at}
  [ "${cut_doubt}" -le "${cut_n}" ] || cut_n=${cut_doubt}
  cut_signal=''
  cut_odd=''
  while [ "${cut_n}" -gt 0 ]; do
    cut_step "${cut_n}" || return 6
    if [ -n "${cut_final}" ]; then
      cut_bad "The way back ends at step ${cut_n}, ${cut_id}: ${cut_final}"
      return 6
    fi
    cut_say "[back ${cut_n}/${cut_steps}] ${cut_id}"
    if [ "${cut_dry}" = 0 ]; then
      cut_undoing=${cut_n}
      cut_record undo "${cut_n}" "${cut_id}" || return 6
    fi
    cut_undone=0 cut_vanishes=0
    if "${cut_here}_undo"; then
      cut_undone=1
      if ! cut_settled "${cut_here}_was"; then
        [ "${cut_drift}" = 0 ] || cut_undone=0
        [ "${cut_drift}" -gt 0 ] || cut_say_unseen
      fi
    fi
    if [ "${cut_undone}" = 0 ] && [ -n "${cut_signal}" ]; then
      cut_bad "Stopped by signal ${cut_signal} while it waited: the undo of step ${cut_n}, ${cut_id}, has not begun."
      cut_signal=''
      return 6
    fi
    if [ "${cut_undone}" = 0 ]; then
      cut_bad "Step ${cut_n}, ${cut_id}, is not undone. Mend what the log says, then: ${cut_call} rollback --state ${cut_there}"
      return 6
    fi
    cut_at=$((cut_n - 1)) cut_doubt=0 cut_undoing=0
    if [ "${cut_dry}" = 0 ]; then
      cut_record undone "${cut_n}" "${cut_id}" || return 6
      cut_good "      undone"
    fi
    if ! cut_probe_all "${cut_at}"; then
      cut_bad "      not as the model says in this state:"
      printf '%s' "${cut_surprises}"
      cut_odd=${cut_surprises}
    else
      cut_odd=''
    fi
    cut_n=${cut_at}
  done
  if [ "${cut_dry}" = 0 ]; then
    cut_record over rolled-back || return 6
  fi
  [ -z "${cut_odd}" ] || return 6
}

# -- The end of a run ------------------------------------------------------------------------------------------------

cut_close() {
  cut_search_logs
  [ "$1" = keep ] || cut_drop_secrets
}

cut_hint() {
  cut_half=''
  [ "${cut_doubt}" -le "${cut_at}" ] || cut_half=", step ${cut_doubt} begun"
  [ "${cut_undoing}" = 0 ] || cut_half="${cut_half}, the undo of step ${cut_undoing} begun"
  cut_say "  state: step ${cut_at} of ${cut_steps} done${cut_half}; logs: ${cut_state}/logs/${cut_run}"
  # Once an undo has begun there is one way only.
  [ "${cut_undoing}" != 0 ] || cut_say "  go on:  ${cut_call} resume --state ${cut_there}"
  cut_say "  go back: ${cut_call} rollback --state ${cut_there}"
}

cut_after_failure() {
  cut_way=${cut_on_failure}
  if [ -n "${cut_signal}" ]; then
    cut_bad "Stopped by signal ${cut_signal}."
    cut_signal=''
  fi
  if [ "${cut_at}" = 0 ] && [ "${cut_doubt}" = 0 ]; then
    cut_close drop
    cut_say "Nothing was changed."
    return 1
  fi
  while [ "${cut_way}" = ask ]; do
    if ! cut_ask "Go back to where it began (rollback), or stop here (stop)?"; then
      cut_way=rollback
      break
    fi
    case "${cut_answer}" in
    rollback | stop) cut_way=${cut_answer} ;;
    *) ;;
    esac
  done
  if [ "${cut_way}" = stop ]; then
    cut_close keep
    cut_say "Stopped half-way."
    cut_hint
    return 3
  fi
  cut_go_back || return
  return 1
}

cut_go_back() {
  # They may be gone from memory since; what cannot be had is missed when it is needed.
  [ "${cut_dry}" = 1 ] || cut_all_secrets || cut_complain "Not all secrets are there: goes back as far as that goes."
  if cut_backward; then
    cut_close drop
    cut_good "Rolled back: everything is as before the run."
    return 0
  fi
  # Nothing is left to undo, so nothing is kept for it; what broke a promise meanwhile is not in the plan.
  if [ "${cut_at}" = 0 ] && [ "${cut_doubt}" = 0 ]; then
    cut_close drop
    cut_bad "All steps are undone, and yet the promises are not as before the run. What was seen last:"
    printf '%s' "${cut_odd}"
    cut_say "  logs: ${cut_state}/logs/${cut_run}"
    return 6
  fi
  cut_close keep
  cut_bad "Not rolled back."
  cut_hint
  return 6
}

cut_go_on() {
  if ! cut_forward "${cut_target}"; then
    cut_after_failure
    return
  fi
  if ! cut_await_confirmation; then
    if [ -n "${cut_signal}" ]; then
      cut_after_failure
      return
    fi
    cut_bad "Nobody confirmed in time."
    cut_go_back || return
    return 1
  fi
  if [ "${cut_at}" -lt "${cut_steps}" ]; then
    [ "${cut_confirm_within}" = 0 ] || cut_record kept "${cut_at}" || return 3
    cut_close keep
    cut_say "Stopped after ${cut_to}, as told."
    cut_hint
    return 0
  fi
  cut_record over finished || return 3
  cut_close drop
  cut_good "Done: all ${cut_steps} steps."
}

# -- Commands --------------------------------------------------------------------------------------------------------

cut_usage() {
  cat <<EOF
usage: ${cut_call} [plan|preflight|apply|resume|confirm|rollback|status|verify|unlock] [--yes] [--dry-run]
       [--to STEP] [--on-failure rollback|stop|ask] [--confirm-within 10m] [--state DIR] [--done STEP]
       [--patience SECONDS] [--idle 15m] [--gone ADDRESS] [--no-color]
exit status: 0 done, 1 failed and rolled back, 2 usage, 3 stopped half-way, 4 preflight refused,
  5 another run holds the lock, 6 rollback incomplete
  (verify: 1 not as the plan says; confirm: 1 not confirmed; unlock: 1 a lock is still held; status: 3 half-way)
EOF
}

cut_plan_command() {
  sed -n '/^$/q; 2,$s/^# \{0,1\}//p' "${cut_self}"
}

cut_new_run() {
  cut_run=$(date -u +%Y%m%d-%H%M%S)-$$
}

cut_open_logs() {
  cut_logs="${cut_state}/logs/${cut_run:-look}"
  # What preflight saw belongs to its run: nobody else's look overwrites it.
  cut_kept="${cut_logs}/baseline"
  mkdir -p "${cut_logs}" || return 4
  cut_count=$(find "${cut_logs}" -name '[0-9][0-9][0-9]*' | wc -l)
  cut_count=$((cut_count))
}

# What --to names, as a number in cut_target.
cut_find_target() {
  cut_target=${cut_steps}
  [ -n "${cut_to}" ] || return 0
  cut_i=1
  while [ "${cut_i}" -le "${cut_steps}" ]; do
    cut_step "${cut_i}" || return 4
    if [ "${cut_id}" = "${cut_to}" ]; then
      cut_target=${cut_i}
      return 0
    fi
    cut_i=$((cut_i + 1))
  done
  cut_complain "There is no step ${cut_to}; \`plan\` lists them."
  return 2
}

# A name in --done that no step has would be missed only in the middle of the run; that of a step which nobody does by hand may be
# meant as more than it is.
cut_find_done() {
  cut_missing=${cut_done_list}
  cut_i=1
  while [ "${cut_missing}" != ' ' ] && [ "${cut_i}" -le "${cut_steps}" ]; do
    cut_step "${cut_i}" || return 4
    while :; do
      case "${cut_missing}" in
      *" ${cut_id} "*)
        [ -n "${cut_hand}" ] || cut_say "Step ${cut_id} is not done by hand: its commands run all the same (--done)."
        cut_missing="${cut_missing%%" ${cut_id} "*} ${cut_missing#*" ${cut_id} "}"
        ;;
      *) break ;;
      esac
    done
    cut_i=$((cut_i + 1))
  done
  for cut_word in ${cut_missing}; do
    cut_complain "There is no step ${cut_word} (--done); \`plan\` lists them."
    return 2
  done
}

cut_confirm() {
  [ "${cut_yes}" = 0 ] || return 0
  if ! cut_has_terminal; then
    cut_complain "There is no terminal to ask at: say --yes."
    return 2
  fi
  cut_ask "$1 (yes/no)?"
  [ "${cut_answer}" = yes ] && return 0
  cut_say "Not confirmed: nothing is changed."
  return 2
}

cut_refuse_other() {
  [ -n "${cut_other}" ] || return 0
  cut_complain "${cut_state} holds a run of another version of this plan (digest ${cut_other}); finish that with its own runbook, or name another --state."
  return 3
}

cut_apply() {
  cut_find_target || return
  if [ "${cut_dry}" = 1 ]; then
    cut_at=0 cut_until_step=0 cut_done_stamp=''
    cut_forward "${cut_target}"
    return
  fi
  if [ "${cut_over}" = finished ] && [ -z "${cut_other}" ]; then
    cut_drop_secrets
    cut_say "Already done: run ${cut_run} finished this plan. Nothing is changed."
    return 0
  fi
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; then
    cut_refuse_other || return
    if [ "${cut_at}" -gt 0 ] || [ "${cut_doubt}" -gt 0 ]; then
      cut_open_logs
      cut_say "A run is half-way."
      cut_hint
      return 3
    fi
  fi
  cut_at=0 cut_doubt=0 cut_over='' cut_until_step=0 cut_until_time=0 cut_high=0 cut_done_stamp=''
  cut_new_run
  { pwd -P >"${cut_state}/root"; } 2>/dev/null || {
    cut_complain "${cut_state} cannot be written: a full disk, or no right to it."
    return 4
  }
  cut_root=$(pwd -P)
  cut_open_logs || return
  cut_preflight || {
    cut_close drop
    return 4
  }
  cut_confirm "Apply ${cut_plan}, ${cut_target} of ${cut_steps} steps" || {
    cut_rc=$?
    cut_close drop
    return "${cut_rc}"
  }
  [ ! -s "${cut_state}/journal" ] || mv "${cut_state}/journal" "${cut_state}/journal.before-${cut_run}" || return 4
  if ! cut_record run "${cut_run}" "${cut_digest}" || ! cut_guard; then
    cut_close drop
    return 4
  fi
  cut_go_on
}

# What a run that is half-way needs before it goes on: nobody in its way, and somebody for the steps by hand.
cut_may_go_on() {
  cut_problems=0
  cut_by_hand
  cut_locks_free "$((cut_at + 1))" "${cut_target}" || :
  [ "${cut_problems}" != 0 ] || return 0
  cut_say "Nothing is changed."
  cut_hint
  return 1
}

# Goes on from the journal. A step that was under way is done when its observation or verify says so, else done again.
cut_resume() {
  cut_find_target || return
  cut_refuse_other || return
  if [ "${cut_begun}" = 0 ] || [ -n "${cut_over}" ]; then
    [ "${cut_dry}" = 1 ] || cut_drop_secrets
    cut_say "There is no run to go on with."
    return 0
  fi
  if [ "${cut_undoing}" -gt 0 ]; then
    cut_complain "A rollback was under way: ${cut_call} rollback --state ${cut_there}"
    return 3
  fi
  if [ "${cut_target}" -lt "${cut_at}" ] || [ "${cut_target}" -lt "${cut_doubt}" ]; then
    cut_complain "A later step than ${cut_to} is done or begun: nothing is changed."
    cut_hint
    return 3
  fi
  if [ "${cut_dry}" = 1 ]; then
    cut_forward "${cut_target}"
    return
  fi
  cut_open_logs || return
  cut_all_secrets || return 3
  cut_may_go_on || return 3
  if [ "${cut_confirm_within}" = 0 ] && [ -r "${cut_state}/confirm-within" ]; then
    cut_confirm_within=$(cat -- "${cut_state}/confirm-within")
  fi
  cut_guard || return 3
  if [ "${cut_doubt}" -gt "${cut_at}" ]; then
    cut_n=${cut_doubt}
    cut_step "${cut_n}" || return 3
    cut_say "[${cut_n}/${cut_steps}] ${cut_id} was under way: looking"
    cut_looked=${cut_count}
    # Where nothing looks, it is done again; a wait looks at the journal, until it is over.
    if cut_settled "${cut_here}_verify" && { [ "${cut_count}" -gt "${cut_looked}" ] || [ "${cut_until_step}" = "${cut_n}" ]; }; then
      cut_record 'done' "${cut_n}" "${cut_id}" || return 3
      cut_at=${cut_n} cut_doubt=0
      [ "${cut_until_step}" != "${cut_n}" ] || cut_say_done
    fi
  fi
  # Of a step in doubt nobody knows what is up; after any other, the run may have ended before it looked.
  if [ "${cut_doubt}" -le "${cut_at}" ] && ! cut_as_predicted; then
    cut_after_failure
    return
  fi
  cut_go_on
}

cut_rollback() {
  cut_refuse_other || return
  if [ "${cut_dry}" = 1 ] && [ "${cut_begun}" = 0 ]; then
    cut_at=${cut_steps} cut_begun=1 cut_high=${cut_steps}
  fi
  if [ "${cut_begun}" = 0 ] || [ "${cut_over}" = rolled-back ] || { [ "${cut_at}" = 0 ] && [ "${cut_doubt}" = 0 ]; }; then
    [ "${cut_dry}" = 1 ] || cut_drop_secrets
    cut_say "There is nothing to roll back."
    return 0
  fi
  if [ "${cut_dry}" = 1 ]; then
    cut_backward
    return
  fi
  cut_open_logs || return
  cut_confirm "Roll back ${cut_plan} from step ${cut_at}" || return
  cut_n=${cut_at}
  [ "${cut_doubt}" -le "${cut_n}" ] || cut_n=${cut_doubt}
  cut_step "${cut_n}" || return 6
  if [ -n "${cut_final}" ]; then
    cut_bad "The way back ends at step ${cut_n}, ${cut_id}: ${cut_final}"
    return 6
  fi
  if ! cut_all_secrets; then
    cut_complain "A secret that the way back needs is neither kept nor to be fetched: nothing is changed."
    return 6
  fi
  if ! cut_locks_free 1 "${cut_n}"; then
    cut_say "Nothing is changed: the way back goes through what is locked."
    cut_hint
    return 6
  fi
  cut_go_back
}

# A finished run of another version of the plan is none of this one's.
cut_forget_other() {
  if [ -n "${cut_other}" ] && [ -n "${cut_over}" ]; then
    cut_at=0 cut_doubt=0 cut_undoing=0 cut_begun=0 cut_over='' cut_other=''
  fi
}

# Until when the step at hand waits, or its undo.
cut_say_wait() {
  cut_clock
  if [ "${cut_until_step}" != "${cut_doubt}" ] && [ "${cut_until_step}" != "back-${cut_undoing}" ]; then
    return 0
  fi
  [ "${cut_time}" -lt "${cut_until_time}" ] || return 0
  cut_hour "${cut_until_time}"
  cut_seconds "$((cut_until_time - cut_time))"
  cut_say "  waits until ${cut_day}, ${cut_span} from now, for caches to forget the answers that the next step must not meet"
}

# Somebody else's state directory, closed to others, tells nothing: not even that nothing was begun.
cut_may_look() {
  cut_there_is=${cut_state}
  while ! [ -e "${cut_there_is}" ] && [ "${cut_there_is%/*}" != '' ]; do
    cut_there_is=${cut_there_is%/*}
  done
  if [ -d "${cut_there_is}" ] && ! [ -x "${cut_there_is}" ] || { [ -e "${cut_state}/journal" ] && ! [ -r "${cut_state}/journal" ]; }; then
    cut_complain "What is in ${cut_state} is closed to you: ask as who ran it."
    return 4
  fi
}

cut_status_command() {
  cut_forget_other
  cut_i=1
  while [ "${cut_i}" -le "${cut_steps}" ]; do
    cut_step "${cut_i}" || return 4
    cut_mark='      '
    [ "${cut_i}" -gt "${cut_at}" ] || cut_mark='done  '
    [ "${cut_i}" -ne "${cut_doubt}" ] || cut_mark='maybe '
    [ "${cut_i}" -ne "${cut_undoing}" ] || cut_mark='undo? '
    cut_say "${cut_mark}${cut_i} ${cut_title}"
    cut_i=$((cut_i + 1))
  done
  cut_logs=''
  if [ "${cut_begun}" = 0 ]; then
    cut_say "Not begun."
  elif [ -n "${cut_other}" ]; then
    cut_refuse_other
    return
  elif [ -n "${cut_over}" ]; then
    cut_say "Run ${cut_run}: ${cut_over}."
  else
    cut_say "Run ${cut_run}: half-way."
    cut_logs="${cut_state}/logs/${cut_run}"
    cut_say_until
    [ -z "${cut_secrets}" ] || [ ! -r "${cut_state}/secrets-at" ] || cut_say "  secrets are kept for the way back"
    cut_say_wait
    if cut_read_holder "${cut_state}/lock/holder" && cut_is_alive "${cut_holder}" "${cut_holder_birth}"; then
      cut_say "  at work: process ${cut_holder} on ${cut_holder_host}"
    fi
    cut_say "  logs: ${cut_logs}"
    cut_logs=''
    cut_hint
    return 3
  fi
}

# The verifies of all steps that are done and not overtaken by a later one, and the promises.
cut_verify_command() {
  cut_bad_count=0
  cut_forget_other
  cut_refuse_other || return
  [ -n "${cut_run}" ] || cut_new_run
  cut_open_logs || return
  if ! cut_all_secrets; then
    cut_bad "Not all secrets can be fetched: what needs them cannot be looked at."
    cut_bad_count=1
  fi
  cut_n=1
  while [ "${cut_n}" -le "${cut_at}" ]; do
    cut_step "${cut_n}" || return 1
    if [ -z "${cut_newer}" ] || [ "${cut_newer}" -gt "${cut_at}" ]; then
      cut_say "[${cut_n}/${cut_steps}] ${cut_id}"
      cut_settled "${cut_here}_verify" || cut_bad_count=$((cut_bad_count + 1))
    fi
    cut_n=$((cut_n + 1))
  done
  if ! cut_probe_all "${cut_at}"; then
    cut_bad "Not as the model says:"
    printf '%s' "${cut_surprises}"
    cut_bad_count=$((cut_bad_count + 1))
  fi
  cut_list_blind
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; then
    cut_close keep
  else
    cut_close drop
  fi
  if [ -n "${cut_signal}" ]; then
    cut_bad "Stopped by signal ${cut_signal}: not all was looked at."
    return 1
  fi
  [ "${cut_bad_count}" = 0 ] || return 1
  cut_good "All as the plan says after step ${cut_at}."
}

cut_preflight_command() {
  if [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ] && [ "$((cut_at + cut_doubt))" -gt 0 ]; then
    cut_say "A run is half-way: there is no baseline to look at now (use verify)."
    return 3
  fi
  cut_find_target || return
  if [ "${cut_over}" = finished ] && [ -z "${cut_other}" ]; then
    cut_say "Already done: run ${cut_run} finished this plan, and verify looks at it now."
    return 0
  fi
  cut_at=0
  cut_new_run
  cut_root=$(pwd -P)
  cut_open_logs || return
  cut_preflight
  cut_rc=$?
  cut_close drop
  [ "${cut_rc}" = 0 ] || return "${cut_rc}"
  cut_good "Ready."
}

# A shell that counts in 32 bits (mksh) cannot tell the time from January 2038 on; it says so before waits begin to fail.
cut_tell_time() {
  case "$((2147483647 + 1))" in
  -*) ;;
  *) return 0 ;;
  esac
  cut_clock
  case "${cut_time}" in
  2[1-9]???????? | [3-9]????????? | ???????????*)
    cut_complain "This shell counts in 32 bits, and the time of today needs more: run this with another one (sh, dash, bash)."
    return 2
    ;;
  *) ;;
  esac
}

# 90, 90s, 10m or 1h as seconds in cut_length; not longer than what 32 bits can be added to.
cut_duration() {
  cut_length=${1%[smh]}
  case "${cut_length}" in
  '' | *[!0-9]* | 0* | ?????????*) return 2 ;;
  *) ;;
  esac
  case "$1" in
  ???????*m | ?????*h) return 2 ;;
  *m) cut_length=$((cut_length * 60)) ;;
  *h) cut_length=$((cut_length * 3600)) ;;
  *) ;;
  esac
}

# What is wrong with the command line is said, in cut_why.
cut_options() {
  while [ "$#" -gt 0 ]; do
    cut_why="There is no command or option \`$1\`."
    case "$1" in
    plan | preflight | apply | resume | confirm | rollback | status | verify | unlock)
      cut_why="Two commands, ${cut_given_mode} and $1: say one."
      [ -z "${cut_given_mode}" ] || return 2
      cut_mode=$1 cut_given_mode=$1
      ;;
    --help | -h) cut_mode=help cut_given_mode=--help ;;
    --yes) cut_yes=1 ;;
    --dry-run) cut_dry=1 ;;
    --no-color) cut_colour=0 ;;
    --to | --on-failure | --state | --done | --patience | --idle | --gone | --confirm-within)
      cut_why="The option $1 wants a value."
      [ "$#" -gt 1 ] || return 2
      case "$2" in
      --*) return 2 ;;
      *) ;;
      esac
      cut_why="\`$2\` is no value of the option $1: a time is 90, 90s, 10m or 1h."
      case "$1" in
      --to) cut_to=$2 ;;
      --on-failure) cut_on_failure=$2 ;;
      --state) cut_state=$2 ;;
      --patience)
        if [ "$2" = 0 ]; then
          cut_patience=0
        else
          cut_duration "$2" || return
          cut_patience=${cut_length}
        fi
        ;;
      --gone) cut_gone="${cut_gone}$2 " ;;
      --idle)
        cut_duration "$2" || return
        cut_bound=${cut_length}
        ;;
      --confirm-within)
        cut_duration "$2" || return
        cut_confirm_within=${cut_length}
        ;;
      *) cut_done_list="${cut_done_list}$2 " ;;
      esac
      shift
      ;;
    *) return 2 ;;
    esac
    shift
  done
  case "${cut_on_failure}" in
  ask | rollback | stop) ;;
  *)
    cut_why="\`${cut_on_failure}\` is no value of the option --on-failure: rollback, stop or ask."
    return 2
    ;;
  esac
  case "${cut_mode}${cut_to:+ --to}" in
  'rollback --to')
    cut_why="A rollback takes back all that was done: --to is for apply and resume."
    return 2
    ;;
  *) ;;
  esac
}

# Secrets are kept for a run that is half-way, and for nothing else. Where the journal cannot be written, nobody knows.
cut_keep_or_drop() {
  if [ "${cut_locked}" = 1 ] && [ "${cut_torn}" = 0 ] && [ -r "${cut_state}/secrets-at" ]; then
    cut_read_journal
    { [ "${cut_begun}" = 1 ] && [ -z "${cut_over}" ]; } || cut_drop_secrets
  fi
}

# Ends with what was left behind, said aloud, when the script ends in a way nobody foresaw.
cut_leave() {
  trap - EXIT
  [ "${cut_quiet_tty}" = 0 ] || stty echo </dev/tty
  [ "${cut_clean}" = 0 ] || return 0
  cut_complain "The runbook ended unexpectedly. Where things stand: ${cut_call} status --state ${cut_there}"
  cut_keep_or_drop
  cut_unlock
  exit 3
}

cut_main() {
  cut_self=$0
  case "${1-}" in
  --watchdog)
    shift
    cut_watchdog "$@"
    return
    ;;
  *) ;;
  esac
  cut_book=${cut_self}
  cut_quote "${cut_self}"
  cut_call="sh ${cut_quoted}"
  if ! cut_options "$@"; then
    cut_complain "${cut_why}"
    cut_usage >&2
    return 2
  fi
  # One that is closed would become a file of the run.
  (: >&2) || exec 2>/dev/null
  (: <&0) 2>/dev/null || exec </dev/null
  (: >&1) 2>/dev/null || exec >/dev/null
  [ ! -t 1 ] || cut_tty_out=1
  [ ! -t 2 ] || cut_tty_err=1
  [ "${cut_tty_out}" = 1 ] && [ -z "${NO_COLOR:-}" ] || cut_colour=0
  cut_root=$(pwd -P)
  [ -n "${cut_state}" ] || cut_state="${XDG_STATE_HOME:-${HOME:-/root}/.local/state}/cutc/${cut_plan}"
  case "${cut_state}" in
  /*) ;;
  *) cut_state="${cut_root}/${cut_state}" ;;
  esac
  cut_quote "${cut_state}"
  cut_there=${cut_quoted}
  if [ "${cut_mode}" = help ]; then
    cut_usage
    return
  fi
  if ! [ -f "${cut_self}" ]; then
    cut_complain "This runbook has to be a file, since it starts its commands from it: save it, then: sh FILE ${cut_mode}"
    return 2
  fi
  if [ "${cut_mode}" = plan ]; then
    cut_plan_command
    return
  fi
  if [ "${cut_mode}" = status ]; then
    cut_may_look || return
    cut_read_journal
    cut_status_command
    return
  fi
  if [ "${cut_mode}" = confirm ]; then
    cut_may_look || return
    cut_read_journal
    cut_confirm_command && return
    [ "${cut_orphaned}" = 1 ] || return 1
  fi
  trap ':' PIPE
  trap 'cut_signal=INT' INT
  trap 'cut_signal=TERM' TERM
  trap cut_hang_up HUP
  trap ':' ALRM
  cut_find_launcher
  cut_find_done || return
  cut_tell_time || return
  # These look and change nothing, dry or not; a dry `unlock` only shows.
  case "${cut_mode}" in
  unlock) cut_only_look=${cut_dry} cut_dry=0 ;;
  preflight | verify) cut_dry=0 ;;
  *) ;;
  esac
  trap cut_leave EXIT
  cut_rc=0
  if [ "${cut_dry}" = 0 ]; then
    cut_lock || cut_rc=$?
    [ "${cut_rc}" != 0 ] || cut_mend_journal
  fi
  # Only now: whoever held the lock may have gone on meanwhile.
  cut_read_journal
  if [ "${cut_rc}" = 0 ]; then
    case "${cut_mode}" in
    preflight) cut_preflight_command ;;
    apply) cut_apply ;;
    resume) cut_resume ;;
    confirm) cut_confirm_orphan ;;
    unlock) cut_unlock_command ;;
    rollback) cut_rollback ;;
    *) cut_verify_command ;;
    esac
    cut_rc=$?
  fi
  cut_keep_or_drop
  cut_unlock
  cut_clean=1
  return "${cut_rc}"
}

# == End of the runtime ==

# == Plan ==

cut_plan=traefik-dedicated-ip
cut_digest=6232163f143a998d
cut_steps=7
cut_promises=7
cut_secrets='1:vault_token 2:technitium_token 3:cloudflare_token 4:pg_conn'
cut_at_use=''

plan_tools() {
  cut_tool curl .
  cut_tool jq .
  cut_tool git .
  cut_tool ../../scripts/tg ./stacks/traefik
  cut_tool rm .
  cut_tool kubectl .
  cut_tool dig .
  cut_tool ssh .
}

plan_observe() {
  cut_observe 1 metallb
  cut_observe 2 postgresql-lb
  cut_observe 3 headscale
  cut_observe 4 wireguard
  cut_observe 5 xray
  cut_observe 6 traefik
  cut_observe 7 apex
  cut_observe 8 lan_names
  cut_observe 9 proxied_apps
  cut_absent 10 traefik-direct 1
}

plan_unused() {
  cut_unused 10.0.20.203 80 traefik-direct
  cut_unused 10.0.20.203 443 traefik-direct
}

plan_locks() {
  cut_state_lock 1 traefik_stack terraform_remote_state default 1
}

lock_1() {
  cut_compose secret pg_conn
}

plan_baseline() {
  :
}

secret_1() {
  cut_secret_env vault_token VAULT_TOKEN
}

secret_2() {
  cut_run secret_2_1 || return
  cut_secret_jq technitium_token secret/data/technitium token ".data | if (.data | type) == \"object\" then .data[\$field] else .[\$field] end" || return
}

secret_2_1() { # std/vault:28
  cut_header text 'X-Vault-Token: ' secret vault_token || return
  cut_http GET https://vault.example.net/v1/secret/data/technitium
}

secret_3() {
  cut_run secret_3_1 || return
  cut_secret_jq cloudflare_token secret/data/platform cloudflare_api_token ".data | if (.data | type) == \"object\" then .data[\$field] else .[\$field] end" || return
}

secret_3_1() { # std/vault:28
  cut_header text 'X-Vault-Token: ' secret vault_token || return
  cut_http GET https://vault.example.net/v1/secret/data/platform
}

secret_4() {
  cut_run secret_4_1 || return
  cut_secret_jq pg_conn secret/data/terraform conn_str ".data | if (.data | type) == \"object\" then .data[\$field] else .[\$field] end" || return
}

secret_4_1() { # std/vault:28
  cut_header text 'X-Vault-Token: ' secret vault_token || return
  cut_http GET https://vault.example.net/v1/secret/data/terraform
}

observe_1() {
  cut_run observe_1_1 || return
  cut_seen range jq .spec.addresses 10.0.20.200-10.0.20.220
}

observe_1_1() { # std/kubernetes:64
  cut_http GET https://10.0.20.10:6443/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/metallb
}

observe_2() {
  cut_run observe_2_1 || return
  cut_seen address jq '.status.loadBalancer.ingress[0].ip' 10.0.20.200
  cut_seen policy jq .spec.externalTrafficPolicy Cluster
  cut_seen sharing jq '.metadata.annotations | (.["metallb.io/allow-shared-ip"] // .["metallb.universe.tf/allow-shared-ip"])' shared
}

observe_2_1() { # std/kubernetes:108
  cut_http GET https://10.0.20.10:6443/api/v1/namespaces/dbaas/services/postgresql-lb
}

observe_3() {
  cut_run observe_3_1 || return
  cut_seen address jq '.status.loadBalancer.ingress[0].ip' 10.0.20.200
  cut_seen policy jq .spec.externalTrafficPolicy Cluster
  cut_seen sharing jq '.metadata.annotations | (.["metallb.io/allow-shared-ip"] // .["metallb.universe.tf/allow-shared-ip"])' shared
}

observe_3_1() { # std/kubernetes:108
  cut_http GET https://10.0.20.10:6443/api/v1/namespaces/headscale/services/headscale
}

observe_4() {
  cut_run observe_4_1 || return
  cut_seen address jq '.status.loadBalancer.ingress[0].ip' 10.0.20.200
  cut_seen policy jq .spec.externalTrafficPolicy Cluster
  cut_seen sharing jq '.metadata.annotations | (.["metallb.io/allow-shared-ip"] // .["metallb.universe.tf/allow-shared-ip"])' shared
}

observe_4_1() { # std/kubernetes:108
  cut_http GET https://10.0.20.10:6443/api/v1/namespaces/wireguard/services/wireguard
}

observe_5() {
  cut_run observe_5_1 || return
  cut_seen address jq '.status.loadBalancer.ingress[0].ip' 10.0.20.200
  cut_seen policy jq .spec.externalTrafficPolicy Cluster
  cut_seen sharing jq '.metadata.annotations | (.["metallb.io/allow-shared-ip"] // .["metallb.universe.tf/allow-shared-ip"])' shared
}

observe_5_1() { # std/kubernetes:108
  cut_http GET https://10.0.20.10:6443/api/v1/namespaces/xray/services/xray
}

observe_6() {
  cut_run observe_6_1 || return
  cut_seen address jq '.status.loadBalancer.ingress[0].ip' 10.0.20.200
  cut_seen policy jq .spec.externalTrafficPolicy Cluster
  cut_seen sharing jq '.metadata.annotations | (.["metallb.io/allow-shared-ip"] // .["metallb.universe.tf/allow-shared-ip"])' shared
}

observe_6_1() { # std/kubernetes:108
  cut_http GET https://10.0.20.10:6443/api/v1/namespaces/traefik/services/traefik
}

observe_7() {
  cut_run observe_7_1 || return
  cut_seen value jq '[.response.records[] | select(.disabled | not) | .rData | (.ipAddress // .cname) | select(. != null)] | if length == 1 then .[0] else . end' 10.0.20.200
  cut_seen ttl jq '[.response.records[] | select(.type == "A" or .type == "AAAA" or .type == "CNAME") | .ttl] | first | if . == null then . else "\(.)s" end' 3600s
}

observe_7_1() { # std/net:124
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net'
}

observe_8() {
  cut_run observe_8_1 || return
  cut_seen value jq '[.response.records[] | select(.disabled | not) | .rData | (.ipAddress // .cname) | select(. != null)] | if length == 1 then .[0] else . end' example.net
  cut_seen ttl jq '[.response.records[] | select(.type == "A" or .type == "AAAA" or .type == "CNAME") | .ttl] | first | if . == null then . else "\(.)s" end' 3600s
}

observe_8_1() { # std/net:124
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=*.example.net'
}

observe_9() {
  cut_run observe_9_1 || return
  cut_seen origin jq '[.result.config.ingress[] | select(.hostname == "*.example.net") | .service] | first' https://10.0.20.200:443
}

observe_9_1() { # std/cloudflare:72
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_http GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations
}

observe_10() {
  cut_run observe_10_1 || cut_is_gone || return
  cut_found address jq '.status.loadBalancer.ingress[0].ip'
  cut_found policy jq .spec.externalTrafficPolicy
  cut_found sharing jq '.metadata.annotations | (.["metallb.io/allow-shared-ip"] // .["metallb.universe.tf/allow-shared-ip"])'
}

observe_10_1() { # std/kubernetes:108
  cut_http GET https://10.0.20.10:6443/api/v1/namespaces/traefik/services/traefik-direct
}

# == Step 1 of 7: traefik-direct ==

step_1() { # additive.cut:59
  cut_id=traefik-direct
  cut_title='traefik-direct: create lb_service'
  cut_takes=90
  cut_final=''
  cut_hand=''
  cut_newer=''
}

step_1_do() {
  cut_run step_1_do_1 || return
  cut_run step_1_do_2 stop INT grace 60 holds tg || return
  cut_run step_1_do_3 stop INT grace 60 holds tg || return
  cut_run step_1_do_4 || return
  cut_run step_1_do_5 stop INT grace 60 holds tg || return
  cut_run step_1_do_6 || return
}

step_1_do_1() { # std/terragrunt:53
  git apply --reverse --check patches/traefik-direct.patch || git apply patches/traefik-direct.patch
}

step_1_do_2() { # std/terragrunt:55
  cd ./stacks/traefik || return
  PG_CONN_STR=$(cut_compose secret pg_conn) || return
  export PG_CONN_STR
  ../../scripts/tg plan -input=false -lock-timeout=5m "-out=${cut_work}/saved.tfplan"
}

step_1_do_3() { # std/terragrunt:56
  cd ./stacks/traefik || return
  PG_CONN_STR=$(cut_compose secret pg_conn) || return
  export PG_CONN_STR
  ../../scripts/tg show -json "${cut_work}/saved.tfplan" >"${cut_work}/plan.json"
}

step_1_do_4() { # std/terragrunt:57
  cd ./stacks/traefik || return
  jq -e --arg targets kubernetes_service.traefik_direct --arg ignore '' '[.resource_changes[]? | select(.change.actions != ["no-op"] and .change.actions != ["read"])] | map(select(.address as $a | ($ignore | split(" ") | index($a)) == null)) | map(select(.address as $a | if $targets == "" then (.change.actions | index("delete")) != null else ($targets | split(" ") | index($a)) == null end) | .address) | length == 0 or error("not announced: " + join(", "))' "${cut_work}/plan.json"
}

step_1_do_5() { # std/terragrunt:58
  cd ./stacks/traefik || return
  PG_CONN_STR=$(cut_compose secret pg_conn) || return
  export PG_CONN_STR
  ../../scripts/tg apply -input=false -lock-timeout=5m "${cut_work}/saved.tfplan"
}

step_1_do_6() { # std/terragrunt:59
  cd ./stacks/traefik || return
  rm -f "${cut_work}/saved.tfplan" "${cut_work}/plan.json"
}

step_1_undo() {
  cut_since 4 3600 || return
  cut_since 3 60 || return
  cut_run step_1_undo_1 || return
  cut_run step_1_undo_2 stop INT grace 60 holds tg || return
  cut_run step_1_undo_3 stop INT grace 60 holds tg || return
  cut_run step_1_undo_4 || return
  cut_run step_1_undo_5 stop INT grace 60 holds tg || return
  cut_run step_1_undo_6 || return
}

step_1_undo_1() { # std/terragrunt:72
  git apply --check patches/traefik-direct.patch || git apply --reverse patches/traefik-direct.patch
}

step_1_undo_2() { # std/terragrunt:74
  cd ./stacks/traefik || return
  PG_CONN_STR=$(cut_compose secret pg_conn) || return
  export PG_CONN_STR
  ../../scripts/tg plan -input=false -lock-timeout=5m "-out=${cut_work}/saved.tfplan"
}

step_1_undo_3() { # std/terragrunt:75
  cd ./stacks/traefik || return
  PG_CONN_STR=$(cut_compose secret pg_conn) || return
  export PG_CONN_STR
  ../../scripts/tg show -json "${cut_work}/saved.tfplan" >"${cut_work}/plan.json"
}

step_1_undo_4() { # std/terragrunt:76
  cd ./stacks/traefik || return
  jq -e --arg targets kubernetes_service.traefik_direct --arg ignore '' '[.resource_changes[]? | select(.change.actions != ["no-op"] and .change.actions != ["read"])] | map(select(.address as $a | ($ignore | split(" ") | index($a)) == null)) | map(select(.address as $a | if $targets == "" then (.change.actions | index("delete")) != null else ($targets | split(" ") | index($a)) == null end) | .address) | length == 0 or error("not announced: " + join(", "))' "${cut_work}/plan.json"
}

step_1_undo_5() { # std/terragrunt:77
  cd ./stacks/traefik || return
  PG_CONN_STR=$(cut_compose secret pg_conn) || return
  export PG_CONN_STR
  ../../scripts/tg apply -input=false -lock-timeout=5m "${cut_work}/saved.tfplan"
}

step_1_undo_6() { # std/terragrunt:78
  cd ./stacks/traefik || return
  rm -f "${cut_work}/saved.tfplan" "${cut_work}/plan.json"
}

step_1_verify() {
  cut_run step_1_verify_1 within 60 equal 10.0.20.203 || return
  cut_run step_1_verify_2 within 60 equal Local || return
}

step_1_verify_1() { # std/kubernetes:115
  kubectl get service traefik-direct -n traefik -o 'jsonpath={.status.loadBalancer.ingress[0].ip}'
}

step_1_verify_2() { # std/kubernetes:117
  kubectl get service traefik-direct -n traefik -o 'jsonpath={.spec.externalTrafficPolicy}'
}

step_1_was() {
  cut_watch_gone traefik-direct
  cut_run step_1_was_1 || cut_is_gone || return
  cut_found address jq '.status.loadBalancer.ingress[0].ip'
  cut_found policy jq .spec.externalTrafficPolicy
  cut_found sharing jq '.metadata.annotations | (.["metallb.io/allow-shared-ip"] // .["metallb.universe.tf/allow-shared-ip"])'
  cut_watched
}

step_1_was_1() { # std/kubernetes:108
  cut_http GET https://10.0.20.10:6443/api/v1/namespaces/traefik/services/traefik-direct
}

# == Step 2 of 7: apex.ttl.1 ==

step_2() { # additive.cut:78
  cut_id=apex.ttl.1
  cut_title='apex: ttl 1h -> 60s'
  cut_takes=10
  cut_final=''
  cut_hand=''
  cut_newer=3
}

step_2_do() {
  cut_run step_2_do_1 || return
  cut_run step_2_do_2 || return
  cut_run step_2_do_3 || return
  cut_run step_2_do_4 || return
}

step_2_do_1() { # std/technitium:32
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net' save "${cut_work}/before.json"
}

step_2_do_2() { # std/technitium:33
  jq -j --arg domain example.net --arg old 10.0.20.200 --arg new 10.0.20.200 --argjson ttl 60 'def kind: if test(":") then "AAAA" elif test("^[0-9.]+$") then "A" else "CNAME" end; if .status != "ok" then error(.errorMessage // .status) else . end | [.response.records[] | . + {at: (.rData | .ipAddress // .cname)} | select(.type == ($old | kind) and (.at == $old or .at == $new))] | if length != 1 then error("the record is neither the old nor the new one") else .[0] end | {domain: $domain, type: .type, ttl: $ttl, disable: .disabled, comments: (.comments // "")} + (if .type == "CNAME" then {cname: $new} else {ipAddress: .at, newIpAddress: $new} end) | to_entries | map("\(.key)=\(.value | tostring | @uri)") | join("&")' "${cut_work}/before.json" >"${cut_work}/change.form"
}

step_2_do_3() { # std/technitium:34
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_header text 'Content-Type: ' text application/x-www-form-urlencoded || return
  cut_http POST http://10.0.20.201:5380/api/zones/records/update body "${cut_work}/change.form" save "${cut_work}/after.json"
}

step_2_do_4() { # std/technitium:35
  jq -e '.status == "ok" or error(.errorMessage // .status)' "${cut_work}/after.json"
}

step_2_undo() {
  cut_run step_2_undo_1 || return
  cut_run step_2_undo_2 || return
  cut_run step_2_undo_3 || return
  cut_run step_2_undo_4 || return
}

step_2_undo_1() { # std/technitium:32
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net' save "${cut_work}/before.json"
}

step_2_undo_2() { # std/technitium:33
  jq -j --arg domain example.net --arg old 10.0.20.200 --arg new 10.0.20.200 --argjson ttl 3600 'def kind: if test(":") then "AAAA" elif test("^[0-9.]+$") then "A" else "CNAME" end; if .status != "ok" then error(.errorMessage // .status) else . end | [.response.records[] | . + {at: (.rData | .ipAddress // .cname)} | select(.type == ($old | kind) and (.at == $old or .at == $new))] | if length != 1 then error("the record is neither the old nor the new one") else .[0] end | {domain: $domain, type: .type, ttl: $ttl, disable: .disabled, comments: (.comments // "")} + (if .type == "CNAME" then {cname: $new} else {ipAddress: .at, newIpAddress: $new} end) | to_entries | map("\(.key)=\(.value | tostring | @uri)") | join("&")' "${cut_work}/before.json" >"${cut_work}/change.form"
}

step_2_undo_3() { # std/technitium:34
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_header text 'Content-Type: ' text application/x-www-form-urlencoded || return
  cut_http POST http://10.0.20.201:5380/api/zones/records/update body "${cut_work}/change.form" save "${cut_work}/after.json"
}

step_2_undo_4() { # std/technitium:35
  jq -e '.status == "ok" or error(.errorMessage // .status)' "${cut_work}/after.json"
}

step_2_verify() {
  cut_run step_2_verify_1 within 30 || return
}

step_2_verify_1() { # std/technitium:55
  cut_dns example.net 10.0.20.201 53 A 10.0.20.200
}

step_2_was() {
  cut_watch apex
  cut_run step_2_was_1 || return
  cut_seen value jq '[.response.records[] | select(.disabled | not) | .rData | (.ipAddress // .cname) | select(. != null)] | if length == 1 then .[0] else . end' 10.0.20.200
  cut_seen ttl jq '[.response.records[] | select(.type == "A" or .type == "AAAA" or .type == "CNAME") | .ttl] | first | if . == null then . else "\(.)s" end' 3600s
  cut_watched
}

step_2_was_1() { # std/net:124
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net'
}

# == Step 3 of 7: apex ==

step_3() { # additive.cut:74
  cut_id=apex
  cut_title='apex: value 10.0.20.200 -> 10.0.20.203'
  cut_takes=10
  cut_final=''
  cut_hand=''
  cut_newer=4
}

step_3_do() {
  cut_run step_3_do_1 || return
  cut_run step_3_do_2 || return
  cut_run step_3_do_3 || return
  cut_run step_3_do_4 || return
}

step_3_do_1() { # std/technitium:32
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net' save "${cut_work}/before.json"
}

step_3_do_2() { # std/technitium:33
  jq -j --arg domain example.net --arg old 10.0.20.200 --arg new 10.0.20.203 --argjson ttl 60 'def kind: if test(":") then "AAAA" elif test("^[0-9.]+$") then "A" else "CNAME" end; if .status != "ok" then error(.errorMessage // .status) else . end | [.response.records[] | . + {at: (.rData | .ipAddress // .cname)} | select(.type == ($old | kind) and (.at == $old or .at == $new))] | if length != 1 then error("the record is neither the old nor the new one") else .[0] end | {domain: $domain, type: .type, ttl: $ttl, disable: .disabled, comments: (.comments // "")} + (if .type == "CNAME" then {cname: $new} else {ipAddress: .at, newIpAddress: $new} end) | to_entries | map("\(.key)=\(.value | tostring | @uri)") | join("&")' "${cut_work}/before.json" >"${cut_work}/change.form"
}

step_3_do_3() { # std/technitium:34
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_header text 'Content-Type: ' text application/x-www-form-urlencoded || return
  cut_http POST http://10.0.20.201:5380/api/zones/records/update body "${cut_work}/change.form" save "${cut_work}/after.json"
}

step_3_do_4() { # std/technitium:35
  jq -e '.status == "ok" or error(.errorMessage // .status)' "${cut_work}/after.json"
}

step_3_undo() {
  cut_run step_3_undo_1 || return
  cut_run step_3_undo_2 || return
  cut_run step_3_undo_3 || return
  cut_run step_3_undo_4 || return
}

step_3_undo_1() { # std/technitium:32
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net' save "${cut_work}/before.json"
}

step_3_undo_2() { # std/technitium:33
  jq -j --arg domain example.net --arg old 10.0.20.203 --arg new 10.0.20.200 --argjson ttl 60 'def kind: if test(":") then "AAAA" elif test("^[0-9.]+$") then "A" else "CNAME" end; if .status != "ok" then error(.errorMessage // .status) else . end | [.response.records[] | . + {at: (.rData | .ipAddress // .cname)} | select(.type == ($old | kind) and (.at == $old or .at == $new))] | if length != 1 then error("the record is neither the old nor the new one") else .[0] end | {domain: $domain, type: .type, ttl: $ttl, disable: .disabled, comments: (.comments // "")} + (if .type == "CNAME" then {cname: $new} else {ipAddress: .at, newIpAddress: $new} end) | to_entries | map("\(.key)=\(.value | tostring | @uri)") | join("&")' "${cut_work}/before.json" >"${cut_work}/change.form"
}

step_3_undo_3() { # std/technitium:34
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_header text 'Content-Type: ' text application/x-www-form-urlencoded || return
  cut_http POST http://10.0.20.201:5380/api/zones/records/update body "${cut_work}/change.form" save "${cut_work}/after.json"
}

step_3_undo_4() { # std/technitium:35
  jq -e '.status == "ok" or error(.errorMessage // .status)' "${cut_work}/after.json"
}

step_3_verify() {
  cut_run step_3_verify_1 within 30 || return
}

step_3_verify_1() { # std/technitium:55
  cut_dns example.net 10.0.20.201 53 A 10.0.20.203
}

step_3_was() {
  cut_watch apex
  cut_run step_3_was_1 || return
  cut_seen value jq '[.response.records[] | select(.disabled | not) | .rData | (.ipAddress // .cname) | select(. != null)] | if length == 1 then .[0] else . end' 10.0.20.200
  cut_seen ttl jq '[.response.records[] | select(.type == "A" or .type == "AAAA" or .type == "CNAME") | .ttl] | first | if . == null then . else "\(.)s" end' 60s
  cut_watched
}

step_3_was_1() { # std/net:124
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net'
}

# == Step 4 of 7: apex.ttl.2 ==

step_4() { # additive.cut:78
  cut_id=apex.ttl.2
  cut_title='apex: ttl 60s -> 1h'
  cut_takes=10
  cut_final=''
  cut_hand=''
  cut_newer=''
}

step_4_do() {
  cut_run step_4_do_1 || return
  cut_run step_4_do_2 || return
  cut_run step_4_do_3 || return
  cut_run step_4_do_4 || return
}

step_4_do_1() { # std/technitium:32
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net' save "${cut_work}/before.json"
}

step_4_do_2() { # std/technitium:33
  jq -j --arg domain example.net --arg old 10.0.20.203 --arg new 10.0.20.203 --argjson ttl 3600 'def kind: if test(":") then "AAAA" elif test("^[0-9.]+$") then "A" else "CNAME" end; if .status != "ok" then error(.errorMessage // .status) else . end | [.response.records[] | . + {at: (.rData | .ipAddress // .cname)} | select(.type == ($old | kind) and (.at == $old or .at == $new))] | if length != 1 then error("the record is neither the old nor the new one") else .[0] end | {domain: $domain, type: .type, ttl: $ttl, disable: .disabled, comments: (.comments // "")} + (if .type == "CNAME" then {cname: $new} else {ipAddress: .at, newIpAddress: $new} end) | to_entries | map("\(.key)=\(.value | tostring | @uri)") | join("&")' "${cut_work}/before.json" >"${cut_work}/change.form"
}

step_4_do_3() { # std/technitium:34
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_header text 'Content-Type: ' text application/x-www-form-urlencoded || return
  cut_http POST http://10.0.20.201:5380/api/zones/records/update body "${cut_work}/change.form" save "${cut_work}/after.json"
}

step_4_do_4() { # std/technitium:35
  jq -e '.status == "ok" or error(.errorMessage // .status)' "${cut_work}/after.json"
}

step_4_undo() {
  cut_run step_4_undo_1 || return
  cut_run step_4_undo_2 || return
  cut_run step_4_undo_3 || return
  cut_run step_4_undo_4 || return
}

step_4_undo_1() { # std/technitium:32
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net' save "${cut_work}/before.json"
}

step_4_undo_2() { # std/technitium:33
  jq -j --arg domain example.net --arg old 10.0.20.203 --arg new 10.0.20.203 --argjson ttl 60 'def kind: if test(":") then "AAAA" elif test("^[0-9.]+$") then "A" else "CNAME" end; if .status != "ok" then error(.errorMessage // .status) else . end | [.response.records[] | . + {at: (.rData | .ipAddress // .cname)} | select(.type == ($old | kind) and (.at == $old or .at == $new))] | if length != 1 then error("the record is neither the old nor the new one") else .[0] end | {domain: $domain, type: .type, ttl: $ttl, disable: .disabled, comments: (.comments // "")} + (if .type == "CNAME" then {cname: $new} else {ipAddress: .at, newIpAddress: $new} end) | to_entries | map("\(.key)=\(.value | tostring | @uri)") | join("&")' "${cut_work}/before.json" >"${cut_work}/change.form"
}

step_4_undo_3() { # std/technitium:34
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_header text 'Content-Type: ' text application/x-www-form-urlencoded || return
  cut_http POST http://10.0.20.201:5380/api/zones/records/update body "${cut_work}/change.form" save "${cut_work}/after.json"
}

step_4_undo_4() { # std/technitium:35
  jq -e '.status == "ok" or error(.errorMessage // .status)' "${cut_work}/after.json"
}

step_4_verify() {
  cut_run step_4_verify_1 within 30 || return
}

step_4_verify_1() { # std/technitium:55
  cut_dns example.net 10.0.20.201 53 A 10.0.20.203
}

step_4_was() {
  cut_watch apex
  cut_run step_4_was_1 || return
  cut_seen value jq '[.response.records[] | select(.disabled | not) | .rData | (.ipAddress // .cname) | select(. != null)] | if length == 1 then .[0] else . end' 10.0.20.203
  cut_seen ttl jq '[.response.records[] | select(.type == "A" or .type == "AAAA" or .type == "CNAME") | .ttl] | first | if . == null then . else "\(.)s" end' 60s
  cut_watched
}

step_4_was_1() { # std/net:124
  cut_header text 'Authorization: Bearer ' secret technitium_token || return
  cut_http GET 'http://10.0.20.201:5380/api/zones/records/get?domain=example.net'
}

# == Step 5 of 7: traefik_lb ==

step_5() { # additive.cut:104
  cut_id=traefik_lb
  cut_title='traefik_lb: create alias'
  cut_takes=60
  cut_final=''
  cut_hand=1
  cut_newer=''
}

step_5_do() {
  cut_manual step_5_do_1 "Firewall > Aliases: add a host alias \`traefik_lb\` for 10.0.20.203, save and apply" || return
}

step_5_undo() {
  cut_manual step_5_undo_1 "Firewall > Aliases: delete the alias \`traefik_lb\`, save and apply" || return
}

step_5_verify() {
  :
}

step_5_was() {
  :
}

# == Step 6 of 7: https ==

step_6() { # additive.cut:105
  cut_id=https
  cut_title='https: target nginx -> traefik_lb'
  cut_takes=120
  cut_final=''
  cut_hand=1
  cut_newer=''
}

step_6_do() {
  cut_manual step_6_do_1 "Firewall > NAT > Port Forward: set the redirect target of the rule \`https\` to traefik_lb, keep its linked filter rule, save and apply" || return
}

step_6_undo() {
  cut_manual step_6_undo_1 "Firewall > NAT > Port Forward: set the redirect target of the rule \`https\` to nginx, keep its linked filter rule, save and apply" || return
}

step_6_verify() {
  cut_run step_6_verify_1 within 30 contains '-> 10.0.20.203' || return
}

step_6_verify_1() { # std/pfsense:132
  ssh admin@10.0.20.1 pfctl -sn
}

step_6_was() {
  :
}

# == Step 7 of 7: proxied_apps ==

step_7() { # additive.cut:87
  cut_id=proxied_apps
  cut_title='proxied_apps: origin https://10.0.20.200:443 -> https://traefik.traefik.svc.cluster.local:443'
  cut_takes=10
  cut_final=''
  cut_hand=''
  cut_newer=''
}

step_7_do() {
  cut_run step_7_do_1 || return
  cut_run step_7_do_2 || return
  cut_run step_7_do_3 || return
  cut_run step_7_do_4 || return
  cut_run step_7_do_5 || return
  cut_run step_7_do_6 || return
  cut_run step_7_do_7 || return
}

step_7_do_1() { # std/cloudflare:49
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_http GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations save "${cut_work}/before.json"
}

step_7_do_2() { # std/cloudflare:51
  jq --arg host '*.example.net' --arg old https://10.0.20.200:443 --arg new https://traefik.traefik.svc.cluster.local:443 'if .success and .result.source == "cloudflare" then .result.config else error("this tunnel is not configured at Cloudflare") end | [.ingress[] | select(.hostname == $host)] as $mine | if ($mine | length) != 1 then error("not exactly one rule for this hostname") elif ($mine[0].service != $old and $mine[0].service != $new) then error("the rule leads to \($mine[0].service)") else . end | (.ingress[] | select(.hostname == $host) | .service) = $new | {config: .}' "${cut_work}/before.json" >"${cut_work}/after.json"
}

step_7_do_3() { # std/cloudflare:60
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_http GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations save "${cut_work}/again.json"
}

step_7_do_4() { # std/cloudflare:61
  jq -en --slurpfile before "${cut_work}/before.json" --slurpfile again "${cut_work}/again.json" '$before[0].result.version == $again[0].result.version or error("somebody else has changed this tunnel meanwhile")'
}

step_7_do_5() { # std/cloudflare:62
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_header text 'Content-Type: ' text application/json || return
  cut_http PUT https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations body "${cut_work}/after.json" save "${cut_work}/answer.json"
}

step_7_do_6() { # std/cloudflare:63
  jq -e '.success or error(.errors | map(.message) | join("; "))' "${cut_work}/answer.json"
}

step_7_do_7() { # additive.cut:94
  git apply --reverse --check patches/tunnel-origin.patch || git apply patches/tunnel-origin.patch
}

step_7_undo() {
  cut_run step_7_undo_1 || return
  cut_run step_7_undo_2 || return
  cut_run step_7_undo_3 || return
  cut_run step_7_undo_4 || return
  cut_run step_7_undo_5 || return
  cut_run step_7_undo_6 || return
  cut_run step_7_undo_7 || return
}

step_7_undo_1() { # additive.cut:94
  git apply --check patches/tunnel-origin.patch || git apply --reverse patches/tunnel-origin.patch
}

step_7_undo_2() { # std/cloudflare:49
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_http GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations save "${cut_work}/before.json"
}

step_7_undo_3() { # std/cloudflare:51
  jq --arg host '*.example.net' --arg old https://traefik.traefik.svc.cluster.local:443 --arg new https://10.0.20.200:443 'if .success and .result.source == "cloudflare" then .result.config else error("this tunnel is not configured at Cloudflare") end | [.ingress[] | select(.hostname == $host)] as $mine | if ($mine | length) != 1 then error("not exactly one rule for this hostname") elif ($mine[0].service != $old and $mine[0].service != $new) then error("the rule leads to \($mine[0].service)") else . end | (.ingress[] | select(.hostname == $host) | .service) = $new | {config: .}' "${cut_work}/before.json" >"${cut_work}/after.json"
}

step_7_undo_4() { # std/cloudflare:60
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_http GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations save "${cut_work}/again.json"
}

step_7_undo_5() { # std/cloudflare:61
  jq -en --slurpfile before "${cut_work}/before.json" --slurpfile again "${cut_work}/again.json" '$before[0].result.version == $again[0].result.version or error("somebody else has changed this tunnel meanwhile")'
}

step_7_undo_6() { # std/cloudflare:62
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_header text 'Content-Type: ' text application/json || return
  cut_http PUT https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations body "${cut_work}/after.json" save "${cut_work}/answer.json"
}

step_7_undo_7() { # std/cloudflare:63
  jq -e '.success or error(.errors | map(.message) | join("; "))' "${cut_work}/answer.json"
}

step_7_verify() {
  cut_run step_7_verify_1 || return
  cut_run step_7_verify_2 || return
}

step_7_verify_1() { # std/cloudflare:66
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_http GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations save "${cut_work}/now.json"
}

step_7_verify_2() { # std/cloudflare:67
  jq -e --arg host '*.example.net' --arg origin https://traefik.traefik.svc.cluster.local:443 'any(.result.config.ingress[]; .hostname == $host and .service == $origin)' "${cut_work}/now.json"
}

step_7_was() {
  cut_watch proxied_apps
  cut_run step_7_was_1 || return
  cut_seen origin jq '[.result.config.ingress[] | select(.hostname == "*.example.net") | .service] | first' https://10.0.20.200:443
  cut_watched
}

step_7_was_1() { # std/cloudflare:72
  cut_header text 'Authorization: Bearer ' secret cloudflare_token || return
  cut_http GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations
}

# == Promises ==

promise_1() { # p1 additive.cut:114
  cut_text='devvm reaches 10.0.20.200:5432'
  cut_states='0 up'
  cut_blind=''
}

probe_1() {
  cut_probe_tcp 10.0.20.200 5432
}

promise_2() { # p2 additive.cut:115
  cut_text='public reaches https://home.example.net'
  cut_states='0 up'
  cut_blind=''
}

probe_2() {
  cut_probe_url https://home.example.net vps.example.org
}

promise_3() { # p3 additive.cut:116
  cut_text='public reaches https://vault.example.net'
  cut_states='0 up'
  cut_blind=''
}

probe_3() {
  cut_probe_url https://vault.example.net vps.example.org
}

promise_4() { # p4 additive.cut:117
  cut_text='public reaches https://immich.example.net'
  cut_states='0 up'
  cut_blind=''
}

probe_4() {
  cut_probe_url https://immich.example.net vps.example.org
}

promise_5() { # p5 additive.cut:118
  cut_text='family reaches https://immich.example.net'
  cut_states='0 up'
  cut_blind='family asks other name servers than the operator, and has no probe'
}

probe_5() {
  :
}

promise_6() { # p6 additive.cut:119
  cut_text='public reaches immich.example.net:443/udp'
  cut_states='0 up'
  cut_blind='udp cannot be probed with curl'
}

probe_6() {
  :
}

promise_7() { # p7 additive.cut:120
  cut_text=traefik-direct.exists
  cut_states='0 down 1 up'
  cut_blind="a condition on the plan's own values: the steps' verifies look at it"
}

probe_7() {
  :
}

# == Manifest ==
# runtime: sha256 ba9a0735c62552b8e2eee2ec289cfbde30bde6df8eee7b4c0f2b20c833208d8a
# plan part: sha256 18deb27f7dc39fec3a5b498a49c019e6f0332433b814a4538cabc835cfccdf7b
# step 1 traefik-direct: do 6, undo 6, verify 2
# step 2 apex.ttl.1: do 4, undo 4, verify 1
# step 3 apex: do 4, undo 4, verify 1
# step 4 apex.ttl.2: do 4, undo 4, verify 1
# step 5 traefik_lb: do 1, undo 1, verify 0
# step 6 https: do 1, undo 1, verify 1
# step 7 proxied_apps: do 7, undo 7, verify 2

cut_main "$@"
