/** What is true of a scheduler in every habitat, fake or real: said once, so that a fake cannot drift from the real one. */
import { type Habitat, SITE_ENV } from './habitat.ts';

export const SLURM_TRAITS = {
  siteEnv: SITE_ENV,
  impossible: { options: { slurm: ['--array=0-9'] } },
  refused: { queue: 'no-such-partition' },
  waiting: { resources: { options: { slurm: ['--hold'] } }, blocked: true },
  killed: 'Cancelled',
  forgetsUnstarted: false,
  // By ids, and by names for those without one.
  costs: { observe: 1, account: 2, abort: 1 },
} as const satisfies Partial<Habitat>;

export const SGE_TRAITS = {
  siteEnv: SITE_ENV,
  impossible: { qos: 'high' },
  // No queue has so many slots: refused by `-w e` only.
  refused: { cpus: 100_000 },
  waiting: { resources: { options: { sge: ['-h'] } }, blocked: true },
  // An exit code of 100 is an order to Grid Engine; the wrapper gives it for no task (sge_shepherd(8)).
  stuck: { script: '[ -e tried ] || { echo > tried; exit 100; }' },
  killed: 'Signaled',
  forgetsUnstarted: true,
  costs: { observe: 1, account: 1, abort: 1 },
} as const satisfies Partial<Habitat>;
