/** A task spooler of a test's own: the example that describes it, and a server that ends with the test. */
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Owner } from '../../../backends/backend.ts';
import type { TemplateOptions } from '../../../backends/registry.ts';
import { asOwner } from '../../../backends/run-command.ts';
import { directoryFor } from '../../contract/owners.ts';
import { exampleOptions } from './example.ts';

/** Why there can be none here; `.ci/run` asks that there is one. */
export function whyNoSpooler(): string | undefined {
  const isRequired = ` ${process.env['WFD_TEST_REQUIRED'] ?? ''} `.includes(' tsp ');
  if (isRequired || spawnSync('tsp', ['-V']).error === undefined) return undefined;
  return 'there is no tsp on PATH; test/schedulers/tsp-up installs it';
}

export interface Spooler {
  readonly options: TemplateOptions;
  /** By which tsp finds its server. */
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

/** Socket and files lie in a directory of its own, which goes with it. */
export function openSpooler(owner: Owner, slots: number): Spooler {
  const directory = directoryFor(owner);
  const env = { TS_SOCKET: `${directory}/socket`, TMPDIR: directory };
  const tsp = (...options: readonly string[]): void => {
    const { program, args } = asOwner({ program: 'tsp', args: options }, owner, undefined);
    execFileSync(program, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  };
  tsp('-S', String(slots));
  const close = (): void => {
    tsp('-K');
    rmSync(directory, { recursive: true });
  };
  return { options: exampleOptions('task-spooler'), env, close };
}
