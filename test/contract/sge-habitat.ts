/** A real Grid Engine as a habitat: as another user where we are root, else as ourselves. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { createSge } from '../../backends/sge/sge.ts';
import { type Habitat, SITE_ENV } from './habitat.ts';
import { directoryFor, testUser } from './owners.ts';
import { createSpoiler } from './spoiler.ts';
import { SGE_TRAITS } from './traits.ts';

export async function openSge(): Promise<Habitat> {
  const owner = testUser();
  const directory = directoryFor(owner);
  const spoiler = createSpoiler(directory, ['qsub', 'qstat', 'qacct', 'qdel', 'qmod', 'qconf']);
  const env = { PATH: spoiler.path, ...SITE_ENV };
  const again = (changes = {}): Backend => createSge('cluster', { settleMs: 1_000, env, ...changes });
  return {
    backend: again(),
    again,
    owner,
    directory,
    ...SGE_TRAITS,
    dropsLimits: true,
    spoiler,
    close: async () => rmSync(directory, { recursive: true }),
  };
}

export function sgeAnswers(): boolean {
  try {
    execFileSync('qconf', ['-sh'], { timeout: 20_000, stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
