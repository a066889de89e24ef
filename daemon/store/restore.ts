/**
 * Puts a backup in the place of the database, while no daemon works on it. The backup is read through first; the
 * database that was there is kept beside it; and what is put there starts nothing by itself (complete-copy.ts).
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Aftermath, aftermathOf } from './aftermath.ts';
import type { CheckReport } from './check.ts';
import { claimDirectory, journalFor } from './claim.ts';
import { completeCopy, copiedAtMs, highestId, leaveOutIds, removeCopy } from './complete-copy.ts';
import type { CoreOptions } from './core.ts';
import { OpenFailure } from './open-error.ts';
import { ensurePrivateDirectory } from './private-files.ts';
import { timeInName } from './time-in-name.ts';
import { hasTable } from './versions.ts';

export interface RestoreOptions extends CoreOptions {
  readonly backup: string;
  readonly nowMs: () => number;
}

export interface Restored {
  readonly report: CheckReport;
  readonly madeAtMs: number;
  /** Runs that wait for somebody to release them. */
  readonly held: readonly number[];
  /** Where the database that was there is now; absent: there was none. */
  readonly putAside?: string;
  /** Absent: what was there could not be read. */
  readonly aftermath?: Aftermath;
}

/** Throws `OpenFailure` with words, or what SQLite and the file system throw; then nothing has changed. */
export function restoreDatabase(options: RestoreOptions): Restored {
  const { directory, backup, migrationsFolder, nowMs } = options;
  ensureOurs(directory);
  const journal = journalFor(directory, options.journal ?? 'auto');
  const claim = claimDirectory({ ...options, journal, onLost: () => undefined });
  const copy = join(directory, 'state.db.restoring');
  try {
    const file = join(directory, 'state.db');
    takeCopy(backup, file, copy);
    const report = completeCopy(copy, Math.round(statSync(backup).mtimeMs), migrationsFolder);
    const [finding] = report.findings;
    if (finding !== undefined) throw refused(`${backup} is damaged (${finding}); choose another backup`);
    const told = compare(copy, file);
    const veto = claim.veto();
    if (veto !== undefined) throw refused(veto);
    const putAside = replace(copy, file, nowMs());
    return { report, ...told, ...(putAside !== undefined && { putAside }) };
  } catch (error) {
    // A person knows the backup by its own name.
    throw error instanceof OpenFailure ? refused(error.message.replaceAll(copy, backup)) : error;
  } finally {
    removeCopy(copy);
    claim.release();
  }
}

/** Files that root made in it would keep its owner's daemon from starting. */
function ensureOurs(directory: string): void {
  const uid = process.geteuid?.() ?? 0;
  const owner = existsSync(directory) ? statSync(directory).uid : uid;
  if (owner !== uid) throw refused(`${directory} belongs to uid ${owner}: restore it as that user`);
  ensurePrivateDirectory(directory);
}

/** With what SQLite may have kept beside it: a copy made by other means can be restored as well. */
function takeCopy(backup: string, file: string, copy: string): void {
  if (isSameFile(backup, file)) throw refused(`${backup} is the database itself; name a backup`);
  removeCopy(copy);
  for (const end of ['', '-wal', '-journal']) {
    if (end === '' || existsSync(`${backup}${end}`)) copyFileSync(`${backup}${end}`, `${copy}${end}`);
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other, { throwIfNoEntry: false })];
  return a.ino === b?.ino && a.dev === b.dev;
}

type Told = Pick<Restored, 'madeAtMs' | 'held' | 'aftermath'>;

/** Also leaves out all numbers that the database has given out which is put aside. */
function compare(copy: string, file: string): Told {
  const client = new Database(copy);
  try {
    const madeAtMs = hasTable(client, 'settings') ? copiedAtMs(client) : undefined;
    const held = hasTable(client, 'runs') ? client.prepare(IN_PROGRESS).pluck().all().map(Number) : [];
    const aftermath = existsSync(file) ? compareWith(client, file) : undefined;
    return { madeAtMs: madeAtMs ?? statSync(copy).mtimeMs, held, ...(aftermath && { aftermath }) };
  } finally {
    client.close();
  }
}

const IN_PROGRESS = "select id from runs where status not in ('Succeeded', 'Failed', 'Aborted') order by id";

/** Undefined where that database cannot be read: it may be the reason for all this. */
function compareWith(client: Database.Database, file: string): Aftermath | undefined {
  let old: Database.Database | undefined;
  try {
    old = new Database(file, { fileMustExist: true });
    // No shared memory is needed. Closing it folds in what lies beside it, so that it is put aside as one file.
    old.pragma('locking_mode = EXCLUSIVE');
    const aftermath = aftermathOf(client, old);
    for (const table of ['runs', 'events'] as const) leaveOutIds(client, table, highestId(old, table));
    return aftermath;
  } catch {
    return undefined;
  } finally {
    old?.close();
  }
}

/** At no moment is there no database: a daemon that is killed, or starts, meanwhile finds one of the two. */
function replace(copy: string, file: string, nowMs: number): string | undefined {
  const putAside = existsSync(file) ? `${file}.replaced-${timeInName(nowMs)}` : undefined;
  if (putAside !== undefined) {
    for (const end of ['-wal', '-journal'])
      if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${putAside}${end}`);
    rmSync(`${file}-shm`, { force: true });
    keepAs(file, putAside);
  }
  synchronise(copy);
  renameSync(copy, file);
  synchronise(join(file, '..'));
  return putAside;
}

/** Some file systems have no hard links: there it is gone for a moment. */
function keepAs(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch {
    renameSync(file, name);
  }
}

function synchronise(path: string): void {
  const opened = openSync(path, 'r');
  fsyncSync(opened);
  closeSync(opened);
}

function refused(message: string): OpenFailure {
  return new OpenFailure({ kind: 'unwritable', message });
}
