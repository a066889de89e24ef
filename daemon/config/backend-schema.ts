/** One entry below `backends`: which adapter, and its keys. A new kind is one more file in kinds/ and a line here. */
import { join } from 'node:path';
import { z } from 'zod';
import type { BackendOptions } from '../../backends/registry.ts';
import { adapterFile, adapterOptions } from './kinds/adapter.ts';
import { localFile, localOptions } from './kinds/local.ts';
import { lsfFile, lsfOptions } from './kinds/lsf.ts';
import { sgeFile, sgeOptions } from './kinds/sge.ts';
import { slurmFile, slurmOptions } from './kinds/slurm.ts';
import { templateFile, templateOptions } from './kinds/template.ts';

export const backendFile = z.discriminatedUnion('kind', [
  slurmFile,
  sgeFile,
  lsfFile,
  localFile,
  templateFile,
  adapterFile,
]);
export type BackendFile = z.output<typeof backendFile>;

/** Where what is written in an entry is meant from. */
export interface Places {
  readonly stateDir: string;
  readonly configFile: string;
  readonly home: string;
}

/** As the adapter is told. */
export function backendOptions(name: string, file: BackendFile, places: Places): BackendOptions {
  switch (file.kind) {
    case 'slurm':
      return slurmOptions(file);
    case 'sge':
      return sgeOptions(file);
    case 'lsf':
      return lsfOptions(file);
    case 'local':
      return localOptions(file, join(places.stateDir, name));
    case 'template':
      return templateOptions(file);
    case 'adapter':
      return adapterOptions(file, places.configFile, places.home);
    default:
      return file satisfies never;
  }
}
