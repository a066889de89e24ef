/**
 * The contract between the daemon and a scheduler: what a backend says and what it is told.
 *
 * A backend never decides. It reports what a scheduler answered, keeps "I do not know" apart from "no",
 * and leaves every conclusion to the engine (daemon/engine). It holds no state about jobs, so that a
 * restarted daemon finds exactly the backend it left.
 */

declare const brand: unique symbol;
/** The scheduler's id of a job: `4711`, or of one element of an array: `4711_3`. */
export type NativeId = string & { readonly [brand]: 'NativeId' };
/** The unique name of a submission, carried by the job as its name. */
export type Tag = string & { readonly [brand]: 'Tag' };

/** The operating system user for whom commands run and files are written. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly home: string;
  readonly shell: string;
}

export interface Gpus {
  readonly count: number;
  readonly type?: string;
}

/** What a job asks of the scheduler. Absent means "the site's default". */
export interface Resources {
  readonly cpus?: number;
  readonly memoryMiB?: number;
  readonly timeSeconds?: number;
  readonly gpus?: Gpus;
  readonly nodes?: number;
  readonly ranks?: number;
  readonly queue?: string;
  readonly account?: string;
  readonly qos?: string;
  readonly constraint?: string;
  readonly exclusive?: boolean;
  readonly reservation?: string;
  /** Words for the scheduler's submit command, passed through as they are; keyed by backend kind (`slurm`). */
  readonly options?: Readonly<Record<string, readonly string[]>>;
}

/** One submit command: one attempt, or later an array of them. The files named here exist already. */
export interface SubmitRequest {
  readonly tag: Tag;
  readonly owner: Owner;
  readonly umask: number;
  readonly resources: Resources;
  /** Larger runs earlier, where the scheduler lets a user say so. */
  readonly priority?: number;
  /** Absolute directory in which the job starts. */
  readonly workdir: string;
  /** Absolute path of the batch script (see job-script.ts). */
  readonly script: string;
  /** Absolute path for what the scheduler itself writes into a job's output. */
  readonly log: string;
  /** How many elements the submission carries. 1: a plain job. */
  readonly elements: number;
  /** An abort will send this signal before it kills; some schedulers must know it at submit (SGE's `-notify`). */
  readonly warning?: { readonly signal: string; readonly graceMs: number };
}

/** `ambiguous` decides nothing: only a snapshot or a look-up can say whether the job is there. */
export type SubmitReply =
  | { readonly kind: 'accepted'; readonly nativeId: NativeId }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'throttled'; readonly reason: string }
  | { readonly kind: 'ambiguous'; readonly reason: string };

/** How a scheduler may say that a job ended; `Cancelled` says nothing of who did it. */
export const END_KINDS = [
  'Succeeded',
  'NonZeroExit',
  'Signaled',
  'OutOfMemory',
  'TimeLimit',
  'Preempted',
  'NodeFailure',
  'LaunchFailure',
  'Unsatisfiable',
  'Cancelled',
  'Unknown',
] as const;
export type EndKind = (typeof END_KINDS)[number];

export interface EndReport {
  readonly kind: EndKind;
  /** Absent where the scheduler does not say, or cannot be believed (sacct shows 137 as 9:0). */
  readonly exitCode?: number;
  readonly signal?: number;
  /** Did the job ever start? Absent: the scheduler does not say. */
  readonly started?: boolean;
}

/** Why the scheduler does not start a job, in its words and in plain ones. */
export interface Blocked {
  readonly reason: string;
  readonly plain: string;
  /** No person can lift it: the engine may end the job (SEMANTICS, blocked jobs). */
  readonly forever: boolean;
  /** The scheduler can be told to try once more (Backend.unblock): SGE's `Eqw`. */
  readonly clearable?: true;
}

/** One job as a scheduler's listing or accounting shows it. */
export interface JobObservation {
  readonly tag: Tag;
  /** Element of the submission; 0 for a plain job. */
  readonly index: number;
  readonly nativeId: NativeId;
  /** `unknown` is a state nobody has met: the job is still there. */
  readonly state: 'queued' | 'running' | 'ended' | 'unknown';
  /** The scheduler's own words, for people: `PENDING (Resources)`. */
  readonly backendStatus: string;
  /** How often the scheduler has rerun this same id; absent where it does not say. */
  readonly runCount?: number;
  readonly blocked?: Blocked;
  /** Present exactly when `state` is `ended`. */
  readonly end?: EndReport;
}

/** One answer to "which of my jobs are there?". `unavailable` is no evidence of anything. */
export type Snapshot =
  | { readonly kind: 'complete'; readonly jobs: readonly JobObservation[] }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** A job as the daemon remembers it, for schedulers that must be asked by id. */
export interface KnownJob {
  readonly tag: Tag;
  readonly index: number;
  readonly nativeId: NativeId;
}

/** The jobs accounting is asked about. */
export interface AccountingQuery {
  readonly owner: Owner;
  /** Without an id where the reply to the submit was lost: such a job can only be asked for by its tag. */
  readonly jobs: readonly { readonly tag: Tag; readonly nativeId?: NativeId }[];
  /** Nothing asked about was submitted before this time (epoch ms). */
  readonly sinceMs: number;
}

export type AbortManner =
  | { readonly kind: 'kill' }
  /** The hardest means the scheduler has. */
  | { readonly kind: 'force' }
  /** Sent to the job's processes, which go on: `USR1`. */
  | { readonly kind: 'signal'; readonly signal: string };

/** `sent` means asked, never done. */
export type RequestReply = { readonly kind: 'sent' } | { readonly kind: 'failed'; readonly reason: string };

export interface Probe {
  readonly reachable: boolean;
  /** One line for people: version and what was found, or why it cannot be reached. */
  readonly summary: string;
  readonly hasAccounting: boolean;
}

/** What an adapter can do at all. What it cannot do it says, and SEMANTICS section 6 tells what follows. */
export interface Capabilities {
  /** Jobs of an earlier daemon can be found again; if not, they end `Lost` at a restart. */
  readonly reconnect: boolean;
  /** A job can be found by its tag; if not, a submit in doubt that leaves no claim ends `Lost`. */
  readonly lookUp: boolean;
  /** One submission may carry several elements. */
  readonly arrays: boolean;
  /** A job can be sent a signal, or be warned by one before it is killed. */
  readonly signals: boolean;
}

/** What the top of a batch script depends on. */
export interface ScriptHead {
  /** Absolute path of the submission's log. */
  readonly log: string;
  readonly umask: number;
  readonly elements: number;
  readonly warning?: SubmitRequest['warning'];
}

export interface CommandUse {
  /** Commands started since the daemon began, by what they were for. */
  readonly total: Readonly<Record<CommandPurpose, number>>;
  readonly lastMinute: number;
  /** When the newest one began, epoch ms. Absent: there was none yet. */
  readonly lastAtMs?: number;
}
export type CommandPurpose = 'probe' | 'submit' | 'observe' | 'account' | 'abort' | 'unblock';

export interface Backend {
  /** The name the site gave it; also what a workflow writes under `backend`. */
  readonly name: string;
  /** The adapter behind it: `slurm`, `local`. */
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** Absence counts only over at least this long (SEMANTICS, evidence). */
  readonly settleMs: number;
  /** No command of this backend outlives this. */
  readonly commandTimeoutMs: number;
  /** Jobs of ours that may be with the scheduler at once. */
  readonly maxActive: number;
  /** Submit commands that may run at once. */
  readonly maxSubmitting: number;
  /** Calm time between two listings while jobs are active. */
  readonly pollMs: number;
  /**
   * Shell lines (POSIX sh) at the top of every batch script. They set `wf_native`, `wf_count` and `wf_index` from
   * the job's environment, and do what the scheduler does not: log, umask, site variables (preamble.ts). Exit
   * codes that the scheduler takes as orders to itself go into `wf_reserved`, each between blanks. `wf_tag` is set
   * before them: where a scheduler tells its jobs nothing of themselves, the tag is their native id.
   */
  preamble(script: ScriptHead): string;
  /**
   * Why no job could ever be put to this scheduler with such a request; checked when a run is submitted. What is
   * absent is no reason: it may only be unknown yet.
   */
  check(resources: Resources): string | undefined;
  probe(): Promise<Probe>;
  submit(request: SubmitRequest): Promise<SubmitReply>;
  /** All jobs of the owner that the scheduler still shows: in bulk where it can. `known`: those we wait for. */
  observe(owner: Owner, known: readonly KnownJob[]): Promise<Snapshot>;
  /** The second source. A backend without one answers `complete` with no jobs and says so in its probe. */
  account(query: AccountingQuery): Promise<Snapshot>;
  /** In bulk, chunked by the driver. */
  abort(owner: Owner, nativeIds: readonly NativeId[], manner: AbortManner): Promise<RequestReply>;
  /** Tells the scheduler to try jobs again that it could not start; present where `Blocked.clearable` occurs. */
  unblock?(owner: Owner, nativeIds: readonly NativeId[]): Promise<RequestReply>;
  commandUse(): CommandUse;
  /** What the scheduler wrote into a job's own log may tell more than its exit code (out of memory). */
  causeInLog(log: string): EndKind | undefined;
}
