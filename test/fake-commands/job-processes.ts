/**
 * Plays the jobs of a fake cluster with real processes of this machine, as its own user. Each job is a group of
 * processes, and nothing of it is left when it ends, or when the cluster is closed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { AbortManner, Blocked, EndReport } from '../../backends/backend.ts';
import type { ClusterJob, JobPlayer } from '../sim/fake-job.ts';

/** How a scheduler starts the script of one job. */
export interface Launch {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly umask?: number;
  /** Where output goes; emptied first. */
  readonly log: string;
}

/** What is known of a job by whoever submitted it. */
interface Orders {
  /** What keeps it in the queue. */
  held(job: ClusterJob): Blocked | undefined;
  launch(job: ClusterJob): Launch;
}

/** From the polite signal to the last one. */
const GRACE_MS = 500;

export class JobProcesses implements JobPlayer {
  private readonly orders: Orders;
  private readonly groups = new Map<ClusterJob, Group>();

  constructor(orders: Orders) {
    this.orders = orders;
  }

  holds(job: ClusterJob): Blocked | undefined {
    return this.orders.held(job);
  }

  play(job: ClusterJob, ends: (report: EndReport) => void): void {
    const child = start(this.orders.launch(job));
    if (child === undefined) return ends({ kind: 'LaunchFailure', started: true });
    const group: Group = { child, cancelled: false };
    this.groups.set(job, group);
    child.on('error', () => ends({ kind: 'LaunchFailure', started: true }));
    child.on('exit', (code, signal) => {
      this.groups.delete(job);
      send(child, 'SIGKILL');
      ends(reportOf(group, code, signal));
    });
  }

  tell(job: ClusterJob, manner: AbortManner): boolean {
    const group = this.groups.get(job);
    if (group === undefined) return false;
    if (manner.kind === 'signal') {
      send(group.child, `SIG${manner.signal}` as NodeJS.Signals);
      return true;
    }
    group.cancelled = true;
    send(group.child, manner.kind === 'force' ? 'SIGKILL' : 'SIGTERM');
    setTimeout(() => this.groups.has(job) && send(group.child, 'SIGKILL'), GRACE_MS).unref();
    return true;
  }

  close(): void {
    for (const { child } of this.groups.values()) send(child, 'SIGKILL');
  }
}

interface Group {
  readonly child: ChildProcess;
  cancelled: boolean;
}

/** Nothing where its log cannot be opened: no scheduler starts a script then. */
function start({ command: [program, ...args], env, cwd, umask, log }: Launch): ChildProcess | undefined {
  const words =
    umask === undefined
      ? [program, ...args]
      : ['/bin/sh', '-c', 'umask "$0" && exec "$@"', `0${umask.toString(8)}`, program, ...args];
  const [first = program, ...rest] = words;
  try {
    const output = openSync(log, 'w');
    const child = spawn(first, rest, { env, cwd, detached: true, stdio: ['ignore', output, output] });
    closeSync(output);
    return child;
  } catch {
    return undefined;
  }
}

function reportOf({ cancelled }: Group, code: number | null, name: NodeJS.Signals | null): EndReport {
  if (cancelled) return { kind: 'Cancelled', started: true };
  if (name !== null) return { kind: 'Signaled', signal: constants.signals[name], started: true };
  if (code === 0) return { kind: 'Succeeded', exitCode: 0, started: true };
  return { kind: 'NonZeroExit', exitCode: code ?? 1, started: true };
}

/** The whole group, which may be gone. */
function send({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left to hear it.
  }
}
