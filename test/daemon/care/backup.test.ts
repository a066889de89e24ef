/** Backups: made while the daemon works, read through, put under their name, rotated. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type BackupParts, Backups } from '../../../daemon/care/backup.ts';
import { isBackupDue, listBackups } from '../../../daemon/care/backup-files.ts';
import { inspect } from '../../../daemon/store/inspect.ts';
import type { Inspect } from '../../../daemon/store/inspector.ts';
import { MIGRATIONS, open, runIds, smallDisk, temporaryDirectory } from '../store/places.ts';
import { newRun, sampleRun } from '../store/samples.ts';

const T0 = Date.UTC(2030, 0, 31, 2);
const DAY_MS = 86_400_000;

const inspectHere: Inspect = async (file, madeAtMs) =>
  inspect({ file, migrationsFolder: MIGRATIONS, ...(madeAtMs !== undefined && { madeAtMs }) });

async function given(parts: Partial<BackupParts> = {}) {
  const stateDir = temporaryDirectory();
  const result = open(stateDir);
  if (!result.ok) throw new Error(result.error.message);
  onTestFinished(() => result.store.close());
  await result.store.commit(newRun(sampleRun(1)));
  const clock = { nowMs: T0 };
  const backups = new Backups({
    store: result.care,
    inspect: inspectHere,
    stateDir,
    nowMs: () => clock.nowMs,
    ...parts,
  });
  return { stateDir, store: result.store, backups, clock, dir: join(stateDir, 'backups') };
}

test('a backup has a name that tells when, is nobody else’s to read, and is a state that can be used', async () => {
  const { backups, dir, stateDir } = await given();

  const made = await backups.makeNext(dir, 7);

  const file = join(dir, 'state-2030-01-31T02-00-00Z.db');
  expect(made).toMatchObject({
    ok: true,
    value: { file, atMs: T0, report: { findings: [], rows: { runs: 1 } } },
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(readdirSync(stateDir).filter((name) => name.includes('copying'))).toEqual([]);
  const elsewhere = temporaryDirectory();
  execFileSync('cp', [file, join(elsewhere, 'state.db')]);
  expect(await runIds(elsewhere)).toEqual([1]);
});

test('the newest stay, by the time in their names; other files are left alone', async () => {
  const { backups, dir, clock } = await given();
  mkdirSync(dir);
  const others = ['notes.txt', 'state-old.db', 'state-2020-01-01T00-00-00Z.db.bak', 'state.db'];
  for (const name of others) writeFileSync(join(dir, name), '');
  for (let day = 0; day < 5; day += 1) {
    clock.nowMs = T0 + day * DAY_MS;
    expect(await backups.makeNext(dir, 2)).toMatchObject({ ok: true });
  }

  expect(readdirSync(dir).sort()).toEqual(
    [...others, 'state-2030-02-03T02-00-00Z.db', 'state-2030-02-04T02-00-00Z.db'].sort(),
  );
});

test('several asked for at once are made one after the other', async () => {
  const { backups, stateDir } = await given();
  const files = ['a', 'b', 'c'].map((name) => join(stateDir, `${name}.db`));

  const made = await Promise.all(files.map((file) => backups.makeAt(file)));

  expect(made.map(({ ok }) => ok)).toEqual([true, true, true]);
  expect(files.every((file) => existsSync(file))).toBe(true);
});

test('a file that is there already is not replaced', async () => {
  const { backups, stateDir } = await given();
  const file = join(stateDir, 'mine.db');
  writeFileSync(file, 'precious');
  expect(await backups.makeAt(file)).toEqual({
    ok: false,
    reason: `${file} exists already; name a new file`,
  });
  expect(statSync(file).size).toBe(8);
});

test.runIf(process.getuid?.() === 0)('on another file system it is whole or not there', async () => {
  const { backups, store } = await given();
  const other = smallDisk();
  expect(await backups.makeNext(other, 7)).toMatchObject({ ok: true });
  expect(readdirSync(other)).toEqual(['state-2030-01-31T02-00-00Z.db']);
  expect(statSync(join(other, 'state-2030-01-31T02-00-00Z.db')).mode & 0o777).toBe(0o600);

  writeFileSync(join(other, 'filler'), Buffer.alloc(900_000));
  const full = await backups.makeAt(join(other, 'second.db'));

  expect(full).toMatchObject({ ok: false, reason: expect.stringMatching(/cannot be put into .*ENOSPC/) });
  expect(readdirSync(other).sort()).toEqual(['filler', 'state-2030-01-31T02-00-00Z.db']);
  expect(await store.commit(newRun(sampleRun(2)))).toEqual({ kind: 'committed' });
});

describe('what is not sound is no backup, and takes no other one’s place:', () => {
  test.each<[string, Inspect, RegExp]>([
    [
      'a finding',
      async (file, madeAtMs) => {
        const looked = await inspectHere(file, madeAtMs);
        if (looked.kind === 'failed') return looked;
        return { ...looked, report: { ...looked.report, findings: ['row 7 missing from index x'] } };
      },
      /the database is damaged \(row 7 missing/,
    ],
    [
      'a row that got lost',
      async (file, madeAtMs) => {
        const looked = await inspectHere(file, madeAtMs);
        if (looked.kind === 'failed') return looked;
        return { ...looked, report: { ...looked.report, rows: { ...looked.report.rows, runs: 0 } } };
      },
      /the copy has 0 rows of runs, the database has 1/,
    ],
    [
      'a copy that could not be read',
      async () => ({ kind: 'failed', reason: 'cannot be read: EIO' }),
      /cannot be read: EIO/,
    ],
  ])('%s', async (_, inspectWith, words) => {
    const { backups, dir, stateDir } = await given({ inspect: inspectWith });
    expect(await backups.makeNext(dir, 1)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(words),
    });
    expect(await listBackups(dir)).toEqual([]);
    expect(existsSync(join(stateDir, 'state.db.copying'))).toBe(false);
  });
});

test('where the copy would fill the disk, none is begun', async () => {
  let copies = 0;
  const { backups, dir } = await given({
    freeBytes: async () => 1024 * 1024,
    inspect: async (file, madeAtMs) => {
      copies += 1;
      return inspectHere(file, madeAtMs);
    },
  });
  expect(await backups.makeNext(dir, 1)).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/a copy needs 17 MiB in .*, where 1 MiB are free/),
  });
  expect(copies).toBe(0);
});

test('a check reads everything through and leaves nothing', async () => {
  const { backups, stateDir } = await given();
  const before = readdirSync(stateDir).sort();
  expect(await backups.check()).toMatchObject({ ok: true, value: { findings: [], rows: { runs: 1 } } });
  expect(readdirSync(stateDir).sort()).toEqual(before);
});

describe('due', () => {
  const at = (...times: readonly number[]) => times.map((atMs) => ({ file: '', atMs }));
  test.each<[string, ReturnType<typeof at>, boolean]>([
    ['there is none', [], true],
    ['the newest is a day old', at(T0 - DAY_MS, T0 - 9 * DAY_MS), true],
    ['the newest is younger', at(T0 - DAY_MS + 1, T0 - 9 * DAY_MS), false],
    ['one was made while the clock was wrong, and none since', at(T0 + 400 * DAY_MS, T0 - 2 * DAY_MS), true],
    ['one was made while the clock was wrong, and one since', at(T0 + 400 * DAY_MS, T0 - 5), false],
  ])('%s: %j', (_, backups, due) => {
    expect(isBackupDue(backups, DAY_MS, T0)).toBe(due);
  });
});
