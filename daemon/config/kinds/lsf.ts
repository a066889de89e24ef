/** `kind: lsf` in the configuration. */
import { z } from 'zod';
import { MEMORY_UNITS } from '../../../backends/lsf/settings.ts';
import type { LsfOptions } from '../../../backends/registry.ts';
import { batchKeys, commonOptions } from './batch-keys.ts';

export const lsfFile = z.strictObject({
  kind: z
    .literal('lsf')
    .describe('LSF, through its own commands: IBM Spectrum LSF 10.1, or an open relative.'),
  ...batchKeys({ poll: '10s', settle: '60s', commandTimeout: '1m', maxActive: 5000 }, 'LSF_ENVDIR'),
  memoryUnit: z
    .enum(MEMORY_UNITS)
    .exactOptional()
    .describe(
      'Unit of `-M` and `rusage[mem=…]`. Absent: as LSF_UNIT_FOR_LIMITS in $LSF_ENVDIR/lsf.conf says, else KB for `-M` and MB for `rusage`.',
    ),
  memoryLimitPer: z
    .enum(['job', 'slot'])
    .exactOptional()
    .describe(
      'What `-M` limits on this site (LSB_JOB_MEMLIMIT); a limit for each process is `job`, too. Absent: job.',
    ),
  memoryReservedPer: z
    .enum(['host', 'slot', 'job'])
    .exactOptional()
    .describe('What `rusage[mem=…]` is reserved for on this site (RESOURCE_RESERVE_PER_TASK). Absent: host.'),
  gpuResource: z
    .string()
    .regex(/^\w+$/, 'must be the name of a resource')
    .exactOptional()
    .describe(
      'The resource that counts GPUs, asked for by `rusage`: `ngpus_physical`. Absent: jobs that want GPUs are refused.',
    ),
});

export function lsfOptions(file: z.output<typeof lsfFile>): LsfOptions {
  const { memoryUnit, memoryLimitPer, memoryReservedPer, gpuResource } = file;
  return {
    kind: 'lsf',
    ...commonOptions(file),
    ...(memoryUnit !== undefined && { memoryUnit }),
    ...(memoryLimitPer !== undefined && { memoryLimitPer }),
    ...(memoryReservedPer !== undefined && { memoryReservedPer }),
    ...(gpuResource !== undefined && { gpuResource }),
  };
}
