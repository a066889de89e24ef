/** The real SLURM under the tests, and how to make trouble for it. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cluster, ClusterDaemonUnderTest, command, type Job, withFrozen } from './cluster.ts';
import type { DaemonOptions } from './daemon-under-test.ts';

/** Tests run as root on the project's own test cluster; on somebody else's cluster they must not stop daemons. */
export const isOwnCluster = process.getuid?.() === 0 && controllerPid() !== undefined;

const cluster: Cluster = {
  backend: 'slurm',
  /** As squeue shows them by default: completing ones included. */
  async jobs() {
    const lines = await command('squeue', '--noheader', '--array', '--all', '--format=%i|%T|%j');
    return lines.split('\n').filter(Boolean).map(readJob);
  },
  end: (ids) => command('scancel', ...ids),
};

export class SlurmDaemonUnderTest extends ClusterDaemonUnderTest {
  constructor(options: DaemonOptions = {}) {
    super(cluster, options);
  }
}

/** slurmctld hangs while `work` goes on: it takes connections and answers nothing. */
export function withHungController<T>(work: () => Promise<T>): Promise<T> {
  return withFrozen(controllerPid(), work);
}

function readJob(line: string): Job {
  const [id = '', state = '', ...name] = line.split('|');
  return { id, state, name: name.join('|') };
}

function controllerPid(): number | undefined {
  const conf = process.env['SLURM_CONF'];
  if (conf === undefined) return undefined;
  try {
    return Number(readFileSync(join(dirname(dirname(conf)), 'run/slurm/slurmctld.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}
