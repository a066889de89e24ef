/** The ids of one fake scheduler: they begin anew after so many, but none is given to two jobs at once. */
import type { NativeId } from '../../backends/backend.ts';
import type { ClusterJob } from './fake-job.ts';

/** Nobody may still be asking for the first. */
const REUSED_AFTER_MS = 300_000;

export class NativeIds {
  private readonly wrap: number;
  private last = 0;

  constructor(wrap: number) {
    this.wrap = wrap;
  }

  next(jobs: readonly ClusterJob[], nowMs: number): NativeId {
    const asked = jobs.filter(({ end }) => end === undefined || nowMs < end.purgedFromMs + REUSED_AFTER_MS);
    const taken = new Set<string>(asked.map(({ nativeId }) => nativeId));
    for (let tries = 0; tries < this.wrap; tries++) {
      const id = String(100 + (this.last++ % this.wrap));
      if (!taken.has(id)) return id as NativeId;
    }
    return String(100_000 + this.last++) as NativeId;
  }
}
