/** The real SLURM under the tests: what it shows of our jobs, and how to make trouble for it. */
import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type DaemonOptions, DaemonUnderTest } from './daemon-under-test.ts';

const run = promisify(execFile);

/** Tests run as root on the project's own test cluster; on somebody else's cluster they must not stop daemons. */
export const isOwnCluster = process.getuid?.() === 0 && controllerPid() !== undefined;

/** Fewer jobs and kills in `npm test`, the full numbers with WFD_TEST_LONG=1. */
export const isLong = process.env['WFD_TEST_LONG'] === '1';

export interface Job {
  readonly id: string;
  readonly state: string;
  readonly name: string;
}

/** A daemon whose jobs in SLURM go away with it. */
export class SlurmDaemonUnderTest extends DaemonUnderTest {
  constructor(options: DaemonOptions = {}) {
    const { config = {} } = options;
    super({ ...options, config: { backend: 'slurm', ...config } });
  }

  /** As squeue shows them by default: those that have not ended, completing ones included. */
  async jobs(): Promise<readonly Job[]> {
    const lines = await slurm('squeue', '--noheader', '--array', '--all', '--format=%i|%T|%Z|%j');
    const fields = lines.split('\n').map((line) => line.split('|'));
    return fields.flatMap(([id = '', state = '', directory = '', name = '']) =>
      directory.startsWith(`${this.directory}/`) ? [{ id, state, name }] : [],
    );
  }

  override async remove(): Promise<void> {
    await this.stop('SIGKILL');
    try {
      const ids = (await this.jobs()).map(({ id }) => id);
      if (ids.length > 0) await slurm('scancel', ...ids);
    } finally {
      await super.remove();
    }
  }
}

export async function slurm(program: string, ...words: readonly string[]): Promise<string> {
  return (await run(program, words, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

/** slurmctld hangs while `work` goes on: it takes connections and answers nothing. */
export async function withHungController<T>(work: () => Promise<T>): Promise<T> {
  const pid = controllerPid();
  if (pid === undefined) throw new Error('this cluster is not ours: its controller is not stopped');
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

function controllerPid(): number | undefined {
  const conf = process.env['SLURM_CONF'];
  if (conf === undefined) return undefined;
  const file = join(dirname(dirname(conf)), 'run/slurm/slurmctld.pid');
  try {
    accessSync(file, constants.R_OK);
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
