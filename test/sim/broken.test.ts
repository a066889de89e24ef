/** Every broken variant is caught, and soon: a suite that stays green on one of them is missing a check. */
import { expect, test } from 'vitest';
import { BROKEN_VARIANTS } from './broken.ts';
import { RULES } from './court.ts';
import { runSeed, seeds } from './run-seed.ts';

const SEEDS = 300;

test.each(BROKEN_VARIANTS)('caught: $name', { timeout: 300_000 }, async ({ breaks, options }) => {
  const rules = breaks.map((rule) => RULES[rule]);
  const met: string[] = [];
  for (const seed of seeds(1, SEEDS)) {
    const { accusation } = await runSeed(seed, options);
    if (accusation === undefined) continue;
    met.push(accusation);
    if (rules.some((rule) => accusation.startsWith(rule))) break;
  }
  expect(rules, `${SEEDS} seeds did not break it; they broke: ${met.join('; ') || 'nothing'}`).toContain(
    met.at(-1)?.split(': ')[0],
  );
});
