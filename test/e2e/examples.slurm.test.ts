/** Every example, as it is, through the built programs, on a real SLURM. */
import { afterAll, beforeAll, test } from 'vitest';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { EXAMPLES } from './example-runs.ts';

const daemon = new DaemonUnderTest();
beforeAll(() => daemon.start());
afterAll(() => daemon.remove());

test.each(Object.entries(EXAMPLES))('%s on SLURM', (_name, run) => run(daemon, 'slurm'));
