/** `kind: local` in the configuration. */
import { z } from 'zod';
import type { LocalOptions } from '../../../backends/registry.ts';
import { count, memory } from '../quantities.ts';
import { commonKeys, commonOptions } from './batch-keys.ts';

export const localFile = z.strictObject({
  kind: z.literal('local').describe('Processes on this machine.'),
  ...commonKeys({ poll: '1s', settle: '2s', commandTimeout: '2s', maxActive: 1000 }),
  cpus: count('CPUs that its jobs share. Absent: those of the machine.').exactOptional(),
  memory: memory('Memory that its jobs share. Absent: that of the machine.').exactOptional(),
});

/** `stateDir`: records of local jobs belong to one daemon, so that two never see each other's jobs. */
export function localOptions(file: z.output<typeof localFile>, stateDir: string): LocalOptions {
  const { cpus, memory: memoryMiB } = file;
  return {
    kind: 'local',
    stateDir,
    ...commonOptions(file),
    ...(cpus !== undefined && { cpus }),
    ...(memoryMiB !== undefined && { memoryMiB }),
  };
}
