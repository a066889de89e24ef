/** The contract on a scheduler that is only described: task spooler, by the example for it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { asOwner } from '../../backends/run-command.ts';
import { createTemplate } from '../../backends/template/template.ts';
import { exampleOptions } from '../backends/template/example.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, testUser } from './owners.ts';
import { createSpoiler } from './spoiler.ts';

const SLOTS = 8;

const isRequired = ` ${process.env['WFD_TEST_REQUIRED'] ?? ''} `.includes(' tsp ');

describeBackend(
  'task spooler (real)',
  openSpooler,
  isInstalled() || isRequired ? {} : { skip: 'there is no tsp on PATH; test/schedulers/tsp-up installs it' },
);

/** A queue of its own, whose server ends with the test. */
async function openSpooler(): Promise<Habitat> {
  const owner = testUser();
  const directory = directoryFor(owner);
  const spoiler = createSpoiler(directory, ['tsp']);
  const env = { ...SITE_ENV, TS_SOCKET: `${directory}/socket`, TMPDIR: directory };
  const options = exampleOptions('task-spooler');
  const again = (changes = {}): Backend =>
    createTemplate('spooler', { ...options, env: { ...env, PATH: spoiler.path }, ...changes });
  const tsp = (...options: readonly string[]): void => {
    const { program, args } = asOwner({ program: 'tsp', args: options }, owner, undefined);
    execFileSync(program, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  };
  tsp('-S', String(SLOTS));
  return {
    backend: again(),
    again,
    owner,
    directory,
    siteEnv: env,
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
      tsp('-K');
      rmSync(directory, { recursive: true });
    },
  };
}

function isInstalled(): boolean {
  return spawnSync('tsp', ['-V']).error === undefined;
}
