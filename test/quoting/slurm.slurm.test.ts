/** Names, environment and quoting, on a real SLURM. */
import { rmSync } from 'node:fs';
import { createSlurm } from '../../backends/slurm/slurm.ts';
import { directoryFor, testUser } from '../contract/owners.ts';
import { describeQuoting } from './describe-quoting.ts';

describeQuoting('slurm', async () => {
  const owner = testUser();
  const directory = directoryFor(owner);
  const close = async (): Promise<void> => rmSync(directory, { recursive: true });
  return { backend: createSlurm('cluster', {}), owner, directory, knowsNames: true, close };
});
