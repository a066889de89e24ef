/** Sets up a stand-in for LSF (README.md) for a test, whose jobs belong to a test user where we are root. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Owner } from '../../backends/backend.ts';
import { ourselves, testUser } from '../contract/owners.ts';

export type StandInDialect = '10.1' | 'relative';

export interface StandIn {
  readonly owner: Owner;
  /** Its LSF_ENVDIR. */
  readonly directory: string;
  readonly bin: string;
  /** What the README says of a file `down`. */
  breakDown(how: 'mbatchd' | 'lim' | 'hang'): void;
  repair(): void;
  close(): void;
}

/** Like a real one it is not for root, but where there is no other user. */
export function openStandIn(
  dialect: StandInDialect,
  settings: Readonly<Record<string, string>> = {},
): StandIn {
  const owner = userForJobs();
  const forRoot = owner.uid === 0 ? { LSF_ROOT_USER: 'Y' } : {};
  const directory = execFileSync('mktemp', ['-d', '/tmp/wf-lsf-stand-in-XXXXXX'], {
    encoding: 'utf8',
  }).trim();
  const all = { STAND_IN_DIALECT: dialect, JOB_TERMINATE_INTERVAL: '2', ...forRoot, ...settings };
  const words = Object.entries(all).map(([key, value]) => `${key}=${value}`);
  execFileSync(program('up'), [directory, ...words]);
  return {
    owner,
    directory,
    bin: program('bin'),
    breakDown: (how) => writeFileSync(`${directory}/down`, how, { mode: 0o644 }),
    repair: () => rmSync(`${directory}/down`, { force: true }),
    close: () => void execFileSync(program('down'), [directory]),
  };
}

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function userForJobs(): Owner {
  try {
    return testUser();
  } catch {
    return ourselves();
  }
}
