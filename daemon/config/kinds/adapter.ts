/** `kind: adapter` in the configuration. */
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { AdapterBackendOptions } from '../../../backends/adapter/open.ts';
import { batchKeys, commonOptions } from './batch-keys.ts';

const NO_MODULE = 'must be the path of a module, or the name of a package';
const OWN = "the adapter's own, or";

export const adapterFile = z.strictObject({
  kind: z
    .literal('adapter')
    .describe(
      'A scheduler that a module of the site knows: see [writing a backend](writing-a-backend.md). The module has all rights of the daemon; one that others could change is refused.',
    ),
  module: z
    .string({ error: NO_MODULE })
    .regex(/./, NO_MODULE)
    .describe(
      'Its path: absolute, or beginning with `~/`, or with `./` or `../` from the directory of this file. Else the name of a package, found as Node finds it from there.',
    ),
  options: z
    .record(z.string(), z.unknown())
    .prefault({})
    .describe('What the adapter itself wants to know; it says what may stand here.'),
  ...batchKeys(
    { poll: `${OWN} 5s`, settle: `${OWN} 60s`, commandTimeout: `${OWN} 1m`, maxActive: `${OWN} 5000` },
    'PATH',
  ),
});

/** `configFile`: where it all was written; relative paths are meant from there. */
export function adapterOptions(
  file: z.output<typeof adapterFile>,
  configFile: string,
  home: string,
): AdapterBackendOptions {
  const { module, options } = file;
  const from = dirname(resolve(configFile));
  return { kind: 'adapter', module: modulePath(module, from, home), from, options, ...commonOptions(file) };
}

function modulePath(written: string, from: string, home: string): string {
  if (written.startsWith('~/')) return join(home, written.slice(2));
  return /^\.\.?\//.test(written) ? join(from, written) : written;
}
