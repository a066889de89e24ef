/**
 * Who, beside root and ourselves, could change what a path leads to: by writing into the file, or by putting
 * another in its place anywhere on the way.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

const MAY_WRITE = 0o022;
const STICKY = 0o1000;
const LINKS_MAX = 40;

/** In words; `undefined`: nobody. An access list (acl(5)) that lets others write shows as a group that may. */
export function whoElseMayWrite(path: string, uid = process.geteuid?.() ?? 0): string | undefined {
  const steps = path.split('/').filter((step) => step !== '');
  let at = '/';
  let links = 0;
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const next = step === '..' ? dirname(at) : join(at, step);
    const found = lstatSync(next);
    const complaint = complaintAbout(next, found, uid);
    if (complaint !== undefined) return complaint;
    if (!found.isSymbolicLink()) {
      at = next;
      continue;
    }
    links += 1;
    if (links > LINKS_MAX) return `${next} leads in circles`;
    const target = readlinkSync(next);
    if (target.startsWith('/')) at = '/';
    steps.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
  }
  return undefined;
}

function complaintAbout(path: string, found: Stats, uid: number): string | undefined {
  if (found.uid !== 0 && found.uid !== uid) {
    return `${path} belongs to uid ${found.uid}, who could change it; it must belong to root or to the daemon's user`;
  }
  // The rights of a link are not asked by anybody; in a sticky directory nobody can replace what is ours.
  const isSafe = found.isSymbolicLink() || (found.isDirectory() && (found.mode & STICKY) !== 0);
  if (isSafe || (found.mode & MAY_WRITE) === 0) return undefined;
  return `others may write to ${path}; chmod go-w ${path}`;
}
