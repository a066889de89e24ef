/**
 * What the loop is made of. `main.ts` hands in the real parts, a simulation its own: nothing below this
 * line reads a clock, draws a random number, runs a command or opens a file by itself.
 */
import type { Backend, Owner } from '../../backends/backend.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { OwnerFiles } from '../files/owner-files.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { Store } from '../store/store.ts';
import type { FailureMode, OpenWorkflow, WorkflowBundle } from '../workflow/language.ts';

export interface Clock {
  /** Epoch milliseconds: for what is stored and shown. May jump. */
  nowMs(): number;
  /** Milliseconds since some start: for what must be measured. Never jumps. */
  monotonicMs(): number;
}

export interface LoopLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LoopParts {
  readonly store: Store;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly files: OwnerFiles;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly open: OpenWorkflow;
  readonly settings: EngineSettings;
  readonly log: LoopLog;
  /** Of this daemon: shown with orphans. */
  readonly host: string;
  /** Where run directories are made, absolute; absent: `<submit directory>/wf-runs`. */
  readonly runsDir?: string;
}

export interface SubmitWish {
  readonly bundle: WorkflowBundle;
  readonly owner: Owner;
  readonly umask: number;
  readonly submitDir: string;
  /** Where the run's directory is to be; absent: as configured. */
  readonly directory?: string;
  readonly name?: string;
  readonly backend?: string;
  readonly failureMode?: FailureMode;
  readonly labels: Readonly<Record<string, string>>;
  readonly hold: boolean;
  readonly token?: string;
}

export interface AbortWish {
  readonly runId: number;
  readonly by: string;
  readonly force: boolean;
  readonly reason?: string;
  /** One call alone. */
  readonly call?: string;
}

/** Codes are those of the error table (daemon/protocol/errors.ts). */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: readonly string[];
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Refusal };
