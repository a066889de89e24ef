/** How an attempt ended, told apart on a real Grid Engine, in JSON and in plain words (SEMANTICS 2 and 3). */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectTold, type Told } from './causes-story.ts';
import { command } from './cluster.ts';
import { callOf, DaemonUnderTest, isState, jobOf, type RunAnswer } from './daemon-under-test.ts';
import { crashJob, isOwnCluster, SgeDaemonUnderTest, withoutExecd } from './sge-cluster.ts';

const daemon = new SgeDaemonUnderTest();
let run: RunAnswer;
let words: string;

beforeAll(async () => {
  const hasty = { kind: 'sge', poll: '2s', settle: '8s' };
  daemon.configure({
    backend: 'sge',
    // Some would be tried again three times, as failures of the infrastructure.
    retries: { infrastructure: 0 },
    jobs: { unsatisfiableAfter: '4s' },
    backends: {
      sge: hasty,
      // A host that cannot open a job's files leaves the job in error; here no host can, or not yet.
      broken: { ...hasty, submitOptions: ['-i', '/no/such/input'] },
      mended: { ...hasty, submitOptions: ['-i', daemon.place('input')] },
    },
  });
  await daemon.start();
  const id = await daemon.submit(daemon.write('causes.yaml', WORKFLOW));
  await daemon.until(id, (seen) => isState(seen, 'deleted', 'running') && isState(seen, 'dropped', 'queued'));
  const seen = await daemon.run(id);
  await command('qdel', jobOf(seen, 'deleted'), jobOf(seen, 'dropped'));
  run = await daemon.untilEnded(id, 240_000);
  words = (await daemon.wfctl('status', id)).stdout;
}, 300_000);
afterAll(() => daemon.remove());

const TOLD: readonly Told[] = [
  { call: 'code', attempt: { cause: 'NonZeroExit', exitCode: 3 }, words: 'exited with code 3' },
  // To Grid Engine they say "run it again" and "leave it in error" (sge_shepherd(8)); no task means that.
  { call: 'again', attempt: { cause: 'NonZeroExit', exitCode: 99 }, words: 'exited with code 99' },
  { call: 'inError', attempt: { cause: 'NonZeroExit', exitCode: 100 }, words: 'exited with code 100' },
  { call: 'crash', attempt: { cause: 'Signaled', signal: 'SEGV' }, words: 'was ended by signal SEGV' },
  { call: 'slow', attempt: { cause: 'TimeLimit' }, words: 'hit its time limit' },
  { call: 'hogs', attempt: { cause: 'OutOfMemory' }, words: 'ran out of memory' },
  // One process that asks for too much is refused it, and says so as it likes: no scheduler has a part in that.
  { call: 'refused', attempt: { cause: 'NonZeroExit' }, words: 'exited with code' },
  { call: 'forgets', attempt: { cause: 'MissingOutput' }, words: 'did not make all of its outputs' },
  // Grid Engine records the same of any SIGKILL, whoever sent it.
  { call: 'deleted', attempt: { cause: 'Signaled', signal: 'KILL' }, words: 'was ended by signal KILL' },
  { call: 'dropped', attempt: { cause: 'CancelledOutside' }, words: 'was cancelled outside wfd' },
  { call: 'nowhere', attempt: { cause: 'Rejected', nativeId: null }, words: 'unknown queue' },
  { call: 'nobody', attempt: { cause: 'Rejected', nativeId: null }, words: 'nosuch' },
  { call: 'tooLarge', attempt: { cause: 'Rejected', nativeId: null }, words: 'no suitable queues' },
  { call: 'stuck', attempt: { cause: 'Unsatisfiable' }, words: '/no/such/input' },
  { call: 'noPlace', attempt: { cause: 'LaunchFailure' }, words: 'cannot enter the working directory' },
];

test.each(TOLD)('$call: $attempt.cause', (told) => expectTold(run, words, told));

test('what depends on a failure is skipped, the rest has run', () => {
  expect(run).toMatchObject({ status: 'Failed', failureMode: 'ContinueWhilePossible' });
  const succeeded = { status: 'Succeeded', attempts: [{ cause: 'Succeeded', exitCode: 0 }] };
  expect(callOf(run, 'fine')).toMatchObject(succeeded);
  expect(callOf(run, 'never')).toMatchObject({ status: 'Skipped', attempts: [] });
  expect(callOf(run, 'never').reason).toContain('code');
});

test('exit codes that are orders to Grid Engine are kept from it', async () => {
  for (const call of ['again', 'inError'])
    expect(readFileSync(daemon.place(call), 'utf8'), `${call} has run once`).toBe('started\n');
  expect(await daemon.jobs()).toEqual([]);
});

test('what could not be started was tried once more, and then ended', async () => {
  const { stdout } = await daemon.wfctl('events', String(run.id));
  const tries = stdout.split('\n').filter((line) => line.includes('told to try once more'));
  expect(tries).toHaveLength(1);
  expect(tries[0]).toMatch(/stuck could not be started \(.*can't stat.* \/no\/such\/input|\/no\/such\/input/);
});

test('what can be started at the second try has run', async () => {
  const text = 'name: mended\ntasks: {mended: {backend: mended, run: "true"}}\n';
  const id = await daemon.submit(daemon.write('mended.yaml', text));
  await daemon.until(id, (seen) => !isState(seen, 'mended', 'ended') && jobIsKnown(seen, 'mended'));
  await daemon.stop('SIGKILL');
  await expect
    .poll(async () => (await daemon.jobs()).map(({ state }) => state), { timeout: 20_000 })
    .toEqual(['Eqw']);
  daemon.write('input', '');
  await daemon.start();
  const ended = await daemon.untilEnded(id);
  expect(ended, daemon.log()).toMatchObject({ status: 'Succeeded', problems: [] });
  expect(callOf(ended, 'mended').attempts).toMatchObject([{ cause: 'Succeeded' }]);
});

test.runIf(isOwnCluster)('a job lost with its host: NodeFailure', async () => {
  const id = await submitSleeper(300);
  const seen = await daemon.until(id, (each) => isState(each, 'sleeper', 'running'));
  await withoutExecd(async () => crashJob(jobOf(seen, 'sleeper')));
  const ended = await daemon.untilEnded(id);
  expect(callOf(ended, 'sleeper')).toMatchObject({ status: 'Failed', attempts: [{ cause: 'NodeFailure' }] });
});

test.runIf(isOwnCluster)('a job that only its execd has lost ends as it ends', async () => {
  const id = await submitSleeper(6);
  await daemon.until(id, (each) => isState(each, 'sleeper', 'running'));
  await withoutExecd(async () => {
    const ended = await daemon.untilEnded(id);
    expect(ended.status, daemon.log()).toBe('Succeeded');
  });
  expect(existsSync(daemon.place('slept'))).toBe(true);
});

test.runIf(isOwnCluster)('jobs of root are refused (min_uid): Rejected, with the reason', async () => {
  const ofRoot = new DaemonUnderTest({ config: { backend: 'sge' } });
  try {
    await ofRoot.start();
    const id = await ofRoot.submit(ofRoot.write('one.yaml', 'tasks: {one: {run: "true"}}\n'));
    const { attempts } = callOf(await ofRoot.untilEnded(id), 'one');
    expect(attempts).toMatchObject([{ cause: 'Rejected', detail: expect.stringContaining('user id 0') }]);
  } finally {
    await ofRoot.remove();
  }
});

function submitSleeper(seconds: number): Promise<string> {
  const text = `name: sleeper\ntasks: {sleeper: {run: sleep ${seconds}; touch ${daemon.place('slept')}}}\n`;
  return daemon.submit(daemon.write('sleeper.yaml', text));
}

function jobIsKnown(seen: RunAnswer, call: string): boolean {
  return typeof callOf(seen, call).attempts.at(-1)?.nativeId === 'string';
}

const WORKFLOW = `
name: causes
failureMode: ContinueWhilePossible
defaults: {resources: {cpus: 1, memory: 200M, time: 5m}}
tasks:
  fine: {run: "true"}
  code: {run: exit 3}
  again: {run: 'echo started >> ${daemon.place('again')}; exit 99'}
  inError: {run: 'echo started >> ${daemon.place('inError')}; exit 100'}
  never: {needs: code, run: "true"}
  crash: {run: kill -SEGV $$}
  slow: {resources: {time: 8s}, run: sleep 300}
  hogs:
    run: |
      for hog in 1 2 3; do perl -e '$text = "x" x (50 * 1024 * 1024); sleep 60' & done
      wait
  refused:
    run: perl -e '$text = "x" x (500 * 1024 * 1024)'
  forgets: {workdir: call, run: "true", outputs: {table: table.txt}}
  deleted: {run: sleep 300}
  dropped: {resources: {options: {sge: ["-a", "203701010000"]}}, run: "true"}
  nowhere: {resources: {queue: nosuch}, run: "true"}
  nobody: {resources: {account: nosuch}, run: "true"}
  tooLarge: {resources: {memory: 500T}, run: "true"}
  stuck: {backend: broken, run: "true"}
  noPlace: {workdir: /no/such/place, run: "true"}
`;
