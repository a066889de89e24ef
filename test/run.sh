#!/usr/bin/env bash
# npm test: sets the clone up, then lint, types, unused code and all tests.
#   --long    the full numbers (many seeds, hundreds of jobs); takes hours
# Tests on a real scheduler run where it answers; one named in WFD_TEST_REQUIRED ("slurm sge") must answer.
# The last line is `N passed, N failed`: tests passed; tests and checks failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for argument in "$@"; do
  case $argument in
    --long) export WFD_TEST_LONG=1 ;;
    *) echo "npm test knows only --long; for single tests: npx vitest run $argument" >&2; exit 2 ;;
  esac
done

failed_checks=0
check() { # check NAME COMMAND...
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "$name: ok"
  else
    failed_checks=$((failed_checks + 1))
    printf '%s\n%s: FAILED\n' "$output" "$name"
  fi
}

bash .ci/prepare || { echo "0 passed, 1 failed"; exit 1; }
check lint npx biome check --error-on-warnings .
check types npx tsc --noEmit
check "unused code" npx knip --no-progress

# Schedulers keep us waiting rather than busy: their tests run side by side, each kind one file at a time.
lanes=()
with_scheduler() { # with_scheduler NAME COMMAND...: its tests run where the command answers
  local name=$1
  shift
  if timeout 20 "$@" >/dev/null 2>&1; then
    lanes+=("$name")
  elif [[ " ${WFD_TEST_REQUIRED:-} " = *" $name "* ]]; then
    check "$name" bash -c "echo '$* gets no answer, and WFD_TEST_REQUIRED names $name'; exit 1"
  else
    echo "tests on $name are left out: '$*' gets no answer."
    echo "  On a Debian test machine, as root: eval \"\$(test/schedulers/$name-up)\""
  fi
}
test_cluster=/var/lib/wf-cluster/slurm/etc/slurm.conf # made by test/schedulers/slurm-up
if [ -z "${SLURM_CONF:-}" ] && [ -e $test_cluster ]; then export SLURM_CONF=$test_cluster; fi
with_scheduler slurm sinfo -h
with_scheduler sge qconf -sh
last=()
if [ "${WFD_TEST_LEFT_OUT:-}" = systemd ]; then
  echo "tests on systemd are left out: no machine with a systemd could be booted here"
elif reason=$(bash test/schedulers/systemd-machine ready 2>&1); then
  last=(systemd)
elif [[ " ${WFD_TEST_REQUIRED:-} " = *" systemd "* ]]; then
  check systemd bash -c "echo '$reason, and WFD_TEST_REQUIRED names systemd'; exit 1"
else
  echo "tests on systemd are left out: $reason"
fi

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
run_project() { # run_project NAME: what it prints goes to stdout, its counts to a file of its own
  local name=$1
  npx vitest run --project "$name" --reporter=default --reporter=json --outputFile.json="$reports/$name.json" ||
    touch "$reports/$name.failed"
  # A project that ended without a report has failed as a whole.
  [ -s "$reports/$name.json" ] || echo '{"numPassedTests": 0, "numFailedTests": 1, "testResults": []}' >"$reports/$name.json"
}
run_project unit
for name in "${lanes[@]}"; do run_project "$name" >"$reports/$name.out" 2>&1 & done
wait
for name in "${lanes[@]}"; do cat "$reports/$name.out"; done
for name in "${last[@]}"; do run_project "$name"; done
read -r passed failed < <(cd "$reports" && node -e '
  const { readdirSync, readFileSync } = require("node:fs");
  let [passed, failed] = [0, 0];
  for (const name of readdirSync(".").filter((each) => each.endsWith(".json"))) {
    const report = JSON.parse(readFileSync(name, "utf8"));
    // A file that could not even be loaded has no tests in it.
    const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
    passed += report.numPassedTests;
    failed += report.numFailedTests + broken.length;
  }
  console.log(passed, failed);
' < /dev/null 2>&1 || echo 0 1)
if [ "$failed" = 0 ] && compgen -G "$reports/*.failed" >/dev/null; then failed=1; fi
failed=$((failed + failed_checks))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
