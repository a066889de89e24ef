/**
 * The jobs of a fake cluster as real processes of this machine, run as its own user. Each job is a group of
 * processes, and nothing of it is left when it ends, or when the cluster is closed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { AbortManner, EndReport } from '../../backends/backend.ts';
import type { ClusterJob } from '../sim/fake-job.ts';

/** How a scheduler starts the script of one job, and ends it. */
export interface Launch {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly umask?: number;
  /** Where output goes; emptied first. */
  readonly log: string;
  /** Sent some time before SIGKILL. Absent: nothing is. */
  readonly warning?: { readonly signal: NodeJS.Signals; readonly graceMs: number };
}

/** How a script ended. */
export interface Exit {
  /** False: its log could not be opened, and no scheduler starts a script then. */
  readonly launched: boolean;
  readonly code?: number;
  readonly signal?: number;
  /** It had been asked to. */
  readonly cancelled: boolean;
}

export class JobProcesses {
  private readonly groups = new Map<ClusterJob, Group>();

  run(job: ClusterJob, launch: Launch, over: (exit: Exit) => void): void {
    const child = start(launch);
    if (child === undefined) return over({ launched: false, cancelled: false });
    const group: Group = { child, launch, cancelled: false };
    this.groups.set(job, group);
    child.on('error', () => over({ launched: false, cancelled: false }));
    child.on('exit', (code, name) => {
      this.groups.delete(job);
      send(child, 'SIGKILL');
      const { cancelled } = group;
      const how = name === null ? { code: code ?? 0 } : { signal: constants.signals[name] };
      over({ launched: true, ...how, cancelled });
    });
  }

  /** False where the job has no processes. */
  tell(job: ClusterJob, manner: AbortManner): boolean {
    const group = this.groups.get(job);
    if (group === undefined) return false;
    const { child, launch } = group;
    if (manner.kind === 'signal') {
      send(child, `SIG${manner.signal}` as NodeJS.Signals);
      return true;
    }
    group.cancelled = true;
    const { warning } = launch;
    if (manner.kind === 'force' || warning === undefined) send(child, 'SIGKILL');
    else {
      send(child, warning.signal);
      setTimeout(() => this.groups.has(job) && send(child, 'SIGKILL'), warning.graceMs).unref();
    }
    return true;
  }

  /** It has been asked to end, and has not yet. */
  isEnding(job: ClusterJob): boolean {
    return this.groups.get(job)?.cancelled === true;
  }

  close(): void {
    for (const { child } of this.groups.values()) send(child, 'SIGKILL');
  }
}

export function reportOf({ launched, code, signal, cancelled }: Exit): EndReport {
  if (!launched) return { kind: 'LaunchFailure', started: true };
  if (cancelled) return { kind: 'Cancelled', started: true };
  if (signal !== undefined) return { kind: 'Signaled', signal, started: true };
  if (code === 0) return { kind: 'Succeeded', exitCode: 0, started: true };
  return { kind: 'NonZeroExit', exitCode: code ?? 1, started: true };
}

interface Group {
  readonly child: ChildProcess;
  readonly launch: Launch;
  cancelled: boolean;
}

function start({ command: [program, ...args], env, cwd, umask, log }: Launch): ChildProcess | undefined {
  const withUmask = ['/bin/sh', '-c', 'umask "$0" && exec "$@"', `0${(umask ?? 0).toString(8)}`];
  const [first = program, ...rest] = [...(umask === undefined ? [] : withUmask), program, ...args];
  try {
    const output = openSync(log, 'w');
    const child = spawn(first, rest, { env, cwd, detached: true, stdio: ['ignore', output, output] });
    closeSync(output);
    return child;
  } catch {
    return undefined;
  }
}

/** To the whole group, which may be gone. */
function send({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left to hear it.
  }
}
