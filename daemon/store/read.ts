/**
 * Questions to the database. Each is answered by a fixed number of queries, however many runs it is about.
 */
import type { Database } from 'better-sqlite3';
import { and, asc, desc, eq, gt, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import type { Settings } from '../engine/changes.ts';
import type { Attempt, Call, CallStatus, Run, RunEnd, RunId, RunStatus } from '../engine/model.ts';
import type { WorkflowBundle } from '../workflow/language.ts';
import { attemptOfRow, callOfRow, eventOfRow, orphanOfRow, runOfRow, submissionOfRow } from './rows.ts';
import { attempts, bundles, calls, events, orphans, reads, runs, settings, submissions } from './schema.ts';
import type { EventRecord, Loaded, RunFilter, RunOverview, Store, StoredRun } from './store.ts';

/** What `Store` asks, answered at once. */
export type Questions = {
  readonly [K in Exclude<keyof Store, 'commit' | 'close'>]: (
    ...args: Parameters<Store[K]>
  ) => Awaited<ReturnType<Store[K]>>;
};

export function createQuestions(client: Database): Questions {
  const db = drizzle(client);
  return {
    load: () => load(db),
    findRun: (id) => overviews(db, db.select().from(runs).where(eq(runs.id, id)).all())[0],
    findRunByToken: (ownerUid, token) => findRunByToken(db, ownerUid, token),
    listRuns: (filter) => listRuns(db, filter),
    listCalls: (id) => listCalls(db, id),
    listAttempts: (id, call) => listAttempts(db, id, call),
    findBundle: (id) => findBundle(db, id),
    listEvents: (filter) => listEvents(db, filter),
  };
}

type Db = BetterSQLite3Database;

const IN_PROGRESS = Object.keys({
  Submitted: true,
  OnHold: true,
  Running: true,
  Aborting: true,
  ForceAborting: true,
} satisfies Record<Exclude<RunStatus, RunEnd>, true>) as RunStatus[];

/** Tables are read whole for all runs in progress and sorted out here: one query each. */
function load(db: Db): Loaded {
  const running = inArray(runs.status, IN_PROGRESS);
  const ofRunning = <T extends { readonly runId: unknown }>(table: T) =>
    sql`${table.runId} in (select ${runs.id} from ${runs} where ${running})`;
  const found = {
    bundles: byRun(db.select().from(bundles).where(ofRunning(bundles)).all()),
    calls: byRun(db.select().from(calls).where(ofRunning(calls)).orderBy(asc(calls.position)).all()),
    attempts: byRun(
      db.select().from(attempts).where(ofRunning(attempts)).orderBy(asc(attempts.number)).all(),
    ),
    submissions: byRun(db.select().from(submissions).where(ofRunning(submissions)).all()),
    reads: byRun(db.select().from(reads).where(ofRunning(reads)).all()),
  };
  const storedRun = (run: Run): StoredRun => ({
    run,
    bundle: needed(found.bundles.get(run.id)?.[0]?.bundle, run.id),
    calls: (found.calls.get(run.id) ?? []).map(callOfRow),
    attempts: (found.attempts.get(run.id) ?? []).map(attemptOfRow),
    submissions: (found.submissions.get(run.id) ?? []).map(submissionOfRow),
    reads: found.reads.get(run.id) ?? [],
  });
  const rows = db.select().from(runs).where(running).orderBy(asc(runs.id)).all();
  return {
    runs: rows.map(runOfRow).map(storedRun),
    orphans: db
      .select()
      .from(orphans)
      .where(isNull(orphans.goneAtMs))
      .orderBy(asc(orphans.sinceMs))
      .all()
      .map(orphanOfRow),
    settings: loadSettings(db),
    nextRunId: nextRunId(db),
  };
}

function needed(bundle: WorkflowBundle | undefined, id: RunId): WorkflowBundle {
  if (bundle === undefined) throw new Error(`run ${id} is stored without its workflow`);
  return bundle;
}

function loadSettings(db: Db): Settings {
  return Object.fromEntries(
    db
      .select()
      .from(settings)
      .all()
      .map(({ name, value }) => [name, value]),
  );
}

/** AUTOINCREMENT keeps the largest id there ever was (https://www.sqlite.org/autoinc.html). */
function nextRunId(db: Db): RunId {
  const row = db.get<{ seq: number } | undefined>(sql`select seq from sqlite_sequence where name = 'runs'`);
  return (row?.seq ?? 0) + 1;
}

function findRunByToken(db: Db, ownerUid: number, token: string): Run | undefined {
  const row = db
    .select()
    .from(runs)
    .where(and(eq(runs.ownerUid, ownerUid), eq(runs.token, token)))
    .get();
  return row === undefined ? undefined : runOfRow(row);
}

function listRuns(db: Db, filter: RunFilter): readonly RunOverview[] {
  const rows = db
    .select()
    .from(runs)
    .where(and(...conditions(filter)))
    .orderBy(desc(runs.id))
    .limit(filter.limit)
    .all();
  return overviews(db, rows);
}

function conditions(filter: RunFilter): SQL[] {
  const found: SQL[] = [];
  if (filter.owner !== undefined) found.push(eq(runs.ownerName, filter.owner));
  if (filter.ownerUid !== undefined) found.push(eq(runs.ownerUid, filter.ownerUid));
  if (filter.statuses !== undefined) found.push(inArray(runs.status, [...filter.statuses]));
  if (filter.name !== undefined) found.push(eq(runs.name, filter.name));
  if (filter.submittedAfterMs !== undefined) found.push(gt(runs.submittedAtMs, filter.submittedAfterMs));
  if (filter.beforeId !== undefined) found.push(lt(runs.id, filter.beforeId));
  for (const [key, value] of Object.entries(filter.labels ?? {})) found.push(hasLabel(key, value));
  return found;
}

/** Through `json_each`, not a JSON path: a key may contain anything. */
function hasLabel(key: string, value: string): SQL {
  return sql`exists (select 1 from json_each(${runs.labels}) as label where label.key = ${key} and label.value = ${value})`;
}

function overviews(db: Db, rows: readonly (typeof runs.$inferSelect)[]): readonly RunOverview[] {
  // One parameter for all ids: the number of parameters is bounded, the length of a list is not.
  const listed = sql`(select value from json_each(${JSON.stringify(rows.map(({ id }) => id))}))`;
  const counted = byRun(
    db
      .select({ runId: calls.runId, status: calls.status, count: sql<number>`count(*)` })
      .from(calls)
      .where(and(eq(calls.role, 'call'), sql`${calls.runId} in ${listed}`))
      .groupBy(calls.runId, calls.status)
      .all(),
  );
  const orphaned = byRun(db.select().from(orphans).where(sql`${orphans.runId} in ${listed}`).all());
  return rows.map((row) => ({
    run: runOfRow(row),
    counts: countsOf(counted.get(row.id) ?? []),
    orphans: (orphaned.get(row.id) ?? []).map(orphanOfRow),
  }));
}

function countsOf(
  rows: readonly { readonly status: CallStatus; readonly count: number }[],
): RunOverview['counts'] {
  const counts = { NotStarted: 0, Ready: 0, Active: 0, Succeeded: 0, Failed: 0, Aborted: 0, Skipped: 0 };
  for (const { status, count } of rows) counts[status] = count;
  return counts;
}

function listCalls(db: Db, id: RunId): readonly Call[] {
  return db.select().from(calls).where(eq(calls.runId, id)).orderBy(asc(calls.position)).all().map(callOfRow);
}

function listAttempts(db: Db, id: RunId, call?: string): readonly Attempt[] {
  const ofCall = call === undefined ? undefined : eq(attempts.call, call);
  return db
    .select()
    .from(attempts)
    .where(and(eq(attempts.runId, id), ofCall))
    .orderBy(asc(attempts.call), asc(attempts.number))
    .all()
    .map(attemptOfRow);
}

function findBundle(db: Db, id: RunId): WorkflowBundle | undefined {
  return db.select().from(bundles).where(eq(bundles.runId, id)).get()?.bundle;
}

function listEvents(db: Db, filter: Parameters<Store['listEvents']>[0]): readonly EventRecord[] {
  const ofRun = filter.runId === undefined ? undefined : eq(events.runId, filter.runId);
  const { ownerUid } = filter;
  const ofOwner =
    ownerUid === undefined
      ? undefined
      : sql`${events.runId} in (select ${runs.id} from ${runs} where ${runs.ownerUid} = ${ownerUid})`;
  return db
    .select()
    .from(events)
    .where(and(gt(events.seq, filter.afterSeq), ofRun, ofOwner))
    .orderBy(asc(events.seq))
    .limit(filter.limit)
    .all()
    .map(eventOfRow);
}

function byRun<T extends { readonly runId: RunId }>(rows: readonly T[]): ReadonlyMap<RunId, readonly T[]> {
  const groups = new Map<RunId, T[]>();
  for (const row of rows) {
    const group = groups.get(row.runId);
    if (group === undefined) groups.set(row.runId, [row]);
    else group.push(row);
  }
  return groups;
}
