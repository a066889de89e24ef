/**
 * Turns the crank: ticks when something has arrived or is due. Timers only wake; what is due follows from
 * rows and clocks (loop.ts). A tick that throws is a bug or a lost disk: the driver stops and says so.
 */
import { schedule } from 'node-cron';
import type { Loop } from './loop.ts';

/** A wall clock that jumps, or a machine that slept, is noticed within a minute. */
const WAKE_UP = '* * * * *';

export class Driver {
  private readonly loop: Loop;
  private readonly onTick: () => void;
  private readonly onCrash: (error: unknown) => void;
  private readonly cron = schedule(WAKE_UP, () => this.wake(), { noOverlap: true });
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;
  private isWoken = false;
  private isStopped = false;

  constructor(
    loop: Loop,
    hooks: { readonly onTick: () => void; readonly onCrash: (error: unknown) => void },
  ) {
    this.loop = loop;
    this.onTick = hooks.onTick;
    this.onCrash = hooks.onCrash;
    loop.onInput(() => this.wake());
  }

  wake(): void {
    this.isWoken = true;
    if (this.current !== undefined || this.isStopped) return;
    this.current = this.run();
  }

  /** No tick is under way once this resolves, and none will be. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.cron.destroy();
    await this.current;
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer);
    try {
      while (this.isWoken && !this.isStopped) {
        this.isWoken = false;
        await yieldToRequests();
        await this.loop.tick();
        this.onTick();
      }
    } catch (error) {
      this.isStopped = true;
      this.onCrash(error);
    }
    this.current = undefined;
    if (!this.isStopped) this.sleep();
  }

  private sleep(): void {
    const ms = Math.max(0, this.loop.nextWakeMs() - this.loop.set.parts.clock.monotonicMs());
    this.timer = setTimeout(() => this.wake(), ms);
    if (this.isWoken) this.wake();
  }
}

/** Inputs that come in one burst are taken in one tick, and requests are served between two. */
function yieldToRequests(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
