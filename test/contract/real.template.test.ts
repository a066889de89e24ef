/** The contract on a scheduler that is only described: task spooler, by the example for it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createTemplate } from '../../backends/template/template.ts';
import { exampleOptions } from '../backends/template/example.ts';
import { describeBackend } from './describe-backend.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, testUser } from './owners.ts';
import { createSpoiler } from './spoiler.ts';

const SLOTS = 8;

describeBackend('task spooler (real)', openSpooler, isInstalled() ? {} : { skip: 'there is no tsp on PATH' });

/** A queue of its own, whose server ends with the test. */
async function openSpooler(): Promise<Habitat> {
  const owner = testUser();
  const directory = directoryFor(owner);
  const spoiler = createSpoiler(directory, ['tsp']);
  const env = { ...SITE_ENV, TS_SOCKET: `${directory}/socket`, TMPDIR: directory };
  const options = exampleOptions('task-spooler');
  const again = (changes = {}): Backend =>
    createTemplate('spooler', { ...options, env: { ...env, PATH: spoiler.path }, ...changes });
  const tsp = (...args: readonly string[]): string =>
    execFileSync(
      'setpriv',
      ['--reuid', `${owner.uid}`, '--regid', `${owner.gid}`, '--init-groups', 'tsp', ...args],
      {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      },
    );
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
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      return readFileSync(`${folder}/tsp`).length > 0;
    } catch {
      return false;
    }
  });
}
