/**
 * What the engine knows: runs, calls, attempts, submissions, orphans. Each object is one row of the store.
 *
 * Objects are immutable: a change is a new object, committed before anybody acts on it. Times are epoch
 * milliseconds. The words are those of SEMANTICS, sections 1 and 2.
 */
import type { NativeId, Owner, Tag } from '../../backends/backend.ts';
import type { CallKey, Cause, FailureMode, ReadResult, StepKey } from '../workflow/language.ts';

export type RunId = number;

export type RunEnd = 'Succeeded' | 'Failed' | 'Aborted';
export type RunStatus = 'Submitted' | 'OnHold' | 'Running' | 'Aborting' | 'ForceAborting' | RunEnd;

export interface AbortRequest {
  readonly by: string;
  readonly atMs: number;
  readonly reason?: string;
  readonly force: boolean;
}

/** Where the end of a run has got to; stored, so that finalization is resumed and never begun anew. */
export interface Finalization {
  readonly end: RunEnd;
  readonly stage: 'onEnd' | 'finally' | 'record';
}

/** Something a person should know, in plain words. `key` makes it one problem however often it is met. */
export interface Problem {
  readonly key: string;
  readonly text: string;
  readonly sinceMs: number;
}

/** `Problem.key` of a run that a backup has brought back: what to check before it is released. */
export const RESTORED = 'restored';

export interface Run {
  readonly id: RunId;
  readonly uuid: string;
  readonly name: string;
  readonly owner: Owner;
  readonly status: RunStatus;
  /** A call has failed for good; the run only waits for what is active. */
  readonly failing: boolean;
  /** Nothing new starts; jobs are watched. The reason is shown. */
  readonly held?: { readonly by: string; readonly reason: string };
  readonly failureMode: FailureMode;
  /** Used where a task names none. */
  readonly backend: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly submitDir: string;
  readonly directory: string;
  readonly umask: number;
  /** Repeated submits with one token make one run. */
  readonly token?: string;
  readonly submittedAtMs: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly abort?: AbortRequest;
  readonly finalization?: Finalization;
  readonly problems: readonly Problem[];
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export type CallStatus = 'NotStarted' | 'Ready' | 'Active' | 'Succeeded' | 'Failed' | 'Aborted' | 'Skipped';

export interface Call {
  readonly runId: RunId;
  readonly key: CallKey;
  readonly task: string;
  readonly index?: number;
  /** Steps of finalization are kept like calls, but are none: they are not counted. */
  readonly role: 'call' | StepKey;
  /** Order in which the run learned of it. */
  readonly position: number;
  readonly status: CallStatus;
  /** Why it was skipped, failed or aborted. */
  readonly reason?: string;
  /** A failure that does not make the run `Failed` (an attempt that never had a job in an aborting run). */
  readonly benign?: boolean;
  /** Number of the newest attempt; 0: none yet. */
  readonly attempts: number;
  readonly userRetries: number;
  readonly infraRetries: number;
  /** Not before this time: the call waits for its retry. */
  readonly retryAtMs?: number;
  /** This one call was aborted by its owner. */
  readonly abort?: { readonly by: string; readonly atMs: number; readonly reason?: string };
  readonly outputs?: Readonly<Record<string, string>>;
}

export type Outcome =
  /** The code is absent where the scheduler hides it and no mark was left. */
  | { readonly cause: 'NonZeroExit'; readonly exitCode?: number; readonly detail?: string }
  | {
      readonly cause: 'Signaled';
      readonly signal: string;
      readonly exitCode?: number;
      readonly detail?: string;
    }
  | { readonly cause: 'MissingOutput'; readonly missing: readonly string[]; readonly detail?: string }
  /** `claimed`: the job had left its claim, so the command may have run. */
  | {
      readonly cause: 'Lost';
      readonly claimed: boolean;
      readonly exitCode?: number;
      readonly detail?: string;
    }
  | PlainOutcome;

/** The causes that carry nothing of their own. */
export interface PlainOutcome {
  readonly cause: Exclude<Cause, 'NonZeroExit' | 'Signaled' | 'MissingOutput' | 'Lost'>;
  readonly exitCode?: number;
  readonly detail?: string;
}

export type AttemptState =
  | { readonly kind: 'ready' }
  | { readonly kind: 'submitting' }
  | { readonly kind: 'queued'; readonly nativeId: NativeId; readonly runCount: number }
  | { readonly kind: 'running'; readonly nativeId: NativeId; readonly runCount: number }
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly nativeId?: NativeId };

/** Every transition there is (SEMANTICS 2). Staying is always allowed. */
export const NEXT_ATTEMPT_STATES = {
  ready: ['submitting', 'ended'],
  submitting: ['queued', 'running', 'ready', 'ended'],
  queued: ['running', 'ended'],
  running: ['queued', 'ended'],
  ended: [],
} as const satisfies Record<AttemptState['kind'], readonly AttemptState['kind'][]>;

/** Our wish that a job ends. Stored, so that it survives a restart; repeated until the job is gone. */
export interface Ending {
  readonly why: 'user' | 'force' | 'unsatisfiable';
  readonly atMs: number;
  /** Why it can never run, in the scheduler's words; of `unsatisfiable`. */
  readonly detail?: string;
  /** A first signal was sent at this time; `kill` follows when its grace has passed. */
  readonly signalledAtMs?: number;
  /** How often we have asked. */
  readonly tries: number;
  readonly nextAtMs: number;
}

export interface Attempt {
  readonly runId: RunId;
  readonly call: CallKey;
  /** 1 for the first. */
  readonly number: number;
  readonly backend: string;
  readonly state: AttemptState;
  /** The submission that carries it, and its element there. Absent only while `ready`. */
  readonly tag?: Tag;
  readonly element?: number;
  readonly directory: string;
  readonly backendStatus?: string;
  readonly blocked?: {
    readonly reason: string;
    readonly plain: string;
    readonly forever: boolean;
    readonly clearable?: true;
    readonly sinceMs: number;
  };
  /** When the scheduler was told to try the job once more (`Eqw`); never twice. */
  readonly unblockedAtMs?: number;
  readonly ending?: Ending;
  readonly queuedAtMs?: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
}

/** One submit command. Written before it runs; its elements never change. */
export interface Submission {
  readonly tag: Tag;
  readonly runId: RunId;
  readonly backend: string;
  readonly elements: readonly { readonly call: CallKey; readonly number: number }[];
  readonly createdAtMs: number;
  /**
   * `superseded`: its attempts were sent back while it was in doubt; watched until the run ends, and jobs found are
   * ended. `void`: sent back as well, and surely nothing was ever submitted.
   */
  readonly status: 'open' | 'superseded' | 'void';
  readonly nativeId?: NativeId;
}

/** A job that may still be running after its run has ended. Hunted until confirmed gone. */
export interface Orphan {
  readonly runId: RunId;
  readonly tag: Tag;
  readonly backend: string;
  readonly owner: Owner;
  readonly nativeId?: NativeId;
  readonly call: CallKey;
  /** Of its attempt: it is not called gone before a job or the daemon has the claim there. */
  readonly directory?: string;
  /** Of the daemon that submitted it. */
  readonly host: string;
  readonly sinceMs: number;
  readonly goneAtMs?: number;
}

/** What was read for a program; told again after a restart. */
export interface StoredRead {
  readonly runId: RunId;
  readonly id: string;
  readonly result: ReadResult;
}

export interface EventRow {
  readonly runId?: RunId;
  readonly atMs: number;
  /** Dotted, stable, for scripts: `run.aborting`, `attempt.ended`. */
  readonly type: string;
  readonly call?: CallKey;
  readonly attempt?: number;
  /** One sentence for people. */
  readonly text: string;
}

export function hasEnded(run: Run): boolean {
  return run.status === 'Succeeded' || run.status === 'Failed' || run.status === 'Aborted';
}

export function attemptKey(attempt: Pick<Attempt, 'runId' | 'call' | 'number'>): string {
  return `${attempt.runId}/${attempt.call}#${attempt.number}`;
}
