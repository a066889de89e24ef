/** Housekeeping: what a look does, given what there is; and what happens when it cannot be done. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Owner } from '../../../backends/backend.ts';
import { Backups } from '../../../daemon/care/backup.ts';
import { type CareSettings, Housekeeping } from '../../../daemon/care/housekeeping.ts';
import { findOldRuns, type RetentionSettings } from '../../../daemon/care/retention.ts';
import type { FileAnswer } from '../../../daemon/files/owner-files.ts';
import type { RemovedTree } from '../../../daemon/files/remove-tree.ts';
import { inspect } from '../../../daemon/store/inspect.ts';
import type { StoreCare } from '../../../daemon/store/store-care.ts';
import { MIGRATIONS, open, temporaryDirectory } from '../store/places.ts';
import { newRun, sampleCall, sampleRun } from '../store/samples.ts';

const T0 = Date.UTC(2030, 0, 31, 2);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Line {
  readonly level: string;
  readonly message: string;
}

async function given({
  everyMs,
  retention = { directories: 'keep' },
  care = (store) => store,
}: {
  readonly everyMs?: number;
  readonly retention?: RetentionSettings;
  readonly care?: (store: StoreCare) => StoreCare;
} = {}) {
  const stateDir = temporaryDirectory();
  const opened = open(stateDir);
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(() => opened.store.close());
  const store = care(opened.care);
  const clock = { passedMs: 0, freeBytes: Number.MAX_SAFE_INTEGER };
  const nowMs = () => T0 + clock.passedMs;
  const log: Line[] = [];
  const note = (level: string) => (_: object, message: string) => void log.push({ level, message });
  const dir = join(stateDir, 'backups');
  const settings: CareSettings = {
    backup: { dir, keep: 3, ...(everyMs !== undefined && { everyMs }) },
    retention,
  };
  const files = scriptedTrees();
  const housekeeping = new Housekeeping({
    store,
    files,
    backups: new Backups({
      store,
      stateDir,
      nowMs,
      freeBytes: async () => clock.freeBytes,
      inspect: async (file, madeAtMs = 0) => inspect({ file, madeAtMs, migrationsFolder: MIGRATIONS }),
    }),
    settings,
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    nowMs,
    monotonicMs: () => clock.passedMs,
  });
  const lookAfter = async (ms: number) => {
    clock.passedMs += ms;
    await housekeeping.look();
  };
  return { store: opened.store, care: store, housekeeping, files, clock, log, dir, lookAfter, nowMs };
}

/** Says of each directory what it is told to, and remembers which it was asked to remove. */
function scriptedTrees() {
  const trees = {
    removed: [] as string[],
    answers: {} as Record<string, FileAnswer<RemovedTree>>,
    removeTree: async (_: Owner, directory: string): Promise<FileAnswer<RemovedTree>> => {
      trees.removed.push(directory);
      return trees.answers[directory] ?? { kind: 'ok', value: 'removed' };
    },
  };
  return trees;
}

function backupsIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir).sort() : [];
}

describe('backups', () => {
  test('one is made when the newest is old enough; a time that was missed is made up', async () => {
    const { lookAfter, dir, housekeeping } = await given({ everyMs: DAY_MS });
    await lookAfter(0);
    await lookAfter(MINUTE_MS);
    await lookAfter(DAY_MS - 2 * MINUTE_MS);
    expect(backupsIn(dir)).toEqual(['state-2030-01-31T02-00-00Z.db']);

    await lookAfter(MINUTE_MS);
    expect(backupsIn(dir)).toHaveLength(2);
    await lookAfter(5 * DAY_MS);
    await lookAfter(MINUTE_MS);
    expect(backupsIn(dir)).toEqual([
      'state-2030-01-31T02-00-00Z.db',
      'state-2030-02-01T02-00-00Z.db',
      'state-2030-02-06T02-00-00Z.db',
    ]);
    expect(housekeeping.status()).toEqual({
      newestBackup: { file: join(dir, 'state-2030-02-06T02-00-00Z.db'), atMs: T0 + 6 * DAY_MS },
      problems: [],
    });
  });

  test('none is made where that is not wanted', async () => {
    const { lookAfter, dir, housekeeping } = await given();
    await lookAfter(DAY_MS);
    expect(backupsIn(dir)).toEqual([]);
    expect(housekeeping.status()).toEqual({ problems: [] });
  });

  test('without space: one error in the log, a word in the status, tried again in an hour, and then it is over', async () => {
    const { lookAfter, dir, housekeeping, clock, log } = await given({ everyMs: DAY_MS });
    clock.freeBytes = 5;
    for (let n = 0; n < 200; n += 1) await lookAfter(MINUTE_MS);

    const problem = expect.stringMatching(
      /no backup could be made: a copy needs .* free space there; it is tried/,
    );
    expect(housekeeping.status()).toEqual({ problems: [problem] });
    expect(log).toEqual([{ level: 'error', message: problem }]);
    expect(backupsIn(dir)).toEqual([]);

    clock.freeBytes = Number.MAX_SAFE_INTEGER;
    for (let n = 0; n < 60; n += 1) await lookAfter(MINUTE_MS);
    expect(backupsIn(dir)).toHaveLength(1);
    expect(housekeeping.status()).toMatchObject({ newestBackup: expect.anything(), problems: [] });
    expect(log.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  test('a directory that cannot be one is a problem, too', async () => {
    const { lookAfter, dir, housekeeping } = await given({ everyMs: DAY_MS });
    writeFileSync(dir, '');
    await lookAfter(0);
    expect(housekeeping.status().problems).toEqual([
      expect.stringMatching(/no backup could be made: .*ENOTDIR/),
    ]);
  });
});

describe('old runs', () => {
  const old = (id: number) => sampleRun(id, { status: 'Succeeded', endedAtMs: T0 - 100 * DAY_MS });

  test('stay for ever where nothing is said', async () => {
    const { store, lookAfter, files } = await given();
    await store.commit(newRun(old(1)));
    await lookAfter(HOUR_MS);
    expect(await store.findRun(1)).toBeDefined();
    expect(files.removed).toEqual([]);
  });

  test('leave with their rows; their directories stay unless asked for', async () => {
    const { store, lookAfter, files, log } = await given({
      retention: { runsMs: 90 * DAY_MS, directories: 'keep' },
    });
    const calls = Array.from({ length: 1_200 }, (_, position) =>
      sampleCall(1, `a[${position}]`, { position }),
    );
    await store.commit(newRun(old(1), { calls }));
    await store.commit(newRun(sampleRun(2, { status: 'Failed', endedAtMs: T0 - 80 * DAY_MS })));
    await store.commit(newRun(sampleRun(3, { submittedAtMs: T0 - 500 * DAY_MS })));
    for (let id = 4; id < 130; id += 1) await store.commit(newRun(old(id)));

    await lookAfter(0);

    expect((await store.listRuns({ limit: 1_000 })).map(({ run }) => run.id)).toEqual([3, 2]);
    expect(files.removed).toEqual([]);
    expect(log).toEqual([{ level: 'info', message: '127 old runs removed' }]);
  });

  test('directories go first; a run whose directory cannot be removed stays, and is tried again', async () => {
    const { store, lookAfter, files, log, housekeeping } = await given({
      retention: { runsMs: 90 * DAY_MS, directories: 'remove' },
    });
    const [gone, foreign, stuck] = [old(1), old(2), old(3)];
    for (const run of [gone, foreign, stuck]) await store.commit(newRun(run));
    files.answers = {
      [foreign.directory]: { kind: 'ok', value: 'foreign' },
      [stuck.directory]: { kind: 'failed', reason: 'cannot remove it: EBUSY' },
    };

    await lookAfter(0);

    expect(files.removed).toEqual([gone, foreign, stuck].map(({ directory }) => directory));
    expect((await store.listRuns({ limit: 10 })).map(({ run }) => run.id)).toEqual([3]);
    expect(housekeeping.status().problems).toEqual([
      'run 3 is kept longer than retention.runs says: cannot remove it: EBUSY',
    ]);
    await lookAfter(MINUTE_MS);
    expect(files.removed).toHaveLength(3);

    files.answers = {};
    await lookAfter(HOUR_MS);

    expect(await store.listRuns({ limit: 10 })).toEqual([]);
    expect(housekeeping.status().problems).toEqual([]);
    expect(log.map(({ level }) => level)).toEqual(['info', 'error', 'info']);
  });

  test('what would go is only looked at', async () => {
    const { store, care, nowMs, files } = await given();
    await store.commit(newRun(old(1)));
    await store.commit(newRun(sampleRun(2)));
    const found = await findOldRuns({ store: care, files, nowMs }, 90 * DAY_MS);
    expect(found).toMatchObject({ endedBeforeMs: T0 - 90 * DAY_MS, count: 1, runs: [{ id: 1 }] });
    expect(await store.findRun(1)).toBeDefined();
  });

  test('a stop in the middle leaves whole runs for the next time, and begins nothing', async () => {
    const stop: { now?: () => Promise<void> } = {};
    const { store, lookAfter, housekeeping, files, dir } = await given({
      everyMs: DAY_MS,
      retention: { runsMs: 90 * DAY_MS, directories: 'remove' },
      care: (inner) => ({
        ...inner,
        removeOldRun: (id, beforeMs) => {
          if (id === 2) void stop.now?.();
          return inner.removeOldRun(id, beforeMs);
        },
      }),
    });
    for (const id of [1, 2, 3]) await store.commit(newRun(old(id)));
    stop.now = () => housekeeping.stop();

    await lookAfter(0);

    expect((await store.listRuns({ limit: 10 })).map(({ run }) => run.id)).toEqual([3]);
    expect(files.removed).toEqual([old(1).directory, old(2).directory]);
    expect(backupsIn(dir)).toEqual([]);
  });
});

describe('the timer', () => {
  afterEach(() => void vi.useRealTimers());

  test('wakes it every minute, until it is stopped', async () => {
    vi.useFakeTimers({ now: T0 + 1 });
    const { housekeeping } = await given();
    const look = vi.spyOn(housekeeping, 'look').mockResolvedValue();
    housekeeping.start();
    await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);
    expect(look).toHaveBeenCalledTimes(3);
    await housekeeping.stop();
    await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);
    expect(look).toHaveBeenCalledTimes(3);
  });
});
