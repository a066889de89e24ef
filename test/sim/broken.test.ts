/** Every broken variant is caught, and soon: a suite that stays green on one of them is missing a check. */
import { expect, test } from 'vitest';
import { BROKEN_VARIANTS } from './broken.ts';
import { runSeed, seeds } from './run-seed.ts';

const SEEDS = 400;

test.each(BROKEN_VARIANTS)('caught: $name', { timeout: 300_000 }, async ({ options }) => {
  let caught: string | undefined;
  for (const seed of seeds(1, SEEDS)) {
    caught = (await runSeed(seed, options)).accusation;
    if (caught !== undefined) break;
  }
  expect(caught, `no rule was broken in ${SEEDS} seeds`).toBeDefined();
});
