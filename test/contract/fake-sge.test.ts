/** The contract on Grid Engine's commands as programs of our own, where no Grid Engine is installed. */
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createSge } from '../../backends/sge/sge.ts';
import { openFakeCommands } from '../fake-commands/open.ts';
import { sgeFace } from '../fake-commands/sge/sge.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, ourselves } from './owners.ts';
import { createSpoiler } from './spoiler.ts';
import { SGE_TRAITS } from './traits.ts';

describeBackend('sge (fake commands)', openSge);

async function openSge(): Promise<Habitat> {
  const owner = ourselves();
  const directory = directoryFor(owner);
  const commands = await openFakeCommands(sgeFace, directory);
  const spoiler = createSpoiler(directory, commands.programs, commands.path);
  const env = { PATH: spoiler.path, ...SITE_ENV };
  const again = (changes = {}): Backend => createSge('cluster', { settleMs: 1_000, env, ...changes });
  return {
    backend: again(),
    again,
    owner,
    directory,
    ...SGE_TRAITS,
    // They are started by this very process.
    dropsLimits: false,
    spoiler,
    async close() {
      await commands.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
