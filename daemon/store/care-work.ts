/** Answers what housekeeping asks, in the thread that holds the database. */
import type { Database } from 'better-sqlite3';
import {
  and,
  asc,
  count,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lt,
  notExists,
  type SQL,
  sql,
} from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { RunEnd, RunId } from '../engine/model.ts';
import { countRows } from './check.ts';
import { removeCopy } from './complete-copy.ts';
import { ensurePrivateFile } from './private-files.ts';
import { runOfRow } from './rows.ts';
import { orphans, runs } from './schema.ts';
import { refusalReason } from './sqlite-errors.ts';
import type { Copied, Removed, StoreCare } from './store-care.ts';
import type { Veto } from './write.ts';

/** What `StoreCare` asks; all but the copy is answered at once. */
export type CareWork = {
  readonly [K in Exclude<keyof StoreCare, 'copyTo'>]: (
    ...args: Parameters<StoreCare[K]>
  ) => Awaited<ReturnType<StoreCare[K]>>;
} & Pick<StoreCare, 'copyTo'>;

export function createCareWork(client: Database, veto: Veto): CareWork {
  const db = drizzle(client);
  return {
    size: () => numberOf(client, 'page_count') * numberOf(client, 'page_size'),
    copyTo: (file) => copyTo(client, file),
    checkpoint: prepareCheckpoint(client),
    listOldRuns: ({ endedBeforeMs, afterId, limit }) =>
      db
        .select()
        .from(runs)
        .where(and(isOld(endedBeforeMs), gt(runs.id, afterId)))
        .orderBy(asc(runs.id))
        .limit(limit)
        .all()
        .map(runOfRow),
    countOldRuns: (endedBeforeMs) =>
      db.select({ found: count() }).from(runs).where(isOld(endedBeforeMs)).get()?.found ?? 0,
    removeOldRun: prepareRemoval(client, veto),
  };
}

function numberOf(client: Database, pragma: 'page_count' | 'page_size'): number {
  return Number(client.pragma(pragma, { simple: true }));
}

/** 800 KiB: some milliseconds, after which a commit that waits has its turn. */
const PAGES_AT_ONCE = 200;

/** By the connection that also writes, so that each commit goes into the copy as well and it is never begun anew. */
async function copyTo(client: Database, file: string): Promise<Copied> {
  try {
    removeCopy(file);
    ensurePrivateFile(file);
    await client.backup(file, { progress: () => PAGES_AT_ONCE });
    return { kind: 'copied', rows: countRows(client) };
  } catch (error) {
    removeCopy(file);
    if (!client.open) return { kind: 'refused', reason: 'the daemon was stopped while it was copied' };
    return { kind: 'refused', reason: refusalReason(error, file) ?? String(error) };
  }
}

/** While commits come one after the other SQLite does it by itself, every 1000 pages. */
function prepareCheckpoint(client: Database): () => void {
  const changes = client.prepare('select total_changes()').pluck();
  let seen: unknown;
  let folded: unknown;
  return () => {
    const now = changes.get();
    const isCalm = now === seen;
    seen = now;
    if (!isCalm || now === folded) return;
    try {
      client.pragma('wal_checkpoint(TRUNCATE)');
      folded = now;
    } catch (error) {
      if (refusalReason(error, client.name) === undefined) throw error;
    }
  };
}

const ENDS = Object.keys({
  Succeeded: true,
  Failed: true,
  Aborted: true,
} satisfies Record<RunEnd, true>) as RunEnd[];

/** A run with an orphan that nobody has seen gone is kept, rows and directory: its job may be writing there. */
function isOld(endedBeforeMs: number): SQL | undefined {
  const hunted = sql`(select 1 from ${orphans} where ${and(eq(orphans.runId, runs.id), isNull(orphans.goneAtMs))})`;
  return and(inArray(runs.status, ENDS), lt(runs.endedAtMs, endedBeforeMs), notExists(hunted));
}

/** Rows removed in one transaction: a few milliseconds. */
const ROWS_AT_ONCE = 500;
/** Rows that others point to come last. */
const TABLES = ['attempts', 'calls', 'submissions', 'reads', 'events', 'bundles'] as const;

function prepareRemoval(client: Database, veto: Veto): StoreCareRemoval {
  const db = drizzle(client);
  const slices = TABLES.map((table) =>
    client.prepare(
      `delete from ${table} where rowid in (select rowid from ${table} where run_id = ? limit ?)`,
    ),
  );
  const removeSlice = client.transaction((id: RunId, endedBeforeMs: number): Removed => {
    const reason = veto();
    if (reason !== undefined) return { kind: 'refused', reason };
    const wanted = and(eq(runs.id, id), isOld(endedBeforeMs));
    if (db.select({ id: runs.id }).from(runs).where(wanted).get() === undefined) return ALL_REMOVED;
    let room = ROWS_AT_ONCE;
    for (const slice of slices) {
      room -= slice.run(id, room).changes;
      if (room === 0) return { kind: 'removed', isAll: false };
    }
    db.delete(orphans)
      .where(and(eq(orphans.runId, id), isNotNull(orphans.goneAtMs)))
      .run();
    db.delete(runs).where(eq(runs.id, id)).run();
    return ALL_REMOVED;
  });
  return (id, endedBeforeMs) => {
    try {
      return removeSlice.immediate(id, endedBeforeMs);
    } catch (error) {
      const reason = refusalReason(error, client.name);
      if (reason === undefined) throw error;
      return { kind: 'refused', reason };
    }
  };
}

type StoreCareRemoval = CareWork['removeOldRun'];
const ALL_REMOVED: Removed = { kind: 'removed', isAll: true };
