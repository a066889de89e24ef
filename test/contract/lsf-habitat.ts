/** The stand-in for LSF (test/lsf-stand-in) as a habitat. It is not LSF. */
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createLsf } from '../../backends/lsf/lsf.ts';
import { openStandIn, type StandIn, type StandInDialect } from '../lsf-stand-in/open.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor } from './owners.ts';
import { createSpoiler } from './spoiler.ts';

export const LSF_PROGRAMS = ['bsub', 'bjobs', 'bkill', 'bhist', 'lsid'] as const;

/** `settings`: of its lsf.conf. */
export async function openLsfStandIn(
  dialect: StandInDialect,
  settings: Readonly<Record<string, string>> = {},
): Promise<Habitat & { readonly standIn: StandIn }> {
  const standIn = openStandIn(dialect, settings);
  const { owner } = standIn;
  const directory = directoryFor(owner);
  const spoiler = createSpoiler(directory, LSF_PROGRAMS, `${standIn.bin}:${process.env['PATH']}`);
  const env = { PATH: spoiler.path, LSF_ENVDIR: standIn.directory, ...SITE_ENV };
  const again = (changes = {}): Backend => createLsf('cluster', { settleMs: 1_000, env, ...changes });
  return {
    standIn,
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
    costs: LSF_COSTS,
    spoiler,
    async close() {
      standIn.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** The listing; bjobs -l and bhist for what it leaves open of ends, bhist for what it has forgotten. */
export const LSF_COSTS: Habitat['costs'] = { observe: 3, account: 4, abort: 1 };
