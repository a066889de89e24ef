/**
 * The seam between the engine and a workflow language.
 *
 * The engine tells a program what has ended and what was read; the program answers which calls there are,
 * which may start and which never will. A program is pure and incremental: it may be told its facts in any
 * order, and being told all of them again (after a restart) brings it to the same state. So the graph of a
 * run can grow while the run runs, and a language that finds its calls only as values arrive fits, too.
 */
import type { Resources } from '../../backends/backend.ts';

/** A call's name inside its run: `merge`, `align[3]`. Stable over restarts. */
export type CallKey = string;

export type FailureMode = 'NoNewCalls' | 'ContinueWhilePossible';

/** What the shell reads for a program as the run's owner. */
export type ReadRequest = {
  /** Stable and unique in the run; the fact that answers carries it. */
  readonly id: string;
  readonly kind: 'lines' | 'size' | 'glob';
  /** Absolute path, or pattern for `glob`. */
  readonly path: string;
};

export type ReadResult =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'size'; readonly bytes: number }
  | { readonly kind: 'glob'; readonly paths: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

export type Fact =
  | {
      readonly kind: 'callEnded';
      readonly call: CallKey;
      readonly status: 'Succeeded' | 'Failed' | 'Aborted' | 'Skipped';
      /** Output name → absolute path; only of a call that succeeded. */
      readonly outputs?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'read'; readonly id: string; readonly result: ReadResult };

export interface PlannedCall {
  readonly key: CallKey;
  readonly task: string;
  /** Present when scattered. */
  readonly index?: number;
}

/** What a program answers: only what is new since it was last told something. */
export interface Told {
  /** Calls that now exist. Each is announced once, before it can be `ready` or `skipped`. */
  readonly calls: readonly PlannedCall[];
  /** Calls that may start now. */
  readonly ready: readonly CallKey[];
  /** Calls that never will, with the reason in plain words. The engine ends them; no fact comes back. */
  readonly skipped: readonly { readonly call: CallKey; readonly reason: string }[];
  readonly reads: readonly ReadRequest[];
  /** The program itself cannot go on (a list could not be read, two calls write one file): the run fails. */
  readonly failed?: string;
  /** No further call will ever be announced. */
  readonly exhausted: boolean;
}

export type Cause =
  | 'Succeeded'
  | 'NonZeroExit'
  | 'Signaled'
  | 'OutOfMemory'
  | 'TimeLimit'
  | 'Preempted'
  | 'NodeFailure'
  | 'LaunchFailure'
  | 'Rejected'
  | 'Unsatisfiable'
  | 'AbortedByUser'
  | 'CancelledOutside'
  | 'NeverStarted'
  | 'Lost'
  | 'MissingOutput';

export interface RetryPolicy {
  /** Retries after the first attempt, for the causes below. */
  readonly max: number;
  readonly causes: readonly Cause[];
  readonly exitCodes: readonly number[];
  /** First delay; doubles from try to try. Absent: the engine's default. */
  readonly delayMs?: number;
}

export type TaskAbort =
  | { readonly kind: 'kill' }
  | { readonly kind: 'finish' }
  | { readonly kind: 'signal'; readonly signal: string; readonly graceMs: number };

/** What the engine must know of a task; one object for all of its calls. */
export interface TaskPolicy {
  /** Absent: the run's. */
  readonly backend?: string;
  readonly maxParallel?: number;
  readonly priority: number;
  readonly retries: RetryPolicy;
  readonly abort: TaskAbort;
}

export interface RenderContext {
  readonly runId: number;
  readonly runDir: string;
  readonly submitDir: string;
  /** `<runDir>/<task>/<index>/<attempt>`. */
  readonly callDir: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Retries so far that grow resources (those of the user's own budget). */
  readonly growth: number;
}

/** One attempt's job, ready to be written to disk. */
export interface RenderedJob {
  readonly command:
    | { readonly kind: 'shell'; readonly text: string; readonly shell: readonly string[] }
    /** Runs by its own `#!` line. */
    | { readonly kind: 'script'; readonly text: string; readonly args: readonly string[] };
  /** The task's own; the engine adds WF_RUN_ID and its kind. */
  readonly env: Readonly<Record<string, string>>;
  /** Source /etc/profile first. */
  readonly login: boolean;
  readonly resources: Resources;
  /** Absolute. */
  readonly workdir: string;
  /** Output name → absolute path. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly successCodes: readonly number[];
}

export type Rendered =
  | { readonly kind: 'job'; readonly job: RenderedJob }
  | { readonly kind: 'failed'; readonly reason: string };

/** Steps of finalization are jobs of the run, not calls; their keys are these words. */
export type StepKey = 'onAbort' | 'onFailure' | 'finally';

export interface Program {
  readonly name: string;
  readonly failureMode?: FailureMode;
  readonly backend?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `abort: ignore` at the top of the workflow. */
  readonly ignoresAbort: boolean;
  /** `onBlocked: {failAfter}`: end jobs blocked for so long, whatever blocks them. */
  readonly blockedFailAfterMs?: number;
  readonly steps: readonly StepKey[];
  /** Told no facts it answers with the calls known from the start. */
  tell(facts: readonly Fact[]): Told;
  task(name: string): TaskPolicy;
  render(call: CallKey | StepKey, context: RenderContext): Rendered;
  /** The run's declared outputs, once all calls have ended. */
  outputs(): { readonly values: Readonly<Record<string, unknown>>; readonly problems: readonly string[] };
}

/** Something wrong in what the user wrote, with its place. Lines and columns count from 1. */
export interface Mistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The source line shown under the message. */
  readonly text: string;
}

export type Value = string | number | boolean | null | readonly Value[];

/** What a task, or a step, asks of a scheduler, as far as it is known before anything runs. */
export interface TaskRequest {
  /** Absent: the run's. */
  readonly backend?: string;
  readonly resources: Resources;
  /** Says of a part of it what is wrong, at its place: `predicate` follows the name of that part. */
  mistake(part: RequestPart, predicate: string): Mistake;
}

export type RequestPart =
  | { readonly kind: 'backend' }
  /** The resources as a whole. */
  | { readonly kind: 'resources' }
  | { readonly kind: 'resource'; readonly name: Exclude<keyof Resources, 'options'> }
  /** One word of `options`, of those for this kind of backend. */
  | { readonly kind: 'option'; readonly of: string; readonly index: number };

/** A workflow as `wfctl` sends it: contents, never paths the daemon would have to open. */
export interface WorkflowBundle {
  readonly language: 'native';
  readonly fileName: string;
  readonly source: string;
  /** Contents of `script:` files, by the path as written. */
  readonly files: Readonly<Record<string, string>>;
  /** Every input with its value; forms (`linesOf`, `glob`, `range`) already read by `wfctl`. */
  readonly inputs: Readonly<Record<string, Value>>;
}

export type Opened =
  /** `requests`: one of each task and each step, however many calls it has. */
  | { readonly ok: true; readonly program: Program; readonly requests: readonly TaskRequest[] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** Pure. Every mistake is reported at once. */
export type OpenWorkflow = (bundle: WorkflowBundle) => Opened;
