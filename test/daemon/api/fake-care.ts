/** A care of the state that remembers what it was asked, and answers what it is told to. */
import type { CareDoor, CareStatus } from '../../../daemon/api/care-door.ts';
import type { Refusal } from '../../../daemon/api/engine-door.ts';
import type { CheckReport } from '../../../daemon/store/check.ts';
import { sampleRun } from '../store/samples.ts';

export interface FakeCare extends CareDoor {
  readonly asked: string[];
  state: CareStatus;
  report: CheckReport;
  /** Answered to every wish where it is set. */
  refusal: Refusal | undefined;
}

const T0 = Date.UTC(2030, 0, 31, 2);

export function createFakeCare(): FakeCare {
  const refused = () => care.refusal && { ok: false as const, error: care.refusal };
  const care: FakeCare = {
    asked: [],
    state: { problems: [] },
    report: { findings: [], version: 2, rows: { runs: 3, calls: 40 }, bytes: 1_500_000 },
    refusal: undefined,
    status: () => care.state,
    async backUp(to) {
      care.asked.push(`backup ${to ?? ''}`.trim());
      const file = to ?? '/state/backups/state-2030-01-31T02-00-00Z.db';
      return refused() ?? { ok: true, value: { file, atMs: T0, report: care.report } };
    },
    async check() {
      care.asked.push('check');
      return refused() ?? { ok: true, value: care.report };
    },
    async retention(runsMs) {
      care.asked.push(`retention ${runsMs ?? ''}`.trim());
      const plan = { configured: { directories: 'keep' as const }, count: 0, runs: [] };
      if (runsMs === undefined) return { ok: true, value: plan };
      const endedAtMs = T0 - 2 * runsMs;
      const runs = [sampleRun(7, { status: 'Failed', endedAtMs })];
      return { ok: true, value: { ...plan, endedBeforeMs: T0 - runsMs, count: 1_200, runs } };
    },
  };
  return care;
}
