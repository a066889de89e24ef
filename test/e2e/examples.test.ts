/** Every example, as it is, through the built programs: on this machine, and on a stand-in for LSF. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openStandIn, type StandIn } from '../lsf-stand-in/open.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { EXAMPLES } from './example-runs.ts';
import { daemonOnStandIn } from './stand-in.ts';

describe('on the local backend', () => {
  const daemon = new DaemonUnderTest();
  beforeAll(() => daemon.start());
  afterAll(() => daemon.remove());

  test.each(Object.entries(EXAMPLES))('%s', (_name, run) => run(daemon, 'local'));
});

// It is not LSF, which nobody can install here: see test/lsf-stand-in/README.md.
describe.each(['10.1', 'relative'] as const)('on a stand-in for LSF that speaks like %s', (dialect) => {
  let standIn: StandIn;
  let daemon: DaemonUnderTest;
  beforeAll(async () => {
    standIn = openStandIn(dialect);
    daemon = daemonOnStandIn(standIn);
    await daemon.start();
  });
  afterAll(async () => {
    await daemon.remove();
    standIn.close();
  });

  test.each(Object.entries(EXAMPLES))('%s', (_name, run) => run(daemon, 'lsf'));
});
