/** One owner's jobs on one backend, as listings show them: what is remembered between two of them. */
import type { JobObservation } from '../../backends/backend.ts';
import type { Evidence } from '../engine/evidence.ts';
import type { Attempt } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { WatchKey } from './working-set.ts';

/** What is remembered of one watch between snapshots. Monotonic times. */
export interface Watch {
  readonly key: WatchKey;
  readonly backend: string;
  reachable: 'yes' | 'no' | 'unknown';
  reason: string;
  /** Since when `reachable` is what it is, epoch ms. */
  sinceMs: number;
  outageSince: number | undefined;
  /** A mass disappearance waits for a second source since then. */
  suspectSince: number | undefined;
  /** There is no second source, and the listing has said the same for long enough. */
  suspicionCleared: boolean;
}

/** An attempt with the run it belongs to. */
export interface Watched {
  readonly state: RunState;
  readonly attempt: Attempt;
}

/** Takes what a listing shows of one job, or that it shows nothing. */
export type Note = (evidence: Evidence, listed: readonly JobObservation[]) => void;
