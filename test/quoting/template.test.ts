/** Names, environment and quoting, on a scheduler that is only described: task spooler. */
import { rmSync } from 'node:fs';
import { describe } from 'vitest';
import { createTemplate } from '../../backends/template/template.ts';
import { openSpooler, whyNoSpooler } from '../backends/template/spooler.ts';
import { directoryFor, testUser } from '../contract/owners.ts';
import { describeQuoting } from './describe-quoting.ts';

const skip = whyNoSpooler();

describe.skipIf(skip !== undefined)(skip ?? 'described', () => {
  describeQuoting('task spooler', async () => {
    const owner = testUser();
    const directory = directoryFor(owner);
    const { options, env, close: end } = openSpooler(owner, 8);
    const backend = createTemplate('spooler', { ...options, env });
    const close = async (): Promise<void> => {
      end();
      rmSync(directory, { recursive: true });
    };
    return { backend, owner, directory, knowsNames: true, close };
  });
});
