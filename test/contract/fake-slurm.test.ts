/** The contract on SLURM's commands as programs of our own, where no SLURM is installed. */
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createSlurm } from '../../backends/slurm/slurm.ts';
import { openFakeCommands } from '../fake-commands/open.ts';
import { slurmFace } from '../fake-commands/slurm/slurm.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, ourselves } from './owners.ts';
import { createSpoiler } from './spoiler.ts';
import { SLURM_TRAITS } from './traits.ts';

describeBackend('slurm (fake commands)', openSlurm);

async function openSlurm(): Promise<Habitat> {
  const owner = ourselves();
  const directory = directoryFor(owner);
  const commands = await openFakeCommands(slurmFace, directory);
  const spoiler = createSpoiler(directory, commands.programs, commands.path);
  const env = { PATH: spoiler.path, ...SITE_ENV };
  const again = (changes = {}): Backend => createSlurm('cluster', { settleMs: 1_000, env, ...changes });
  return {
    backend: again(),
    again,
    owner,
    directory,
    ...SLURM_TRAITS,
    // They are started by this very process.
    dropsLimits: false,
    spoiler,
    async close() {
      await commands.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
