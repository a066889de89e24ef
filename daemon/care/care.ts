/** The care of the state, as the API and `main` see it. */
import type { CareDoor } from '../api/care-door.ts';
import type { Answer } from '../api/engine-door.ts';
import type { OwnerFiles } from '../files/owner-files.ts';
import type { Clock, LoopLog } from '../loop/parts.ts';
import type { Inspect } from '../store/inspector.ts';
import type { StoreCare } from '../store/store-care.ts';
import { Backups, type Outcome } from './backup.ts';
import { type CareSettings, Housekeeping } from './housekeeping.ts';
import { findOldRuns } from './retention.ts';

export interface CareParts {
  readonly store: StoreCare;
  readonly files: OwnerFiles;
  readonly inspect: Inspect;
  readonly stateDir: string;
  readonly settings: CareSettings;
  readonly clock: Clock;
  readonly log: LoopLog;
}

export interface Care extends CareDoor {
  start(): void;
  /** Once it resolves nothing is removed any more. */
  stop(): Promise<void>;
}

export function createCare({ clock, ...parts }: CareParts): Care {
  const nowMs = () => clock.nowMs();
  const backups = new Backups({ ...parts, nowMs });
  const keeper = new Housekeeping({ ...parts, backups, nowMs, monotonicMs: () => clock.monotonicMs() });
  const { settings } = parts;
  return {
    start: () => keeper.start(),
    stop: () => keeper.stop(),
    status: () => keeper.status(),
    backUp: async (to) => answerOf(await (to === undefined ? keeper.backUp() : backups.makeAt(to))),
    check: async () => answerOf(await backups.check()),
    async retention(runsMs = settings.retention.runsMs) {
      const found = runsMs === undefined ? NONE : await findOldRuns({ ...parts, nowMs }, runsMs);
      return { ok: true, value: { configured: settings.retention, ...found } };
    },
  };
}

const NONE = { count: 0, runs: [] };

function answerOf<T>(outcome: Outcome<T>): Answer<T> {
  if (outcome.ok) return outcome;
  return { ok: false, error: { code: 'BACKUP_FAILED', message: outcome.reason } };
}
