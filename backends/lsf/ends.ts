/**
 * What LSF's states mean, and what is proved about an end by its state, its exit code and its reason.
 * (IBM Spectrum LSF 10.1: bjobs, job states; termination_reasons_lsf.)
 */
import type { Blocked, EndKind, EndReport, JobObservation } from '../backend.ts';

/**
 * What the installed commands can do. `spectrum`: those of IBM. `relative`: those of the open schedulers of the
 * same family, whose bjobs knows neither exit code nor reason, and whose DONE proves nothing.
 */
export type Dialect = 'spectrum' | 'relative';

/** What is known of the end of a job; absent is what the source does not say. */
export interface Ended {
  readonly isDone: boolean;
  readonly started: boolean;
  readonly exitCode?: number;
  readonly signal?: number;
  /** `TERM_OWNER: job killed by owner`. */
  readonly reason?: string;
  /** Somebody used bkill. */
  readonly wasKilled?: boolean;
  readonly ranOverLimit?: boolean;
}

/** A state nobody has met is a job that is still there. */
export function phaseOf(stat: string): JobObservation['state'] {
  return PHASES.get(stat) ?? 'unknown';
}

const PHASES: ReadonlyMap<string, JobObservation['state']> = new Map([
  ['PEND', 'queued'],
  ['PSUSP', 'queued'],
  // A member of a chunk job that waits for its turn, and a host that is being powered on: nothing of the user's runs.
  ['WAIT', 'queued'],
  ['PROV', 'queued'],
  ['RUN', 'running'],
  ['USUSP', 'running'],
  ['SSUSP', 'running'],
  ['DONE', 'ended'],
  ['EXIT', 'ended'],
  ['POST_DONE', 'ended'],
  ['POST_ERR', 'ended'],
  // Not here: UNKWN and ZOMBI. LSF has lost the host, the job may be running, and it may come back.
]);

export function isDone(stat: string): boolean {
  return stat === 'DONE' || stat === 'POST_DONE';
}

/** LSF's own words, and what they mean where they are easily misunderstood. */
export function statusWords(stat: string): string {
  const meaning = MEANINGS.get(stat);
  return meaning === undefined ? stat : `${stat} (${meaning})`;
}

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['UNKWN', 'LSF cannot reach its host; it may be running'],
  ['ZOMBI', 'to be killed as soon as LSF reaches its host again'],
]);

export function blockedBy(stat: string): Blocked | undefined {
  if (stat !== 'PSUSP') return undefined;
  const plain = 'the job is held; `bresume` with its id lets it go on';
  return { reason: stat, plain, forever: false };
}

export function endOf(ended: Ended, dialect: Dialect): EndReport {
  const { exitCode, signal, started } = ended;
  const kind = kindOf(ended, dialect);
  const code = kind === 'Succeeded' ? 0 : exitCode;
  return {
    kind,
    ...(code !== undefined && { exitCode: code }),
    ...(signal !== undefined && kind === 'Signaled' && { signal }),
    started,
  };
}

function kindOf(ended: Ended, dialect: Dialect): EndKind {
  const named = REASONS.find(([reason]) => reason.test(ended.reason ?? ''))?.[1];
  if (named !== undefined) return named;
  if (ended.isDone) return kindOfDone(ended, dialect);
  const { exitCode, signal, started } = ended;
  // 128 + SIGUSR2, by which LSF tells that the run limit is reached; only a trap survives it.
  if (exitCode === 140 && ended.ranOverLimit) return 'TimeLimit';
  if (ended.wasKilled) return 'Cancelled';
  if (ended.ranOverLimit && isKill(ended)) return 'TimeLimit';
  if (signal !== undefined) return 'Signaled';
  if (exitCode !== undefined && exitCode !== 0) return 'NonZeroExit';
  // Killed while pending, a job has no code. One that had started and has none: its host was lost for a while,
  // and it may even have ended well.
  return started ? 'Unknown' : 'Cancelled';
}

/**
 * The relatives say DONE as well of a job whose shells were all killed by SIGKILL, by the OOM killer or an
 * administrator, and of one that bkill met in the moment of its start (observed with volclava 2.2). And a site may
 * count other codes than 0 as success.
 */
function kindOfDone({ exitCode, wasKilled }: Ended, dialect: Dialect): EndKind {
  if (dialect === 'spectrum' && (exitCode === undefined || exitCode === 0)) return 'Succeeded';
  return wasKilled ? 'Cancelled' : 'Unknown';
}

/** INT, TERM and KILL, one after the other: bkill's, a reached limit's, or the task's own. */
export function isKill({ exitCode, signal }: Pick<Ended, 'exitCode' | 'signal'>): boolean {
  return signal !== undefined || exitCode === 130 || exitCode === 143 || exitCode === 137;
}

const REASONS: readonly (readonly [RegExp, EndKind])[] = [
  [/^TERM_(MEMLIMIT|SWAP)\b/, 'OutOfMemory'],
  [/^TERM_(RUNLIMIT|CPULIMIT|DEADLINE)\b/, 'TimeLimit'],
  [/^TERM_(OWNER|ADMIN|FORCE_OWNER|FORCE_ADMIN|BUCKET_KILL)\b/, 'Cancelled'],
  // The host's owner, the load or the queue's window took the host back.
  [/^TERM_(PREEMPT|LOAD|WINDOW)\b/, 'Preempted'],
  [/^TERM_(ZOMBIE|REMOVE_HUNG_JOB)\b/, 'NodeFailure'],
  [/^TERM_(CWD_NOTEXIST|PRE_EXEC_FAIL)\b/, 'LaunchFailure'],
];
