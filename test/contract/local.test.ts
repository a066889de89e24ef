/** The contract on processes of this machine. */
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createBackend } from '../../backends/registry.ts';
import { describeBackend } from './describe-backend.ts';
import type { Habitat } from './habitat.ts';
import { directoryFor, ourselves } from './owners.ts';

describeBackend('local', openLocal);

async function openLocal(): Promise<Habitat> {
  const owner = ourselves();
  const directory = directoryFor(owner);
  const stateDir = `${directory}/state`;
  const again = (): Backend => createBackend('here', { kind: 'local', stateDir, cpus: 4, graceSeconds: 1 });
  return {
    backend: again(),
    again,
    owner,
    directory,
    siteEnv: {},
    impossible: { cpus: 1_000_000 },
    refused: 'nothing',
    waiting: { resources: { cpus: 4 }, behind: { cpus: 1 }, blocked: false },
    killed: 'Cancelled',
    forgetsUnstarted: false,
    dropsLimits: false,
    costs: { observe: 0, account: 0, abort: 0 },
    spoiler: 'runs no commands',
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
}
