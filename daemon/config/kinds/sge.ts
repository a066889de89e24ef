/** `kind: sge` in the configuration. */
import { z } from 'zod';
import type { SgeOptions } from '../../../backends/registry.ts';
import { batchKeys, commonOptions } from './batch-keys.ts';

export const sgeFile = z.strictObject({
  kind: z
    .literal('sge')
    .describe(
      'Grid Engine (Son of Grid Engine, Univa, Altair, Open Cluster Scheduler), through its own commands. Sites name their resources and parallel environments themselves: `qconf -sc` and `qconf -spl` list them. A task with `abort: {signal, grace}` is warned by -notify, and killed after the `notify` time of its queue, whatever grace it asks for.',
    ),
  ...batchKeys({ poll: '5s', settle: '60s', commandTimeout: '1m', maxActive: 5000 }, 'SGE_ROOT'),
  pe: name('Parallel environment for tasks with several cpus; its slots must lie on one host. Absent: smp.'),
  ranksPe: name(
    'Parallel environment for tasks with ranks, whose slots may lie on several hosts. Absent: `pe`.',
  ),
  memoryResources: z
    .array(resource())
    .exactOptional()
    .describe(
      'Resources by which memory is asked for, each with all of it; none: it is not. Absent: [h_vmem].',
    ),
  memoryPer: per('Does the scheduler multiply them by the slots of a job (consumable YES)? Absent: slot.'),
  timeResource: name('Resource by which a time limit is asked for. Absent: h_rt.'),
  gpuResource: name('Resource that counts GPUs. Absent: tasks with gpus are refused.'),
  gpuTypeResource: name(
    'Resource by which a type of GPU is chosen. Absent: tasks that name one are refused.',
  ),
  gpuPer: per('As `memoryPer`, for GPUs. Absent: slot.'),
  exclusiveResource: name(
    'Resource that gives a job its hosts alone. Absent: tasks with exclusive are refused.',
  ),
  verify: z
    .boolean()
    .exactOptional()
    .describe(
      'Refuse a job that no queue could ever run (-w e), which would wait for ever. `false` where resources are mere load values, of which that check knows nothing. Absent: true.',
    ),
  accounting: z
    .boolean()
    .exactOptional()
    .describe(
      'Ask qacct how jobs ended. `false` where its file is too large, or cannot be read: then time limits and memory are not told from other kills. Absent: true.',
    ),
  submitOptions: z
    .array(z.string())
    .exactOptional()
    .describe(
      'Words for every qsub, such as [-P, project]: sge_request files, of the site too, are not read. Those of a task come later.',
    ),
});

function resource() {
  return z.string().regex(/^[A-Za-z_][\w.-]*$/, 'must be a name of letters, digits, _ . and -');
}

function name(description: string) {
  return resource().exactOptional().describe(description);
}

function per(description: string) {
  return z.enum(['slot', 'job']).exactOptional().describe(description);
}

export function sgeOptions(file: z.output<typeof sgeFile>): SgeOptions {
  const { kind, poll, settle, commandTimeout, maxActive, maxSubmitting, env, ...site } = file;
  return { kind, ...commonOptions(file), ...site };
}
