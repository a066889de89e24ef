/**
 * A job as a scheduler's own daemon knows it, in no scheduler's words: what a printer is given. The fake cluster
 * makes it of its truth, and the tests of a printer of what a real scheduler was seen to print.
 */
export interface ToldJob {
  readonly id: number;
  /** Element of an array. */
  readonly element?: number;
  readonly name: string;
  readonly user: { readonly uid: number; readonly name: string };
  readonly state: 'waiting' | 'running' | 'suspended' | 'ending' | 'ended';
  /** A state that nobody has met, in place of what it is. */
  readonly strange?: string;
  /** Why it waits, or waited when it was ended: the scheduler's own word. */
  readonly waitsFor?: string;
  /** Its runs before this one, each ended by the scheduler. */
  readonly earlierRuns?: readonly { readonly endedMs: number; readonly node: string }[];
  /** Where it runs or ran last. */
  readonly node?: string;
  /** Present exactly when it is over. */
  readonly end?: ToldEnd;
  readonly submittedMs: number;
  readonly startedMs?: number;
  readonly endedMs?: number;
}

export type ToldEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: number }
  | { readonly kind: 'cancelled'; readonly byUid: number }
  /** With the signal that ended it. */
  | { readonly kind: 'timeLimit' | 'preempted'; readonly signal: number }
  | { readonly kind: 'notLaunched' }
  /** Its size was refused, and a record is left of that. */
  | { readonly kind: 'refused' };
