/** States, reasons and statuses that the test cluster cannot produce (squeue(1), JOB STATE CODES and JOB REASON CODES). */
import { describe, expect, test } from 'vitest';
import type { EndReport, JobObservation } from '../../../backends/backend.ts';
import { blockedBy } from '../../../backends/slurm/reasons.ts';
import { endOf, phaseOf, statusFromPair, statusFromWait } from '../../../backends/slurm/states.ts';

test.each<[JobObservation['state'], string]>([
  ['queued', 'PENDING CONFIGURING REQUEUED REQUEUE_FED REQUEUE_HOLD RESV_DEL_HOLD SPECIAL_EXIT'],
  ['running', 'RUNNING COMPLETING RESIZING SIGNALING STAGE_OUT STOPPED SUSPENDED'],
  ['ended', 'BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED TIMEOUT'],
  // Revoked: the job runs in another cluster of the federation.
  ['unknown', 'REVOKED NEVER_HEARD_OF toString'],
])('%s: %s', (phase, states) => {
  expect(states.split(' ').map(phaseOf)).toEqual(states.split(' ').map(() => phase));
});

describe('ends', () => {
  test.each<[string, string, boolean, EndReport]>([
    ['OUT_OF_MEMORY', 'OutOfMemory', true, { kind: 'OutOfMemory', started: true }],
    ['NODE_FAIL', 'NodeDown', true, { kind: 'NodeFailure', started: true }],
    ['BOOT_FAIL', 'None', true, { kind: 'NodeFailure', started: true }],
    ['DEADLINE', 'DeadLine', true, { kind: 'TimeLimit', started: true }],
    ['DEADLINE', 'DeadLine', false, { kind: 'Unsatisfiable', started: false }],
    ['CANCELLED', 'DependencyNeverSatisfied', false, { kind: 'Unsatisfiable', started: false }],
    ['FAILED', 'NodeDown', true, { kind: 'NodeFailure', started: true }],
    ['FAILED', 'Prolog', false, { kind: 'LaunchFailure', started: false }],
    // Nothing is known of the status: nothing is claimed.
    ['FAILED', 'None', true, { kind: 'Unknown', started: true }],
  ])('%s/%s, started: %s', (state, reason, started, end) => {
    expect(endOf({ state, reason, status: undefined, started })).toEqual(end);
  });

  test('FAILED with status 0 is never a success', () => {
    const zero = { state: 'FAILED', status: { kind: 'exited', code: 0 }, started: true } as const;
    expect(endOf({ ...zero, reason: 'JobLaunchFailure' })).toEqual({ kind: 'LaunchFailure', started: true });
    expect(endOf({ ...zero, reason: 'None' })).toEqual({ kind: 'Unknown', started: true });
  });
});

test.each([
  ['0', { kind: 'exited', code: 0 }],
  ['768', { kind: 'exited', code: 3 }],
  ['35072', { kind: 'exited', code: 137 }],
  ['65280', { kind: 'exited', code: 255 }],
  ['9', { kind: 'signaled', signal: 9 }],
  // With the core bit.
  ['139', { kind: 'signaled', signal: 11 }],
  ['4021', { kind: 'notStarted' }],
  ['N/A', undefined],
])('wait status %s', (raw, status) => {
  expect(statusFromWait(raw)).toEqual(status);
});

test.each([
  ['3:0', { kind: 'exited' }],
  ['0:15', { kind: 'signaled', signal: 15 }],
  ['0:53', { kind: 'notStarted' }],
  ['', undefined],
])('status of sacct %s', (pair, status) => {
  expect(statusFromPair(pair)).toEqual(status);
});

describe('reasons', () => {
  test.each([
    ['None'],
    ['Priority'],
    ['Resources'],
    ['Dependency'],
    ['Licenses'],
    ['ReqNodeNotAvail, UnavailableNodes:wfn3'],
    ['Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions'],
    ['QOSMaxJobsPerUserLimit'],
    ['QOSMaxCpuPerUserLimit'],
    ['QOSGrpCpuLimit'],
    ['AssocGrpCPURunMinutesLimit'],
    ['AssocMaxJobsLimit'],
  ])('%s goes away by itself', (reason) => {
    expect(blockedBy('PENDING', reason)).toBeUndefined();
  });

  test.each([
    ['QOSMaxWallDurationPerJobLimit', /more than one job may have/],
    ['AssocMaxCpuPerJobLimit', /more than one job may have/],
    ['QOSMaxMemoryPerNode', /more than one job may have/],
    ['QOSMinCpuNotSatisfied', /less than its QOS demands/],
    ['AssocGrpCPUMinutesLimit', /used up/],
    ['QOSGrpBillingMinutes', /used up/],
    ['AssocGrpWallLimit', /used up/],
    ['PartitionDown', /administrators/],
    ['launch failed requeued held', /holds it/],
  ])('%s waits for a person', (reason, plain) => {
    expect(blockedBy('PENDING', reason)).toEqual({
      reason,
      plain: expect.stringMatching(plain),
      forever: false,
    });
  });

  test('a held state is blocked whatever its reason says', () => {
    expect(blockedBy('SPECIAL_EXIT', 'None')).toMatchObject({ reason: 'SPECIAL_EXIT', forever: false });
  });

  test('only two can never be lifted', () => {
    expect(blockedBy('PENDING', 'BadConstraints')?.forever).toBe(true);
    expect(blockedBy('PENDING', 'DependencyNeverSatisfied')?.forever).toBe(true);
  });
});
