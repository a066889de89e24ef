/** Names, environment and quoting, on a real SLURM. */
import { rmSync } from 'node:fs';
import { test } from 'vitest';
import { createSlurm } from '../../backends/slurm/slurm.ts';
import { directoryFor, testUser } from '../contract/owners.ts';
import { SlurmDaemonUnderTest } from '../e2e/slurm-cluster.ts';
import { describeQuoting } from './describe-quoting.ts';
import { expectOddRun } from './odd-run.ts';

describeQuoting('slurm', async () => {
  const owner = testUser();
  const directory = directoryFor(owner);
  const close = async (): Promise<void> => rmSync(directory, { recursive: true });
  return { backend: createSlurm('cluster', {}), owner, directory, knows: ['queue', 'account'], close };
});

test('a run of odd names and values through the daemon', async () => {
  const daemon = new SlurmDaemonUnderTest();
  try {
    await expectOddRun(daemon, 'slurm');
  } finally {
    await daemon.remove();
  }
});
