/**
 * What squeue and sacct of SLURM 22.05 print of a job; refereed by what real ones printed (print.test.ts). The
 * columns are those that are asked for, in the forms of `squeue --Format` and `sacct --parsable2 --format`.
 */
import type { ToldEnd, ToldJob, ToldRun } from '../told-job.ts';

/** One line for each job; a column is as wide as its `:number` says, and what follows that is printed as it is. */
export function printSqueue(jobs: readonly ToldJob[], format: string): string {
  const columns = format.split(',').map((column) => /^(\w+):(\d+)(.*)$/.exec(column) ?? []);
  const line = (job: ToldJob): string =>
    columns
      .map(
        ([, field = '', width = '', after = '']) => cell(columnOf(SQUEUE, field)(job), Number(width)) + after,
      )
      .join('');
  return jobs.map((job) => `${line(job)}\n`).join('');
}

/** With `--duplicates`: a record for every run that the scheduler has ended itself, in the order of their making. */
export function printSacct(jobs: readonly ToldJob[], format: string): string {
  const fields = format.split(',');
  const line = (record: Run): string => fields.map((field) => columnOf(SACCT, field)(record)).join('|');
  return recordsOf(jobs)
    .map((record) => `${line(record)}\n`)
    .join('');
}

/** One run of a job. */
interface Run {
  readonly job: ToldJob;
  readonly madeMs: number;
  /** Present where the scheduler put the job back into the queue. */
  readonly requeued?: ToldRun;
}

function recordsOf(jobs: readonly ToldJob[]): readonly Run[] {
  const records = jobs.flatMap((job) => {
    const earlier = job.earlierRuns ?? [];
    const made = [job.submittedMs, ...earlier.map(({ endedMs }) => endedMs)];
    return made.map((madeMs, run) => {
      const requeued = earlier[run];
      return { job, madeMs, ...(requeued && { requeued }) };
    });
  });
  return records.toSorted((a, b) => a.madeMs - b.madeMs);
}

const SQUEUE: Fields<ToldJob> = {
  JobArrayID: idOf,
  State: stateOf,
  Reason: reasonOf,
  exit_code: ({ end, startedMs }) => String(waitStatus(end, startedMs)),
  RestartCnt: (job) => String(job.earlierRuns?.length ?? 0),
  NodeList: (job) => (job.state === 'waiting' ? '' : (job.node ?? '')),
  Name: ({ name }) => name,
};

const SACCT: Fields<Run> = {
  JobID: ({ job }) => idOf(job),
  State: (record) => (record.requeued === undefined ? recordedState(record.job) : 'REQUEUED'),
  ExitCode: ({ job, requeued }) => (requeued === undefined ? codeAndSignal(job.end) : '0:0'),
  End: ({ job, requeued }) => timestamp(requeued?.endedMs ?? job.endedMs),
  NodeList: ({ job, requeued }) =>
    requeued?.node ?? (job.state === 'waiting' ? undefined : job.node) ?? 'None assigned',
  Reason: ({ job, requeued }) =>
    requeued === undefined && job.state === 'waiting' ? recordedReason(reasonOf(job)) : 'None',
  JobName: ({ job }) => job.name,
};

type Fields<T> = Readonly<{ [field: string]: (of: T) => string }>;

function columnOf<T>(fields: Fields<T>, name: string): (of: T) => string {
  const value = fields[name];
  if (value === undefined) throw new Error(`the fake SLURM knows no column ${name}`);
  return value;
}

function cell(value: string, width: number): string {
  return value.slice(0, width).padEnd(width);
}

export function idOf({ id, element }: Pick<ToldJob, 'id' | 'element'>): string {
  return element === undefined ? String(id) : `${id}_${element}`;
}

function stateOf(job: ToldJob): string {
  if (job.strange) return 'HIBERNATING';
  return job.end === undefined ? ALIVE[job.state] : ENDS[job.end.kind](job.end);
}

const ALIVE: Readonly<{ [state in ToldJob['state']]: string }> = {
  waiting: 'PENDING',
  running: 'RUNNING',
  suspended: 'SUSPENDED',
  ending: 'COMPLETING',
  ended: 'COMPLETED',
};

const ENDS: Readonly<{ [kind in ToldEnd['kind']]: (end: ToldEnd) => string }> = {
  exited: (end) => (end.kind === 'exited' && end.code === 0 ? 'COMPLETED' : 'FAILED'),
  signaled: () => 'FAILED',
  cancelled: () => 'CANCELLED',
  overLimit: () => 'TIMEOUT',
  preempted: () => 'PREEMPTED',
  notLaunched: () => 'FAILED',
  nodeLost: () => 'NODE_FAIL',
  refused: () => 'FAILED',
};

function recordedState(job: ToldJob): string {
  return job.end?.kind === 'cancelled' ? `CANCELLED by ${job.end.byUid}` : stateOf(job);
}

/** A job that was cancelled in the queue keeps the reason why it waited. */
function reasonOf({ end, waitsFor = 'None', startedMs }: ToldJob): string {
  switch (end?.kind) {
    case undefined:
      return waitsFor;
    case 'exited':
      return end.code === 0 ? 'None' : 'NonZeroExitCode';
    case 'signaled':
    case 'notLaunched':
      return 'JobLaunchFailure';
    case 'overLimit':
      return 'TimeLimit';
    case 'nodeLost':
      return 'NodeDown';
    case 'refused':
      return 'BadConstraints';
    default:
      return startedMs === undefined ? waitsFor : 'None';
  }
}

function recordedReason(reason: string): string {
  return reason === 'job requeued in held state' ? 'JobHeldUser' : reason;
}

const SIGTERM = 15;
/** slurmd's own number: it could not open the output. */
const NOT_LAUNCHED = 4021;

/** As wait(2) has it, where a process was waited for. */
function waitStatus(end: ToldEnd | undefined, startedMs?: number): number {
  switch (end?.kind) {
    case 'exited':
      return end.code << 8;
    case 'signaled':
    case 'overLimit':
    case 'preempted':
      return end.signal;
    case 'cancelled':
      return startedMs === undefined ? 0 : (end.signal ?? SIGTERM);
    case 'nodeLost':
      return 0;
    case 'notLaunched':
      return NOT_LAUNCHED;
    case 'refused':
      return 1;
    case undefined:
      return 0;
    default:
      return end satisfies never;
  }
}

/** Codes from 128 on are shown minus 128; what the scheduler ended itself has neither. */
function codeAndSignal(end: ToldEnd | undefined): string {
  switch (end?.kind) {
    case 'exited':
      return `${end.code >= 128 ? end.code - 128 : end.code}:0`;
    case 'signaled':
    case 'notLaunched':
      return `0:${waitStatus(end) & 0x7f}`;
    case 'refused':
      return '1:0';
    default:
      return '0:0';
  }
}

function timestamp(ms: number | undefined): string {
  if (ms === undefined) return 'Unknown';
  const at = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}
