/** Names, environment and quoting, on a real Grid Engine. */
import { rmSync } from 'node:fs';
import { createSge } from '../../backends/sge/sge.ts';
import { directoryFor, testUser } from '../contract/owners.ts';
import { describeQuoting } from './describe-quoting.ts';

describeQuoting('sge', async () => {
  const owner = testUser();
  const directory = directoryFor(owner);
  const close = async (): Promise<void> => rmSync(directory, { recursive: true });
  return { backend: createSge('cluster', {}), owner, directory, knowsNames: true, close };
});
