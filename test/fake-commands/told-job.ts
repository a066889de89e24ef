/**
 * A job as a scheduler's own daemon knows it, in no scheduler's words: what a printer is given. The fake cluster
 * makes it of its truth, and the tests of a printer of what a real scheduler was seen to print.
 */
export interface ToldJob {
  readonly id: number;
  /** Element of an array, by the number that the scheduler gives it. */
  readonly element?: number;
  readonly name: string;
  readonly user: { readonly uid: number; readonly name: string };
  readonly state: 'waiting' | 'running' | 'suspended' | 'ending' | 'ended';
  /** In a state that nobody has met, in place of what it is. */
  readonly strange?: true;
  /** Why it waits, or waited when it was ended: the scheduler's own word. */
  readonly waitsFor?: string;
  /** Why it could not be started, or not again; it stays until somebody acts. */
  readonly error?: string;
  /** What it asked for, as the scheduler writes it down. */
  readonly requested?: string;
  readonly slots?: number;
  /** Parallel environment. */
  readonly pe?: string;
  readonly queue?: string;
  /** Where it runs or ran last. */
  readonly node?: string;
  /** Runs before this one, which were not its end. */
  readonly earlierRuns?: readonly ToldRun[];
  /** Present exactly when it is over. */
  readonly end?: ToldEnd;
  readonly submittedMs: number;
  readonly startedMs?: number;
  readonly endedMs?: number;
}

export interface ToldRun {
  /** `asked`: it asked to be run again. `error`: it asked to be left in error. `noDirectory`: it was not started. */
  readonly how: 'requeued' | 'asked' | 'error' | 'noDirectory';
  readonly startedMs?: number;
  readonly endedMs: number;
  readonly node: string;
}

export type ToldEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: number }
  /** With what the script made of it, where it had started. */
  | { readonly kind: 'cancelled'; readonly byUid: number; readonly code?: number; readonly signal?: number }
  /** With the signal that ended it. */
  | { readonly kind: 'overLimit' | 'preempted'; readonly signal: number }
  | { readonly kind: 'notLaunched' | 'nodeLost' }
  /** Its size was refused, and a record is left of that. */
  | { readonly kind: 'refused' };
