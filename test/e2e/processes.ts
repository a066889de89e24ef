/** Processes a test has left behind, or wants to end: found by what only they know. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export function endProcessesBelow(directory: string): void {
  for (const pid of processesBelow(directory)) endProcess(pid);
}

export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself meanwhile
  }
}

/** Those that work in it, or have it in their command line. */
export function processesBelow(directory: string): readonly number[] {
  const concerns = (pid: number): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory) ||
    readlinkSync(`/proc/${pid}/cwd`).startsWith(directory);
  return processesWhere(concerns);
}

/** Those with this supplementary group: Grid Engine gives one of its own to the processes of each job. */
export function processesInGroup(gid: number): readonly number[] {
  const groups = (pid: number): readonly string[] =>
    readFileSync(`/proc/${pid}/status`, 'utf8')
      .match(/^Groups:(.*)$/m)?.[1]
      ?.trim()
      .split(' ') ?? [];
  return processesWhere((pid) => groups(pid).includes(String(gid)));
}

function processesWhere(isSo: (pid: number) => boolean): readonly number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => {
    try {
      return pid !== process.pid && isSo(pid);
    } catch {
      return false; // gone, or not ours to see
    }
  });
}
