/** How an attempt ended, told apart on a stand-in for LSF (test/lsf-stand-in/README.md), which is not LSF. */
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStandIn, type StandIn } from '../lsf-stand-in/open.ts';
import { expectTold, type Told } from './causes-story.ts';
import { callOf, type DaemonUnderTest, isState, jobOf, type RunAnswer } from './daemon-under-test.ts';
import { daemonOnStandIn } from './stand-in.ts';

const EVERYWHERE: readonly Told[] = [
  { call: 'code', attempt: { cause: 'NonZeroExit', exitCode: 3 }, words: 'exited with code 3' },
  { call: 'crash', attempt: { cause: 'Signaled', signal: 'SEGV' }, words: 'was ended by signal SEGV' },
  { call: 'slow', attempt: { cause: 'TimeLimit' }, words: 'hit its time limit' },
  { call: 'forgets', attempt: { cause: 'MissingOutput' }, words: 'did not make all of its outputs' },
  { call: 'killed', attempt: { cause: 'CancelledOutside' }, words: 'was cancelled outside wfd' },
  { call: 'nowhere', attempt: { cause: 'Rejected', nativeId: null }, words: 'No such queue' },
  { call: 'noPlace', attempt: { cause: 'LaunchFailure' }, words: 'cannot enter the working directory' },
];

const OF_DIALECT = {
  '10.1': { call: 'hog', attempt: { cause: 'OutOfMemory' }, words: 'ran out of memory' },
  // Only IBM's LSF says what it killed a job for; here INT is all that is known.
  relative: { call: 'hog', attempt: { cause: 'Signaled', signal: 'INT' }, words: 'was ended by signal INT' },
} as const satisfies Readonly<Record<string, Told>>;

describe.each(['10.1', 'relative'] as const)('LSF (stand-in that speaks like %s)', (dialect) => {
  let standIn: StandIn;
  let daemon: DaemonUnderTest;
  let run: RunAnswer;
  let words: string;
  beforeAll(async () => {
    standIn = openStandIn(dialect, { STAND_IN_MINUTE: '6' });
    const hasty = { kind: 'lsf', poll: '2s', settle: '8s' };
    daemon = daemonOnStandIn(standIn, { retries: { infrastructure: 0 }, backends: { lsf: hasty } });
    await daemon.start();
    const id = await daemon.submit(daemon.write('causes.yaml', WORKFLOW));
    const seen = await daemon.until(id, (each) => isState(each, 'killed', 'running'));
    await daemon.speak(['bkill', jobOf(seen, 'killed')]);
    run = await daemon.untilEnded(id, 120_000);
    words = (await daemon.wfctl('status', id)).stdout;
  }, 150_000);
  afterAll(async () => {
    await daemon.remove();
    standIn.close();
  });

  test.each([...EVERYWHERE, OF_DIALECT[dialect]])('$call: $attempt.cause', (told) =>
    expectTold(run, words, told),
  );

  test('bkill of a job that waits: CancelledOutside', async () => {
    appendFileSync(`${standIn.directory}/lsf.conf`, '\nSTAND_IN_JOBS=1\n');
    const sleeper = daemon.write('sleeper.yaml', SLEEPER);
    const first = await daemon.submit(sleeper);
    await daemon.until(first, (each) => isState(each, 'sleeper', 'running'));
    const id = await daemon.submit(sleeper);
    const seen = await daemon.until(id, (each) => isState(each, 'sleeper', 'queued'));
    await daemon.speak(['bkill', jobOf(seen, 'sleeper')]);
    const ended = await daemon.untilEnded(id);
    expect(callOf(ended, 'sleeper').attempts).toMatchObject([{ cause: 'CancelledOutside', startedAt: null }]);
    await daemon.wfctl('abort', first, '--force', '--wait');
  });
});

const WORKFLOW = `
name: causes
failureMode: ContinueWhilePossible
defaults: {backend: lsf, resources: {cpus: 1, memory: 200M, time: 10m}}
tasks:
  code: {run: exit 3}
  crash: {run: kill -SEGV $$}
  slow: {resources: {time: 1m}, run: sleep 300}
  hog:
    resources: {memory: 50M}
    run: perl -e '$text = "x" x (200 * 1024 * 1024); sleep 60'
  forgets: {workdir: call, run: "true", outputs: {table: table.txt}}
  killed: {run: sleep 300}
  nowhere: {resources: {queue: nosuch}, run: "true"}
  noPlace: {workdir: /no/such/place, run: "true"}
`;

const SLEEPER = `
name: sleeper
tasks: {sleeper: {backend: lsf, resources: {cpus: 1, memory: 200M, time: 10m}, run: sleep 300}}
`;
