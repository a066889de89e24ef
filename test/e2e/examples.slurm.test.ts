/** Every example, as it is, through the built programs, on a real SLURM. */
import { afterAll, beforeAll, test } from 'vitest';
import { EXAMPLES } from './example-runs.ts';
import { SlurmDaemonUnderTest } from './slurm-cluster.ts';

const daemon = new SlurmDaemonUnderTest();
beforeAll(() => daemon.start());
afterAll(() => daemon.remove());

test.each(Object.entries(EXAMPLES))('%s on SLURM', (_name, run) => run(daemon, 'slurm'));
