/**
 * One life of the daemon. When it is killed nothing reaches it any more and nothing it holds can act:
 * a promise of a dead life is never resolved, and its parts refuse to do anything.
 */
import type { VirtualTime } from './virtual-clock.ts';

export class Life {
  readonly number: number;
  alive = true;
  private readonly time: VirtualTime;

  constructor(number: number, time: VirtualTime) {
    this.number = number;
    this.time = time;
  }

  /** An answer that arrives after `delayMs`, if there is still somebody to hear it. */
  answer<T>(delayMs: number, value: () => T): Promise<T> {
    if (!this.alive) return silence();
    return new Promise((resolve) => {
      this.time.after(delayMs, () => {
        if (this.alive) resolve(value());
      });
    });
  }
}

/** What a call of a dead daemon gets: a killed process never hears anything. */
export function silence<T>(): Promise<T> {
  return new Promise(() => undefined);
}
