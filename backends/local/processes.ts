/**
 * Processes that can be recognised again: pid alone is not enough, because pids are used anew.
 *
 * Linux only. A process is named by its pid, its start time (field 22 of /proc/PID/stat, in ticks since the
 * boot; proc(5)) and the id of the boot, as `4711.8823.<boot id>`.
 */
import { readFile } from 'node:fs/promises';

export interface ProcessName {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

/** `otherBoot`: the machine has been started anew since, so the process is gone with all others. */
export type Standing = 'alive' | 'gone' | 'otherBoot';

export function parseProcessName(text: string): ProcessName | undefined {
  const [pid = '', startTicks = '', bootId = '', ...rest] = text.split('.');
  if (!/^[1-9]\d*$/.test(pid) || !/^\d+$/.test(startTicks) || bootId === '' || rest.length > 0)
    return undefined;
  return { pid: Number(pid), startTicks, bootId };
}

export async function standing(name: ProcessName): Promise<Standing> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  if (name.bootId !== bootId) return 'otherBoot';
  const { state, startTicks } = await processStat(name.pid);
  // A zombie has ended; only its parent has not asked yet.
  return startTicks === name.startTicks && state !== 'Z' && state !== 'X' ? 'alive' : 'gone';
}

/** True: sent. False: there is no such group any more. */
export function signalGroup(leader: ProcessName, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leader.pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** The name in parentheses may hold spaces and parentheses itself, so the fields count from the last one. */
async function processStat(pid: number): Promise<{ readonly state?: string; readonly startTicks?: string }> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { ...(fields[0] && { state: fields[0] }), ...(fields[19] && { startTicks: fields[19] }) };
  } catch {
    return {}; // no such process
  }
}
