/** Names, environment and quoting, on processes of this machine. */
import { rmSync } from 'node:fs';
import { test } from 'vitest';
import { createBackend } from '../../backends/registry.ts';
import { directoryFor, ourselves } from '../contract/owners.ts';
import { DaemonUnderTest } from '../e2e/daemon-under-test.ts';
import { describeQuoting } from './describe-quoting.ts';
import { expectOddRun } from './odd-run.ts';
import type { Habitat } from './seen-job.ts';

describeQuoting('local', openLocal);

async function openLocal(): Promise<Habitat> {
  const owner = ourselves();
  const directory = directoryFor(owner);
  return {
    backend: createBackend('here', { kind: 'local', stateDir: `${directory}/state`, cpus: 8 }),
    owner,
    directory,
    knows: [],
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

test('a run of odd names and values through the daemon', async () => {
  const daemon = new DaemonUnderTest();
  try {
    await expectOddRun(daemon, 'local');
  } finally {
    await daemon.remove();
  }
});
