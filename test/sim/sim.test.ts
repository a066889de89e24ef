/**
 * Thousands of small worlds, each from a seed (SEMANTICS 2 to 6). A seed that breaks a rule prints its own
 * story; `WFD_SEED=123` runs that one alone and prints it whole. `WFD_TEST_LONG=1` runs 20,000 of them.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createMemoryStore as createSqliteStore } from '../../daemon/store/in-thread.ts';
import { report, runSeed, seeds } from './run-seed.ts';
import type { WorldEnd } from './world.ts';

const ONE_SEED = process.env['WFD_SEED'];
const IS_LONG = process.env['WFD_TEST_LONG'] === '1';
const FIRST_SEED = Number(process.env['WFD_FIRST_SEED'] ?? 1);
const CHUNKS = IS_LONG ? 80 : 10;
const SEEDS_PER_CHUNK = IS_LONG ? 250 : 50;
/** Generous: a machine that does other things at once must not fail the test. */
const CHUNK_TIMEOUT_MS = 600_000;

if (ONE_SEED !== undefined) {
  test(`seed ${ONE_SEED}`, { timeout: CHUNK_TIMEOUT_MS }, async () => {
    const end = await runSeed(Number(ONE_SEED));
    process.stdout.write(`${end.transcript.join('\n')}\n${JSON.stringify(end.stats)}\n`);
    expect(end.accusation).toBeUndefined();
  });
} else {
  describe('simulated clusters', () => {
    const chunks = seeds(0, CHUNKS).map((chunk) => FIRST_SEED + chunk * SEEDS_PER_CHUNK);
    test.each(chunks)(`${SEEDS_PER_CHUNK} seeds from %i`, { timeout: CHUNK_TIMEOUT_MS }, async (first) => {
      const broken: WorldEnd[] = [];
      for (const seed of seeds(first, SEEDS_PER_CHUNK)) {
        const end = await runSeed(seed);
        if (end.accusation !== undefined) broken.push(end);
      }
      const others = broken.slice(1).map((end) => `seed ${end.seed} too: ${end.accusation}`);
      expect(broken.length, [...broken.slice(0, 1).map((end) => report(end)), ...others].join('\n')).toBe(0);
    });
  });

  test('a seed tells the same story twice', { timeout: CHUNK_TIMEOUT_MS }, async () => {
    for (const seed of seeds(1, 5)) {
      const [once, again] = [await runSeed(seed), await runSeed(seed)];
      expect(again.transcript).toEqual(once.transcript);
    }
  });

  test('the real store changes nothing in the story', { timeout: CHUNK_TIMEOUT_MS }, async () => {
    const migrations = fileURLToPath(new URL('../../daemon/store/migrations', import.meta.url));
    for (const seed of seeds(1, 20)) {
      const [plain, sqlite] = [
        await runSeed(seed),
        await runSeed(seed, { createStore: () => createSqliteStore(migrations) }),
      ];
      expect(sqlite.transcript, `seed ${seed}`).toEqual(plain.transcript);
    }
  });

  test('the troubles really happen', { timeout: CHUNK_TIMEOUT_MS }, async () => {
    const story: string[] = [];
    for (const seed of seeds(1, 150)) story.push(...(await runSeed(seed)).transcript);
    const text = story.join('\n');
    for (const trouble of TROUBLES) expect(text, `nowhere in the first seeds: ${trouble}`).toMatch(trouble);
  });
}

/** What must be met in the first seeds, in the words of the transcript; else the simulation proves nothing. */
const TROUBLES = [
  /is killed after a commit, before it heard of it/,
  /→ ambiguous/,
  /→ throttled/,
  /→ rejected/,
  /listing lies \(empty\)/,
  /listing lies \(partial\)/,
  /claim: duplicate/,
  /claim: full/,
  /is requeued by the scheduler/,
  /\(no mark: quota\)/,
  /the wall clock jumps/,
  /abort run \d+ --force → ForceAborting/,
  /→ Aborting/,
  /cancelled by its owner/,
  /too late/,
  /goes back to be submitted again/,
];
