/** Commands are counted by purpose, and those of the last minute apart. */
import { expect, test } from 'vitest';
import { CommandMeter } from '../../backends/command-meter.ts';

test('counts by purpose and forgets what is older than a minute', () => {
  let nowMs = 0;
  const meter = new CommandMeter(() => nowMs);
  meter.count('submit');
  nowMs = 30_000;
  meter.count('observe');
  meter.count('observe');
  expect(meter.use()).toMatchObject({ total: { submit: 1, observe: 2, abort: 0 }, lastMinute: 3 });
  nowMs = 60_000;
  expect(meter.use().lastMinute).toBe(2);
  nowMs = 90_000;
  expect(meter.use()).toMatchObject({ total: { submit: 1, observe: 2 }, lastMinute: 0 });
});
