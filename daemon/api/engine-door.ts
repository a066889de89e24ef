/**
 * What the API asks of the engine: wishes, each answered when its effect has been committed (or refused).
 *
 * The loop implements it. Questions do not come through here: they read the store. The API checks who may
 * ask for what; the loop checks whether it can be done, and its message is shown to the person as it is.
 */
import type { Capabilities, CommandUse, Owner } from '../../backends/backend.ts';
import type { Run, RunId } from '../engine/model.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { CallKey, FailureMode, WorkflowBundle } from '../workflow/language.ts';

/** A user has his own runs; an operator acts on the runs of all; an administrator governs the daemon, too. */
export type Role = 'user' | 'operator' | 'admin';

/** Who asks. */
export interface Peer {
  readonly uid: number;
  readonly pid: number;
  /** Login name, kept with what was asked ("aborted by …"). */
  readonly name: string;
  /** For whom a run is made that this peer submits; in user mode always the daemon's own user. */
  readonly owner: Owner;
  readonly role: Role;
}

export interface Refusal {
  readonly code: ErrorCode;
  /** What, where, and what to do instead. */
  readonly message: string;
  /** Further lines, such as every mistake in a workflow, each `file:line:column: message`. */
  readonly details?: readonly string[];
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Refusal };

export interface SubmitWish {
  readonly bundle: WorkflowBundle;
  /** Absent: the workflow's own name. */
  readonly name?: string;
  readonly backend?: string;
  readonly failureMode?: FailureMode;
  /** Laid over the workflow's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly hold: boolean;
  /** Where `wfctl submit` was typed; absolute. */
  readonly submitDir: string;
  readonly umask: number;
  /** A second submit of the same owner with the same token answers the first one's run. */
  readonly token?: string;
}

export interface AbortWish {
  readonly force: boolean;
  readonly reason?: string;
}

/** One backend as it is now. */
export interface BackendStatus {
  readonly name: string;
  readonly kind: string;
  /** `unknown`: not asked yet. */
  readonly reachable: 'yes' | 'no' | 'unknown';
  /** One line for people: version and what was found, or why it cannot be reached. */
  readonly summary: string;
  /** What the newest probe that reached it has found. */
  readonly version?: string;
  readonly hasAccounting?: boolean;
  /** When it was last asked what it is; an idle daemon does not ask again. */
  readonly probedAtMs?: number;
  readonly capabilities: Capabilities;
  /** Since when `reachable` is what it is. */
  readonly sinceMs?: number;
  readonly paused?: { readonly by: string; readonly reason: string; readonly sinceMs: number };
  /** Jobs of ours with the scheduler now, and how many there may be. */
  readonly active: number;
  readonly maxActive: number;
  /** Submit commands under way, and how many there may be. */
  readonly submitting: number;
  readonly maxSubmitting: number;
  readonly pollMs: number;
  readonly settleMs: number;
  readonly commandTimeoutMs: number;
  readonly commands: CommandUse;
}

export type DaemonState =
  | { readonly kind: 'serving' }
  | { readonly kind: 'degraded'; readonly reason: string }
  /** Asked to drain, and stored: nothing new is dispatched until `resume`. */
  | { readonly kind: 'draining'; readonly by: string; readonly sinceMs: number }
  | { readonly kind: 'stopping' };

export interface EngineStatus {
  readonly state: DaemonState;
  readonly backends: readonly BackendStatus[];
}

export interface EngineDoor {
  /** `repeated`: the token was known, and this is the run it made. Refusals: INVALID_WORKFLOW, DEGRADED, DRAINING … */
  submit(wish: SubmitWish, peer: Peer): Promise<Answer<{ readonly run: Run; readonly repeated: boolean }>>;
  /** One commit for all of them; one answer per id, in the same order. Refusals: RUN_NOT_FOUND, RUN_ALREADY_ENDED, ABORT_IGNORED. */
  abort(runIds: readonly RunId[], wish: AbortWish, peer: Peer): Promise<readonly Answer<Run>[]>;
  /** Refusals: RUN_NOT_FOUND, CALL_NOT_FOUND, RUN_ALREADY_ENDED, CALL_ALREADY_ENDED. */
  abortCall(runId: RunId, call: CallKey, wish: AbortWish, peer: Peer): Promise<Answer<Run>>;
  hold(runId: RunId, reason: string | undefined, peer: Peer): Promise<Answer<Run>>;
  release(runId: RunId, peer: Peer): Promise<Answer<Run>>;
  pauseBackend(name: string, reason: string, peer: Peer): Promise<Answer<BackendStatus>>;
  resumeBackend(name: string, peer: Peer): Promise<Answer<BackendStatus>>;
  drain(peer: Peer): Promise<Answer<EngineStatus>>;
  resume(peer: Peer): Promise<Answer<EngineStatus>>;

  /** As of now, from memory. */
  status(): EngineStatus;
  /**
   * Calls back after each commit that wrote events. It carries nothing: event streams then read the store.
   * Answers how to stop being called.
   */
  onEvents(wake: () => void): () => void;
}
