/** The Store contract over plain maps: what survives a crash of the daemon is this object. */
import type { Call, Run } from '../../daemon/engine/model.ts';
import { hasEnded } from '../../daemon/engine/model.ts';
import type { Loaded, RunOverview, Store } from '../../daemon/store/store.ts';
import { CommittedRows } from './committed-rows.ts';

export function createMemoryStore(): Store {
  const rows = new CommittedRows();
  return {
    load: async () => structuredClone(loadedFrom(rows)),
    commit: async (changes) => {
      rows.apply(structuredClone(changes));
      return { kind: 'committed' };
    },
    findRun: async (id) => overview(rows, rows.runs.get(id)),
    findRunByToken: async (ownerUid, token) =>
      [...rows.runs.values()].find((run) => run.owner.uid === ownerUid && run.token === token),
    listRuns: async ({ limit }) =>
      [...rows.runs.values()]
        .toReversed()
        .slice(0, limit)
        .flatMap((run) => overview(rows, run) ?? []),
    listCalls: async (id) => rows.callsOf(id).toSorted((a, b) => a.position - b.position),
    listAttempts: async (id, call) =>
      rows.attemptsOf(id).filter((attempt) => call === undefined || attempt.call === call),
    findBundle: async (id) => rows.bundles.get(id),
    listEvents: async () => rows.events.map((event, seq) => ({ ...event, seq })),
    close: async () => undefined,
  };
}

function loadedFrom(rows: CommittedRows): Loaded {
  const runs = [...rows.runs.values()].flatMap((run) => {
    const bundle = rows.bundles.get(run.id);
    if (hasEnded(run) || bundle === undefined) return [];
    return [
      {
        run,
        bundle,
        calls: rows.callsOf(run.id).toSorted((a, b) => a.position - b.position),
        attempts: rows.attemptsOf(run.id).toSorted((a, b) => a.number - b.number || compare(a.call, b.call)),
        submissions: rows.submissionsOf(run.id),
        reads: [...(rows.reads.get(run.id)?.values() ?? [])],
      },
    ];
  });
  return {
    runs,
    orphans: [...rows.orphans.values()].filter((orphan) => orphan.goneAtMs === undefined),
    settings: Object.fromEntries(rows.settings),
    nextRunId: Math.max(0, ...rows.runs.keys()) + 1,
  };
}

/** Byte order, as SQLite's. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function overview(rows: CommittedRows, run: Run | undefined): RunOverview | undefined {
  if (run === undefined) return undefined;
  const counts: Record<Call['status'], number> = {
    NotStarted: 0,
    Ready: 0,
    Active: 0,
    Succeeded: 0,
    Failed: 0,
    Aborted: 0,
    Skipped: 0,
  };
  for (const call of rows.callsOf(run.id)) if (call.role === 'call') counts[call.status]++;
  return { run, counts, orphans: [...rows.orphans.values()].filter((orphan) => orphan.runId === run.id) };
}
