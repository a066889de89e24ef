/** The top of every batch script: which job this is, and what LSF does not do for a job. */
import type { ScriptHead } from '../backend.ts';
import { ownLog, ownUmask } from '../preamble.ts';
import { shellQuote } from '../shell-quote.ts';

/** `keepsTries`: the site itself gives LSB_NTRIES to its jobs. */
export function preamble(script: ScriptHead, keepsTries: boolean): string {
  return [
    IDENTITY,
    ownUmask(script),
    ownLog(script),
    runCount(script.log),
    // The exit codes by which this queue runs a job again (REQUEUE_EXIT_VALUES): no task means to give an order.
    'wf_reserved=" ${LSB_EXIT_REQUEUE:-} "',
    // Our own, which came along with the environment: a job's commands may wait for LSF.
    ...(keepsTries ? [] : ['unset LSB_NTRIES']),
  ].join('\n');
}

/** Ids are written as bjobs and bkill take them: `4711`, `4711[3]`. Elements are counted from 1. */
const IDENTITY = `wf_native=\${LSB_JOBID:-} wf_index=0
if [ -n "$wf_native" ] && [ "\${LSB_JOBINDEX:-0}" -gt 0 ]; then
  wf_native="\${wf_native}[$LSB_JOBINDEX]"
  wf_index=$((LSB_JOBINDEX - 1))
fi`;

/**
 * LSF does not tell a job how often it has run. Each run of an id leaves a file beside the log, and takes the first
 * number that no earlier one has: made by the file server in one step (noclobber, XCU 2.7.2). Where none can be
 * made, the claim will tell why.
 */
function runCount(log: string): string {
  const file = `${shellQuote(log)}."$wf_native.$wf_count"`;
  return `wf_count=0
until [ -z "$wf_native" ] || (set -C; true >${file}) 2>/dev/null || [ ! -e ${file} ]; do
  wf_count=$((wf_count + 1))
done`;
}
