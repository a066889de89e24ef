/** What squeue and sacct of a real cluster printed (test/fixtures/slurm/capture.sh), read back. */
import { describe, expect, test } from 'vitest';
import type { EndReport } from '../../../backends/backend.ts';
import { readSacct, readSqueue } from '../../../backends/slurm/parse.ts';
import { failed, fixture, jobsNamed, jobsOf, printed, reply } from './fixture.ts';

const squeue = readSqueue(printed(fixture('squeue-jobs.txt')));
const sacct = readSacct(printed(fixture('sacct-jobs.txt')));

describe('squeue: jobs that are over', () => {
  test.each<[string, string, EndReport]>([
    ['accepted', 'COMPLETED', { kind: 'Succeeded', exitCode: 0, started: true }],
    ['exit3', 'FAILED (NonZeroExitCode)', { kind: 'NonZeroExit', exitCode: 3, started: true }],
    ['exit137', 'FAILED (NonZeroExitCode)', { kind: 'NonZeroExit', exitCode: 137, started: true }],
    ['signal-child', 'FAILED (NonZeroExitCode)', { kind: 'NonZeroExit', exitCode: 137, started: true }],
    ['signal-self', 'FAILED (JobLaunchFailure)', { kind: 'Signaled', signal: 9, started: true }],
    // The log tells that it was memory (causeInLog).
    ['oom', 'FAILED (JobLaunchFailure)', { kind: 'Signaled', signal: 9, started: true }],
    ['no-log', 'FAILED (JobLaunchFailure)', { kind: 'LaunchFailure', started: true }],
    ['preempted', 'PREEMPTED', { kind: 'Preempted', started: true }],
    ['cancelled-running', 'CANCELLED', { kind: 'Cancelled', started: true }],
    ['cancelled-queued', 'CANCELLED (JobHeldUser)', { kind: 'Cancelled', started: false }],
    ['refused-size', 'FAILED (BadConstraints)', { kind: 'Unsatisfiable', started: false }],
  ])('%s', (name, backendStatus, end) => {
    expect(jobsNamed(squeue, name)).toEqual([{ index: 0, state: 'ended', backendStatus, runCount: 0, end }]);
  });

  test('timelimit, whether it died of SIGTERM or of SIGKILL', () => {
    const later = readSqueue(printed(fixture('squeue-timelimit.txt')));
    const end = { kind: 'TimeLimit', started: true };
    const timeout = { index: 0, state: 'ended', backendStatus: 'TIMEOUT (TimeLimit)', runCount: 0, end };
    expect(jobsNamed(later, 'timelimit')).toEqual([timeout]);
    expect(jobsNamed(later, 'log-timelimit')).toEqual([timeout]);
  });
});

describe('squeue: jobs that are not over', () => {
  test.each([
    ['capped1', 'running', 'RUNNING', 0],
    ['suspended', 'running', 'SUSPENDED', 0],
    ['completing', 'running', 'COMPLETING', 0],
    ['capped3', 'queued', 'PENDING (QOSMaxJobsPerUserLimit)', 0],
    ['later', 'queued', 'PENDING (BeginTime)', 0],
    ['requeued', 'queued', 'PENDING (BeginTime)', 1],
  ])('%s waits or runs, and is not blocked', (name, state, backendStatus, runCount) => {
    expect(jobsNamed(squeue, name)).toEqual([{ index: 0, state, backendStatus, runCount }]);
  });

  test.each([
    ['held-user', 'JobHeldUser', false],
    ['held-admin', 'JobHeldAdmin', false],
    ['requeued-held', 'job requeued in held state', false],
    ['too-long', 'PartitionTimeLimit', false],
    ['too-many-nodes', 'PartitionNodeLimit', false],
    ['waits-for-ever', 'DependencyNeverSatisfied', true],
  ])('%s is blocked', (name, reason, forever) => {
    const [job] = jobsNamed(squeue, name);
    expect(job).toMatchObject({
      state: 'queued',
      backendStatus: `PENDING (${reason})`,
      blocked: { reason, forever },
    });
    expect(job?.blocked?.plain).toMatch(/\w+ \w+/);
  });

  test('elements of an array are jobs of their own, waiting ones as well', () => {
    const elements = jobsOf(squeue).filter((job) => job.tag === 'elements');
    const array = elements[0]?.nativeId.split('_')[0];
    expect(elements.map((job) => [job.nativeId, job.index, job.state]).sort()).toEqual([
      [`${array}_0`, 0, 'running'],
      [`${array}_1`, 1, 'running'],
      [`${array}_2`, 2, 'queued'],
    ]);
  });

  test('a name with bars, quotes and a newline disturbs nobody', () => {
    const odd = jobsOf(squeue).filter((job) => job.tag.startsWith('odd'));
    expect(odd.map((job) => job.tag)).toEqual(['odd name|with "bars" and\na newline']);
    expect(jobsOf(squeue).every((job) => /^\d+(_\d+)?$/.test(job.nativeId))).toBe(true);
  });
});

describe('squeue: answers that are none', () => {
  test('no jobs is an answer', () => {
    expect(readSqueue(printed(''))).toEqual({ kind: 'complete', jobs: [] });
  });

  test.each([
    ['controller not reachable', reply('squeue-connect'), /Unable to contact slurm controller/],
    ['out of time', { ...failed(0, ''), timedOut: true, exitCode: undefined }, /time limit/],
    ['cut off in the middle of a line', printed('12 |RUNN'), /cut off/],
    ['a line with too few columns', printed('12 |RUNNING |None\n'), /makes no sense: 12/],
    ['something else altogether', printed('Welcome to the cluster!\n'), /makes no sense: Welcome/],
  ])('%s', (_, result, reason) => {
    const { exitCode, ...rest } = result;
    const snapshot = readSqueue(exitCode === undefined ? rest : { ...rest, exitCode });
    expect(snapshot).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(reason) });
  });

  test('a state nobody has met is a job that is still there', () => {
    const [job] = jobsOf(readSqueue(printed('12 |TELEPORTING |None |0 |0 | |align.1.abc\n')));
    expect(job).toEqual({
      tag: 'align.1.abc',
      index: 0,
      nativeId: '12',
      state: 'unknown',
      backendStatus: 'TELEPORTING',
      runCount: 0,
    });
  });
});

describe('sacct', () => {
  test.each<[string, string, EndReport]>([
    ['ok', 'COMPLETED', { kind: 'Succeeded', exitCode: 0, started: true }],
    // Codes are shown minus 128: none can be believed.
    ['exit3', 'FAILED 3:0', { kind: 'NonZeroExit', started: true }],
    ['exit137', 'FAILED 9:0', { kind: 'NonZeroExit', started: true }],
    ['signal-self', 'FAILED 0:9', { kind: 'Signaled', signal: 9, started: true }],
    ['oom', 'FAILED 0:9', { kind: 'Signaled', signal: 9, started: true }],
    ['no-log', 'FAILED 0:53', { kind: 'LaunchFailure', started: true }],
    ['preempted', 'PREEMPTED', { kind: 'Preempted', started: true }],
    ['refused-size', 'FAILED 1:0', { kind: 'Unsatisfiable', started: false }],
  ])('%s', (name, backendStatus, end) => {
    const ended = jobsNamed(sacct, name).filter((job) => job.state === 'ended');
    expect(ended).toEqual([{ index: 0, state: 'ended', backendStatus, runCount: 0, end }]);
  });

  test('a cancelled job names who did it', () => {
    const [job] = jobsNamed(sacct, 'cancelled-running');
    expect(job).toMatchObject({ state: 'ended', end: { kind: 'Cancelled', started: true } });
    expect(job?.backendStatus).toMatch(/^CANCELLED by \d+$/);
  });

  test('a time limit', () => {
    const later = readSacct(printed(fixture('sacct-timelimit.txt')));
    expect(jobsNamed(later, 'timelimit')).toMatchObject([{ state: 'ended', end: { kind: 'TimeLimit' } }]);
  });

  test('a requeued job is one job: its newest run, with the earlier ones counted', () => {
    expect(jobsNamed(sacct, 'requeued')).toEqual([
      { index: 0, state: 'queued', backendStatus: 'PENDING', runCount: 1 },
    ]);
  });

  test('an id used again by another job is another job', () => {
    const text = [
      '12|COMPLETED|0:0|2026-01-01T10:00:00|n1|None|old.1.aaa',
      '12|FAILED|0:9|2026-11-01T10:00:00|n1|None|new.2.bbb',
    ];
    const jobs = jobsOf(readSacct(printed(`${text.join('\n')}\n`)));
    expect(jobs.map((job) => [job.tag, job.runCount])).toEqual([
      ['old.1.aaa', 0],
      ['new.2.bbb', 0],
    ]);
  });

  test('a record half written is no end (taken from a cluster whose slurmdbd had just come back)', () => {
    const [job] = jobsOf(readSacct(printed('12|FAILED|0:0|Unknown|n1|None|align.1.abc\n')));
    expect(job).toMatchObject({ state: 'unknown', backendStatus: 'FAILED' });
    expect(job).not.toHaveProperty('end');
  });

  test('waiting elements in one line are left to squeue', () => {
    const text =
      '122_0|RUNNING|0:0|Unknown|n1|None|t.1.a\n122_[2-5%2]|PENDING|0:0|Unknown|None assigned|None|t.1.a\n';
    expect(jobsOf(readSacct(printed(text))).map((job) => job.nativeId)).toEqual(['122_0']);
  });

  test('a site without accounting has answered: there are no records', () => {
    expect(readSacct(reply('sacct-disabled'))).toEqual({ kind: 'complete', jobs: [] });
    expect(
      readSacct(failed(127, 'setpriv: failed to execute sacct: No such file or directory')),
    ).toMatchObject({
      kind: 'complete',
    });
  });

  test('a database that does not answer has not answered', () => {
    expect(readSacct(reply('sacct-down'))).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining('Problem talking to the database'),
    });
  });
});
