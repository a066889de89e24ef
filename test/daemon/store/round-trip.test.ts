/** What goes in comes out: every property of every row, and no property that was absent. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Changes } from '../../../daemon/engine/changes.ts';
import { createMemoryStore } from '../../../daemon/store/in-thread.ts';
import { MIGRATIONS } from './places.ts';
import {
  anyAttempt,
  anyBundle,
  anyCall,
  anyEvent,
  anyOrphan,
  anyRead,
  anyRun,
  anySettings,
  anySubmission,
} from './samples.ts';

/** One run with two calls, and one of each thing that hangs on it. */
const anyChanges: fc.Arbitrary<Changes> = fc.record({
  runs: fc.tuple(anyRun(3)),
  bundles: fc.tuple(fc.record({ runId: fc.constant(3), bundle: anyBundle })),
  calls: fc.tuple(anyCall(3, 'a', 0), anyCall(3, 'b[1]', 1)),
  attempts: fc.tuple(anyAttempt(3, 'a', 1), anyAttempt(3, 'a', 2), anyAttempt(3, 'b[1]', 1)),
  submissions: fc.tuple(anySubmission(3, 'a.3.x'), anySubmission(3, 'b.3.y')),
  reads: fc.tuple(anyRead(3, 'r')),
  orphans: fc.tuple(anyOrphan(3, 'a.3.x')),
  settings: anySettings,
  events: fc.array(anyEvent(3), { maxLength: 3 }),
});

test('all that is committed is loaded again as it was', async () => {
  await fc.assert(
    fc.asyncProperty(anyChanges, async (changes) => {
      const store = createMemoryStore(MIGRATIONS);
      expect(await store.commit(changes)).toEqual({ kind: 'committed' });
      const loaded = await store.load();
      const [stored] = loaded.runs;
      expect(stored?.run).toStrictEqual(changes.runs[0]);
      expect(stored?.bundle).toStrictEqual(changes.bundles[0]?.bundle);
      expect(stored?.calls).toStrictEqual(changes.calls);
      expect(byKey(stored?.attempts)).toStrictEqual(byKey(changes.attempts));
      expect(byKey(stored?.submissions)).toStrictEqual(byKey(changes.submissions));
      expect(stored?.reads).toStrictEqual(changes.reads);
      expect(loaded.orphans).toStrictEqual(changes.orphans.filter((orphan) => orphan.goneAtMs === undefined));
      expect(loaded.settings).toStrictEqual({ ...changes.settings });
      await store.close();
    }),
    { numRuns: 150 },
  );
});

test('what replaces a row replaces it whole: nothing of the old one shines through', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyCall(3, 'a', 0),
      anyCall(3, 'a', 0),
      anyRun(3),
      anyRun(3),
      async (first, second, one, two) => {
        const store = createMemoryStore(MIGRATIONS);
        const empty = { attempts: [], submissions: [], reads: [], orphans: [], settings: {}, events: [] };
        const bundle = { language: 'native', fileName: 'f', source: '', files: {}, inputs: {} } as const;
        await store.commit({ ...empty, runs: [one], bundles: [{ runId: 3, bundle }], calls: [first] });
        await store.commit({ ...empty, runs: [two], bundles: [], calls: [second] });
        expect(await store.listCalls(3)).toStrictEqual([second]);
        expect((await store.findRun(3))?.run).toStrictEqual(two);
        await store.close();
      },
    ),
    { numRuns: 100 },
  );
});

test('events come back as they were, in the order they were committed', async () => {
  await fc.assert(
    fc.asyncProperty(anyRun(3), fc.array(anyEvent(3), { maxLength: 8 }), async (run, events) => {
      const store = createMemoryStore(MIGRATIONS);
      const bundles = [
        {
          runId: 3,
          bundle: { language: 'native', fileName: 'f', source: '', files: {}, inputs: {} } as const,
        },
      ];
      await store.commit({
        runs: [run],
        bundles,
        calls: [],
        attempts: [],
        submissions: [],
        reads: [],
        orphans: [],
        settings: {},
        events,
      });
      const found = await store.listEvents({ afterSeq: 0, limit: 100 });
      expect(found.map(({ seq: _, ...event }) => event)).toStrictEqual(events);
      await store.close();
    }),
    { numRuns: 50 },
  );
});

function byKey<T extends object>(rows: readonly T[] | undefined): T[] {
  return [...(rows ?? [])].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf(row: object): string {
  const { tag, call, number } = row as { tag?: string; call?: string; number?: number };
  return call === undefined ? String(tag) : `${call}#${number}`;
}
