/**
 * Which adapter stands behind a kind of backend. The only place that knows them all.
 */
import type { Backend } from './backend.ts';
import { createLocal, type LocalSettings } from './local/local.ts';
import { createSlurm, type SlurmSettings } from './slurm/slurm.ts';

/** What a site says about one backend. What it leaves out has a default; what an adapter does not know it ignores. */
export interface BackendOptions extends Partial<SlurmSettings>, Partial<LocalSettings> {
  readonly kind: 'slurm' | 'local';
}

export function createBackend(name: string, options: BackendOptions): Backend {
  switch (options.kind) {
    case 'slurm':
      return createSlurm(name, options);
    case 'local':
      return createLocal(name, options);
    default:
      return options.kind satisfies never;
  }
}
