/** SEMANTICS 4 on a real SLURM: `Aborted` is said only when every job has ended, unless it is forced. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createRandom } from '../sim/random.ts';
import {
  expectAllAborted,
  expectForcedEnd,
  manyJobs,
  nativeIds,
  stateCount,
  watchToTheEnd,
} from './abort-story.ts';
import { command, isLong } from './cluster.ts';
import type { RunAnswer } from './daemon-under-test.ts';
import { isOwnCluster, SlurmDaemonUnderTest, withHungController } from './slurm-cluster.ts';

const JOBS = isLong ? 100 : 20;

let daemon: SlurmDaemonUnderTest;
afterEach(() => daemon.remove());

test(`abort of ${JOBS} running jobs: Aborted only after squeue shows none`, async () => {
  daemon = new SlurmDaemonUnderTest();
  const id = await startJobs(JOBS);
  expect((await daemon.wfctl('abort', id, '--reason', 'a test')).stdout).toContain(`Run ${id} is Aborting`);
  const repeated = await daemon.wfctl('abort', id);
  expect(repeated).toMatchObject({ code: 0 });
  await watchToTheEnd(daemon, id);
  await expectJobsEndedFirst(await expectAllAborted(daemon, id, JOBS));
});

test.runIf(isOwnCluster)(`the daemon of wfalice killed during the abort of ${JOBS} jobs`, async () => {
  daemon = new SlurmDaemonUnderTest({ user: 'wfalice' });
  const id = await startJobs(JOBS);
  await daemon.wfctl('abort', id, '--reason', 'a test');
  const random = createRandom(20263);
  for (let kill = 0; kill < 3; kill++) {
    await daemon.killAndRestart();
    await sleep(random.int(0, 800));
  }
  await watchToTheEnd(daemon, id);
  await expectJobsEndedFirst(await expectAllAborted(daemon, id, JOBS));
});

test.runIf(isOwnCluster)(
  'forced while slurmctld hangs: the run ends, its orphans are hunted down',
  async () => {
    daemon = new SlurmDaemonUnderTest();
    const id = await startJobs(3);
    await expectForcedEnd(daemon, id, 3, withHungController);
  },
);

test('a standard abort that hangs is forced', async () => {
  daemon = new SlurmDaemonUnderTest();
  const workflow = daemon.write(
    'last.yaml',
    `
name: last
tasks:
  last:
    abort: finish
    resources: {cpus: 1, memory: 20M, time: 10m}
    run: sleep 300
`,
  );
  await daemon.start();
  const id = await daemon.submit(workflow);
  await daemon.until(id, (run) => stateCount(run, 'running') === 1);
  await daemon.wfctl('abort', id);
  await sleep(3_000);
  expect(await daemon.run(id)).toMatchObject({ status: 'Aborting', calls: { Active: 1 } });
  expect(await daemon.wfctl('abort', id, '--force', '--wait')).toMatchObject({ code: 0 });
  expect(await daemon.run(id)).toMatchObject({ status: 'Aborted', orphans: [] });
  expect(await daemon.wfctl('abort', id)).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('Aborted'),
  });
});

async function startJobs(count: number): Promise<string> {
  await daemon.start();
  const id = await daemon.submit(manyJobs(daemon, count, '{cpus: 1, memory: 20M, time: 10m}'));
  await daemon.until(id, (run) => stateCount(run, 'running') === count);
  expect(await daemon.jobs()).toHaveLength(count);
  return id;
}

/** Accounting's second source: no job of the run ended after the run had (in whole seconds, as sacct writes). */
async function expectJobsEndedFirst(run: RunAnswer): Promise<void> {
  const ids = nativeIds(run).join(',');
  const read = () => command('sacct', '-X', '-n', '-P', '-o', 'End', '-j', ids);
  await expect.poll(read, { timeout: 60_000, interval: 500 }).not.toMatch(/Unknown/);
  const ends = (await read())
    .trim()
    .split('\n')
    .map((end) => Date.parse(end));
  expect(Math.max(...ends)).toBeLessThanOrEqual(Date.parse(String(run.endedAt)));
}
