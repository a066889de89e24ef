/** `kind: lsf` in the configuration. */
import { z } from 'zod';
import type { LsfOptions } from '../../../backends/registry.ts';
import { batchKeys, commonOptions } from './batch-keys.ts';

export const lsfFile = z.strictObject({
  kind: z.literal('lsf').describe('LSF'),
  ...batchKeys({ poll: '5s', settle: '60s', commandTimeout: '1m', maxActive: 5000 }, 'LSF_ROOT'),
});

export function lsfOptions(file: z.output<typeof lsfFile>): LsfOptions {
  return { kind: 'lsf', ...commonOptions(file) };
}
