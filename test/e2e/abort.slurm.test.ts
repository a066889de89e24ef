/** SEMANTICS 4 on a real SLURM: `Aborted` is said only when every job has ended, unless it is forced. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createRandom } from '../sim/random.ts';
import type { RunAnswer } from './daemon-under-test.ts';
import { isLong, isOwnCluster, SlurmDaemonUnderTest, slurm, withHungController } from './slurm-cluster.ts';

const JOBS = isLong ? 100 : 20;

let daemon: SlurmDaemonUnderTest;
afterEach(() => daemon.remove());

test(`abort of ${JOBS} running jobs: Aborted only after squeue shows none`, async () => {
  daemon = new SlurmDaemonUnderTest();
  const id = await startJobs(JOBS);
  expect((await daemon.wfctl('abort', id, '--reason', 'a test')).stdout).toContain(`Run ${id} is Aborting`);
  const repeated = await daemon.wfctl('abort', id);
  expect(repeated).toMatchObject({ code: 0 });
  await watchToTheEnd(id);
  await expectAllAborted(id, JOBS);
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
  await watchToTheEnd(id);
  await expectAllAborted(id, JOBS);
});

test.runIf(isOwnCluster)(
  'forced while slurmctld hangs: the run ends, its orphans are hunted down',
  async () => {
    daemon = new SlurmDaemonUnderTest();
    const id = await startJobs(3);
    await withHungController(async () => {
      await daemon.wfctl('abort', id, '--force');
      const run = await daemon.untilEnded(id, 60_000);
      expect(run.status).toBe('Aborted');
      expect(run.abort).toMatchObject({ force: true });
      // The bound of the requirement: a grace of 10 s and what it takes to notice.
      expect(Date.parse(String(run.endedAt)) - Date.parse(String(run.abort?.at))).toBeLessThan(15_000);
      expect(run.orphans.map(({ nativeId }) => nativeId).sort()).toEqual(nativeIds(run));
      const told = await daemon.wfctl('status', id);
      expect(told.stdout).toContain('3 jobs may still be running: ');
      for (const nativeId of nativeIds(run)) expect(told.stdout).toContain(nativeId);
      await daemon.killAndRestart();
      expect((await daemon.run(id)).orphans).toHaveLength(3);
    });
    await expect.poll(() => daemon.jobs(), { timeout: 90_000, interval: 500 }).toEqual([]);
    const hunted = await daemon.until(id, ({ orphans }) => orphans.length === 0, 90_000);
    expect(hunted.status).toBe('Aborted');
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

/** Every fourth job ignores SIGTERM, so that the scheduler takes seconds to end it. */
async function startJobs(count: number): Promise<string> {
  const workflow = daemon.write(
    'jobs.yaml',
    `
name: jobs
tasks:
  quick: {resources: {cpus: 1, memory: 20M, time: 10m}, run: "true"}
  job:
    needs: quick
    scatter: {n: {range: [1, ${count}]}}
    resources: {cpus: 1, memory: 20M, time: 10m}
    run: |
      [ $((WF_INDEX % 4)) = 0 ] && trap '' TERM
      for i in $(seq 300); do sleep 1; done
  after: {needs: job, run: "true"}
finally:
  run: touch ${daemon.place('finally')}
`,
  );
  await daemon.start();
  const id = await daemon.submit(workflow);
  await daemon.until(id, (run) => stateCount(run, 'running') === count);
  expect(await daemon.jobs()).toHaveLength(count);
  return id;
}

/** Asks the run first and the scheduler after it: whatever it still lists was there when the run was said to have ended. */
async function watchToTheEnd(id: string): Promise<void> {
  for (let ended = false; !ended; ) {
    const run = await daemon.run(id);
    const jobs = await daemon.jobs();
    ended = run.endedAt !== null;
    if (ended) expect(jobs, `run ${id} was said to be ${run.status}`).toEqual([]);
    else expect(run.status).toBe('Aborting');
  }
}

async function expectAllAborted(id: string, count: number): Promise<void> {
  const run = await daemon.run(id);
  expect(run).toMatchObject({ status: 'Aborted', orphans: [], abort: { reason: 'a test', force: false } });
  expect(run.calls).toMatchObject({ Succeeded: 1, Aborted: count, Skipped: 1, Active: 0 });
  const jobs = run.callList?.filter(({ task }) => task === 'job') ?? [];
  expect(jobs.map(({ attempts }) => attempts.map(({ cause }) => cause))).toEqual(
    Array.from({ length: count }, () => ['AbortedByUser']),
  );
  expect(existsSync(daemon.place('finally'))).toBe(true);
  await expectJobsEndedFirst(run);
}

/** Accounting's second source: no job of the run ended after the run had (in whole seconds, as sacct writes). */
async function expectJobsEndedFirst(run: RunAnswer): Promise<void> {
  const ids = nativeIds(run).join(',');
  const read = () => slurm('sacct', '-X', '-n', '-P', '-o', 'End', '-j', ids);
  await expect.poll(read, { timeout: 60_000, interval: 500 }).not.toMatch(/Unknown/);
  const ends = (await read())
    .trim()
    .split('\n')
    .map((end) => Date.parse(end));
  expect(Math.max(...ends)).toBeLessThanOrEqual(Date.parse(String(run.endedAt)));
}

function stateCount(run: RunAnswer, state: string): number {
  return run.callList?.filter(({ attempts }) => attempts.at(-1)?.state === state).length ?? 0;
}

function nativeIds(run: RunAnswer): readonly string[] {
  const jobs = run.callList?.filter(({ task }) => task !== 'quick') ?? [];
  return jobs.flatMap(({ attempts }) => attempts.flatMap(({ nativeId }) => nativeId ?? [])).sort();
}
