/** How many commands a backend has started, by purpose, how many in the last minute, and when the newest. */
import type { CommandPurpose, CommandUse } from './backend.ts';

const MINUTE_MS = 60_000;

export class CommandMeter {
  private readonly total: Record<CommandPurpose, number> = {
    probe: 0,
    submit: 0,
    observe: 0,
    account: 0,
    abort: 0,
    unblock: 0,
  };
  /** When the commands of the last minute began, oldest first. */
  private readonly recent: number[] = [];
  private lastAtMs: number | undefined;
  private readonly nowMs: () => number;

  constructor(nowMs = () => performance.now()) {
    this.nowMs = nowMs;
  }

  count(purpose: CommandPurpose): void {
    this.total[purpose] += 1;
    this.forgetOld();
    this.recent.push(this.nowMs());
    this.lastAtMs = Date.now();
  }

  use(): CommandUse {
    this.forgetOld();
    const { total, recent, lastAtMs } = this;
    return {
      total: { ...total },
      lastMinute: recent.length,
      ...(lastAtMs !== undefined && { lastAtMs }),
    };
  }

  private forgetOld(): void {
    const since = this.nowMs() - MINUTE_MS;
    const kept = this.recent.findIndex((atMs) => atMs > since);
    this.recent.splice(0, kept < 0 ? this.recent.length : kept);
  }
}

/** Of a backend that runs no commands. */
export const NO_COMMANDS: CommandUse = new CommandMeter().use();
