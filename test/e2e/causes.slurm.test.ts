/** How an attempt ended, told apart on a real SLURM, in JSON and in plain words (SEMANTICS 2 and 3). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectTold, type Told } from './causes-story.ts';
import { command, isLong } from './cluster.ts';
import { callOf, isState, jobOf, type RunAnswer } from './daemon-under-test.ts';
import { isOwnCluster, SlurmDaemonUnderTest } from './slurm-cluster.ts';

const daemon = new SlurmDaemonUnderTest({
  // `noPlace` would be tried again three times, as a failure of the infrastructure.
  config: { backend: 'slurm', retries: { infrastructure: 0 } },
  ...(isOwnCluster ? { user: 'wfalice' } : {}),
});
let run: RunAnswer;
let words: string;

beforeAll(async () => {
  await daemon.start();
  const id = await daemon.submit(daemon.write('causes.yaml', WORKFLOW));
  await daemon.until(
    id,
    (seen) => isState(seen, 'scancelled', 'running') && isState(seen, 'dropped', 'queued'),
  );
  const seen = await daemon.run(id);
  await command('scancel', jobOf(seen, 'scancelled'), jobOf(seen, 'dropped'));
  run = await daemon.untilEnded(id, 240_000);
  words = (await daemon.wfctl('status', id)).stdout;
}, 300_000);
afterAll(() => daemon.remove());

const TOLD: readonly Told[] = [
  { call: 'code', attempt: { cause: 'NonZeroExit', exitCode: 3 }, words: 'exited with code 3' },
  { call: 'crash', attempt: { cause: 'Signaled', signal: 'SEGV' }, words: 'was ended by signal SEGV' },
  { call: 'hog', attempt: { cause: 'OutOfMemory' }, words: 'ran out of memory' },
  { call: 'forgets', attempt: { cause: 'MissingOutput' }, words: 'did not make all of its outputs' },
  { call: 'scancelled', attempt: { cause: 'CancelledOutside' }, words: 'was cancelled outside wfd' },
  { call: 'dropped', attempt: { cause: 'CancelledOutside' }, words: 'was cancelled outside wfd' },
  { call: 'nowhere', attempt: { cause: 'Rejected', nativeId: null }, words: 'nvalid partition' },
  { call: 'nobody', attempt: { cause: 'Rejected', nativeId: null }, words: 'nvalid account' },
  { call: 'noPlace', attempt: { cause: 'LaunchFailure' }, words: 'cannot enter the working directory' },
  ...(isLong
    ? ([{ call: 'slow', attempt: { cause: 'TimeLimit' }, words: 'hit its time limit' }] as const)
    : []),
];

test.each(TOLD)('$call: $attempt.cause', (told) => expectTold(run, words, told));

test('what depends on a failure is skipped, the rest has run', () => {
  expect(run).toMatchObject({ status: 'Failed', failureMode: 'ContinueWhilePossible' });
  expect(callOf(run, 'fine')).toMatchObject({
    status: 'Succeeded',
    attempts: [{ cause: 'Succeeded', exitCode: 0 }],
  });
  expect(callOf(run, 'never')).toMatchObject({ status: 'Skipped', attempts: [] });
  expect(callOf(run, 'never').reason).toContain('code');
});

const WORKFLOW = `
name: causes
failureMode: ContinueWhilePossible
defaults: {resources: {cpus: 1, memory: 50M, time: 5m}}
tasks:
  fine: {run: "true"}
  code: {run: exit 3}
  never: {needs: code, run: "true"}
  crash: {run: kill -SEGV $$}
  hog:
    resources: {memory: 50M, options: {slurm: ["--acctg-freq=1"]}}
    run: |
      perl -e '$text = "x" x (200 * 1024 * 1024); sleep 60'
  forgets: {workdir: call, run: "true", outputs: {table: table.txt}}
  scancelled: {run: sleep 300}
  dropped: {resources: {options: {slurm: ["--begin=now+1hour"]}}, run: "true"}
  nowhere: {resources: {queue: nosuch}, run: "true"}
  nobody: {resources: {account: nosuch}, run: "true"}
  noPlace: {workdir: /no/such/place, run: "true"}
${isLong ? '  slow: {resources: {queue: short, time: 1m}, run: sleep 600}' : ''}
`;
