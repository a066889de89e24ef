/** The unit of memory limits, as lsf.conf says it. */
import { expect, test } from 'vitest';
import type { Ask } from '../../../backends/batch-driver.ts';
import { UnitFinder, unitIn } from '../../../backends/lsf/memory-unit.ts';
import type { CommandResult } from '../../../backends/run-command.ts';
import { failed, outOfTime, printed } from './fixture.ts';

test.each([
  ['LSF_UNIT_FOR_LIMITS=MB', 'MB'],
  ['LSB_MAILTO=!U\n  LSF_UNIT_FOR_LIMITS = "gb"  # units\n', 'GB'],
  ['LSF_UNIT_FOR_LIMITS=M', 'MB'],
  ['#LSF_UNIT_FOR_LIMITS=MB', undefined],
  ['LSF_UNIT_FOR_LIMITS=EB', undefined],
  ['', undefined],
])('%j', (text, unit) => {
  expect(unitIn(text)).toBe(unit);
});

/** Answers one after the other, and notes what is read. */
function reader(...answers: CommandResult[]) {
  const read: string[] = [];
  const ask: Ask = async ({ program, args }) => {
    read.push([program, ...args].join(' '));
    return answers.shift() ?? failed('read once too often');
  };
  return { ask, read };
}

test('a file server that is away is asked again, and what has been read is remembered', async () => {
  const { ask, read } = reader(outOfTime(), printed('LSF_UNIT_FOR_LIMITS=MB\n'));
  const units = new UnitFinder({ LSF_ENVDIR: '/lsf/conf' });
  expect(await units.find(ask)).toBeUndefined();
  expect(await units.find(ask)).toBe('MB');
  expect(await units.find(ask)).toBe('MB');
  expect(read).toEqual(['cat /lsf/conf/lsf.conf', 'cat /lsf/conf/lsf.conf']);
});

test('that there is no such file is an answer', async () => {
  const { ask, read } = reader(failed('cat: /etc/lsf.conf: No such file or directory', 1));
  const units = new UnitFinder({});
  expect(await units.find(ask)).toBeUndefined();
  expect(await units.find(ask)).toBeUndefined();
  expect(read).toEqual(['cat /etc/lsf.conf']);
});
