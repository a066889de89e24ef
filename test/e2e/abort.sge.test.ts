/** SEMANTICS 4 on a real Grid Engine: `Aborted` is said only when every job has ended, unless it is forced. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createRandom } from '../sim/random.ts';
import { expectAllAborted, expectForcedEnd, manyJobs, stateCount, watchToTheEnd } from './abort-story.ts';
import { isLong } from './cluster.ts';
import { isState } from './daemon-under-test.ts';
import {
  isOwnCluster,
  SgeDaemonUnderTest,
  withHungMaster,
  withoutExecd,
  withRoomFor,
} from './sge-cluster.ts';

/** So many run, and as many wait for their places: a job that ends makes room for another. */
const JOBS = isLong ? 100 : 10;

let daemon: SgeDaemonUnderTest;
afterEach(() => daemon.remove());

test.runIf(isOwnCluster)(
  `abort of ${JOBS} running and ${JOBS} pending jobs: Aborted only after qstat shows none`,
  () =>
    withRoomFor(JOBS, async (project) => {
      const id = await startJobs(project);
      const asked = await daemon.wfctl('abort', id, '--reason', 'a test');
      expect(asked.stdout).toContain(`Run ${id} is Aborting`);
      await watchToTheEnd(daemon, id);
      await expectAllAborted(daemon, id, 2 * JOBS);
    }),
);

test.runIf(isOwnCluster)(
  `the daemon killed during the abort of ${JOBS} running and ${JOBS} pending jobs`,
  () =>
    withRoomFor(JOBS, async (project) => {
      const id = await startJobs(project);
      await daemon.wfctl('abort', id, '--reason', 'a test');
      const random = createRandom(20266);
      for (let kill = 0; kill < 3; kill++) {
        await daemon.killAndRestart();
        await sleep(random.int(0, 800));
      }
      await watchToTheEnd(daemon, id);
      await expectAllAborted(daemon, id, 2 * JOBS);
    }),
);

test.runIf(isOwnCluster)(
  'forced while qmaster hangs: the run ends, its orphans are hunted down',
  async () => {
    daemon = new SgeDaemonUnderTest({ config: { backends: { sge: hasty() } } });
    await daemon.start();
    const id = await daemon.submit(manyJobs(daemon, 3, '{cpus: 1, memory: 200M, time: 10m}'));
    await daemon.until(id, (run) => stateCount(run, 'running') === 3);
    await expectForcedEnd(daemon, id, 3, withHungMaster);
  },
);

// Grid Engine lists such a job for another minute after its host is back.
test.runIf(isOwnCluster && isLong)('an abort waits for a host that cannot be reached', async () => {
  daemon = new SgeDaemonUnderTest({ config: { backends: { sge: hasty() } } });
  const id = await startOne('run: sleep 300');
  await withoutExecd(async () => {
    await daemon.wfctl('abort', id);
    await expect.poll(async () => (await daemon.jobs()).map(({ state }) => state)).toEqual(['dr']);
    await sleep(10_000); // longer than an absence would have to last
    expect(await daemon.run(id)).toMatchObject({ status: 'Aborting', calls: { Active: 1 } });
  });
  await watchToTheEnd(daemon, id);
  expect(await daemon.run(id)).toMatchObject({ status: 'Aborted', calls: { Aborted: 1 } });
});

test('a task that wants to be warned saves its state first', async () => {
  daemon = new SgeDaemonUnderTest({ config: { backends: { sge: hasty() } } });
  const id = await startOne(`abort: {signal: TERM, grace: 30s}
    workdir: call
    run: |
      trap 'echo "step $step" > ${daemon.place('checkpoint')}; exit 0' TERM
      for step in $(seq 300); do sleep 1 & wait $!; done`);
  await daemon.wfctl('abort', id, '--wait');
  expect(await daemon.run(id)).toMatchObject({ status: 'Aborted', calls: { Active: 0 }, problems: [] });
  expect(readFileSync(daemon.place('checkpoint'), 'utf8')).toMatch(/^step \d+\n$/);
  await expect.poll(() => daemon.jobs(), { timeout: 20_000, interval: 500 }).toEqual([]);
});

test('a task that may not be cut off is let run to its end, unless the abort is forced', async () => {
  daemon = new SgeDaemonUnderTest({ config: { backends: { sge: hasty() } } });
  const task = (seconds: number): string => `abort: finish
    run: sleep ${seconds}; touch ${daemon.place('finished')}`;
  const id = await startOne(task(8));
  await daemon.wfctl('abort', id, '--wait');
  expect(await daemon.run(id)).toMatchObject({ status: 'Aborted', calls: { Succeeded: 1 } });
  expect(existsSync(daemon.place('finished'))).toBe(true);

  const other = await startOne(task(300));
  await daemon.wfctl('abort', other);
  await sleep(3_000);
  expect(await daemon.run(other)).toMatchObject({ status: 'Aborting', calls: { Active: 1 } });
  expect(await daemon.wfctl('abort', other, '--force', '--wait')).toMatchObject({ code: 0 });
  expect(await daemon.run(other)).toMatchObject({ status: 'Aborted', orphans: [] });
  expect(await daemon.jobs()).toEqual([]);
});

/** Half of them have no room. */
async function startJobs(project: string): Promise<string> {
  daemon = new SgeDaemonUnderTest({ config: { backends: { sge: hasty() } } });
  await daemon.start();
  const resources = `{cpus: 1, memory: 200M, time: 10m, account: ${project}}`;
  const id = await daemon.submit(manyJobs(daemon, 2 * JOBS, resources));
  const isFull = (run: Parameters<typeof stateCount>[0]): boolean =>
    stateCount(run, 'running') === JOBS && stateCount(run, 'queued') === JOBS;
  await daemon.until(id, isFull, 120_000);
  expect(await daemon.jobs()).toHaveLength(2 * JOBS);
  return id;
}

async function startOne(task: string): Promise<string> {
  if (!daemon.isRunning()) await daemon.start();
  const id = await daemon.submit(daemon.write('one.yaml', `name: one\ntasks:\n  one:\n    ${task}\n`));
  await daemon.until(id, (run) => isState(run, 'one', 'running'));
  return id;
}

/** Short waits, so that what leaves no trace is soon known to be gone; the long form has the settings people have. */
function hasty() {
  return isLong ? { kind: 'sge' } : { kind: 'sge', poll: '2s', settle: '8s', commandTimeout: '20s' };
}
