/** What a site says about its Grid Engine: every site names its resources and parallel environments itself. */
import type { BatchSettings } from '../batch-driver.ts';

/** Does the scheduler multiply a request by the job's slots? (complex(5), `consumable` YES or JOB.) */
export type Per = 'slot' | 'job';

export interface SgeSettings extends BatchSettings {
  /** The parallel environment whose slots all lie on one host. */
  readonly pe: string;
  /** The one for tasks with ranks, whose slots may lie on several hosts. */
  readonly ranksPe: string;
  /** Every one of them is asked for the task's memory. */
  readonly memoryResources: readonly string[];
  readonly memoryPer: Per;
  readonly timeResource: string;
  readonly gpuResource?: string;
  readonly gpuTypeResource?: string;
  readonly gpuPer: Per;
  readonly exclusiveResource?: string;
  /** `-w e`: the scheduler refuses what no queue could ever run. */
  readonly verify: boolean;
  /** Ask qacct about ended jobs. */
  readonly accounting: boolean;
  /** Words for every qsub, before those of the task. */
  readonly submitOptions: readonly string[];
}

export const DEFAULTS: Omit<SgeSettings, 'ranksPe'> = {
  settleMs: 60_000,
  commandTimeoutMs: 60_000,
  pollMs: 5_000,
  maxActive: 5_000,
  maxSubmitting: 4,
  env: {},
  pe: 'smp',
  memoryResources: ['h_vmem'],
  memoryPer: 'slot',
  timeResource: 'h_rt',
  gpuPer: 'slot',
  verify: true,
  accounting: true,
  submitOptions: [],
};
