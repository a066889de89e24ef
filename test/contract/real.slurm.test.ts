/** The contract on a real SLURM: as another user where we are root, else as ourselves. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Owner } from '../../backends/backend.ts';
import { createSlurm } from '../../backends/slurm/slurm.ts';
import { describeBackend } from './describe-backend.ts';
import type { Habitat } from './world.ts';

/** The user that test/schedulers/slurm-up makes. */
const TEST_USER = 'wfalice';

describeBackend(
  'slurm (real)',
  openSlurm,
  answers() ? {} : { skip: 'sbatch or its controller does not answer' },
);

async function openSlurm(): Promise<Habitat> {
  const owner = someOwner();
  const directory = mkdtempSync('/tmp/wf-contract-');
  chmodSync(directory, 0o755);
  if (process.geteuid?.() === 0) chownSync(directory, owner.uid, owner.gid);
  return {
    backend: createSlurm('cluster', { settleMs: 1_000 }),
    owner,
    directory: join(directory),
    refused: { queue: 'no-such-partition' },
    held: { options: { slurm: ['--hold'] } },
    dropsLimits: true,
    close: async () => rmSync(directory, { recursive: true }),
  };
}

function answers(): boolean {
  try {
    return / is UP/.test(
      execFileSync('scontrol', ['ping'], { encoding: 'utf8', timeout: 20_000, stdio: 'pipe' }),
    );
  } catch {
    return false;
  }
}

function someOwner(): Owner {
  if (process.geteuid?.() !== 0) {
    const { uid, gid, username, homedir, shell } = userInfo();
    return { uid, gid, name: username, home: homedir, shell: shell ?? '/bin/sh' };
  }
  const line = execFileSync('getent', ['passwd', TEST_USER], { encoding: 'utf8' }).trim();
  const [name = '', , uid, gid, , home = '/', shell = '/bin/sh'] = line.split(':');
  return { uid: Number(uid), gid: Number(gid), name, home, shell };
}
