/** Processes a test has left behind, found by the directory that only they know. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export function endProcessesBelow(directory: string): void {
  for (const pid of processesBelow(directory)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended by itself meanwhile
    }
  }
}

/** Those that work in it, or have it in their command line. */
export function processesBelow(directory: string): readonly number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => pid !== process.pid && concerns(pid, directory));
}

function concerns(pid: number, directory: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return words.includes(directory) || readlinkSync(`/proc/${pid}/cwd`).startsWith(directory);
  } catch {
    return false; // gone, or not ours to see
  }
}
