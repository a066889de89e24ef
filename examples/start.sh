#!/usr/bin/env bash
# npm start: a real daemon runs a real workflow and shows it live. On SLURM where one answers, else on this
# machine. Nothing is left running, and nothing is left behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash .ci/prepare

wfctl=$PWD/dist/wfctl
mkdir -p .tmp
runs=$(mktemp -d "$PWD/.tmp/start.XXXXXX") # in the clone, because compute nodes do not see /tmp
state=$(mktemp -d "${TMPDIR:-/tmp}/wfd-start.XXXXXX")
export WFD_STATE_DIR=$state WFD_SOCKET=$state/wfd.sock
daemon='' run=''

clean_up() {
  trap - EXIT INT TERM
  if [ -n "$run" ]; then timeout 60 "$wfctl" abort "$run" --force >/dev/null 2>&1 || true; fi
  if [ -n "$daemon" ]; then kill "$daemon" 2>/dev/null && wait "$daemon" || true; fi
  rm -rf "$state" "$runs"
  rmdir .tmp 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints why SLURM cannot be used, or nothing.
slurm_trouble() {
  local answer
  command -v sbatch >/dev/null || { echo "there is no sbatch on PATH"; return; }
  timeout 20 sinfo -h >/dev/null 2>&1 || { echo "sbatch is here, but no SLURM controller answers"; return; }
  answer=$(timeout 20 sbatch --test-only --chdir=/tmp --wrap=true 2>&1) || echo "SLURM would refuse this user's jobs: ${answer%%$'\n'*}"
}
test_cluster=/var/lib/wf-cluster/slurm/etc/slurm.conf # made by test/schedulers/slurm-up
if [ -z "${SLURM_CONF:-}" ] && [ -e $test_cluster ]; then export SLURM_CONF=$test_cluster; fi
backend=slurm
trouble=$(slurm_trouble)
if [ -n "$trouble" ]; then
  backend=local
  echo "Not on SLURM: $trouble. Running on this machine instead."
fi

echo "Starting wfd; its log is $state/log"
setsid dist/wfd 2>"$state/log" & # of its own session: Ctrl-C is ours to handle, by aborting the run first
daemon=$!
up=no
for _ in $(seq 100); do
  if "$wfctl" list >/dev/null 2>&1; then up=yes; break; fi
  kill -0 $daemon 2>/dev/null || break
  sleep 0.1
done
[ $up = yes ] || { echo "the daemon did not come up:" >&2; cat "$state/log" >&2; exit 1; }

echo "\$ wfctl submit examples/cohort.yaml --backend $backend"
run=$(cd "$runs" && "$wfctl" submit "$OLDPWD/examples/cohort.yaml" --backend $backend)
echo "$run"

printf '\n$ wfctl events %s --follow\n' "$run"
"$wfctl" events "$run" --follow

printf '\n$ wfctl status %s --calls\n' "$run"
"$wfctl" status "$run" --calls

answer=$("$wfctl" status "$run" --json)
field() { node -p 'JSON.parse(process.argv[1])'"$1" "$answer"; }
run='' # it has ended: nothing is left to abort
if [ "$(field .status)" != Succeeded ]; then
  echo "The run should have succeeded; the log of the daemon:" >&2
  cat "$state/log" >&2
  exit 1
fi
printf '\nWhat merge has written (a digit, how often it was measured):\n'
cat "$(field .outputs.table)"
