/** The lease file of a state directory: on which host the user's daemon runs. Only read here. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

export interface DaemonTrace {
  readonly host: string;
  readonly pid: number;
  /** As the lease has it: with host and process it names one daemon. */
  readonly startedAt: string;
  /** Since it was last heard of, by our clock. */
  readonly silentMs: number;
  readonly isHere: boolean;
}

/** What the lease says, if somebody has refreshed it lately; a stale one is the trace of a daemon long gone. */
export function findDaemonTrace(stateDir: string, nowMs: number): DaemonTrace | undefined {
  const lease = readJson(join(stateDir, 'lease.json'));
  if (typeof lease !== 'object' || lease === null) return undefined;
  const { host, pid, startedAt, heartbeatAt, leaseMs } = lease as Record<string, unknown>;
  if (typeof host !== 'string' || typeof pid !== 'number') return undefined;
  const beatMs = typeof heartbeatAt === 'string' ? Date.parse(heartbeatAt) : Number(heartbeatAt);
  const freshMs = typeof leaseMs === 'number' ? leaseMs + CLOCKS_DIFFER_MS : FRESH_MS;
  if (!(nowMs - beatMs < freshMs)) return undefined;
  const silentMs = Math.max(0, nowMs - beatMs);
  return { host, pid, startedAt: String(startedAt), silentMs, isHere: host === hostname() };
}

/** Of a daemon that does not write how long its lease is. */
const FRESH_MS = 5 * 60_000;
/** Clocks of two hosts do not quite agree. The daemon itself, at its start, measures by the file server's. */
const CLOCKS_DIFFER_MS = 60_000;

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
