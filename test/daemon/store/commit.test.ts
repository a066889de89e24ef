/** All or nothing, and what is refused is told apart from what is broken (SEMANTICS 6, our own troubles). */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Changes, NO_CHANGES } from '../../../daemon/engine/changes.ts';
import { StoreBrokenError } from '../../../daemon/store/broken.ts';
import { openDatabase } from '../../../daemon/store/database.ts';
import { createMemoryStore } from '../../../daemon/store/in-thread.ts';
import { createQuestions } from '../../../daemon/store/read.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { prepareCommit } from '../../../daemon/store/write.ts';
import { MIGRATIONS, open, opened, smallDisk, temporaryDirectory } from './places.ts';
import { newRun, sampleAttempt, sampleCall, sampleRun, sampleSubmission } from './samples.ts';

const COMMITTED = { kind: 'committed' };

/** Some 600 KB. */
function large(id: number): Changes {
  const calls = Array.from({ length: 2_000 }, (_, position) =>
    sampleCall(id, `c[${position}]`, { position, reason: 'r'.repeat(300) }),
  );
  return newRun(sampleRun(id), {
    calls,
    events: [{ atMs: 1, type: 't', text: 'x' }],
    settings: { [`s${id}`]: 1 },
  });
}

async function idsIn(store: Store): Promise<readonly number[]> {
  return (await store.load()).runs.map(({ run }) => run.id);
}

describe('a full disk', () => {
  const mounts = process.getuid?.() === 0;

  test.runIf(mounts).each(['local', 'network'] as const)(
    '%s mode: the commit is refused, nothing of it is there, and a later one works when there is space again',
    async (journal) => {
      const directory = smallDisk();
      const store = opened(directory, { journal });
      expect(await store.commit(newRun(sampleRun(1)))).toEqual(COMMITTED);
      writeFileSync(join(directory, 'filler'), Buffer.alloc(400 * 1024));

      const refused = await store.commit(large(2));

      expect(refused).toMatchObject({
        kind: 'refused',
        reason: expect.stringMatching(/no space left .*SQLITE_FULL/),
      });
      expect(await idsIn(store)).toEqual([1]);
      expect((await store.load()).settings).toEqual({});
      expect(await store.listEvents({ afterSeq: 0, limit: 9 })).toEqual([]);

      rmSync(join(directory, 'filler'));
      expect(await store.commit(newRun(sampleRun(3)))).toEqual(COMMITTED);
      expect(await idsIn(store)).toEqual([1, 3]);
      await store.close();
      expect(await idsIn(opened(directory, { journal }))).toEqual([1, 3]);
    },
  );

  test('refused where the database may not grow', () => {
    const client = openDatabase({ file: ':memory:', journal: 'local', migrationsFolder: MIGRATIONS });
    const commit = prepareCommit(client, () => undefined);
    const pages = Number(client.pragma('page_count', { simple: true }));
    client.pragma(`max_page_count = ${pages + 4}`);

    expect(commit(large(1))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('SQLITE_FULL'),
    });
    expect(createQuestions(client).load().runs).toEqual([]);

    client.pragma('max_page_count = 1000000');
    expect(commit(large(1))).toEqual(COMMITTED);
    client.close();
  });
});

describe('a bug is not a full disk', () => {
  test.each<[string, Changes]>([
    ['a call of no run', { ...NO_CHANGES, calls: [sampleCall(7, 'a')] }],
    ['an attempt of no call', { ...NO_CHANGES, attempts: [sampleAttempt(1, 'nobody', 1)] }],
    ['the uuid of another run', newRun({ ...sampleRun(2), uuid: sampleRun(1).uuid })],
    ['the token of another run of the same owner', newRun(sampleRun(2, { token: 't' }))],
    ['a tag of another run', newRun(sampleRun(2), { submissions: [sampleSubmission(2, 'a.1.tag', 'a')] })],
    ['other elements of the same tag', { ...NO_CHANGES, submissions: [sampleSubmission(1, 'a.1.tag', 'b')] }],
  ])('%s: thrown, and nothing is stored', async (_, changes) => {
    const store = createMemoryStore(MIGRATIONS);
    const first = newRun(sampleRun(1, { token: 't' }), {
      calls: [sampleCall(1, 'a')],
      submissions: [sampleSubmission(1, 'a.1.tag', 'a')],
    });
    expect(await store.commit(first)).toEqual(COMMITTED);
    const before = await store.load();

    await expect(store.commit({ ...changes, settings: { drain: true } })).rejects.toThrow(StoreBrokenError);

    expect(await store.load()).toEqual(before);
  });

  test('runs without a token do not collide, and the same token of another owner is another one', async () => {
    const store = createMemoryStore(MIGRATIONS);
    const stranger = { ...sampleRun(1).owner, uid: 1001 };
    expect(await store.commit(newRun(sampleRun(1, { token: 't' })))).toEqual(COMMITTED);
    expect(await store.commit(newRun(sampleRun(2, { token: 't', owner: stranger })))).toEqual(COMMITTED);
    expect(await store.commit(newRun(sampleRun(3)))).toEqual(COMMITTED);
    expect(await store.commit(newRun(sampleRun(4)))).toEqual(COMMITTED);

    expect((await store.findRunByToken(1001, 't'))?.id).toBe(2);
    expect(await store.findRunByToken(1002, 't')).toBeUndefined();
  });
});

test('a closed store refuses', async () => {
  const directory = temporaryDirectory();
  const result = open(directory);
  if (!result.ok) throw new Error(result.error.message);
  await result.store.close();

  expect(await result.store.commit(newRun(sampleRun(1)))).toMatchObject({ kind: 'refused' });
  expect(await idsIn(opened(directory))).toEqual([]);
});
