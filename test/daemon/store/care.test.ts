/** What housekeeping asks of the store: copies made while it works, and rows that go. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_CHANGES } from '../../../daemon/engine/changes.ts';
import type { Run } from '../../../daemon/engine/model.ts';
import { completeCopy } from '../../../daemon/store/complete-copy.ts';
import type { Store } from '../../../daemon/store/store.ts';
import type { StoreCare } from '../../../daemon/store/store-care.ts';
import { fill, MIGRATIONS, open, refusal, smallDisk, temporaryDirectory } from './places.ts';
import { newRun, sampleAttempt, sampleCall, sampleOrphan, sampleRun, sampleSubmission } from './samples.ts';

const NOW_MS = Date.UTC(2030, 0, 31, 2);

interface Opened {
  readonly directory: string;
  readonly store: Store;
  readonly care: StoreCare;
}

function openedIn(directory: string, options: Parameters<typeof open>[1] = {}): Opened {
  const result = open(directory, options);
  if (!result.ok) throw new Error(result.error.message);
  onTestFinished(() => result.store.close());
  return { directory, store: result.store, care: result.care };
}

function withCalls(id: number, calls: number, run: Partial<Run> = {}) {
  const keys = Array.from({ length: calls }, (_, index) => `align[${index}]`);
  return newRun(sampleRun(id, run), {
    calls: keys.map((key, position) => sampleCall(id, key, { position })),
    attempts: keys.map((key) => sampleAttempt(id, key, 1)),
    events: keys.map((text) => ({ runId: id, atMs: id, type: 'attempt.ended', text })),
  });
}

describe.each(['local', 'network'] as const)('a copy, in %s mode', (journal) => {
  test('is made while commits go on, shows one moment, and is one file', async () => {
    const { directory, store, care } = openedIn(temporaryDirectory(), { journal });
    await store.commit(withCalls(1, 5_000));
    const file = join(directory, 'copy.db');
    let isCopied = false;
    const copying = care.copyTo(file).finally(() => {
      isCopied = true;
    });
    let id = 1;
    while (!isCopied) {
      id += 1;
      expect(await store.commit(withCalls(id, 10))).toEqual({ kind: 'committed' });
      await new Promise((resolve) => setImmediate(resolve));
    }

    const copied = await copying;
    expect(id).toBeGreaterThan(3);
    expect(copied.kind).toBe('copied');
    const { findings, rows } = completeCopy(file, NOW_MS, MIGRATIONS);
    expect(findings).toEqual([]);
    expect(copied).toEqual({ kind: 'copied', rows: { ...rows, settings: 0 } });
    expect(rows['runs']).toBeGreaterThan(2);
    expect(rows['calls']).toBe(5_000 + ((rows['runs'] ?? 0) - 1) * 10);
    expect(readdirSync(directory).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.runIf(process.getuid?.() === 0)('without space leaves nothing, and the store works on', async () => {
    const { store, care } = openedIn(temporaryDirectory(), { journal });
    await store.commit(withCalls(1, 5_000));
    const full = smallDisk();
    fill(join(full, 'filler'));
    const file = join(full, 'copy.db');

    const copied = await care.copyTo(file);

    expect(copied).toMatchObject({ kind: 'refused', reason: expect.stringContaining(`no space left`) });
    expect(readdirSync(full)).toEqual(['filler']);
    expect(await store.commit(newRun(sampleRun(2)))).toEqual({ kind: 'committed' });
    rmSync(join(full, 'filler'));
  });

  test('that the end of the daemon cuts off leaves nothing', async () => {
    const { directory, store, care } = openedIn(temporaryDirectory(), { journal });
    await store.commit(withCalls(1, 5_000));
    const copying = care.copyTo(join(directory, 'copy.db'));
    await new Promise((resolve) => setImmediate(resolve));

    await store.close();

    expect(await copying).toMatchObject({ kind: 'refused' });
    expect(existsSync(join(directory, 'copy.db'))).toBe(false);
  });
});

describe('a copy that takes the place of the database', () => {
  test('starts nothing: runs in progress are held with the reason', async () => {
    const { runs, nextRunId } = await restored([
      sampleRun(1, { status: 'Running' }),
      sampleRun(2, { status: 'Submitted' }),
      sampleRun(3, { status: 'OnHold' }),
      sampleRun(4, { status: 'Aborting', abort: { by: 'ada', atMs: 1, force: false } }),
      sampleRun(5, { status: 'Running', held: { by: 'ada', reason: 'wait' } }),
      sampleRun(6, { status: 'Succeeded', endedAtMs: 6 }),
    ]);

    const shown = runs.map(({ run }) => ({ ...run, problems: run.problems.length }));
    const reason = 'restored from a copy of 2030-01-31T02:00:00.000Z';
    expect(shown).toMatchObject([
      { id: 1, status: 'Running', held: { by: 'wfd', reason }, problems: 1 },
      { id: 2, status: 'OnHold', problems: 1 },
      { id: 3, status: 'OnHold', problems: 1 },
      { id: 4, status: 'Aborting', problems: 1 },
      { id: 5, status: 'Running', held: { by: 'ada', reason: 'wait' }, problems: 1 },
    ]);
    expect(shown[3]).not.toHaveProperty('held');
    expect(runs[0]?.run.problems[0]?.text).toContain('2030-01-31T02:00:00.000Z');
    expect(runs[0]?.run.problems[0]?.text).toContain('".1."');
    expect(nextRunId).toBe(10_007);
  });

  test('numbers that were never given out are left out, too', async () => {
    expect((await restored([])).nextRunId).toBe(10_001);
  });

  test('a copy of what was once a copy is held anew', async () => {
    const directory = await copyOf([sampleRun(1)]);
    const first = openedIn(directory);
    const [state] = (await first.store.load()).runs;
    if (state === undefined) throw new Error('the run is gone');
    const { held, ...released } = state.run;
    await first.store.commit({ ...NO_CHANGES, runs: [released] });
    const second = temporaryDirectory();
    await first.care.copyTo(join(second, 'state.db'));
    completeCopy(join(second, 'state.db'), NOW_MS + 86_400_000, MIGRATIONS);

    const { runs, nextRunId } = await openedIn(second).store.load();

    expect(runs[0]?.run.held?.reason).toBe('restored from a copy of 2030-02-01T02:00:00.000Z');
    expect(runs[0]?.run.problems).toHaveLength(1);
    expect(nextRunId).toBe(20_002);
  });

  test('completing it twice is completing it once', async () => {
    const directory = await copyOf([sampleRun(1)]);
    completeCopy(join(directory, 'state.db'), NOW_MS + 1, MIGRATIONS);
    const { runs, nextRunId } = await openedIn(directory).store.load();
    expect(runs[0]?.run.held?.reason).toContain('2030-01-31T02:00:00.000Z');
    expect(nextRunId).toBe(10_002);
  });

  /** A state directory whose database is a copy. */
  async function copyOf(runs: readonly Run[]): Promise<string> {
    const { store, care } = openedIn(temporaryDirectory());
    for (const run of runs) await store.commit(newRun(run));
    const directory = temporaryDirectory();
    await care.copyTo(join(directory, 'state.db'));
    completeCopy(join(directory, 'state.db'), NOW_MS, MIGRATIONS);
    return directory;
  }

  async function restored(runs: readonly Run[]) {
    return openedIn(await copyOf(runs)).store.load();
  }
});

describe('runs that ended long ago', () => {
  const ended = (id: number, endedAtMs: number): Partial<Run> => ({ status: 'Succeeded', endedAtMs, id });

  test('are found by their end; what is in progress, and what is still hunted, is not', async () => {
    const { store, care } = openedIn(temporaryDirectory());
    await store.commit(newRun(sampleRun(1, ended(1, 10))));
    await store.commit(newRun(sampleRun(2, ended(2, 99))));
    await store.commit(newRun(sampleRun(3, ended(3, 100))));
    await store.commit(newRun(sampleRun(4)));
    await store.commit(newRun(sampleRun(5, ended(5, 10)), { orphans: [sampleOrphan(5, 'a.5.x', 'a')] }));
    const gone = { ...sampleOrphan(6, 'a.6.x', 'a'), goneAtMs: 20 };
    await store.commit(newRun(sampleRun(6, { ...ended(6, 10), status: 'Failed' }), { orphans: [gone] }));

    const ids = async (afterId: number, limit: number) =>
      (await care.listOldRuns({ endedBeforeMs: 100, afterId, limit })).map(({ id }) => id);
    expect(await ids(0, 10)).toEqual([1, 2, 6]);
    expect(await ids(1, 1)).toEqual([2]);
    expect(await care.countOldRuns(100)).toBe(3);
  });

  test('go in slices with all that belongs to them, and nothing else does', async () => {
    const { store, care, directory } = openedIn(temporaryDirectory());
    const big = withCalls(1, 700, ended(1, 10));
    const gone = { ...sampleOrphan(1, 'a.1.x', 'a'), goneAtMs: 5 };
    await store.commit({
      ...big,
      submissions: [sampleSubmission(1, 'a.1.x', 'align[0]')],
      reads: [{ runId: 1, id: 'r', result: { kind: 'size', bytes: 1 } }],
      orphans: [gone],
    });
    await store.commit(withCalls(2, 3, ended(2, 200)));
    await store.commit(withCalls(3, 3));

    let slices = 0;
    for (let isAll = false; !isAll; slices += 1) {
      expect(await store.findRun(1)).toBeDefined();
      const removed = await care.removeOldRun(1, 100);
      if (removed.kind === 'refused') throw new Error(removed.reason);
      isAll = removed.isAll;
    }

    expect(slices).toBe(5);
    expect(await store.findRun(1)).toBeUndefined();
    expect(await care.removeOldRun(1, 100)).toEqual({ kind: 'removed', isAll: true });
    expect(await care.removeOldRun(2, 100)).toEqual({ kind: 'removed', isAll: true });
    expect(await care.removeOldRun(3, 100)).toEqual({ kind: 'removed', isAll: true });
    await store.close();
    expect(rowCounts(directory)).toMatchObject({
      ...{ runs: 2, calls: 6, attempts: 6, events: 6, bundles: 2 },
      ...{ submissions: 0, reads: 0, orphans: 0 },
    });
  });

  test('nothing is removed by a daemon that has lost its state', async () => {
    const directory = temporaryDirectory();
    const { store, care } = openedIn(directory, { journal: 'network' });
    await store.commit(newRun(sampleRun(1, ended(1, 10))));
    rmSync(join(directory, 'lease.json'));

    expect(await care.removeOldRun(1, 100)).toMatchObject({ kind: 'refused' });
    expect(await store.findRun(1)).toBeDefined();
  });
});

test('the write-ahead log is folded into the database when nothing has been committed for a while', async () => {
  const { directory, store, care } = openedIn(temporaryDirectory(), { journal: 'local' });
  const logBytes = () => statSync(join(directory, 'state.db-wal')).size;
  await store.commit(withCalls(1, 100));
  await care.checkpoint();
  await store.commit(withCalls(2, 1));
  await care.checkpoint();
  expect(logBytes()).toBeGreaterThan(0);

  await care.checkpoint();

  expect(logBytes()).toBe(0);
  expect(refusal(directory).kind).toBe('held');
});

function rowCounts(directory: string): Record<string, unknown> {
  const client = new Database(join(directory, 'state.db'), { readonly: true });
  const tables = ['runs', 'calls', 'attempts', 'events', 'bundles', 'submissions', 'reads', 'orphans'];
  const counts = tables.map((name) => [name, client.prepare(`select count(*) from ${name}`).pluck().get()]);
  client.close();
  return Object.fromEntries(counts);
}
