/** Other users of the machine, as whom tests run programs where they are root. */
import { execFileSync } from 'node:child_process';

export function hasUser(name: string): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    return execFileSync('id', ['-u', name], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
  } catch {
    return false;
  }
}
