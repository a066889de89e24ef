/** Reads a database file through, and says what is wrong with it. Changes nothing. */
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { isDamage } from './sqlite-errors.ts';
import type { RowCounts } from './store-care.ts';
import {
  appliedMigrations,
  knownMigrations,
  MIGRATIONS_TABLE,
  refuseForeign,
  refuseNewer,
} from './versions.ts';

export interface CheckReport {
  /** What is wrong, a line each; empty: the database is sound. */
  readonly findings: readonly string[];
  /** Of its schema. */
  readonly version: number;
  readonly rows: RowCounts;
  readonly bytes: number;
}

/** Whoever has it locked does not let go of it soon. */
const PATIENCE_MS = 500;
/** More would not be read by anybody. */
const FINDINGS_MAX = 100;

/** Throws `OpenFailure` for a database that is not ours or newer than this program. */
export function checkDatabase(file: string, migrationsFolder: string): CheckReport {
  const known = knownMigrations(migrationsFolder);
  const client = new Database(file, { readonly: true, fileMustExist: true, timeout: PATIENCE_MS });
  try {
    refuseForeign(client);
    refuseNewer(client, known);
    return {
      findings: [...integrityFindings(client), ...foreignKeyFindings(client)].slice(0, FINDINGS_MAX),
      version: appliedMigrations(client).length,
      rows: countRows(client),
      bytes: statSync(file).size,
    };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return damagedReport(file, error);
  } finally {
    client.close();
  }
}

/** Of one so damaged that it cannot even be asked. */
export function damagedReport(file: string, error: unknown): CheckReport {
  return { findings: [String(error)], version: 0, rows: {}, bytes: statSync(file).size };
}

export function countRows(client: Database.Database): RowCounts {
  const names = client
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name")
    .pluck()
    .all()
    .map(String)
    .filter((name) => name !== MIGRATIONS_TABLE);
  return Object.fromEntries(
    names.map((name) => [name, Number(client.prepare(`select count(*) from "${name}"`).pluck().get())]),
  );
}

function integrityFindings(client: Database.Database): readonly string[] {
  const lines = client.prepare(`pragma integrity_check(${FINDINGS_MAX})`).pluck().all().map(String);
  return lines.length === 1 && lines[0] === 'ok' ? [] : lines;
}

interface LonelyRow {
  readonly table: string;
  readonly rowid: number;
  readonly parent: string;
}

function foreignKeyFindings(client: Database.Database): readonly string[] {
  const rows = client.pragma('foreign_key_check') as readonly LonelyRow[];
  return rows.map(({ table, rowid, parent }) => `row ${rowid} of ${table} belongs to no row of ${parent}`);
}
