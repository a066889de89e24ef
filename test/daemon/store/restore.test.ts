/** Restoring: a backup takes the place of the database, nothing is lost by it, and nothing is started. */
import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { NativeId, Tag } from '../../../backends/backend.ts';
import type { Attempt } from '../../../daemon/engine/model.ts';
import { completeCopy } from '../../../daemon/store/complete-copy.ts';
import { type RestoreOptions, restoreDatabase } from '../../../daemon/store/restore.ts';
import { HOST, inStore, MIGRATIONS, open, opened, temporaryDirectory } from './places.ts';
import { newRun, sampleAttempt, sampleCall, sampleOrphan, sampleRun, sampleSubmission } from './samples.ts';

const MADE_MS = Date.UTC(2030, 0, 31, 2);
const NOW_MS = MADE_MS + 3_600_000;
const PUT_ASIDE = 'state.db.replaced-2030-01-31T03-00-00Z';

function restore(directory: string, backup: string, options: Partial<RestoreOptions> = {}) {
  const nowMs = () => NOW_MS;
  return restoreDatabase({ directory, backup, migrationsFolder: MIGRATIONS, host: HOST, nowMs, ...options });
}

function running(runId: number, call: string, tag: string, nativeId: string): Attempt {
  const state = { kind: 'running', nativeId: nativeId as NativeId, runCount: 0 } as const;
  return { ...sampleAttempt(runId, call, 1), state, tag: tag as Tag, element: 0 };
}

/** Run 1 was in progress when the backup was made, and went on; run 2 came later. */
async function story() {
  const directory = temporaryDirectory();
  const backup = join(temporaryDirectory(), 'backup.db');
  await inStore(directory, {}, async (store) => {
    const calls = [
      sampleCall(1, 'a', { status: 'Active', attempts: 1 }),
      sampleCall(1, 'b', { position: 1 }),
    ];
    await store.commit(
      newRun(sampleRun(1), {
        calls,
        submissions: [sampleSubmission(1, 'a.1.old', 'a')],
        attempts: [running(1, 'a', 'a.1.old', '11')],
      }),
    );
  });
  const result = open(directory);
  if (!result.ok) throw new Error(result.error.message);
  await result.care.copyTo(backup);
  completeCopy(backup, MADE_MS, MIGRATIONS);
  const { store } = result;
  await store.commit({
    ...newRun(sampleRun(2, { name: 'later' })),
    calls: [sampleCall(1, 'b', { status: 'Active', attempts: 1, position: 1 }), sampleCall(2, 'c')],
    submissions: [sampleSubmission(1, 'b.1.new', 'b'), sampleSubmission(2, 'c.2.new', 'c')],
    attempts: [
      { ...running(1, 'a', 'a.1.old', '11'), state: { kind: 'ended', outcome: { cause: 'Succeeded' } } },
      running(1, 'b', 'b.1.new', '22'),
      { ...sampleAttempt(2, 'c', 1), state: { kind: 'submitting' }, tag: 'c.2.new' as Tag, element: 0 },
    ],
    orphans: [
      { ...sampleOrphan(9, 'z.9.new', 'z'), nativeId: '99' as NativeId },
      { ...sampleOrphan(9, 'y.9.new', 'y'), goneAtMs: 5 },
    ],
  });
  await store.close();
  return { directory, backup };
}

test('the state is that of the backup; what was there is kept; what it does not know is told', async () => {
  const { directory, backup } = await story();

  const restored = restore(directory, backup);

  expect(restored).toMatchObject({
    madeAtMs: MADE_MS,
    held: [1],
    putAside: join(directory, PUT_ASIDE),
    report: { rows: { runs: 1, calls: 2 } },
    aftermath: {
      runs: [{ id: 2, name: 'later', owner: 'ada', status: 'Running', directory: '/home/ada/wf-runs/2' }],
      jobs: [
        { runId: 1, call: 'b', backend: 'slurm', tag: 'b.1.new', nativeId: '22' },
        { runId: 2, call: 'c', backend: 'slurm', tag: 'c.2.new', nativeId: null },
        { runId: 9, call: 'z', backend: 'slurm', tag: 'z.9.new', nativeId: '99' },
      ],
    },
  });
  expect(readdirSync(directory).sort()).toEqual(['lock.db', 'state.db', PUT_ASIDE]);
  const { runs, nextRunId } = await inStore(directory, {}, (store) => store.load());
  expect(runs).toMatchObject([
    { run: { id: 1, held: { by: 'wfd' } }, attempts: [{ state: { kind: 'running' } }] },
  ]);
  expect(nextRunId).toBe(10_002);
  const elsewhere = temporaryDirectory();
  copyFileSync(join(directory, PUT_ASIDE), join(elsewhere, 'state.db'));
  const before = await inStore(elsewhere, {}, (store) => store.load());
  expect(before.runs.map(({ run }) => [run.id, run.held])).toEqual([
    [1, undefined],
    [2, undefined],
  ]);
});

test('numbers given out meanwhile are not given out again, however many they were', async () => {
  const { directory, backup } = await story();
  await inStore(directory, {}, (store) => store.commit(newRun(sampleRun(25_000))));
  restore(directory, backup);
  expect((await inStore(directory, {}, (store) => store.load())).nextRunId).toBe(25_001);
});

test.each(['local', 'network'] as const)('not while a daemon works on it, in %s mode', async (journal) => {
  const { directory, backup } = await story();
  const store = opened(directory, { journal });

  expect(() => restore(directory, backup, { journal })).toThrow(
    `Another daemon works on the state in ${directory}: host ${HOST}, pid ${process.pid}`,
  );

  expect(readdirSync(directory).filter((name) => /replaced|restoring/.test(name))).toEqual([]);
  expect((await store.load()).runs).toHaveLength(2);
});

test.each(['local', 'network'] as const)('%s mode: a daemon can start when it is over', async (journal) => {
  const { directory, backup } = await story();
  restore(directory, backup, { journal });
  expect((await opened(directory, { journal }).load()).runs).toHaveLength(1);
});

describe('nothing changes where the backup is none:', () => {
  test.each<[string, (backup: string, directory: string) => unknown, RegExp]>([
    ['damaged', (backup) => void truncateSync(backup, 16_384), /backup\.db is damaged/],
    ['text', (backup) => writeFileSync(backup, 'x'.repeat(9_000)), /backup\.db is damaged/],
    [
      'of another program',
      (backup) => {
        writeFileSync(backup, '');
        new Database(backup).exec('create table songs (title text)').close();
      },
      /backup\.db is a database of some other program/,
    ],
    [
      'of a newer wfd',
      (backup) => {
        const client = new Database(backup);
        client.exec('insert into __drizzle_migrations (hash, created_at) values (1, 9999999999999)');
        client.close();
      },
      /backup\.db was written by a newer wfd/,
    ],
    ['the database itself', (_, directory) => join(directory, 'state.db'), /is the database itself/],
  ])('%s', async (_, change, words) => {
    const { directory, backup } = await story();
    const changed = change(backup, directory);
    const file = typeof changed === 'string' ? changed : backup;
    const before = readFileSync(join(directory, 'state.db'));

    expect(() => restore(directory, file)).toThrow(words);

    expect(readFileSync(join(directory, 'state.db')).equals(before)).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(['lock.db', 'state.db']);
  });
});

test('a database that cannot be read any more is put aside as it is', async () => {
  const { directory, backup } = await story();
  const file = join(directory, 'state.db');
  writeFileSync(file, 'x'.repeat(50_000));
  writeFileSync(`${file}-wal`, 'y');

  const restored = restore(directory, backup);

  expect(restored).not.toHaveProperty('aftermath');
  expect(readFileSync(join(directory, PUT_ASIDE), 'utf8')).toBe('x'.repeat(50_000));
  expect(existsSync(`${file}-wal`)).toBe(false);
  expect((await inStore(directory, {}, (store) => store.load())).runs).toHaveLength(1);
});

test('a database that a killed daemon has left is put aside as one file, with its last commits', async () => {
  const { backup, directory: used } = await story();
  const live = opened(used, { journal: 'local' });
  await live.commit(newRun(sampleRun(3, { name: 'last' })));
  const directory = temporaryDirectory();
  for (const name of ['state.db', 'state.db-wal']) copyFileSync(join(used, name), join(directory, name));

  const { aftermath } = restore(directory, backup);

  expect(aftermath?.runs.map(({ name }) => name)).toEqual(['later', 'last']);
  expect(readdirSync(directory).sort()).toEqual(['lock.db', 'state.db', PUT_ASIDE]);
  const client = new Database(join(directory, PUT_ASIDE), { readonly: true });
  expect(client.prepare('select count(*) from runs').pluck().get()).toBe(3);
  client.close();
});

test('into a directory that is not there yet: the disk was lost', async () => {
  const { backup } = await story();
  const directory = join(temporaryDirectory(), 'new/state');
  const restored = restore(directory, backup);
  expect(restored).not.toHaveProperty('putAside');
  expect((await inStore(directory, {}, (store) => store.load())).runs).toHaveLength(1);
});

test('a copy made by other means is taken with what lies beside it, and starts nothing either', async () => {
  const source = temporaryDirectory();
  const store = opened(source, { journal: 'local' });
  await store.commit(newRun(sampleRun(5)));
  const copied = join(temporaryDirectory(), 'site-backup');
  cpSync(source, copied, { recursive: true });
  utimesSync(join(copied, 'state.db'), MADE_MS / 1_000, MADE_MS / 1_000);
  const directory = temporaryDirectory();

  const restored = restore(directory, join(copied, 'state.db'));

  expect(restored).toMatchObject({ held: [5], madeAtMs: MADE_MS });
  const { runs } = await inStore(directory, {}, (state) => state.load());
  expect(runs[0]?.run.held?.reason).toBe('restored from a copy of 2030-01-31T02:00:00.000Z');
});

test('of an older version: it is brought up to date by the daemon, and still starts nothing', async () => {
  const directory = temporaryDirectory();
  const old = join(import.meta.dirname, 'fixtures/version-1.db');
  expect(restore(directory, old)).toMatchObject({ held: [12], report: { version: 1 } });
  const { runs } = await inStore(directory, {}, (store) => store.load());
  expect(runs[0]?.run.held?.by).toBe('wfd');
});

test.runIf(process.getuid?.() === 0)('not by root in the directory of another user', async () => {
  const { backup } = await story();
  const directory = join(temporaryDirectory(), 'of-another');
  mkdirSync(directory, { mode: 0o700 });
  chownSync(directory, 4711, 4711);
  expect(() => restore(directory, backup)).toThrow(
    `${directory} belongs to uid 4711: restore it as that user`,
  );
  expect(readdirSync(directory)).toEqual([]);
});
