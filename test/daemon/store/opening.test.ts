/** Opening: what is made, what is brought up to date, and what is refused and left alone. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import {
  fill,
  HOST,
  inStore,
  MIGRATIONS,
  opened,
  refusal,
  runIds,
  smallDisk,
  temporaryDirectory,
  usedDirectory,
} from './places.ts';
import { newRun, sampleRun } from './samples.ts';

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
