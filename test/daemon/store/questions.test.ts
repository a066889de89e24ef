/** What the API and the start of the daemon ask. */
import { expect, test } from 'vitest';
import { NO_CHANGES } from '../../../daemon/engine/changes.ts';
import type { RunStatus } from '../../../daemon/engine/model.ts';
import { openDatabase } from '../../../daemon/store/database.ts';
import { createMemoryStore } from '../../../daemon/store/in-thread.ts';
import { createQuestions } from '../../../daemon/store/read.ts';
import type { RunFilter, Store } from '../../../daemon/store/store.ts';
import { prepareCommit } from '../../../daemon/store/write.ts';
import { MIGRATIONS } from './places.ts';
import {
  BUNDLE,
  newRun,
  sampleAttempt,
  sampleCall,
  sampleOrphan,
  sampleRun,
  sampleSubmission,
} from './samples.ts';

async function storeWith(...changes: readonly (typeof NO_CHANGES)[]): Promise<Store> {
  const store = createMemoryStore(MIGRATIONS);
  for (const change of changes) expect(await store.commit(change)).toEqual({ kind: 'committed' });
  return store;
}

test('an empty store has nothing, and the first run is number 1', async () => {
  const store = await storeWith();
  expect(await store.load()).toEqual({ runs: [], orphans: [], settings: {}, nextRunId: 1 });
  expect(await store.findRun(1)).toBeUndefined();
  expect(await store.findBundle(1)).toBeUndefined();
});

test('only runs that have not ended are loaded, each with what is its own', async () => {
  const all: readonly RunStatus[] = [
    ...(['Submitted', 'OnHold', 'Running', 'Aborting'] as const),
    ...(['ForceAborting', 'Succeeded', 'Failed', 'Aborted'] as const),
  ];
  const store = await storeWith(
    ...all.map((status, index) => {
      const id = index + 1;
      return newRun(sampleRun(id, { status }), {
        calls: [sampleCall(id, 'b', { position: 1 }), sampleCall(id, 'a', { position: 0 })],
        attempts: [sampleAttempt(id, 'a', 1)],
        submissions: [sampleSubmission(id, `a.${id}.t`, 'a')],
        reads: [{ runId: id, id: 'r', result: { kind: 'size', bytes: id } }],
      });
    }),
  );

  const { runs } = await store.load();

  expect(runs.map(({ run }) => run.status)).toEqual(all.slice(0, 5));
  expect(runs.map((stored) => stored.calls.map(({ runId, key }) => `${runId}${key}`))).toEqual(
    [1, 2, 3, 4, 5].map((id) => [`${id}a`, `${id}b`]),
  );
  expect(
    runs.map((stored) =>
      [...stored.attempts, ...stored.submissions, ...stored.reads].map(({ runId }) => runId),
    ),
  ).toEqual([1, 2, 3, 4, 5].map((id) => [id, id, id]));
  expect(runs[0]?.bundle).toEqual(BUNDLE);
});

test('an id is never given out twice, even when the newest runs are deleted', () => {
  const client = openDatabase({ file: ':memory:', journal: 'local', migrationsFolder: MIGRATIONS });
  const commit = prepareCommit(client, () => undefined);
  commit(newRun(sampleRun(1)));
  commit(
    newRun(sampleRun(17, { status: 'Failed' }), {
      calls: [sampleCall(17, 'a')],
      attempts: [sampleAttempt(17, 'a', 1)],
    }),
  );
  client.exec('delete from runs where id = 17');

  expect(createQuestions(client).load().nextRunId).toBe(18);
  expect(createQuestions(client).listAttempts(17)).toEqual([]);
  client.close();
});

test('an orphan is loaded until it is gone, also of a run that has ended', async () => {
  const orphan = sampleOrphan(1, 'a.1.t', 'a');
  const store = await storeWith(
    newRun(sampleRun(1, { status: 'Aborted' }), {
      orphans: [orphan, { ...orphan, call: 'b' }, sampleOrphan(1, 'c.1.t', 'c')],
    }),
    { ...NO_CHANGES, orphans: [{ ...sampleOrphan(1, 'c.1.t', 'c'), goneAtMs: 9 }] },
  );

  expect((await store.load()).orphans).toEqual([orphan, { ...orphan, call: 'b' }]);
  expect((await store.findRun(1))?.orphans.map(({ tag, goneAtMs }) => [tag, goneAtMs])).toEqual([
    ['a.1.t', undefined],
    ['a.1.t', undefined],
    ['c.1.t', 9],
  ]);
});

test('settings are set, replaced and removed by name', async () => {
  const store = await storeWith(
    { ...NO_CHANGES, settings: { drain: true, 'pause:slurm': { reason: 'upgrade' } } },
    { ...NO_CHANGES, settings: { drain: null, 'pause:slurm': { reason: 'again' }, gone: null } },
  );
  expect((await store.load()).settings).toEqual({ 'pause:slurm': { reason: 'again' } });
});

test('an overview counts calls per status, and steps of finalization not at all', async () => {
  const store = await storeWith(
    newRun(sampleRun(1), {
      calls: [
        sampleCall(1, 'a[0]', { status: 'Succeeded' }),
        sampleCall(1, 'a[1]', { status: 'Succeeded' }),
        sampleCall(1, 'b', { status: 'Active' }),
        sampleCall(1, 'finally', { role: 'finally', status: 'Active' }),
      ],
    }),
    newRun(sampleRun(2)),
  );
  const none = { NotStarted: 0, Ready: 0, Active: 0, Succeeded: 0, Failed: 0, Aborted: 0, Skipped: 0 };

  expect((await store.findRun(1))?.counts).toEqual({ ...none, Succeeded: 2, Active: 1 });
  expect((await store.listRuns({ limit: 9 })).map(({ counts }) => counts)).toEqual([
    none,
    { ...none, Succeeded: 2, Active: 1 },
  ]);
});

const ODD_KEY = `a"b.c[0]$'`;

test.each<[string, RunFilter, readonly number[]]>([
  ['newest first', { limit: 9 }, [5, 4, 3, 2, 1]],
  ['at most so many', { limit: 2 }, [5, 4]],
  ['the next page', { limit: 2, beforeId: 4 }, [3, 2]],
  ['by owner', { limit: 9, owner: 'bob' }, [2]],
  ['by status', { limit: 9, statuses: ['Failed', 'Aborted'] }, [4, 3]],
  ['by no status at all', { limit: 9, statuses: [] }, []],
  ['by name', { limit: 9, name: 'call' }, [4]],
  ['by time', { limit: 9, submittedAfterMs: 3_000 }, [5, 4]],
  ['by label', { limit: 9, labels: { project: 'x' } }, [5, 1]],
  ['by several labels', { limit: 9, labels: { project: 'x', [ODD_KEY]: '100%' } }, [5]],
  ['by a label nobody has', { limit: 9, labels: { project: 'z' } }, []],
  ['by several things', { limit: 1, labels: { project: 'x' }, beforeId: 5 }, [1]],
])('runs are listed %s', async (_, filter, expected) => {
  const store = await storeWith(
    newRun(sampleRun(1, { labels: { project: 'x' } })),
    newRun(sampleRun(2, { owner: { ...sampleRun(2).owner, name: 'bob' } })),
    newRun(sampleRun(3, { status: 'Failed', labels: { project: 'y' } })),
    newRun(sampleRun(4, { status: 'Aborted', name: 'call' })),
    newRun(sampleRun(5, { labels: { project: 'x', [ODD_KEY]: '100%' } })),
  );
  expect((await store.listRuns(filter)).map(({ run }) => run.id)).toEqual(expected);
});

test('attempts are listed of a run or of one call; calls in the order of their position', async () => {
  const store = await storeWith(
    newRun(sampleRun(1), {
      calls: [sampleCall(1, 'a', { position: 1 }), sampleCall(1, 'z', { position: 0 })],
      attempts: [sampleAttempt(1, 'a', 2), sampleAttempt(1, 'a', 1), sampleAttempt(1, 'z', 1)],
    }),
  );
  const names = async (call?: string) =>
    (await store.listAttempts(1, call)).map((attempt) => `${attempt.call}#${attempt.number}`);

  expect(await names()).toEqual(['a#1', 'a#2', 'z#1']);
  expect(await names('a')).toEqual(['a#1', 'a#2']);
  expect((await store.listCalls(1)).map(({ key }) => key)).toEqual(['z', 'a']);
});

test('a submission may change in all but its run and its elements', async () => {
  const submission = sampleSubmission(1, 'a.1.t', 'a');
  const changed = { ...submission, status: 'superseded' } as const;
  const store = await storeWith(newRun(sampleRun(1), { submissions: [submission] }), {
    ...NO_CHANGES,
    submissions: [changed],
  });
  expect((await store.load()).runs[0]?.submissions).toEqual([changed]);
});

test('events are numbered through, and listed after a number, of all runs or of one', async () => {
  const event = (runId: number, text: string) => ({ runId, atMs: 1, type: 't', text });
  const store = await storeWith(
    newRun(sampleRun(1), { events: [event(1, 'a'), { atMs: 2, type: 'daemon.started', text: 'b' }] }),
    newRun(sampleRun(2), { events: [event(2, 'c'), event(1, 'd')] }),
  );
  const all = await store.listEvents({ afterSeq: 0, limit: 99 });
  const second = all[1]?.seq ?? 0;

  expect(all.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
  expect(all.every(({ seq }, index) => index === 0 || seq > (all[index - 1]?.seq ?? 0))).toBe(true);
  expect((await store.listEvents({ afterSeq: second, limit: 1 })).map(({ text }) => text)).toEqual(['c']);
  expect((await store.listEvents({ runId: 1, afterSeq: second, limit: 9 })).map(({ text }) => text)).toEqual([
    'd',
  ]);
});
