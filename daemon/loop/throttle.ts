/**
 * Backends that said "later": left alone for a while that doubles, then asked with one submit at a time, so
 * that a limit that lasts for days costs a command a minute. A job that ends may have made room: asked at once.
 */
import type { EngineSettings } from '../engine/settings.ts';
import type { LaunchReply } from './inputs.ts';

/** However long a limit lasts, it is tried so often. */
const LONGEST_MS = 60_000;

export class Throttle {
  private readonly waits = new Map<string, { readonly until: number; readonly times: number }>();
  private readonly settings: Pick<EngineSettings, 'throttleMs'>;

  /** They may change while the daemon runs. */
  constructor(settings: Pick<EngineSettings, 'throttleMs'>) {
    this.settings = settings;
  }

  /** Times are monotonic. */
  note(backend: string, reply: LaunchReply['kind'], now: number): void {
    if (reply === 'accepted') this.waits.delete(backend);
    if (reply !== 'throttled' || this.isClosed(backend, now)) return; // replies to one burst are one refusal
    const times = (this.waits.get(backend)?.times ?? 0) + 1;
    const firstMs = this.settings.throttleMs;
    const waitMs = Math.min(firstMs * 2 ** Math.min(times - 1, 20), Math.max(LONGEST_MS, firstMs));
    this.waits.set(backend, { until: now + waitMs, times });
  }

  noteJobEnded(backend: string, now: number): void {
    const wait = this.waits.get(backend);
    if (wait !== undefined) this.waits.set(backend, { until: now, times: wait.times });
  }

  isClosed(backend: string, now: number): boolean {
    return (this.waits.get(backend)?.until ?? now) > now;
  }

  /** One submit at a time, until one is accepted. */
  isProbed(backend: string): boolean {
    return this.waits.has(backend);
  }
}
