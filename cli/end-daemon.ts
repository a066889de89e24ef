/** Ends a daemon of this host by its process id, and waits until it has gone. Jobs go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from './cli-error.ts';

/** Not asked through its socket: where systemd holds that, asking would start the next one. */
export async function endDaemon(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    throw new CliError(
      'NOT_ALLOWED',
      `the daemon (pid ${pid}) cannot be stopped: ${error instanceof Error ? error.message : error}`,
    );
  }
  while (isThere(pid)) await sleep(100);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // gone, or somebody else's by now
  }
}
