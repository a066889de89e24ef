/** Upgrades: an older database is brought up to date under a copy, and what goes wrong leaves it as it was. */
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { FIXTURE_CHANGES } from './fixture.ts';
import {
  fill,
  inStore,
  MIGRATIONS,
  opened,
  refusal,
  runIds,
  smallDisk,
  temporaryDirectory,
  usedDirectory,
} from './places.ts';

const VERSIONS = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql')).length;
const NEXT_VERSION = VERSIONS + 1;
const ADD_COLUMN = "alter table runs add column mood text default 'calm'";
const BROKEN = `${ADD_COLUMN};\n--> statement-breakpoint\ninsert into nowhere values (1)`;
const NOW_MS = Date.UTC(2030, 0, 31, 2);
const at = { nowMs: () => NOW_MS };

interface Entry {
  readonly when: number;
  readonly idx: number;
}

/** The migrations of another version of the program. */
function migrations(change: (entries: readonly Entry[]) => readonly object[]): string {
  const folder = join(temporaryDirectory(), 'migrations');
  cpSync(MIGRATIONS, folder, { recursive: true });
  const file = join(folder, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...journal, entries: change(journal.entries) }));
  return folder;
}

/** One version ahead. */
function migrationsWith(sql: string): string {
  const folder = migrations((entries) => {
    const when = (entries.at(-1)?.when ?? 0) + 1;
    return [...entries, { idx: entries.length, version: '6', when, tag: '9999_next', breakpoints: true }];
  });
  writeFileSync(join(folder, '9999_next.sql'), `-- Why.\n${sql}`);
  return folder;
}

function copies(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.includes('before') || name.includes('copying'));
}

test('an empty older database is brought up to date, and a copy is kept', async () => {
  const directory = temporaryDirectory();
  const old = new Database(join(directory, 'state.db'));
  old.exec(
    'create table __drizzle_migrations (id serial primary key, hash text not null, created_at numeric)',
  );
  old.close();

  expect(await inStore(directory, at, async (store) => (await store.load()).runs)).toEqual([]);
  expect(copies(directory)).toEqual([`state.db.before-${VERSIONS}.2030-01-31T02-00-00Z`]);
});

const FIXTURES = readdirSync(join(import.meta.dirname, 'fixtures'));

test.each(FIXTURES)('%s is read by this version', async (name) => {
  const store = opened(directoryWith(name));

  const loaded = await store.load();

  expect(loaded).toEqual({
    runs: [
      {
        run: FIXTURE_CHANGES.runs[0],
        bundle: FIXTURE_CHANGES.bundles[0]?.bundle,
        calls: FIXTURE_CHANGES.calls,
        attempts: FIXTURE_CHANGES.attempts,
        submissions: FIXTURE_CHANGES.submissions,
        reads: FIXTURE_CHANGES.reads,
      },
    ],
    orphans: FIXTURE_CHANGES.orphans,
    settings: FIXTURE_CHANGES.settings,
    nextRunId: 13,
  });
});

test.each(FIXTURES)(
  '%s: the copy made before its upgrade can be put back, and starts nothing',
  async (name) => {
    const directory = directoryWith(name);
    await inStore(directory, { ...at, migrationsFolder: migrationsWith(ADD_COLUMN) }, (store) =>
      store.load(),
    );
    const [copy = ''] = copies(directory);

    expect(copy).toBe(`state.db.before-${NEXT_VERSION}.2030-01-31T02-00-00Z`);
    expect(statSync(join(directory, copy)).mode & 0o777).toBe(0o600);
    copyFileSync(join(directory, copy), join(directory, 'state.db'));
    const { runs, nextRunId } = await inStore(directory, at, (store) => store.load());
    expect(runs.map(({ run }) => [run.id, run.held?.reason])).toEqual([
      [12, 'restored from a copy of 2030-01-31T02:00:00.000Z'],
    ]);
    expect(nextRunId).toBe(10_013);
  },
);

test('an upgrade keeps what is there', async () => {
  const directory = await usedDirectory();
  expect(await runIds(directory, migrationsWith(ADD_COLUMN))).toEqual([1]);
});

test.each(FIXTURES)('%s: a migration that fails halfway leaves it to the version it is of', async (name) => {
  const directory = directoryWith(name);
  const before = schemaOf(directory);

  expect(refusal(directory, { migrationsFolder: migrationsWith(BROKEN) })).toMatchObject({
    kind: 'migrationFailed',
    message: expect.stringContaining('no such table: nowhere'),
  });

  expect(copies(directory)).toEqual([]);
  expect(schemaOf(directory)).toEqual(before);
  expect(await runIds(directory)).toEqual([12]);
});

test.runIf(process.getuid?.() === 0)('without space for the copy nothing is migrated', async () => {
  const directory = smallDisk();
  const file = join(directory, 'state.db');
  copyFileSync(join(import.meta.dirname, 'fixtures/version-1.db'), file);
  const before = readFileSync(file);
  const filler = join(directory, 'filler');
  fill(filler);

  expect(refusal(directory, { journal: 'network' })).toMatchObject({ kind: 'noSpace' });

  expect(copies(directory)).toEqual([]);
  expect(readFileSync(file).equals(before)).toBe(true);
  rmSync(filler);
  expect(await runIds(directory)).toEqual([12]);
});

test('a table can be rebuilt, as drizzle-kit does it, without losing what hangs on it', async () => {
  const directory = await usedDirectory();
  const rebuild = [
    'create table __new_runs as select * from runs',
    'drop table runs',
    'alter table __new_runs rename to runs',
    'create unique index runs_id on runs (id)',
  ];
  const migrationsFolder = migrationsWith(rebuild.join(';\n--> statement-breakpoint\n'));

  const calls = await inStore(directory, { migrationsFolder }, (store) => store.listCalls(1));

  expect(calls).toHaveLength(200);
});

test('a newer database is refused and not touched, and the way back is named', async () => {
  const directory = await usedDirectory();
  const newer = migrationsWith(ADD_COLUMN);
  await runIds(directory, newer);
  const before = readFileSync(join(directory, 'state.db'));

  const error = refusal(directory);

  expect(error).toMatchObject({
    kind: 'newerSchema',
    message: expect.stringContaining('written by a newer wfd'),
  });
  expect(error.message).toContain(`wfctl daemon restore ${join(directory, copies(directory)[0] ?? '')}`);
  expect(readFileSync(join(directory, 'state.db')).equals(before)).toBe(true);
  expect(await runIds(directory, newer)).toEqual([1]);
});

test('a program without its migrations says so', () => {
  const error = refusal(temporaryDirectory(), { migrationsFolder: '/nowhere' });
  expect(error.message).toContain('incomplete: no migrations in /nowhere');
});

/** As the version it is of finds it. */
function schemaOf(directory: string): unknown {
  const client = new Database(join(directory, 'state.db'), { readonly: true });
  const schema = client.prepare('select sql from sqlite_schema order by name').pluck().all();
  const runs = client.prepare('select * from runs').all();
  client.close();
  return { schema, runs };
}

function directoryWith(fixture: string): string {
  const directory = temporaryDirectory();
  copyFileSync(join(import.meta.dirname, 'fixtures', fixture), join(directory, 'state.db'));
  return directory;
}
