/**
 * Opens the database file: looks whether it is sound and ours, sets the journal mode, brings the tables up to
 * date. Nothing is written before every look has been passed. Who may open it is decided before (core.ts).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { damaged, OpenFailure } from './open-error.ts';
import { ensurePrivateFile } from './private-files.ts';
import { isDamage } from './sqlite-errors.ts';

/** `network`: nothing but the file itself is shared, and that with nobody. */
export type Journal = 'local' | 'network';

export interface DatabaseOptions {
  /** Or `:memory:`. */
  readonly file: string;
  readonly migrationsFolder: string;
  readonly journal: Journal;
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
    update(client, known, options.migrationsFolder);
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

function knownMigrations(migrationsFolder: string): readonly MigrationMeta[] {
  try {
    return readMigrationFiles({ migrationsFolder });
  } catch (error) {
    const message = `This installation of wfd is incomplete: no migrations in ${migrationsFolder} (${String(error)}). Install it again.`;
    throw new OpenFailure({ kind: 'migrationFailed', message });
  }
}

/** Larger files are not read through at every start: that would take longer than all the rest. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024;

function inspect(client: Database.Database, known: readonly MigrationMeta[]): void {
  try {
    if (!client.memory && statSync(client.name).size <= CHECKED_BYTES_MAX) quickCheck(client);
    const tables = client.prepare("select name from sqlite_schema where type = 'table'").pluck().all();
    if (tables.length === 0) return;
    if (!tables.includes(MIGRATIONS_TABLE)) throw foreign(client.name);
  } catch (error) {
    if (isDamage(error)) throw new OpenFailure(damaged(client.name, String(error)));
    throw error;
  }
  refuseNewer(client, known);
}

function quickCheck(client: Database.Database): void {
  const finding = client.pragma('quick_check(1)', { simple: true });
  if (finding !== 'ok') throw new OpenFailure(damaged(client.name, String(finding)));
}

function foreign(file: string): OpenFailure {
  const message = `${file} is a database of some other program. It was left as it is; name another directory with --state.`;
  return new OpenFailure({ kind: 'foreign', message });
}

function refuseNewer(client: Database.Database, known: readonly MigrationMeta[]): void {
  const applied = appliedMigrations(client);
  const newest = known.at(-1)?.folderMillis ?? 0;
  const unknown = applied.filter((createdAt) => createdAt > newest).length;
  if (unknown === 0) return;
  throw new OpenFailure({
    kind: 'newerSchema',
    message:
      `${client.name} was written by a newer wfd: it is at version ${applied.length}, this one knows ${known.length}. ` +
      'Nothing was changed. Start the newer wfd, or put back the copy made before its upgrade ' +
      `(${client.name}.before-${known.length + 1}); what ran since then is not in that copy.`,
  });
}

const MIGRATIONS_TABLE = '__drizzle_migrations';

function appliedMigrations(client: Database.Database): readonly number[] {
  const rows = client.prepare(`select created_at from ${MIGRATIONS_TABLE} order by created_at`).pluck().all();
  return rows.map(Number);
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

function update(client: Database.Database, known: readonly MigrationMeta[], migrationsFolder: string): void {
  const db = drizzle(client);
  const isNew = client.prepare('select count(*) from sqlite_schema').pluck().get() === 0;
  if (!isNew && appliedMigrations(client).length < known.length)
    copyTo(client, `${client.name}.before-${known.length}`);
  // Off while tables are rebuilt (https://www.sqlite.org/lang_altertable.html, 7); it cannot be switched within.
  client.pragma('foreign_keys = OFF');
  try {
    migrate(db, { migrationsFolder, migrationsTable: MIGRATIONS_TABLE });
  } catch (error) {
    throw migrationFailed(client.name, error);
  }
  client.pragma('foreign_keys = ON');
}

function migrationFailed(file: string, error: unknown): OpenFailure {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new OpenFailure({
    kind: 'migrationFailed',
    message:
      `${file} could not be brought up to date: ${String(cause)}. Nothing was changed: the wfd used before can ` +
      'still be started on it. Where space is short, free some and try again.',
  });
}

/** Complete under its name or not there at all. */
function copyTo(client: Database.Database, copy: string): void {
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  ensurePrivateFile(partial);
  try {
    client.prepare('vacuum into ?').run(partial);
    synchronise(partial);
    renameSync(partial, copy);
  } finally {
    rmSync(partial, { force: true });
  }
}

function synchronise(file: string): void {
  const opened = openSync(file, 'r+');
  fsyncSync(opened);
  closeSync(opened);
}
