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

projects=(--project unit)
with_scheduler() { # with_scheduler NAME COMMAND...: its tests run where the command answers
  local name=$1
  shift
  if timeout 20 "$@" >/dev/null 2>&1; then
    projects+=(--project "$name")
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
if reason=$(bash test/schedulers/systemd-machine ready 2>&1); then
  projects+=(--project systemd)
elif [[ " ${WFD_TEST_REQUIRED:-} " = *" systemd "* ]]; then
  check systemd bash -c "echo '$reason, and WFD_TEST_REQUIRED names systemd'; exit 1"
else
  echo "tests on systemd are left out: $reason"
fi

report=$(mktemp)
trap 'rm -f "$report"' EXIT
npx vitest run "${projects[@]}" --reporter=default --reporter=json --outputFile.json="$report"
vitest_code=$?
read -r passed failed < <(node -e '
  const { readFileSync } = require("node:fs");
  const text = readFileSync(process.argv[1], "utf8");
  const report = text === "" ? { numPassedTests: 0, numFailedTests: 0, testResults: [] } : JSON.parse(text);
  // A file that could not even be loaded has no tests in it.
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  console.log(report.numPassedTests, report.numFailedTests + broken.length);
' "$report")
[ "$vitest_code" = 0 ] || [ "$failed" != 0 ] || failed=1
failed=$((failed + failed_checks))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
