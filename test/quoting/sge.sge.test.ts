/** Names, environment and quoting, on a real Grid Engine. */
import { rmSync } from 'node:fs';
import { test } from 'vitest';
import { createSge } from '../../backends/sge/sge.ts';
import { directoryFor, testUser } from '../contract/owners.ts';
import { SgeDaemonUnderTest } from '../e2e/sge-cluster.ts';
import { describeQuoting } from './describe-quoting.ts';
import { expectOddRun } from './odd-run.ts';

describeQuoting('sge', async () => {
  const owner = testUser();
  const directory = directoryFor(owner);
  const close = async (): Promise<void> => rmSync(directory, { recursive: true });
  return { backend: createSge('cluster', {}), owner, directory, knows: ['queue', 'account'], close };
});

test('a run of odd names and values through the daemon', async () => {
  const daemon = new SgeDaemonUnderTest();
  try {
    await expectOddRun(daemon, 'sge');
  } finally {
    await daemon.remove();
  }
});
