/** Versions of the schema: those this program knows, and the one a database is at. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import { OpenFailure } from './open-error.ts';
import { timeInName } from './time-in-name.ts';

export const MIGRATIONS_TABLE = '__drizzle_migrations';

export function knownMigrations(migrationsFolder: string): readonly MigrationMeta[] {
  try {
    return readMigrationFiles({ migrationsFolder });
  } catch (error) {
    const message = `This installation of wfd is incomplete: no migrations in ${migrationsFolder} (${String(error)}). Install it again.`;
    throw new OpenFailure({ kind: 'migrationFailed', message });
  }
}

export function appliedMigrations(client: Database): readonly number[] {
  if (!hasTable(client, MIGRATIONS_TABLE)) return [];
  const rows = client.prepare(`select created_at from ${MIGRATIONS_TABLE} order by created_at`).pluck().all();
  return rows.map(Number);
}

export function hasTable(client: Database, name: string): boolean {
  return (
    client.prepare("select 1 from sqlite_schema where type = 'table' and name = ?").get(name) !== undefined
  );
}

/** An empty database is nobody's. */
export function refuseForeign(client: Database, name = client.name): void {
  const tables = client.prepare("select count(*) from sqlite_schema where type = 'table'").pluck().get();
  if (tables === 0 || hasTable(client, MIGRATIONS_TABLE)) return;
  const message = `${name} is a database of some other program. It was left as it is; name another (--state for the daemon).`;
  throw new OpenFailure({ kind: 'foreign', message });
}

export function refuseNewer(client: Database, known: readonly MigrationMeta[], name = client.name): void {
  const applied = appliedMigrations(client);
  const newest = known.at(-1)?.folderMillis ?? 0;
  const unknown = applied.filter((createdAt) => createdAt > newest).length;
  if (unknown === 0) return;
  const copy = newestCopyBefore(client.name, known.length + 1);
  throw new OpenFailure({
    kind: 'newerSchema',
    message:
      `${name} was written by a newer wfd: it is at version ${applied.length}, this one knows ${known.length}. ` +
      'Nothing was changed. Start the newer wfd, or go back to the copy made before its upgrade ' +
      `(wfctl daemon restore ${copy ?? 'FILE'}); what ran since then is not in that copy.`,
  });
}

/** Where the database is copied before it is brought to a version: the name says which, and when. */
export function copyBefore(file: string, version: number, nowMs: number): string {
  return `${file}.before-${version}.${timeInName(nowMs)}`;
}

function newestCopyBefore(file: string, version: number): string | undefined {
  const start = `${basename(file)}.before-${version}.`;
  const copies = readdirSync(dirname(file)).filter((name) => name.startsWith(start) && name.endsWith('Z'));
  const newest = copies.sort().at(-1);
  return newest === undefined ? undefined : join(dirname(file), newest);
}
