/**
 * Prepared statements that write one row, made from a table's columns. Drizzle's own placeholders are not
 * used for this: they hand NULL to a column's encoder, which turns an absent boolean into `false`.
 */
import type { Database } from 'better-sqlite3';
import { getTableColumns, getTableName } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';

/** Returns whether the row was written (see `fixed`). */
export type Write<T extends SQLiteTable> = (row: T['$inferInsert']) => boolean;

/** Adds rows whose key the database gives. */
export function prepareInsert<T extends SQLiteTable>(
  client: Database,
  table: T,
  generatedKey: SQLiteColumn,
): Write<T> {
  const columns = columnsOf(table).filter(([, column]) => column.name !== generatedKey.name);
  return prepared(client, columns, insertInto(table, columns));
}

/**
 * Replaces the row with the same key whole. A stored row that differs in a `fixed` column is left as it is,
 * and the write returns false.
 */
export function prepareUpsert<T extends SQLiteTable>(
  client: Database,
  table: T,
  key: readonly SQLiteColumn[],
  fixed: readonly SQLiteColumn[] = [],
): Write<T> {
  const columns = columnsOf(table);
  const keys = key.map((column) => column.name);
  const replaced = columns.map(([, column]) => column.name).filter((name) => !keys.includes(name));
  const set = replaced.map((name) => `"${name}" = excluded."${name}"`).join(', ');
  const same = fixed
    .map(({ name }) => `"${getTableName(table)}"."${name}" is excluded."${name}"`)
    .join(' and ');
  const update = `on conflict (${quoted(keys)}) do update set ${set}${same === '' ? '' : ` where ${same}`}`;
  return prepared(client, columns, `${insertInto(table, columns)} ${update}`);
}

type NamedColumn = readonly [property: string, column: SQLiteColumn];

function columnsOf(table: SQLiteTable): readonly NamedColumn[] {
  return Object.entries(getTableColumns(table));
}

function insertInto(table: SQLiteTable, columns: readonly NamedColumn[]): string {
  const names = quoted(columns.map(([, column]) => column.name));
  return `insert into "${getTableName(table)}" (${names}) values (${columns.map(() => '?').join(', ')})`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function prepared<T extends SQLiteTable>(
  client: Database,
  columns: readonly NamedColumn[],
  text: string,
): Write<T> {
  const statement = client.prepare(text);
  return (row) => {
    const values: Readonly<Record<string, unknown>> = row;
    return (
      statement.run(columns.map(([property, column]) => encoded(column, values[property]))).changes === 1
    );
  };
}

function encoded(column: SQLiteColumn, value: unknown): unknown {
  return value === undefined || value === null ? null : column.mapToDriverValue(value);
}
