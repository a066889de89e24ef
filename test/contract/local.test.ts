/** The contract on processes of this machine. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createBackend } from '../../backends/registry.ts';
import { describeBackend } from './describe-backend.ts';
import type { Habitat } from './world.ts';

describeBackend('local', openLocal);

async function openLocal(): Promise<Habitat> {
  const { uid, gid, username, homedir, shell } = userInfo();
  const directory = mkdtempSync('/tmp/wf-contract-local-');
  chmodSync(directory, 0o755);
  return {
    backend: createBackend('here', {
      kind: 'local',
      stateDir: `${directory}/state`,
      cpus: 4,
      graceSeconds: 1,
    }),
    owner: { uid, gid, name: username, home: homedir, shell: shell ?? '/bin/sh' },
    directory,
    refused: { cpus: 1_000_000 },
    dropsLimits: false,
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
}
