/** Whose jobs the suite submits: those of a test user where we are root, else our own. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Owner } from '../../backends/backend.ts';

export function ourselves(): Owner {
  const { uid, gid, username, homedir, shell } = userInfo();
  return { uid, gid, name: username, home: homedir, shell: shell ?? '/bin/sh' };
}

/** Real schedulers refuse root's jobs. The user is made by the scripts of test/schedulers. */
export function testUser(name = 'wfalice'): Owner {
  if (process.geteuid?.() !== 0) return ourselves();
  const line = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).trim();
  const [, , uid, gid, , home = '/', shell = '/bin/sh'] = line.split(':');
  return { uid: Number(uid), gid: Number(gid), name, home, shell };
}

/** A new directory where the owner's jobs can live. */
export function directoryFor(owner: Owner, parent = '/tmp'): string {
  const directory = mkdtempSync(`${parent}/wf-contract-`);
  chmodSync(directory, 0o755);
  if (process.geteuid?.() === 0) chownSync(directory, owner.uid, owner.gid);
  return directory;
}
