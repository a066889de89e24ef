/** The lease file of a state directory: on which host the user's daemon runs. Only read here. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

export interface DaemonTrace {
  readonly host: string;
  readonly pid: number;
  readonly isHere: boolean;
}

/** What the lease says, if somebody has refreshed it lately; a stale one is the trace of a daemon long gone. */
export function findDaemonTrace(stateDir: string, nowMs: number): DaemonTrace | undefined {
  const lease = readJson(join(stateDir, 'lease.json'));
  if (typeof lease !== 'object' || lease === null) return undefined;
  const { host, pid, heartbeatAt } = lease as Record<string, unknown>;
  if (typeof host !== 'string' || typeof pid !== 'number') return undefined;
  const beatMs = typeof heartbeatAt === 'string' ? Date.parse(heartbeatAt) : Number(heartbeatAt);
  if (!(nowMs - beatMs < FRESH_MS)) return undefined;
  return { host, pid, isHere: host === hostname() };
}

/** Longer than any heartbeat, and long enough for clocks of two hosts that do not quite agree. */
const FRESH_MS = 5 * 60_000;

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
