/**
 * Stored times and a wall clock that may be set back. A due time that lies further ahead than it can ever
 * have been set is not waited for: the clock was changed, not the plan.
 */

/** Jitter of backoff included (retry.ts). */
const JITTER = 1.1;

/** `longestMs`: the longest delay with which this kind of due time is ever set. */
export function isDue(dueMs: number, nowMs: number, longestMs: number): boolean {
  return dueMs <= nowMs || dueMs - nowMs > longestMs * JITTER;
}
