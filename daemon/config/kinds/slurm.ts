/** `kind: slurm` in the configuration. */
import { z } from 'zod';
import type { SlurmOptions } from '../../../backends/registry.ts';
import { batchKeys, commonOptions } from './batch-keys.ts';

export const slurmFile = z.strictObject({
  kind: z.literal('slurm').describe('SLURM, through its own commands.'),
  ...batchKeys({ poll: '5s', settle: '30s', commandTimeout: '1m', maxActive: 5000 }, 'SLURM_CONF'),
});

export function slurmOptions(file: z.output<typeof slurmFile>): SlurmOptions {
  return { kind: 'slurm', ...commonOptions(file) };
}
