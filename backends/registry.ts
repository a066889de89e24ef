/**
 * Which adapter stands behind a kind of backend. The only place that knows them all.
 */
import { type AdapterBackendOptions, type Opened, openAdapter } from './adapter/open.ts';
import type { Backend } from './backend.ts';
import { createLocal, type LocalSettings } from './local/local.ts';
import { createLsf } from './lsf/lsf.ts';
import type { LsfSettings } from './lsf/settings.ts';
import type { SgeSettings } from './sge/settings.ts';
import { createSge } from './sge/sge.ts';
import { createSlurm, type SlurmSettings } from './slurm/slurm.ts';
import { createTemplate, type GivenSettings } from './template/template.ts';

/** What a site says about one backend. What it leaves out has a default in the adapter. */
export type SlurmOptions = { readonly kind: 'slurm' } & Partial<SlurmSettings>;
export type SgeOptions = { readonly kind: 'sge' } & Partial<SgeSettings>;
export type LsfOptions = { readonly kind: 'lsf' } & Partial<LsfSettings>;
export type LocalOptions = { readonly kind: 'local' } & Partial<LocalSettings>;
export type TemplateOptions = { readonly kind: 'template' } & GivenSettings;
export type BuiltInOptions = SlurmOptions | SgeOptions | LsfOptions | LocalOptions | TemplateOptions;
export type BackendOptions = BuiltInOptions | AdapterBackendOptions;

/** Whatever kind it is: of an adapter that is not ours, the module is loaded. Never throws. */
export async function openBackend(name: string, options: BackendOptions): Promise<Opened> {
  if (options.kind === 'adapter') return openAdapter(name, options);
  return { ok: true, backend: createBackend(name, options) };
}

export function createBackend(name: string, options: BuiltInOptions): Backend {
  switch (options.kind) {
    case 'slurm':
      return createSlurm(name, options);
    case 'sge':
      return createSge(name, options);
    case 'lsf':
      return createLsf(name, options);
    case 'local':
      return createLocal(name, options);
    case 'template':
      return createTemplate(name, options);
    default:
      return options satisfies never;
  }
}
