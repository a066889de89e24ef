/** What happened, line by line, for a person who has to understand one seed. */
import type { VirtualTime } from './virtual-clock.ts';

export class Transcript {
  private readonly time: VirtualTime;
  private readonly kept: string[] = [];

  constructor(time: VirtualTime) {
    this.time = time;
  }

  say(who: string, what: string): void {
    this.kept.push(`${(this.time.trueMs / 1000).toFixed(3).padStart(10)}  ${who.padEnd(8)}  ${what}`);
  }

  lines(): readonly string[] {
    return this.kept;
  }
}
