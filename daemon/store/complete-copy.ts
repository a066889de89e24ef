/**
 * Makes a copy of the database into one that may take its place, by whatever means it is put there.
 *
 * What happened after the copy was made is not in it: runs submitted, jobs submitted, aborts asked for. A daemon
 * that went on from it by itself would submit once more what already runs. So in the copy every run in progress is
 * held, with the reason, until somebody who has looked releases it; and numbers that may have been given out since
 * are left out.
 */
import { chmodSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type Problem, RESTORED, type Run, type RunStatus } from '../engine/model.ts';
import { type CheckReport, checkDatabase, damagedReport } from './check.ts';
import { isDamage } from './sqlite-errors.ts';
import { hasTable } from './versions.ts';

/**
 * The copy is one file afterwards, and has been read through; where there are findings it must not be used. Throws
 * what SQLite throws, and `OpenFailure`.
 */
export function completeCopy(file: string, madeAtMs: number, migrationsFolder: string): CheckReport {
  chmodSync(file, 0o600);
  const client = new Database(file, { fileMustExist: true });
  try {
    // Before the first look: no shared memory is needed for a write-ahead log beside it.
    client.pragma('locking_mode = EXCLUSIVE');
    client.pragma('journal_mode = DELETE');
    if (hasTable(client, 'runs')) client.transaction(holdAll).immediate(client, madeAtMs);
  } catch (error) {
    if (isDamage(error)) return damagedReport(file, error);
    throw error;
  } finally {
    client.close();
  }
  return checkDatabase(file, migrationsFolder);
}

/** With whatever SQLite keeps beside it. */
export function removeCopy(file: string): void {
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

/** A database that a daemon has opened is no copy any more. */
export function forgetItIsACopy(client: Database.Database): void {
  client.prepare('delete from settings where name = ?').run(COPY);
}

/** When the copy was made. */
export function copiedAtMs(client: Database.Database): number | undefined {
  const value = client.prepare('select value from settings where name = ?').pluck().get(COPY);
  return typeof value === 'string' ? Number(JSON.parse(value)) : undefined;
}

/** Raises the numbers that runs and events get next. */
export function leaveOutIds(client: Database.Database, table: 'runs' | 'events', upTo: number): void {
  const named = client.prepare('select count(*) from sqlite_sequence where name = ?').pluck();
  if (named.get(table) === 0)
    client.prepare('insert into sqlite_sequence (name, seq) values (?, 0)').run(table);
  client.prepare('update sqlite_sequence set seq = max(seq, ?) where name = ?').run(upTo, table);
}

export function highestId(client: Database.Database, table: 'runs' | 'events'): number {
  return Number(client.prepare('select seq from sqlite_sequence where name = ?').pluck().get(table) ?? 0);
}

/** The setting by which a copy is known. */
const COPY = 'copy';
/** More than there are between two copies: a number that a person remembers must not become another run's. */
const IDS_LEFT_OUT = { runs: 10_000, events: 1_000_000 } as const;

function holdAll(client: Database.Database, madeAtMs: number): void {
  if (copiedAtMs(client) !== undefined) return;
  const inProgress = client.prepare(
    "select id, status, held, problems from runs where status not in ('Succeeded', 'Failed', 'Aborted')",
  );
  const update = client.prepare('update runs set status = ?, held = ?, problems = ? where id = ?');
  for (const row of inProgress.all() as readonly RunRow[]) {
    const { status, held, problems } = heldRun(row, madeAtMs);
    update.run(status, held, problems, row.id);
  }
  for (const table of ['runs', 'events'] as const)
    leaveOutIds(client, table, highestId(client, table) + IDS_LEFT_OUT[table]);
  client.prepare('insert into settings (name, value) values (?, ?)').run(COPY, JSON.stringify(madeAtMs));
}

/** As it is stored: JSON is text. */
interface RunRow {
  readonly id: number;
  readonly status: RunStatus;
  readonly held: string | null;
  readonly problems: string;
}

/** One that is being aborted is not held: it starts nothing, and its jobs are to end. */
function heldRun({ id, status, held, problems }: RunRow, madeAtMs: number): Omit<RunRow, 'id'> {
  const known = JSON.parse(problems) as readonly Problem[];
  const problem: Problem = { key: RESTORED, text: restoredText(id, madeAtMs), sinceMs: madeAtMs };
  const others = known.filter(({ key }) => key !== RESTORED);
  return {
    status: status === 'Submitted' ? 'OnHold' : status,
    held: status === 'Running' && held === null ? JSON.stringify(holdOf(madeAtMs)) : held,
    problems: JSON.stringify([...others, problem]),
  };
}

function holdOf(madeAtMs: number): NonNullable<Run['held']> {
  return { by: 'wfd', reason: `restored from a copy of ${timeText(madeAtMs)}` };
}

function restoredText(id: number, madeAtMs: number): string {
  return (
    `restored from a copy of ${timeText(madeAtMs)}: jobs submitted after that are not known here; before it is ` +
    `released, the scheduler must have none left whose name contains ".${id}."`
  );
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
