/** Opening: what is made, what is brought up to date, and what is refused and left alone. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { FIXTURE_CHANGES } from './fixture.ts';
import { HOST, MIGRATIONS, open, opened, refusal, smallDisk, temporaryDirectory } from './places.ts';
import { newRun, sampleCall, sampleRun } from './samples.ts';

/** A state directory with one run, closed. */
async function usedDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  const calls = Array.from({ length: 200 }, (_, position) => sampleCall(1, `a[${position}]`, { position }));
  await inStore(directory, {}, (store) => store.commit(newRun(sampleRun(1), { calls })));
  return directory;
}

async function inStore<T>(
  directory: string,
  options: Parameters<typeof open>[1],
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const result = open(directory, options);
  if (!result.ok) throw new Error(result.error.message);
  const value = await use(result.store);
  await result.store.close();
  return value;
}

function runIds(directory: string, migrationsFolder = MIGRATIONS): Promise<readonly number[]> {
  return inStore(directory, { migrationsFolder }, async (store) =>
    (await store.load()).runs.map(({ run }) => run.id),
  );
}

/** The migrations of a program one version ahead. */
function migrationsWith(sql: string): string {
  const folder = join(temporaryDirectory(), 'migrations');
  cpSync(MIGRATIONS, folder, { recursive: true });
  const file = join(folder, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8'));
  const when = journal.entries.at(-1).when + 1;
  journal.entries.push({
    idx: journal.entries.length,
    version: '6',
    when,
    tag: '9999_next',
    breakpoints: true,
  });
  writeFileSync(file, JSON.stringify(journal));
  writeFileSync(join(folder, '9999_next.sql'), `-- Why.\n${sql}`);
  return folder;
}

const NEXT_VERSION = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql')).length + 1;
const ADD_COLUMN = "alter table runs add column mood text default 'calm'";

test('nobody else may read it, whatever the umask', () => {
  const umask = process.umask(0);
  onTestFinished(() => void process.umask(umask));
  const directory = join(temporaryDirectory(), 'a/b');
  opened(directory);

  expect(statSync(directory).mode & 0o777).toBe(0o700);
  const files = readdirSync(directory).filter((name) => !name.endsWith('-shm') && !name.endsWith('-wal'));
  expect(files.sort()).toEqual(['lease.json', 'lock.db', 'state.db']);
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
});

test.each([
  ['local', 'wal'],
  ['network', 'truncate'],
] as const)('%s mode is fully synchronised, with foreign keys', (journal, mode) => {
  const client = openDatabase({
    file: join(temporaryDirectory(), 'state.db'),
    journal,
    migrationsFolder: MIGRATIONS,
  });
  const pragma = (name: string) => client.pragma(name, { simple: true });
  expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual([mode, 2, 1]);
  client.close();
});

test('a second store on the same state is refused, and the holder named', async () => {
  const directory = temporaryDirectory();
  const store = opened(directory);

  const error = refusal(directory);

  expect(error).toMatchObject({ kind: 'held', holder: { host: HOST, pid: process.pid } });
  expect(error.message).toContain(`host ${HOST}, pid ${process.pid}`);
  await store.close();
  expect(await runIds(directory)).toEqual([]);
});

describe('migrations', () => {
  test('an empty older database is brought up to date, and a copy is kept', async () => {
    const directory = temporaryDirectory();
    const old = new Database(join(directory, 'state.db'));
    old.exec(
      'create table __drizzle_migrations (id serial primary key, hash text not null, created_at numeric)',
    );
    old.close();

    expect(await runIds(directory)).toEqual([]);
    expect(readdirSync(directory)).toContain(`state.db.before-${NEXT_VERSION - 1}`);
  });

  test.each(readdirSync(join(import.meta.dirname, 'fixtures')))(
    '%s is read by this version',
    async (name) => {
      const directory = temporaryDirectory();
      copyFileSync(join(import.meta.dirname, 'fixtures', name), join(directory, 'state.db'));
      const store = opened(directory);

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
    },
  );

  test('an upgrade keeps what is there, and the copy made before it can be put back', async () => {
    const directory = await usedDirectory();

    expect(await runIds(directory, migrationsWith(ADD_COLUMN))).toEqual([1]);

    const copy = join(directory, `state.db.before-${NEXT_VERSION}`);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    copyFileSync(copy, join(directory, 'state.db'));
    expect(await runIds(directory)).toEqual([1]);
  });

  test('a migration that fails halfway leaves a database that the old version can use', async () => {
    const directory = await usedDirectory();
    const broken = migrationsWith(`${ADD_COLUMN};\n--> statement-breakpoint\ninsert into nowhere values (1)`);

    expect(refusal(directory, { migrationsFolder: broken })).toMatchObject({
      kind: 'migrationFailed',
      message: expect.stringContaining('no such table: nowhere'),
    });

    expect(await runIds(directory)).toEqual([1]);
    expect(await runIds(directory, migrationsWith(ADD_COLUMN))).toEqual([1]);
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

  test('a newer database is refused and not touched', async () => {
    const directory = await usedDirectory();
    const newer = migrationsWith(ADD_COLUMN);
    await runIds(directory, newer);
    const before = readFileSync(join(directory, 'state.db'));

    const error = refusal(directory);

    expect(error).toMatchObject({
      kind: 'newerSchema',
      message: expect.stringContaining('written by a newer wfd'),
    });
    expect(readFileSync(join(directory, 'state.db')).equals(before)).toBe(true);
    expect(await runIds(directory, newer)).toEqual([1]);
  });

  test('a program without its migrations says so', () => {
    const error = refusal(temporaryDirectory(), { migrationsFolder: '/nowhere' });
    expect(error.message).toContain('incomplete: no migrations in /nowhere');
  });
});

describe('a damaged file is named and left as it is', () => {
  test.each<[string, (file: string) => void]>([
    ['no database at all', (file) => writeFileSync(file, 'run 17: Succeeded\n'.repeat(1_000))],
    ['cut off', (file) => truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096)],
    ['overwritten in the middle', (file) => overwrite(file, 0.5, 4 * 4096)],
    ['overwritten at its beginning', (file) => overwrite(file, 0, 100)],
  ])('%s', async (_, damage) => {
    const directory = await usedDirectory();
    const file = join(directory, 'state.db');
    damage(file);
    const before = readFileSync(file);

    const errors = (['local', 'network'] as const).map((journal) => refusal(directory, { journal }));

    expect(errors.map(({ kind }) => kind)).toEqual(['damaged', 'damaged']);
    expect(errors[0]?.message).toContain(`${file} is damaged`);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  function overwrite(file: string, where: number, length: number): void {
    const bytes = readFileSync(file);
    bytes.fill(0xa5, Math.floor(bytes.length * where), Math.floor(bytes.length * where) + length);
    writeFileSync(file, bytes);
  }
});

test('a database of another program is left alone', () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'state.db');
  const other = new Database(file);
  other.exec('create table songs (title text)');
  other.close();
  const before = readFileSync(file);

  expect(refusal(directory)).toMatchObject({ kind: 'foreign' });
  expect(readFileSync(file).equals(before)).toBe(true);
});

describe('a directory that cannot be used is named', () => {
  test.runIf(process.getuid?.() === 0).each(['local', 'network'] as const)(
    'full, in %s mode',
    async (journal) => {
      const directory = smallDisk();
      await inStore(directory, { journal }, (store) => store.commit(newRun(sampleRun(1))));
      const filler = join(directory, 'filler');
      fill(filler);

      expect(refusal(directory, { journal })).toMatchObject({
        kind: 'noSpace',
        message: expect.stringContaining(directory),
      });

      rmSync(filler);
      expect(await runIds(directory)).toEqual([1]);
    },
  );

  test('below a file', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(refusal(join(file, 'state'))).toMatchObject({
      kind: 'unwritable',
      message: expect.stringContaining(join(file, 'state')),
    });
  });

  test('shared by all users, like /tmp: not narrowed to one', () => {
    const directory = join(temporaryDirectory(), 'tmp');
    mkdirSync(directory);
    chmodSync(directory, 0o1777);
    expect(refusal(directory)).toMatchObject({
      kind: 'unwritable',
      message: expect.stringContaining('shared by all'),
    });
    expect(statSync(directory).mode & 0o7777).toBe(0o1777);
  });
});

/** Takes all the space there is. */
function fill(file: string): void {
  const opened = openSync(file, 'w');
  for (const size of [65_536, 4_096, 1]) {
    while (couldWrite(opened, size));
  }
  closeSync(opened);
}

function couldWrite(opened: number, size: number): boolean {
  try {
    return writeSync(opened, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}
