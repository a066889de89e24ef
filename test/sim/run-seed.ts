/** How tests run a seed: the real loop, the real language, the memory store unless told otherwise. */
import { createLoop } from '../../daemon/loop.ts';
import { openNative } from '../../daemon/workflow/native/open.ts';
import { createMemoryStore } from './memory-store.ts';
import { simulate, type WorldEnd, type WorldOptions } from './world.ts';

export function runSeed(
  seed: number,
  options: Partial<Pick<WorldOptions, 'breakage' | 'createStore'>> = {},
): Promise<WorldEnd> {
  return simulate({ seed, createLoop, open: openNative, createStore: createMemoryStore, ...options });
}

/** The numbers from `first`, `count` of them. */
export function seeds(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** What a person needs who sees a seed fail. */
export function report(end: WorldEnd, lines = 60): string {
  return [
    `seed ${end.seed} breaks a rule: ${end.accusation}`,
    `  WFD_SEED=${end.seed} npx vitest run test/sim/sim.test.ts    shows all of it`,
    `the last ${lines} of ${end.transcript.length} lines:`,
    ...end.transcript.slice(-lines),
  ].join('\n');
}
