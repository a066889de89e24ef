import { expect, test } from 'vitest';
import { presentCall, presentRun } from '../../../daemon/api/present.ts';
import { whyCall, whyRun } from '../../../daemon/api/why.ts';
import { aCall, anAttempt, createFake, SLURM, T0 } from './fake-engine.ts';

const SERVING = { state: { kind: 'serving' }, backends: [SLURM] } as const;

function aRun(...given: Parameters<ReturnType<typeof createFake>['add']>) {
  const fake = createFake();
  const { id } = fake.add(...given);
  const overview = fake.runs.get(id);
  if (overview === undefined) throw new Error('the fake has lost its run');
  return presentRun(overview);
}

test('a run that fails and is held where nothing can be reached says all three', () => {
  const run = aRun({ failing: true, held: { by: 'ada', reason: 'wait' } }, { Active: 2, Failed: 1 });
  const status = {
    state: { kind: 'draining', by: 'root', sinceMs: T0 },
    backends: [{ ...SLURM, reachable: 'no', summary: 'connection refused' }],
  } as const;
  expect(whyRun(run, [], status)).toEqual([
    'Run 1 is Running (failing): 2 calls active, 0 ready, 0 not started, 0 succeeded, 1 failed.',
    'It is held by ada (wait); `wfctl release 1` lets it go on.',
    'A call has failed for good: nothing new is started (NoNewCalls), what is active is waited for.',
    'The daemon is draining (asked by root); `wfctl daemon resume` ends that.',
    'Backend slurm cannot be reached: connection refused',
  ]);
});

test('a run that has ended says how, and which call did it', () => {
  const call = presentCall(aCall({ runId: 1, key: 'sort', status: 'Failed' }), [
    anAttempt({
      runId: 1,
      call: 'sort',
      state: { kind: 'ended', outcome: { cause: 'NonZeroExit', exitCode: 3 } },
    }),
  ]);
  expect(whyRun(aRun({ status: 'Failed' }), [call], SERVING)).toEqual([
    'Run 1 has ended: Failed.',
    'sort exited with code 3; see /home/ada/wf-runs/align-cohort-1/align/0/1',
  ]);
});

test('a call whose job the scheduler does not start names its reason', () => {
  const attempt = anAttempt({
    runId: 1,
    call: 'sort',
    backendStatus: 'PENDING (QOSMaxJobsPerUserLimit)',
    blocked: {
      reason: 'QOSMaxJobsPerUserLimit',
      plain: 'you have as many jobs as your QOS allows',
      forever: false,
      sinceMs: T0,
    },
  });
  const lines = whyCall(aRun(), presentCall(aCall({ runId: 1, key: 'sort' }), [attempt]), SERVING);
  expect(lines.slice(0, 3)).toEqual([
    'sort is Active.',
    'Attempt 1 (job 4711 on slurm) is running; the scheduler says PENDING (QOSMaxJobsPerUserLimit).',
    'The scheduler does not start it: you have as many jobs as your QOS allows',
  ]);
});

test('a call that waits for its retry, or for room on its backend, says so', () => {
  const waiting = presentCall(aCall({ runId: 1, key: 'a', status: 'Ready', attempts: 0, retryAtMs: T0 }), []);
  const full = { ...SERVING, backends: [{ ...SLURM, active: 1_000 }] };
  expect(whyCall(aRun(), waiting, full)).toEqual([
    'a is Ready.',
    'It is tried again after 2021-03-01T08:00:00.000Z.',
    'Run 1 is Running: 0 calls active, 0 ready, 0 not started, 0 succeeded, 0 failed.',
    'Backend slurm has as many jobs of ours as it may have (1000).',
  ]);
});
