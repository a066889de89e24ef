/** The numbers the engine decides by. Durations in milliseconds; defaults are those of SEMANTICS. */
import type { FailureMode } from '../workflow/language.ts';

export interface EngineSettings {
  readonly failureMode: FailureMode;
  /** Backend of a run that names none. */
  readonly backend: string;
  /** Jobs of one owner with all schedulers together. */
  readonly maxActivePerOwner: number;
  /** Runs of one owner in progress. */
  readonly maxRunsPerOwner: number;
  /** Retries for causes of the infrastructure, beside the user's own. */
  readonly infraRetries: number;
  readonly retryDelayMs: number;
  readonly retryDelayMaxMs: number;
  /** Forced: how long jobs are waited for before they are listed as orphans. */
  readonly forceGraceMs: number;
  /** How long after our own request a job is asked again to end; doubles from try to try. */
  readonly abortRetryMs: number;
  readonly abortRetryMaxMs: number;
  /** A job that no person can unblock is ended after so long. */
  readonly blockedForeverMs: number;
  /** An exit mark of a failed command waits so long for the scheduler to name a finer cause. */
  readonly refineMs: number;
  /** After the scheduler says "ended", a mark may take so long to become visible. */
  readonly lateMarkMs: number;
  /** A refused submit (throttled) is tried again after so long. */
  readonly throttleMs: number;
  /** Runs in progress are resumed at a start; else they become held. */
  readonly resume: boolean;
}

export const DEFAULT_SETTINGS: EngineSettings = {
  failureMode: 'NoNewCalls',
  backend: 'local',
  maxActivePerOwner: 10_000,
  maxRunsPerOwner: 5_000,
  infraRetries: 3,
  retryDelayMs: 15_000,
  retryDelayMaxMs: 3_600_000,
  forceGraceMs: 10_000,
  abortRetryMs: 5_000,
  abortRetryMaxMs: 60_000,
  blockedForeverMs: 600_000,
  refineMs: 15_000,
  lateMarkMs: 5_000,
  throttleMs: 10_000,
  resume: true,
};
