/** SEMANTICS 4, abort: `Aborted` is said only when every job has ended. The same on any scheduler. */
import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import type { ClusterDaemonUnderTest } from './cluster.ts';
import type { RunAnswer } from './daemon-under-test.ts';

/** What each of the jobs does: every fourth ignores SIGTERM, so that a scheduler may take seconds to end it. */
export const STUBBORN = `
      [ $((WF_INDEX % 4)) = 0 ] && trap '' TERM
      for i in $(seq 300); do sleep 1; done
`;

/** A run whose task `job` has so many calls, behind one that has ended and before one that never starts. */
export function manyJobs(daemon: ClusterDaemonUnderTest, count: number, resources: string): string {
  return daemon.write(
    'jobs.yaml',
    `
name: jobs
tasks:
  quick: {resources: {cpus: 1, memory: 20M, time: 10m}, run: "true"}
  job:
    needs: quick
    scatter: {n: {range: [1, ${count}]}}
    resources: ${resources}
    run: |${STUBBORN}
  after: {needs: job, run: "true"}
finally:
  run: touch ${daemon.place('finally')}
`,
  );
}

/**
 * Asks the run first and the scheduler after it: whatever it still lists was there when the run was said to have
 * ended. Only a step of finalization may be: its exit mark ends it before the scheduler has noticed.
 */
export async function watchToTheEnd(daemon: ClusterDaemonUnderTest, id: string): Promise<void> {
  for (let ended = false; !ended; ) {
    const run = await daemon.run(id);
    const jobs = (await daemon.jobs()).filter(({ name }) => !name.startsWith('finally.'));
    ended = run.endedAt !== null;
    if (ended) expect(jobs, `run ${id} was said to be ${run.status}`).toEqual([]);
    else expect(run.status).toBe('Aborting');
  }
  await expect.poll(() => daemon.jobs(), { timeout: 20_000 }).toEqual([]);
}

/** The abort was asked for with `--reason 'a test'`. */
export async function expectAllAborted(
  daemon: ClusterDaemonUnderTest,
  id: string,
  count: number,
): Promise<RunAnswer> {
  const run = await daemon.run(id);
  expect(run).toMatchObject({ status: 'Aborted', orphans: [], abort: { reason: 'a test', force: false } });
  expect(run.calls).toMatchObject({ Succeeded: 1, Aborted: count, Skipped: 1, Active: 0 });
  const jobs = run.callList?.filter(({ task }) => task === 'job') ?? [];
  expect(jobs.map(({ attempts }) => attempts.map(({ cause }) => cause))).toEqual(
    Array.from({ length: count }, () => ['AbortedByUser']),
  );
  expect(existsSync(daemon.place('finally'))).toBe(true);
  return run;
}

/** Of as many jobs as `count`, running, under a scheduler that does not answer: the bound is the requirement's. */
export async function expectForcedEnd(
  daemon: ClusterDaemonUnderTest,
  id: string,
  count: number,
  withHung: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await withHung(async () => {
    await daemon.wfctl('abort', id, '--force');
    const run = await daemon.untilEnded(id, 60_000);
    expect(run).toMatchObject({ status: 'Aborted', abort: { force: true } });
    // A grace of 10 s and what it takes to notice.
    expect(Date.parse(String(run.endedAt)) - Date.parse(String(run.abort?.at))).toBeLessThan(15_000);
    expect(run.orphans.map(({ nativeId }) => nativeId).sort()).toEqual(nativeIds(run));
    const told = await daemon.wfctl('status', id);
    expect(told.stdout).toContain(`${count} jobs may still be running: `);
    for (const nativeId of nativeIds(run)) expect(told.stdout).toContain(nativeId);
    await daemon.killAndRestart();
    expect((await daemon.run(id)).orphans).toHaveLength(count);
  });
  await expect.poll(() => daemon.jobs(), { timeout: 90_000, interval: 500 }).toEqual([]);
  const hunted = await daemon.until(id, ({ orphans }) => orphans.length === 0, 90_000);
  expect(hunted.status).toBe('Aborted');
}

export function stateCount(run: RunAnswer, state: 'queued' | 'running'): number {
  return run.callList?.filter(({ attempts }) => attempts.at(-1)?.state === state).length ?? 0;
}

export function nativeIds(run: RunAnswer): readonly string[] {
  const jobs = run.callList?.filter(({ task }) => task !== 'quick') ?? [];
  return jobs.flatMap(({ attempts }) => attempts.flatMap(({ nativeId }) => nativeId ?? [])).sort();
}
