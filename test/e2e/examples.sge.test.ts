/** Every example, as it is, through the built programs, on a real Grid Engine. */
import { afterAll, beforeAll, test } from 'vitest';
import { EXAMPLES } from './example-runs.ts';
import { SgeDaemonUnderTest } from './sge-cluster.ts';

const daemon = new SgeDaemonUnderTest();
beforeAll(() => daemon.start());
afterAll(() => daemon.remove());

test.each(Object.entries(EXAMPLES))('%s on Grid Engine', (_name, run) => run(daemon, 'sge'));
