/** The contract on a scheduler that is only described: task spooler, by the example for it. */
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createTemplate } from '../../backends/template/template.ts';
import { openSpooler, whyNoSpooler } from '../backends/template/spooler.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, testUser } from './owners.ts';
import { createSpoiler } from './spoiler.ts';

const SLOTS = 8;

const skip = whyNoSpooler();
describeBackend('task spooler (real)', open, skip === undefined ? {} : { skip });

async function open(): Promise<Habitat> {
  const owner = testUser();
  const directory = directoryFor(owner);
  const spoiler = createSpoiler(directory, ['tsp']);
  const spooler = openSpooler(owner, SLOTS);
  const siteEnv = { ...SITE_ENV, ...spooler.env };
  const env = { ...siteEnv, PATH: spoiler.path };
  const again = (changes = {}): Backend => createTemplate('spooler', { ...spooler.options, env, ...changes });
  return {
    backend: again(),
    again,
    owner,
    directory,
    siteEnv,
    impossible: { queue: 'any' },
    refused: 'nothing',
    waiting: { resources: { cpus: 1 }, behind: { cpus: SLOTS }, blocked: false },
    killed: 'Cancelled',
    forgetsUnstarted: true,
    dropsLimits: false,
    // A request to end begins with a listing.
    costs: { observe: 1, account: 0, abort: 2 },
    spoiler,
    async close() {
      spooler.close();
      rmSync(directory, { recursive: true });
    },
  };
}
