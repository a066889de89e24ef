/**
 * The store as one life of the daemon holds it: it takes time, refuses while the disk is full, and is where
 * a crash can be aimed: just after a commit, before or after the daemon hears of it.
 */
import type { Changes } from '../../daemon/engine/changes.ts';
import type { CommitResult, Store } from '../../daemon/store/store.ts';
import { type Life, silence } from './life.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-clock.ts';
import type { Weather } from './weather.ts';

export interface StoreDoorParts {
  readonly inner: Store;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly weather: Weather;
  /** Everything that is on disk now, in the order in which it got there. */
  readonly kept: (changes: Changes) => void;
  /** Shall the daemon be killed at this commit? */
  readonly mayCrash: () => boolean;
  readonly crash: (when: string) => void;
}

export class StoreDoor {
  private readonly parts: StoreDoorParts;
  private readonly life: Life;
  private inFlight: Changes | undefined;

  constructor(parts: StoreDoorParts, life: Life) {
    this.parts = parts;
    this.life = life;
  }

  /** Killed while a commit was under way: it is on disk as a whole, or not at all. */
  async settleAtDeath(): Promise<void> {
    const changes = this.inFlight;
    this.inFlight = undefined;
    if (changes !== undefined && this.parts.random.chance(0.5)) await this.keep(changes);
  }

  open(): Store {
    const { inner } = this.parts;
    const soon = <T>(ask: () => Promise<T>): Promise<T> => this.life.answer(1, ask).then((answer) => answer);
    return {
      load: () => soon(() => inner.load()),
      commit: (changes) => this.commit(structuredClone(changes)),
      findRun: (id) => soon(() => inner.findRun(id)),
      findRunByToken: (uid, token) => soon(() => inner.findRunByToken(uid, token)),
      listRuns: (filter) => soon(() => inner.listRuns(filter)),
      listCalls: (id) => soon(() => inner.listCalls(id)),
      listAttempts: (id, call) => soon(() => inner.listAttempts(id, call)),
      findBundle: (id) => soon(() => inner.findBundle(id)),
      listEvents: (filter) => soon(() => inner.listEvents(filter)),
      close: () => soon(() => inner.close()),
    };
  }

  private commit(changes: Changes): Promise<CommitResult> {
    if (!this.life.alive) return silence();
    const { time, random, weather } = this.parts;
    this.inFlight = changes;
    return new Promise((resolve) => {
      time.after(random.between(1, 20), () => {
        if (!this.life.alive) return;
        if (weather.isOn('storeFull', time.trueMs)) {
          this.inFlight = undefined;
          resolve({ kind: 'refused', reason: 'database or disk is full' });
        } else void this.finish(changes, resolve);
      });
    });
  }

  private async finish(changes: Changes, resolve: (result: CommitResult) => void): Promise<void> {
    const { mayCrash, crash, random, time } = this.parts;
    this.inFlight = undefined;
    const result = await this.keep(changes);
    if (mayCrash()) {
      if (random.chance(0.5)) return crash('after a commit, before it heard of it');
      time.after(random.between(0, 100), () => {
        if (this.life.alive) crash('after a commit');
      });
    }
    if (this.life.alive) resolve(result);
  }

  private async keep(changes: Changes): Promise<CommitResult> {
    const result = await this.parts.inner.commit(changes);
    if (result.kind === 'committed') this.parts.kept(changes);
    return result;
  }
}
