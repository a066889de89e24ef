/**
 * Opens the database file: looks whether it is sound and ours, sets the journal mode, brings the tables up to
 * date. Nothing is written before every look has been passed. Who may open it is decided before (core.ts).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import type { MigrationMeta } from 'drizzle-orm/migrator';
import { completeCopy, forgetItIsACopy, removeCopy } from './complete-copy.ts';
import { damaged, OpenFailure } from './open-error.ts';
import { ensurePrivateFile } from './private-files.ts';
import { isDamage, isNoSpace } from './sqlite-errors.ts';
import {
  appliedMigrations,
  copyBefore,
  knownMigrations,
  MIGRATIONS_TABLE,
  refuseForeign,
  refuseNewer,
} from './versions.ts';

/** `network`: nothing but the file itself is shared, and that with nobody. */
export type Journal = 'local' | 'network';

export interface DatabaseOptions {
  /** Or `:memory:`. */
  readonly file: string;
  readonly migrationsFolder: string;
  readonly journal: Journal;
  /** In the name of the copy made before an upgrade. */
  readonly nowMs?: () => number;
}

/** Throws `OpenFailure`, or what SQLite throws. */
export function openDatabase(options: DatabaseOptions): Database.Database {
  if (options.file !== ':memory:') ensurePrivateFile(options.file);
  const client = new Database(options.file, { timeout: PATIENCE_OPENING_MS });
  try {
    // Before the first look: it keeps a write-ahead log left by local mode from asking for shared memory.
    if (options.journal === 'network') client.pragma('locking_mode = EXCLUSIVE');
    const known = knownMigrations(options.migrationsFolder);
    inspect(client, known);
    setJournal(client, options.journal);
    update(client, known, options);
    // In network mode this lock is kept until the end, behind the lease: a second guard.
    if (options.journal === 'network') client.exec('begin exclusive; commit');
    client.pragma(`busy_timeout = ${PATIENCE_MS}`);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Whoever holds the file although the state is ours does not let go of it soon. */
const PATIENCE_OPENING_MS = 500;
/** For a person who looks at the file with a program of their own. */
const PATIENCE_MS = 5_000;

/** Larger files are not read through at every start: that would take longer than all the rest. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024;

function inspect(client: Database.Database, known: readonly MigrationMeta[]): void {
  try {
    if (!client.memory && statSync(client.name).size <= CHECKED_BYTES_MAX) quickCheck(client);
    refuseForeign(client);
    refuseNewer(client, known);
  } catch (error) {
    if (isDamage(error)) throw new OpenFailure(damaged(client.name, String(error)));
    throw error;
  }
}

function quickCheck(client: Database.Database): void {
  const finding = client.pragma('quick_check(1)', { simple: true });
  if (finding !== 'ok') throw new OpenFailure(damaged(client.name, String(finding)));
}

/**
 * Local: readers beside the writer. Network: a rollback journal, which needs no shared memory; TRUNCATE rather
 * than DELETE, since with FULL it is also synchronised when a commit ends, and no name comes and goes.
 */
function setJournal(client: Database.Database, journal: Journal): void {
  if (client.memory) return;
  client.pragma(`journal_mode = ${journal === 'local' ? 'WAL' : 'TRUNCATE'}`);
  client.pragma('synchronous = FULL');
  client.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
}

/** Under a copy of the older version, which goes again where the database was not changed after all. */
function update(
  client: Database.Database,
  known: readonly MigrationMeta[],
  { migrationsFolder, nowMs = Date.now }: DatabaseOptions,
): void {
  const isNew = client.prepare('select count(*) from sqlite_schema').pluck().get() === 0;
  const isOld = !isNew && appliedMigrations(client).length < known.length;
  const copy = isOld ? copyForUpgrade(client, known.length, migrationsFolder, nowMs()) : undefined;
  // Off while tables are rebuilt (https://www.sqlite.org/lang_altertable.html, 7); it cannot be switched within.
  client.pragma('foreign_keys = OFF');
  try {
    migrate(drizzle(client), { migrationsFolder, migrationsTable: MIGRATIONS_TABLE });
  } catch (error) {
    if (copy !== undefined) rmSync(copy);
    throw migrationFailed(client.name, error);
  }
  client.pragma('foreign_keys = ON');
  forgetItIsACopy(client);
}

function migrationFailed(file: string, error: unknown): OpenFailure {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const kind = isNoSpace(cause) ? 'noSpace' : 'migrationFailed';
  return new OpenFailure({
    kind,
    message:
      `${file} could not be brought up to date: ${String(cause)}. Nothing was changed: the wfd used before can ` +
      'still be started on it. Where space is short, free some and try again.',
  });
}

/** Complete under its name, or not there at all. */
function copyForUpgrade(
  client: Database.Database,
  version: number,
  migrationsFolder: string,
  nowMs: number,
): string {
  const copy = copyBefore(client.name, version, nowMs);
  const partial = `${client.name}.copying`;
  removeCopy(partial);
  try {
    ensurePrivateFile(partial);
    client.prepare('vacuum into ?').run(partial);
    const { findings } = completeCopy(partial, nowMs, migrationsFolder);
    if (findings.length > 0) throw new OpenFailure(damaged(client.name, findings.join('; ')));
    synchronise(partial);
    renameSync(partial, copy);
    return copy;
  } finally {
    removeCopy(partial);
  }
}

function synchronise(file: string): void {
  const opened = openSync(file, 'r+');
  fsyncSync(opened);
  closeSync(opened);
}
