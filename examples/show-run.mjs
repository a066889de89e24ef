/**
 * Prints a line whenever a call of a run changes, until the run has ended:
 *   node examples/show-run.mjs RUN_ID
 * It asks `wfctl status --json` again and again, as any script can.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

const wfctl = new URL('../dist/wfctl', import.meta.url).pathname;
const runId = process.argv[2] ?? '';
const begunMs = Date.now();
const shown = new Map();

for (;;) {
  const run = JSON.parse(execFileSync(wfctl, ['status', runId, '--calls', '--json'], { encoding: 'utf8' }));
  for (const call of run.callList) show(call.call, inWords(call));
  show(`run ${run.id}`, run.status);
  if (['Succeeded', 'Failed', 'Aborted'].includes(run.status)) break;
  await pause(300);
}

function show(name, words) {
  if (shown.get(name) === words) return;
  shown.set(name, words);
  const seconds = ((Date.now() - begunMs) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`${seconds} s  ${name.padEnd(12)} ${words}\n`);
}

/** The newest attempt says more than the call's own status: `try 2 running on slurm as job 4711`. */
function inWords({ status, attempts }) {
  const last = attempts.at(-1);
  if (last === undefined) return status;
  const ended =
    last.state === 'ended'
      ? `${last.cause}${last.exitCode ? ` (exit code ${last.exitCode})` : ''}`
      : last.state;
  const job = last.nativeId ? ` as job ${last.nativeId}` : '';
  return `${status.padEnd(10)} try ${last.number} ${ended} on ${last.backend}${job}`;
}
