/**
 * The shell text around every command: it claims the attempt, runs the command once, and leaves the marks.
 *
 * POSIX sh only (dash, bash, busybox), with two external processes in an ordinary job: `ln` and `mv`. It does
 * not choose what to run: job-script.ts writes that into the attempt's `env` file, which this text reads.
 */

/**
 * The body of the batch script. Before it stand the lines that set wf_native, wf_count, wf_index, wf_tag,
 * wf_reserved, wf_deaf, wf_spool, wf_profile, wf_login_program and wf_dir.
 *
 * Signals. The command runs in the foreground, and the wrapper only survives: a shell that waits for a
 * foreground command defers its traps until the command has ended, so the command's own code is what it gets.
 * It forwards nothing, because every scheduler reaches the command itself: `scancel` sends TERM to all
 * processes of a job and `scancel --signal=X --full` to shell and children (observed, Slurm 22.05); LSF signals
 * the job's process groups; the local backend signals the group. Forwarding would deliver each signal twice.
 * A background command with `wait` would be worse: a shell without job control starts it with INT and QUIT
 * ignored for good (POSIX.1-2017, XCU 2.11), and LSF's bkill begins with INT. Signals in wf_deaf mean something
 * to the preamble alone: the command ignores them, as whatever is ignored stays ignored in every process it starts.
 *
 * `true >file` and never `: >file`: a failed redirection of a special built-in ends the shell (XCU 2.8.1).
 */
export const WRAPPER = `
wf_signals='HUP INT QUIT USR1 USR2 ALRM TERM XCPU'
wf_me=\${wf_native:-}.\${wf_count:-}
wf_ready= wf_facts= wf_succeeded=0

# Nothing is claimed yet: the scheduler's log tells why, and a missing claim that the command never ran.
wf_stop() {
  printf 'wfd: %s, on %s; the command was not run\\n' "$1" "$(uname -n)" >&2
  exit 1
}

# An entry for the reader of the spool. Losing one costs time only: the marks say the same.
wf_note() {
  { true >"$wf_spool/$1"; } 2>/dev/null && return
  { mkdir -p "$wf_spool" && true >"$wf_spool/$1"; } 2>/dev/null
}

# SEMANTICS 6, exactly once, items 3 and 4. The test for the link comes first, because ln would follow a link
# that happens to lead to a directory; the link itself is what decides.
wf_claim() {
  if [ ! -L "$wf_dir/claim" ] && ln -s "$wf_me" "$wf_dir/claim"; then return; fi
  wf_held=$(readlink "$wf_dir/claim") || wf_stop "cannot claim $wf_dir (disk full, quota, or directory gone?)"
  if [ "\${wf_held%.*}" != "$wf_native" ]; then
    { true >"$wf_dir/duplicate.$wf_native"; } 2>/dev/null
    exit 0
  fi
  # This same job, or an earlier or later run of it. Whatever the scheduler makes of a rerun that has nothing
  # left to do, the exit mark has decided, so 0 is as good as any code.
  if [ -e "$wf_dir/exit" ] || [ "\${wf_held##*.}" -gt "$wf_count" ]; then exit 0; fi
  [ "$wf_held" = "$wf_me" ] || wf_claim_again
}

# The void mark tells an earlier run that still lives somewhere to write no exit mark over ours.
wf_claim_again() {
  { true >"$wf_dir/void.$wf_held"; } 2>/dev/null
  ln -s "$wf_me" "$wf_dir/claim.$wf_me" && mv -f "$wf_dir/claim.$wf_me" "$wf_dir/claim" ||
    wf_stop "cannot claim $wf_dir again"
  { true >"$wf_dir/stdout" && true >"$wf_dir/stderr"; } 2>/dev/null
}

# Only the task's own process sees its variables: the wrapper's ln and mv are those of the system.
wf_task() {
  if [ "$wf_login" = 1 ] && [ -r "$wf_profile" ]; then
    if command -v bash >/dev/null; then
      wf_run bash -c "$wf_login_program" wfd-login "$wf_profile" "$wf_dir/env"
    fi
    printf 'wfd: there is no bash on this node, so %s was not read\\n' "$wf_profile" >&2
  fi
  wf_export
  wf_run
}

# One printf is one write, and the mark appears whole or not at all. A mark that cannot be written is left to
# the scheduler's word.
wf_end() {
  [ ! -e "$wf_dir/void.$wf_me" ] || return
  { printf '%s\\n' "native=$wf_native" "count=$wf_count" "code=$1" "succeeded=$wf_succeeded" $wf_facts end >"$wf_dir/exit.$wf_me" &&
    mv -f "$wf_dir/exit.$wf_me" "$wf_dir/exit"; }
  [ "$wf_succeeded" = 1 ] && wf_judged=s || wf_judged=f
  wf_note "E,$wf_tag,$wf_index,$wf_native,$wf_count,$1,$wf_judged"
}

wf_not_launched() {
  wf_facts=launch=$1
  wf_end 1
  exit 1
}

[ -n "\${wf_native:-}" ] && [ -n "\${wf_count:-}" ] || wf_stop 'the scheduler did not say which job this is'
[ -n "$wf_dir" ] || wf_stop "this submission has no element '$wf_index'"
[ ! -r "$wf_dir/env" ] || . "$wf_dir/env"
[ "$wf_ready" = 1 ] || wf_stop "cannot read $wf_dir/env"
{ true >>"$wf_dir/stdout" && true >>"$wf_dir/stderr"; } || wf_stop "cannot write to $wf_dir"
wf_claim
wf_settings
wf_note "S,$wf_tag,$wf_index,$wf_native,$wf_count"
[ -z "$wf_refused" ] || wf_not_launched "$wf_refused"
cd "$wf_workdir" || wf_not_launched "$wf_no_workdir"

trap : $wf_signals
[ -z "$wf_deaf" ] || trap '' $wf_deaf
(wf_task) </dev/null >>"$wf_dir/stdout" 2>>"$wf_dir/stderr"
wf_code=$?
trap '' $wf_signals

# To the scheduler a success code is 0 and a missing output is not; the mark keeps the true code.
wf_status=$wf_code
case $wf_success in *" $wf_code "*)
  wf_check_outputs
  if [ -z "$wf_facts" ]; then wf_status=0 wf_succeeded=1; else wf_status=1; fi
  ;;
esac
# Some codes are orders to the scheduler (SGE: 99 runs the job again), which no task means to give.
case $wf_reserved in *" $wf_status "*) wf_status=1 ;; esac
wf_end "$wf_code"
exit "$wf_status"
`;

/**
 * Run by bash as: profile, env file, then the words of the task, which takes its place (exec).
 *
 * The profile belongs to the site and may do anything: fail, read unset variables, print, change options,
 * positional parameters, umask or directory, even call `exit`, which is why the task starts in an EXIT trap.
 * `module` and its kind are functions: exported, they reach the task's bash and its children.
 */
export const LOGIN_PROGRAM = `
set +eu
wf_env=$2 wf_umask=$(umask) wf_words=("\${@:3}")
exec 8>&1 9>&2 >/dev/null 2>&1
trap '
  trap - EXIT
  set +eu +a
  mapfile -t wf_functions < <(declare -F)
  [ "\${#wf_functions[@]}" = 0 ] || export -f "\${wf_functions[@]##* }"
  exec >&8 2>&9 8>&- 9>&-
  umask "$wf_umask"
  . "$wf_env"
  wf_settings
  wf_export
  cd "$wf_workdir"
  exec "\${wf_words[@]}"
' EXIT
. "$1"
exit 0
`;
