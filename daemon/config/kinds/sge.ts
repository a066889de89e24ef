/** `kind: sge` in the configuration. */
import { z } from 'zod';
import type { SgeOptions } from '../../../backends/registry.ts';
import { batchKeys, commonOptions } from './batch-keys.ts';

export const sgeFile = z.strictObject({
  kind: z.literal('sge').describe('SGE'),
  ...batchKeys({ poll: '5s', settle: '60s', commandTimeout: '1m', maxActive: 5000 }, 'SGE_ROOT'),
});

export function sgeOptions(file: z.output<typeof sgeFile>): SgeOptions {
  return { kind: 'sge', ...commonOptions(file) };
}
