/**
 * What SLURM's job states mean, and what a finished job's state, reason and status prove about its end.
 * (squeue(1), JOB STATE CODES.)
 */
import type { EndReport, JobObservation } from '../backend.ts';

/** How a batch script ended, as far as the source can tell. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code?: number }
  | { readonly kind: 'signaled'; readonly signal: number }
  /** A number of slurmd's own errors: the script was never started. */
  | { readonly kind: 'notStarted' };

interface FinishedJob {
  readonly state: string;
  readonly reason: string;
  readonly status: ExitStatus | undefined;
  /** Were nodes ever given to it? Start times are no help: a job cancelled in the queue gets one too. */
  readonly started: boolean;
}

const PHASES: Readonly<Record<string, JobObservation['state']>> = {
  PENDING: 'queued',
  // Nodes are allocated but still booting: nothing of the user's runs.
  CONFIGURING: 'queued',
  REQUEUED: 'queued',
  REQUEUE_FED: 'queued',
  REQUEUE_HOLD: 'queued',
  RESV_DEL_HOLD: 'queued',
  SPECIAL_EXIT: 'queued',
  RUNNING: 'running',
  // Its processes may still write files.
  COMPLETING: 'running',
  RESIZING: 'running',
  SIGNALING: 'running',
  STAGE_OUT: 'running',
  STOPPED: 'running',
  SUSPENDED: 'running',
  BOOT_FAIL: 'ended',
  CANCELLED: 'ended',
  COMPLETED: 'ended',
  DEADLINE: 'ended',
  FAILED: 'ended',
  NODE_FAIL: 'ended',
  OUT_OF_MEMORY: 'ended',
  PREEMPTED: 'ended',
  TIMEOUT: 'ended',
  // Not here: REVOKED. The job went to another cluster of a federation, so it is not over.
};

/** A state nobody has met is a job that is still there. */
export function phaseOf(state: string): JobObservation['state'] {
  return Object.hasOwn(PHASES, state) ? (PHASES[state] ?? 'unknown') : 'unknown';
}

/** squeue's `exit_code` is the raw wait status, except where slurmd could not start the script. */
export function statusFromWait(raw: string): ExitStatus | undefined {
  if (!/^\d+$/.test(raw)) return undefined;
  const wait = Number(raw);
  if ((wait & 0xff) === 0) return { kind: 'exited', code: wait >> 8 };
  // No process reports a signal together with an exit code; slurmd's error numbers (4000 and up) look like it.
  if (wait > 0xff) return { kind: 'notStarted' };
  return { kind: 'signaled', signal: wait & 0x7f };
}

/**
 * sacct's `code:signal`. It shows codes from 128 on minus 128 (137 as 9), so no non-zero code can be believed;
 * and an error number of slurmd as a signal from 32 on (4021 as 53), which hardly ever kills a script.
 */
export function statusFromPair(pair: string): ExitStatus | undefined {
  const [, code, signal] = /^(\d+):(\d+)$/.exec(pair) ?? [];
  if (code === undefined || signal === undefined) return undefined;
  if (signal !== '0')
    return Number(signal) < 32 ? { kind: 'signaled', signal: Number(signal) } : { kind: 'notStarted' };
  return { kind: 'exited' };
}

/** Only of a state whose phase is `ended`. */
export function endOf(job: FinishedJob): EndReport {
  const { started } = job;
  switch (job.state) {
    case 'COMPLETED':
      return { kind: 'Succeeded', exitCode: 0, started };
    case 'TIMEOUT':
      return { kind: 'TimeLimit', started };
    case 'DEADLINE':
      // `--deadline` passed: it ran out of time, or can no longer run in time.
      return { kind: started ? 'TimeLimit' : 'Unsatisfiable', started };
    case 'OUT_OF_MEMORY':
      return { kind: 'OutOfMemory', started };
    case 'PREEMPTED':
      return { kind: 'Preempted', started };
    case 'NODE_FAIL':
    case 'BOOT_FAIL':
      return { kind: 'NodeFailure', started };
    case 'CANCELLED':
      // With `--kill-on-invalid-dep` it is the scheduler that cancels.
      return { kind: job.reason === 'DependencyNeverSatisfied' ? 'Unsatisfiable' : 'Cancelled', started };
    case 'FAILED':
      return failureOf(job);
    default:
      return { kind: 'Unknown', started };
  }
}

/** A submit refused for its size still leaves a record: exit code 1, no nodes. sacct forgets even the reason. */
const REFUSED_FOR_SIZE: ReadonlySet<string> = new Set(['BadConstraints', 'None']);

/** FAILED is everything else: an exit code, a signal, a script that could not be started, a refused submit. */
function failureOf({ reason, status, started }: FinishedJob): EndReport {
  if (!started) return { kind: REFUSED_FOR_SIZE.has(reason) ? 'Unsatisfiable' : 'LaunchFailure', started };
  if (reason === 'OutOfMemory') return { kind: 'OutOfMemory', started };
  if (reason === 'TimeLimit') return { kind: 'TimeLimit', started };
  if (reason === 'NodeDown' || reason === 'SystemFailure') return { kind: 'NodeFailure', started };
  // Reason JobLaunchFailure proves nothing by itself: a script killed by a signal has it too.
  switch (status?.kind) {
    case 'exited':
      return exitOf(status.code, reason);
    case 'signaled':
      return { kind: 'Signaled', signal: status.signal, started };
    case 'notStarted':
      return { kind: 'LaunchFailure', started };
    case undefined:
      return { kind: 'Unknown', started };
    default:
      return status satisfies never;
  }
}

function exitOf(code: number | undefined, reason: string): EndReport {
  if (code === undefined) return { kind: 'NonZeroExit', started: true };
  if (code > 0) return { kind: 'NonZeroExit', exitCode: code, started: true };
  // FAILED although the script says 0, or says nothing: the launch failed, or something unheard of.
  return { kind: reason === 'JobLaunchFailure' ? 'LaunchFailure' : 'Unknown', started: true };
}
