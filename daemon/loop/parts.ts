/**
 * What the loop is made of. `main.ts` hands in the real parts, a simulation its own: nothing below this
 * line reads a clock, draws a random number, runs a command or opens a file by itself.
 */
import type { Backend, Owner } from '../../backends/backend.ts';
import type { SubmitWish as AskedSubmit } from '../api/engine-door.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { OwnerFiles } from '../files/owner-files.ts';
import type { Store } from '../store/store.ts';
import type { OpenWorkflow } from '../workflow/language.ts';

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
  /** A reload of the configuration may change what is in it: read it when it is needed. */
  readonly settings: EngineSettings;
  readonly log: LoopLog;
  /** Which of these users have no account any more. Absent where there is only one, who runs the daemon. */
  readonly goneOwners?: (uids: readonly number[]) => Promise<ReadonlySet<number>>;
  /** Of this daemon: shown with orphans. */
  readonly host: string;
  /** Where run directories are made, absolute; absent: `<submit directory>/wf-runs`. */
  readonly runsDir?: string;
}

/** What the API asks for, and for whom. */
export interface SubmitWish extends AskedSubmit {
  readonly owner: Owner;
  /** Where the run's directory is to be; absent: as configured. */
  readonly directory?: string;
}

export interface AbortWish {
  readonly runId: number;
  readonly by: string;
  readonly force: boolean;
  readonly reason?: string;
  /** One call alone. */
  readonly call?: string;
}
