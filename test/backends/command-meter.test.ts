/** Commands are counted by purpose, and those of the last minute apart. */
import { expect, test } from 'vitest';
import { CommandMeter } from '../../backends/command-meter.ts';

test('counts by purpose and forgets what is older than a minute', () => {
  let nowMs = 0;
  const meter = new CommandMeter(() => nowMs);
  expect(meter.use()).not.toHaveProperty('lastAtMs');
  meter.count('submit');
  nowMs = 30_000;
  meter.count('observe');
  meter.count('observe');
  expect(meter.use()).toMatchObject({ total: { submit: 1, observe: 2, abort: 0 }, lastMinute: 3 });
  expect(Date.now() - (meter.use().lastAtMs ?? 0)).toBeLessThan(60_000);
  nowMs = 60_000;
  expect(meter.use().lastMinute).toBe(2);
  nowMs = 90_000;
  expect(meter.use()).toMatchObject({ total: { submit: 1, observe: 2 }, lastMinute: 0 });
});
