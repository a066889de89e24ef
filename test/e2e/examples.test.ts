/** Every example, as it is, through the built programs, on this machine. */
import { afterAll, beforeAll, test } from 'vitest';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { EXAMPLES } from './example-runs.ts';

const daemon = new DaemonUnderTest();
beforeAll(() => daemon.start());
afterAll(() => daemon.remove());

test.each(Object.entries(EXAMPLES))('%s on the local backend', (_name, run) => run(daemon, 'local'));
