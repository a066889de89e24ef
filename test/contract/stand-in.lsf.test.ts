/** The contract on the stand-in for LSF (test/lsf-stand-in), in both dialects. It is not LSF. */
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createLsf } from '../../backends/lsf/lsf.ts';
import { openStandIn, type StandInDialect } from '../lsf-stand-in/open.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor } from './owners.ts';
import { createSpoiler } from './spoiler.ts';

describeBackend('lsf (stand-in, 10.1)', () => openLsf('10.1'));
describeBackend('lsf (stand-in, open relative)', () => openLsf('relative'));

async function openLsf(dialect: StandInDialect): Promise<Habitat> {
  const standIn = openStandIn(dialect);
  const { owner } = standIn;
  const directory = directoryFor(owner);
  const programs = ['bsub', 'bjobs', 'bkill', 'bhist', 'lsid'];
  const spoiler = createSpoiler(directory, programs, `${standIn.bin}:${process.env['PATH']}`);
  const env = { PATH: spoiler.path, LSF_ENVDIR: standIn.directory, ...SITE_ENV };
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
    ...(dialect === 'relative' && { succeeded: 'Unknown' }),
    killed: 'Cancelled',
    forgetsUnstarted: false,
    dropsLimits: true,
    // The listing; bjobs -l and bhist for what it leaves open of ends, bhist for what it has forgotten.
    costs: { observe: 3, account: 4, abort: 1 },
    spoiler,
    async close() {
      standIn.close();
      rmSync(directory, { recursive: true });
    },
  };
}
