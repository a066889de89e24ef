/** A real scheduler under the tests: which of a daemon's jobs it still has, and how to make trouble for it. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { type DaemonOptions, DaemonUnderTest } from './daemon-under-test.ts';

const run = promisify(execFile);

/** Fewer jobs and kills in `npm test`, the full numbers with WFD_TEST_LONG=1. */
export const isLong = process.env['WFD_TEST_LONG'] === '1';

export interface Job {
  readonly id: string;
  /** In the scheduler's own words. */
  readonly state: string;
  readonly name: string;
}

export interface Cluster {
  /** The kind of backend, and the name under which the daemon finds it by itself. */
  readonly backend: string;
  /** As whom a daemon runs where nothing else is asked for; absent: as whoever runs the tests. */
  readonly user?: string;
  /** Those of anybody that have not ended. */
  jobs(): Promise<readonly Job[]>;
  end(ids: readonly string[]): Promise<unknown>;
}

/** A daemon whose jobs go away with it. */
export class ClusterDaemonUnderTest extends DaemonUnderTest {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster, options: DaemonOptions = {}) {
    const { backend, user } = cluster;
    super({ ...(user && { user }), ...options, config: { backend, ...options.config } });
    this.cluster = cluster;
  }

  /** Those of this daemon that the scheduler still has. They are known by what the daemon wrote for them. */
  async jobs(): Promise<readonly Job[]> {
    const all = await this.cluster.jobs();
    const ours = this.tags();
    return all.filter(({ name }) => ours.has(name));
  }

  override async remove(): Promise<void> {
    await this.stop('SIGKILL');
    try {
      const ids = (await this.jobs()).map(({ id }) => id);
      if (ids.length > 0) await this.cluster.end(ids);
    } finally {
      await super.remove();
    }
  }

  /** A submission has a directory of its name before its submit command runs. */
  private tags(): ReadonlySet<string> {
    const runs = entries(this.place('wf-runs')).map((name) => this.place('wf-runs', name, '.wfd'));
    return new Set(runs.flatMap(entries));
  }
}

/** A command of the scheduler, as whoever runs the tests. */
export async function command(program: string, ...words: readonly string[]): Promise<string> {
  return (await run(program, words, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

/** A daemon of the scheduler hangs while `work` goes on: it takes connections and answers nothing. */
export async function withFrozen<T>(pid: number | undefined, work: () => Promise<T>): Promise<T> {
  if (pid === undefined) throw new Error('this cluster is not ours: its daemons are not stopped');
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

function entries(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // nothing was submitted yet
  }
}
