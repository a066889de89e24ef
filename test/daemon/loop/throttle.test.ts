/** SEMANTICS 6, exactly once, 2: a limit on queued jobs is a reason to wait, never to fail. */
import { expect, test } from 'vitest';
import { Throttle } from '../../../daemon/loop/throttle.ts';

test('a backend that says "later" is left alone, longer each time, up to a minute', () => {
  const throttle = new Throttle({ throttleMs: 10_000 });
  const waits: number[] = [];
  for (let now = 0; waits.length < 5; now += 100_000) {
    throttle.note('slurm', 'throttled', now);
    let until = now;
    while (throttle.isClosed('slurm', until)) until += 1_000;
    waits.push(until - now);
  }
  expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
  expect(throttle.isClosed('other', 0)).toBe(false);
});

test('it is asked with one submit at a time until one is accepted', () => {
  const throttle = new Throttle({ throttleMs: 10_000 });
  expect(throttle.isProbed('slurm')).toBe(false);
  throttle.note('slurm', 'throttled', 0);
  throttle.note('slurm', 'ambiguous', 20_000);
  expect(throttle.isProbed('slurm')).toBe(true);
  throttle.note('slurm', 'accepted', 30_000);
  expect(throttle.isProbed('slurm')).toBe(false);
  throttle.note('slurm', 'throttled', 40_000);
  expect(throttle.isClosed('slurm', 49_999)).toBe(true);
  expect(throttle.isClosed('slurm', 50_000)).toBe(false);
});

test('a job that has ended may have made room: it is asked at once', () => {
  const throttle = new Throttle({ throttleMs: 10_000 });
  throttle.note('slurm', 'throttled', 0);
  throttle.noteJobEnded('slurm', 1_000);
  expect(throttle.isClosed('slurm', 1_000)).toBe(false);
  expect(throttle.isProbed('slurm')).toBe(true);
});
