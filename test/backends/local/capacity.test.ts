import fc from 'fast-check';
import { expect, test } from 'vitest';
import { whatFits } from '../../../backends/local/capacity.ts';

const size = fc.record({ cpus: fc.nat(5), memoryMiB: fc.nat(50) });
const waiting = fc.array(
  fc.record({ cpus: fc.nat(9), memoryMiB: fc.nat(90), priority: fc.nat(2), submittedAtMs: fc.nat(9) }),
);
const machine = { cpus: 8, memoryMiB: 80 };
const job = (name: string, cpus: number, priority = 0, submittedAtMs = 0) => ({
  name,
  cpus,
  memoryMiB: 0,
  priority,
  submittedAtMs,
});

test('never more than the machine has', () => {
  fc.assert(
    fc.property(fc.array(size, { maxLength: 1 }), waiting, (taken, queue) => {
      const all = [...taken, ...whatFits(machine, taken, queue)];
      const cpus = all.reduce((sum, one) => sum + one.cpus, 0);
      const memoryMiB = all.reduce((sum, one) => sum + one.memoryMiB, 0);
      expect([cpus <= machine.cpus, memoryMiB <= machine.memoryMiB]).toEqual([true, true]);
    }),
  );
});

test('an idle machine always starts something that fits it at all', () => {
  fc.assert(
    fc.property(waiting, (queue) => {
      const possible = queue.some((one) => one.cpus <= machine.cpus && one.memoryMiB <= machine.memoryMiB);
      expect(whatFits(machine, [], queue).length > 0).toBe(possible);
    }),
  );
});

test.each([
  ['in the order of submitting', [job('b', 1, 0, 2), job('a', 1, 0, 1)], ['a', 'b']],
  ['by priority first', [job('low', 1, 0, 1), job('high', 1, 5, 2)], ['high', 'low']],
  [
    'a small job does not overtake a large one',
    [job('most', 7, 0, 1), job('large', 5, 0, 2), job('small', 1, 0, 3)],
    ['most'],
  ],
  ['what can never fit holds up nobody', [job('never', 9, 0, 1), job('small', 1, 0, 2)], ['small']],
])('%s', (_rule, queue, names) => {
  expect(whatFits(machine, [], queue).map((one) => one.name)).toEqual(names);
});
