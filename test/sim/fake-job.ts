/** A job of the fake cluster, as it truly is, and how a listing or accounting would show it. */
import type {
  AbortManner,
  Blocked,
  EndReport,
  JobObservation,
  NativeId,
  Owner,
  Tag,
} from '../../backends/backend.ts';

/** What our own jobs are for. */
export interface Work {
  readonly runId: number;
  readonly call: string;
  readonly number: number;
  readonly directory: string;
  readonly spoolDirectory: string;
  readonly logPath: string;
}

export type ExecutionEnd =
  /** Its end was seen by the wrapper; `marked`: and written down. */
  | {
      readonly kind: 'completed';
      readonly exitCode: number;
      readonly missing: readonly string[];
      readonly marked: boolean;
    }
  | { readonly kind: 'killed' };

/** One time that an attempt's command really ran. */
export interface Execution {
  readonly job: ClusterJob;
  readonly work: Work;
  readonly runCount: number;
  readonly startMs: number;
  endMs?: number;
  end?: ExecutionEnd;
}

export interface JobEnd {
  readonly report: EndReport;
  readonly atMs: number;
  /** Until then the listing still shows it as it was. */
  readonly shownFromMs: number;
  readonly purgedFromMs: number;
  readonly recordedFromMs: number;
}

export interface ClusterJob {
  readonly nativeId: NativeId;
  readonly tag: Tag;
  readonly owner: Owner;
  /** Absent: the user's own job, which is none of our business. */
  readonly work?: Work;
  readonly createdMs: number;
  readonly listedFromMs: number;
  readonly saysRunCount: boolean;
  state: 'pending' | 'running' | 'ended';
  runCount: number;
  hasStarted: boolean;
  blocked?: Blocked;
  /** How often the scheduler was told to try again. */
  unblocked: number;
  execution?: Execution;
  end?: JobEnd;
  /** Counts what has happened to it, so that plans made before are void. */
  turn: number;
  /** When the daemon that lives now was first shown it in a listing. */
  reportedMs?: number;
  /** The daemon that lives now has been shown its end. */
  endReported: boolean;
  /** Created later than any rule allows for. */
  readonly late: boolean;
}

/** Does what jobs do, in place of the dice: with real processes, where the cluster stands for a scheduler. */
export interface JobPlayer {
  /** What keeps the new job in the queue. */
  holds(job: ClusterJob): Blocked | undefined;
  play(job: ClusterJob, ends: (report: EndReport) => void): void;
  /** True where the job has processes, which were told: then they end it. */
  tell(job: ClusterJob, manner: AbortManner): boolean;
}

/** What becomes of a command that chance plays. */
export type Fate = 'success' | 'exit' | 'segfault' | 'missing' | 'timeLimit' | 'memory';
export const FAILURES: readonly Fate[] = ['exit', 'exit', 'segfault', 'missing', 'timeLimit', 'memory'];

export function endOf(exitCode: number): EndReport {
  if (exitCode === 0) return { kind: 'Succeeded', exitCode: 0, started: true };
  return { kind: 'NonZeroExit', exitCode, started: true };
}

export function isListed(job: ClusterJob, nowMs: number): boolean {
  return nowMs >= job.listedFromMs && (job.end === undefined || nowMs < job.end.purgedFromMs);
}

export function listed(job: ClusterJob, nowMs: number, strange: boolean): JobObservation {
  const end = job.end !== undefined && nowMs >= job.end.shownFromMs ? job.end.report : undefined;
  return { ...described(job, end), ...(strange && end === undefined ? UNHEARD_OF : {}) };
}

/** Accounting learns of an end late; while it is stale it goes on telling of yesterday. */
export function recorded(job: ClusterJob, nowMs: number, stale: boolean): JobObservation {
  const known = job.end !== undefined && nowMs >= job.end.recordedFromMs && !stale;
  return described(job, known ? job.end?.report : undefined);
}

export function describeEnd(end: ExecutionEnd): string {
  if (end.kind === 'killed') return 'killed';
  const missing = end.missing.length > 0 ? `, missing ${end.missing.join(', ')}` : '';
  return `code ${end.exitCode}${missing}${end.marked ? '' : ' (no mark: quota)'}`;
}

function described(job: ClusterJob, end: EndReport | undefined): JobObservation {
  const alive = job.state === 'pending' ? 'queued' : 'running';
  const state = end === undefined ? alive : 'ended';
  return {
    tag: job.tag,
    index: 0,
    nativeId: job.nativeId,
    state,
    backendStatus: end === undefined ? state.toUpperCase() : end.kind.toUpperCase(),
    ...(job.saysRunCount ? { runCount: job.runCount } : {}),
    ...(job.blocked !== undefined && state === 'queued' ? { blocked: job.blocked } : {}),
    ...(end === undefined ? {} : { end }),
  };
}

const UNHEARD_OF = { state: 'unknown', backendStatus: 'HIBERNATING' } as const;
