/** The contract on a real LSF, or an open relative: as another user where we are root, else as ourselves. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createLsf } from '../../backends/lsf/lsf.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { LSF_COSTS, LSF_PROGRAMS } from './lsf-habitat.ts';
import { directoryFor, testUser } from './owners.ts';
import { createSpoiler } from './spoiler.ts';

const version = versionOf();
const isRelative = !version.includes('LSF');

describeBackend('lsf (real)', openLsf, version === '' ? { skip: 'lsid does not answer' } : {});

async function openLsf(): Promise<Habitat> {
  const owner = testUser();
  const directory = directoryFor(owner);
  const spoiler = createSpoiler(directory, LSF_PROGRAMS);
  const env = { PATH: spoiler.path, ...SITE_ENV };
  const again = (changes = {}): Backend => createLsf('cluster', { settleMs: 1_000, env, ...changes });
  return {
    backend: again(),
    again,
    owner,
    directory,
    siteEnv: SITE_ENV,
    impossible: { options: { lsf: ['-Jname'] } },
    refused: { queue: 'no-such-queue' },
    waiting: { resources: { options: { lsf: ['-H'] } }, blocked: true },
    ...(isRelative && { succeeded: 'Unknown' }),
    killed: 'Cancelled',
    forgetsUnstarted: false,
    dropsLimits: true,
    costs: LSF_COSTS,
    spoiler,
    close: async () => rmSync(directory, { recursive: true }),
  };
}

function versionOf(): string {
  try {
    return execFileSync('lsid', { encoding: 'utf8', timeout: 20_000, stdio: 'pipe' });
  } catch {
    return '';
  }
}
