/** What a site may say about its Grid Engine, as the adapter is told. */
import { expect, test } from 'vitest';
import { sgeFile, sgeOptions } from '../../daemon/config/kinds/sge.ts';

test('nothing need be said', () => {
  expect(sgeOptions(sgeFile.parse({ kind: 'sge' }))).toEqual({ kind: 'sge' });
});

test('everything that is said reaches the adapter', () => {
  const site = {
    pe: 'threads',
    ranksPe: 'openmpi',
    memoryResources: ['m_mem_free', 'h_vmem'],
    memoryPer: 'job',
    timeResource: 's_rt',
    gpuResource: 'gpu',
    gpuTypeResource: 'gpu_card',
    gpuPer: 'job',
    exclusiveResource: 'excl',
    verify: false,
    accounting: false,
    submitOptions: ['-P', 'project'],
  };
  const file = sgeFile.parse({ kind: 'sge', settle: '90s', env: { SGE_CELL: 'west' }, ...site });
  expect(sgeOptions(file)).toEqual({ kind: 'sge', settleMs: 90_000, env: { SGE_CELL: 'west' }, ...site });
});

test.each([{ pe: '-x' }, { timeResource: 'h_rt=1,x' }, { memoryResources: 'h_vmem' }, { memoryPer: 'host' }])(
  '%j is a mistake',
  (site) => {
    expect(sgeFile.safeParse({ kind: 'sge', ...site }).success).toBe(false);
  },
);
