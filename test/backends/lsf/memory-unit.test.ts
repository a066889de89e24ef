/** The unit of memory limits, as lsf.conf says it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UnitFinder, unitIn } from '../../../backends/lsf/memory-unit.ts';

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

test('it is asked for again until the file can be read, and then remembered', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wf-lsf-'));
  const units = new UnitFinder({ LSF_ENVDIR: directory });
  expect(await units.find()).toBeUndefined();
  writeFileSync(join(directory, 'lsf.conf'), 'LSF_UNIT_FOR_LIMITS=MB\n');
  expect(await units.find()).toBe('MB');
  rmSync(directory, { recursive: true });
  expect(await units.find()).toBe('MB');
});
