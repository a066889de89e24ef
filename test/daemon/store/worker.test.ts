/** The store as the daemon uses it: in a thread of its own. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { NO_CHANGES } from '../../../daemon/engine/changes.ts';
import { StoreBrokenError } from '../../../daemon/store/broken.ts';
import type { CoreOptions } from '../../../daemon/store/core.ts';
import { type OpenedStore, openStore } from '../../../daemon/store/open-store.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { bundled, HOST, MIGRATIONS, temporaryDirectory } from './places.ts';
import { newRun, sampleCall, sampleRun } from './samples.ts';

const bundles = mkdtempSync(join(tmpdir(), 'wfd-store-worker-'));
let workerPath: string;

beforeAll(async () => {
  workerPath = await bundled('daemon/store/worker.ts', bundles);
});

afterAll(() => rmSync(bundles, { recursive: true, force: true }));

test('commits and answers through the thread', async () => {
  const { store } = await openedInThread(temporaryDirectory());
  const run = sampleRun(4, { labels: { a: 'b' } });

  expect(await store.commit(newRun(run, { calls: [sampleCall(4, 'x')] }))).toEqual({ kind: 'committed' });

  expect((await store.findRun(4))?.run).toStrictEqual(run);
  expect((await store.load()).nextRunId).toBe(5);
});

test('what was asked before close is answered, commits after it are refused, closing twice is harmless', async () => {
  const directory = temporaryDirectory();
  const { store } = await openedInThread(directory);
  const before = store.commit(newRun(sampleRun(1)));
  const closed = store.close();
  const after = store.commit(newRun(sampleRun(2)));

  expect(await before).toEqual({ kind: 'committed' });
  expect(await after).toEqual({ kind: 'refused', reason: 'the store has been closed' });
  await expect(store.load()).rejects.toThrow(StoreBrokenError);
  await closed;
  await store.close();

  const again = await openedInThread(directory);
  expect((await again.store.load()).runs.map(({ run }) => run.id)).toEqual([1]);
});

test('a broken rule of the database arrives as what it is', async () => {
  const { store } = await openedInThread(temporaryDirectory());

  const withoutRun = store.commit({ ...NO_CHANGES, calls: [sampleCall(9, 'x')] });

  await expect(withoutRun).rejects.toThrow(StoreBrokenError);
  expect(await store.commit(newRun(sampleRun(1)))).toEqual({ kind: 'committed' });
});

test('a thread that dies is told to whoever waits, and to whoever asks later', async () => {
  const path = join(temporaryDirectory(), 'dying.cjs');
  writeFileSync(
    path,
    `const { parentPort } = require('node:worker_threads');
    parentPort.postMessage({ kind: 'opened' });
    parentPort.on('message', () => process.exit(9));`,
  );
  const result = await openStore({
    ...place(temporaryDirectory()),
    workerPath: path,
    onLost: () => undefined,
  });
  if (!result.ok) throw new Error(result.error.message);

  await expect(result.store.commit(NO_CHANGES)).rejects.toThrow(/thread that holds the state .*exit code 9/);
  await expect(result.store.load()).rejects.toThrow(StoreBrokenError);
});

test('what cannot be opened is said', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'state.db'), 'this is no database, and never was one'.repeat(100));

  const result = await inThread(directory, () => undefined);

  expect(result).toMatchObject({ ok: false, error: { kind: 'damaged' } });
});

test('network mode: a lease taken over by another daemon is told, and nothing is committed any more', async () => {
  const directory = temporaryDirectory();
  const { store, lost } = await openedInThread(directory);
  expect(await store.commit(newRun(sampleRun(1)))).toEqual({ kind: 'committed' });

  const other = { host: 'login2', pid: 77, bootId: 'b', startedAt: 's', heartbeatAt: 'h', nonce: 'other' };
  writeFileSync(join(directory, 'theirs'), JSON.stringify(other));
  renameSync(join(directory, 'theirs'), join(directory, 'lease.json'));
  const result = await store.commit(newRun(sampleRun(2)));

  expect(result).toMatchObject({ kind: 'refused', reason: expect.stringContaining('host login2, pid 77') });
  expect(lost).toEqual([expect.stringContaining('host login2, pid 77')]);
  expect((await store.load()).runs.map(({ run }) => run.id)).toEqual([1]);
});

async function openedInThread(
  directory: string,
): Promise<{ readonly store: Store; readonly lost: readonly string[] }> {
  const lost: string[] = [];
  const result = await inThread(directory, (reason) => lost.push(reason));
  if (!result.ok) throw new Error(result.error.message);
  onTestFinished(() => result.store.close());
  return { store: result.store, lost };
}

function inThread(directory: string, onLost: (reason: string) => void): Promise<OpenedStore> {
  return openStore({ ...place(directory), workerPath, onLost });
}

function place(directory: string): CoreOptions {
  return { directory, migrationsFolder: MIGRATIONS, host: HOST, journal: 'network' };
}
