/** Names, environment and quoting, on the stand-in for LSF (test/lsf-stand-in), in both dialects. It is not LSF. */
import { rmSync } from 'node:fs';
import { createLsf } from '../../backends/lsf/lsf.ts';
import { directoryFor } from '../contract/owners.ts';
import { openStandIn, type StandInDialect } from '../lsf-stand-in/open.ts';
import { describeQuoting } from './describe-quoting.ts';
import type { Habitat } from './seen-job.ts';

describeQuoting('lsf (stand-in, 10.1)', () => openLsf('10.1'));
describeQuoting('lsf (stand-in, open relative)', () => openLsf('relative'));

async function openLsf(dialect: StandInDialect): Promise<Habitat> {
  const standIn = openStandIn(dialect);
  const directory = directoryFor(standIn.owner);
  const env = { PATH: `${standIn.bin}:${process.env['PATH']}`, LSF_ENVDIR: standIn.directory };
  return {
    backend: createLsf('cluster', { env }),
    owner: standIn.owner,
    directory,
    knows: ['queue'],
    async close() {
      standIn.close();
      rmSync(directory, { recursive: true });
    },
  };
}
