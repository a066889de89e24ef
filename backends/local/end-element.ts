/** How a local job is asked to end, and how one that still waits is taken out of the queue. */
import { symlink, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { AbortManner } from '../backend.ts';
import { CANCELLED, elementState } from './element-state.ts';
import { signalGroup } from './processes.ts';

/** A job still waiting is taken away from every launcher by the link that only one can make. */
export async function endElement(
  directory: string,
  manner: AbortManner,
  graceSeconds: number,
): Promise<void> {
  if (manner.kind !== 'signal' && (await succeeds(symlink(CANCELLED, join(directory, 'launcher'))))) return;
  const state = await elementState(directory);
  if (state.kind !== 'running') return;
  if (manner.kind !== 'signal') await succeeds(writeFile(join(directory, 'killed'), '', { flag: 'wx' }));
  if (state.group !== undefined) signalGroup(state.group, signalFor(manner, state.killedAtMs, graceSeconds));
}

/** TERM first; KILL to what has not ended when we are asked again after its grace. */
function signalFor(
  manner: AbortManner,
  killedAtMs: number | undefined,
  graceSeconds: number,
): NodeJS.Signals {
  switch (manner.kind) {
    case 'force':
      return 'SIGKILL';
    case 'kill':
      return killedAtMs !== undefined && Date.now() - killedAtMs >= graceSeconds * 1000
        ? 'SIGKILL'
        : 'SIGTERM';
    case 'signal': {
      const name = `SIG${manner.signal}`;
      if (!isSignal(name)) throw new Error(`there is no signal ${manner.signal}; use a name such as USR1`);
      return name;
    }
  }
  return manner satisfies never;
}

function isSignal(name: string): name is NodeJS.Signals {
  return name in constants.signals;
}

/** False where the file was there already. */
async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
