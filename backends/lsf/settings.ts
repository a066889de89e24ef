/** What a site may say about its LSF. */
import type { BatchSettings } from '../batch-driver.ts';

export interface LsfSettings extends BatchSettings {
  /** Unit of `-M` and of `rusage[mem=…]`. Absent: as lsf.conf says. */
  readonly memoryUnit?: MemoryUnit;
  /** What `-M` limits (LSB_JOB_MEMLIMIT, LSB_MEMLIMIT_ENFORCE): a process counts as a job. */
  readonly memoryLimitPer: 'job' | 'slot';
  /** What `rusage[mem=…]` is reserved for (RESOURCE_RESERVE_PER_TASK). */
  readonly memoryReservedPer: 'host' | 'slot' | 'job';
  /** The resource that counts GPUs. Absent: none can be asked for. */
  readonly gpuResource?: string;
}

export const MEMORY_UNITS = ['KB', 'MB', 'GB', 'TB'] as const;
export type MemoryUnit = (typeof MEMORY_UNITS)[number];

export const DEFAULTS: LsfSettings = {
  settleMs: 60_000,
  commandTimeoutMs: 60_000,
  pollMs: 10_000,
  maxActive: 5_000,
  maxSubmitting: 4,
  env: {},
  memoryLimitPer: 'job',
  memoryReservedPer: 'host',
};
