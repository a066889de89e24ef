/** What the API asks of the care of the state (daemon/care). The API checks who may ask. */
import type { Run } from '../engine/model.ts';
import type { CheckReport } from '../store/check.ts';
import type { Answer } from './engine-door.ts';

export interface MadeCopy {
  readonly file: string;
  readonly atMs: number;
  readonly report: CheckReport;
}

/** Runs that would go. */
export interface RetentionPlan {
  readonly configured: { readonly runsMs?: number; readonly directories: 'keep' | 'remove' };
  /** Absent: nothing is configured, and nothing was asked for. */
  readonly endedBeforeMs?: number;
  readonly count: number;
  readonly runs: readonly Run[];
}

export interface CareStatus {
  readonly newestBackup?: { readonly file: string; readonly atMs: number };
  /** What a person should see to. */
  readonly problems: readonly string[];
}

export interface CareDoor {
  /** `to`: a new file; absent: the next one where backups are. Refusals: BACKUP_FAILED. */
  backUp(to?: string): Promise<Answer<MadeCopy>>;
  /** Refusals: BACKUP_FAILED. */
  check(): Promise<Answer<CheckReport>>;
  /** `runsMs`: as if it were configured so. */
  retention(runsMs?: number): Promise<Answer<RetentionPlan>>;
  status(): CareStatus;
}
