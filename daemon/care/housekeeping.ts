/**
 * Looks after the state while the daemon works. The timer only wakes: whether a backup is due is told by the newest
 * one there is, and which runs go by their rows. So a time that was missed is made up at the next look, and what
 * failed is tried again.
 */
import { type ScheduledTask, schedule } from 'node-cron';
import type { LoopLog } from '../loop/parts.ts';
import type { Backups, Copy, Outcome } from './backup.ts';
import { type BackupFile, isBackupDue, listBackups } from './backup-files.ts';
import { type RetentionParts, type RetentionSettings, type Swept, sweep } from './retention.ts';

export interface CareSettings {
  readonly backup: {
    readonly dir: string;
    /** Absent: made only when somebody asks. */
    readonly everyMs?: number;
    readonly keep: number;
  };
  readonly retention: RetentionSettings;
}

export interface HousekeepingParts extends RetentionParts {
  readonly backups: Backups;
  readonly settings: CareSettings;
  readonly log: LoopLog;
  readonly monotonicMs: () => number;
}

/** For `wfctl daemon status`. */
export interface CareStatus {
  readonly newestBackup?: BackupFile;
  /** What a person should see to. */
  readonly problems: readonly string[];
}

const EVERY_MINUTE = '* * * * *';
const HOUR_MS = 3_600_000;

type Duty = 'checkpoint' | 'backup' | 'retention';

export class Housekeeping {
  private readonly parts: HousekeepingParts;
  private cron: ScheduledTask | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private isStopping = false;
  private newestBackup: BackupFile | undefined;
  private readonly problems = new Map<Duty, string>();
  /** Monotonic: what has failed is tried again in an hour, not in a minute. */
  private nextBackupAt = Number.NEGATIVE_INFINITY;
  private nextSweepAt = Number.NEGATIVE_INFINITY;

  constructor(parts: HousekeepingParts) {
    this.parts = parts;
  }

  /** The first look is within a minute, not at once: a daemon that starts has better things to do. */
  start(): void {
    this.cron = schedule(EVERY_MINUTE, () => this.look(), { noOverlap: true });
    void this.readNewest().catch(() => undefined); // the next look says why it cannot be read
  }

  /** A sweep ends at its next safe point. A copy is not waited for: it is cut off when the store closes. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.cron?.destroy();
    await this.sweeping;
  }

  async look(): Promise<void> {
    if (this.isStopping) return;
    await this.checkpoint();
    this.sweeping = this.sweepIfDue();
    await this.sweeping;
    await this.backUpIfDue();
  }

  status(): CareStatus {
    const { newestBackup, problems } = this;
    return { ...(newestBackup && { newestBackup }), problems: [...problems.values()] };
  }

  /** Also by whoever asks for it between two that are due. */
  async backUp(): Promise<Outcome<Copy>> {
    const { backups, settings, log } = this.parts;
    const made = await backups.makeNext(settings.backup.dir, settings.backup.keep);
    if (!made.ok) return made;
    const { file, atMs, report } = made.value;
    this.newestBackup = { file, atMs };
    this.problems.delete('backup');
    log.info({ file, bytes: report.bytes }, 'backup made, and read through');
    return made;
  }

  private async checkpoint(): Promise<void> {
    await this.parts.store
      .checkpoint()
      .catch((error: unknown) => this.note('checkpoint', `no checkpoint was made: ${wordsOf(error)}`));
  }

  private async backUpIfDue(): Promise<void> {
    const { settings, nowMs, monotonicMs } = this.parts;
    const { everyMs } = settings.backup;
    if (everyMs === undefined || monotonicMs() < this.nextBackupAt || this.isStopping) return;
    const made = await this.tryBackup(everyMs, nowMs()).catch(failedBy);
    if (made === undefined || made.ok) return;
    this.nextBackupAt = monotonicMs() + Math.min(everyMs, HOUR_MS);
    this.note('backup', `no backup could be made: ${made.reason}; it is tried again within an hour`);
  }

  /** Undefined: none is due. */
  private async tryBackup(everyMs: number, nowMs: number): Promise<Outcome<Copy> | undefined> {
    const backups = await this.readNewest();
    return isBackupDue(backups, everyMs, nowMs) ? this.backUp() : undefined;
  }

  private async readNewest(): Promise<readonly BackupFile[]> {
    const backups = await listBackups(this.parts.settings.backup.dir);
    this.newestBackup = backups[0];
    return backups;
  }

  private async sweepIfDue(): Promise<void> {
    const { settings, monotonicMs } = this.parts;
    if (settings.retention.runsMs === undefined || monotonicMs() < this.nextSweepAt) return;
    this.nextSweepAt = monotonicMs() + HOUR_MS;
    try {
      this.noteSwept(await sweep(this.parts, settings.retention, () => this.isStopping));
    } catch (error) {
      this.note(
        'retention',
        `old runs could not be removed: ${wordsOf(error)}; it is tried again within an hour`,
      );
    }
  }

  private noteSwept({ removed, left, kept }: Swept): void {
    if (removed > 0) this.parts.log.info({ removed, directoriesLeft: left }, `${removed} old runs removed`);
    const [first] = kept;
    if (first === undefined) return void this.problems.delete('retention');
    const runs = kept.length === 1 ? `run ${first.run.id} is` : `${kept.length} runs are`;
    const which = kept.length === 1 ? '' : `run ${first.run.id}: `;
    this.note('retention', `${runs} kept longer than retention.runs says: ${which}${first.reason}`);
  }

  /** Said once in the log, until it is over; the status has the newest words. */
  private note(duty: Duty, problem: string): void {
    if (this.isStopping) return;
    if (!this.problems.has(duty)) this.parts.log.error({ duty }, problem);
    this.problems.set(duty, problem);
  }
}

function failedBy(error: unknown): Outcome<never> {
  return { ok: false, reason: wordsOf(error) };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
