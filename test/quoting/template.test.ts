/** Names, environment and quoting, on a scheduler that is only described: task spooler, by the example for it. */
import { rmSync } from 'node:fs';
import { createTemplate } from '../../backends/template/template.ts';
import { openSpooler, whyNoSpooler } from '../backends/template/spooler.ts';
import { directoryFor, testUser } from '../contract/owners.ts';
import { describeQuoting } from './describe-quoting.ts';
import type { Habitat } from './seen-job.ts';

describeQuoting('task spooler', openTaskSpooler, whyNoSpooler());

async function openTaskSpooler(): Promise<Habitat> {
  const owner = testUser();
  const directory = directoryFor(owner);
  const { options, env, close } = openSpooler(owner, 8);
  return {
    backend: createTemplate('spooler', { ...options, env }),
    owner,
    directory,
    knows: [],
    async close() {
      close();
      rmSync(directory, { recursive: true });
    },
  };
}
