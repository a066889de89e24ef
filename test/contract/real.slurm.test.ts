/** The contract on a real SLURM: as another user where we are root, else as ourselves. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createSlurm } from '../../backends/slurm/slurm.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, testUser } from './owners.ts';
import { createSpoiler } from './spoiler.ts';
import { SLURM_TRAITS } from './traits.ts';

describeBackend(
  'slurm (real)',
  openSlurm,
  answers() ? {} : { skip: 'sbatch or its controller does not answer' },
);

async function openSlurm(): Promise<Habitat> {
  const owner = testUser();
  const directory = directoryFor(owner);
  const spoiler = createSpoiler(directory, ['sbatch', 'squeue', 'sacct', 'scancel', 'scontrol']);
  const env = { PATH: spoiler.path, ...SITE_ENV };
  const again = (changes = {}): Backend => createSlurm('cluster', { settleMs: 1_000, env, ...changes });
  return {
    backend: again(),
    again,
    owner,
    directory,
    ...SLURM_TRAITS,
    dropsLimits: true,
    spoiler,
    close: async () => rmSync(directory, { recursive: true }),
  };
}

function answers(): boolean {
  try {
    return / is UP/.test(
      execFileSync('scontrol', ['ping'], { encoding: 'utf8', timeout: 20_000, stdio: 'pipe' }),
    );
  } catch {
    return false;
  }
}
