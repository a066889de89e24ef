/** Logs, identity and answers about aborts; the probe is shown by the contract suite. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NativeId, Owner } from '../../../backends/backend.ts';
import { createSlurm } from '../../../backends/slurm/slurm.ts';
import { fixture } from './fixture.ts';

const slurm = createSlurm('site', {});

describe('the log of a job', () => {
  test.each([
    ['log-memory.txt', 'OutOfMemory'],
    ['log-timelimit.txt', 'TimeLimit'],
    ['log-preempted.txt', 'Preempted'],
  ])('%s', (name, kind) => {
    expect(slurm.causeInLog(fixture(name))).toBe(kind);
  });

  test.each([
    [
      'slurmstepd: error: *** JOB 70 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***',
      'NodeFailure',
    ],
    [
      'slurmstepd: error: Detected 1 oom_kill event in StepId=70.batch. Some of the step tasks have been OOM Killed.',
      'OutOfMemory',
    ],
    ['slurmstepd: error: Detected 1 oom-kill event(s) in StepId=70.batch.', 'OutOfMemory'],
    ['slurmstepd: error: *** JOB 70 ON n1 CANCELLED AT 2026-01-01T00:00:00 ***', undefined],
    ['', undefined],
  ])('%s', (log, kind) => {
    expect(slurm.causeInLog(log)).toBe(kind);
  });
});

const HEAD = { log: '/log', umask: 0o022, elements: 1 };

describe('identity in the wrapper', () => {
  const identity = (env: Record<string, string>): string =>
    execFileSync('sh', ['-euc', `${slurm.preamble(HEAD)}\necho "$wf_native $wf_count $wf_index"`], {
      env: { PATH: '/usr/bin:/bin', ...env },
      encoding: 'utf8',
    }).trim();

  test('of a plain job, first and second run', () => {
    expect(identity({ SLURM_JOB_ID: '12' })).toBe('12 0 0');
    expect(identity({ SLURM_JOB_ID: '12', SLURM_RESTART_COUNT: '1' })).toBe('12 1 0');
  });

  test('of an element of an array', () => {
    expect(identity({ SLURM_JOB_ID: '124', SLURM_ARRAY_JOB_ID: '122', SLURM_ARRAY_TASK_ID: '3' })).toBe(
      '122_3 0 3',
    );
  });
});

describe('scancel answers', () => {
  const owner: Owner = {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    name: 'x',
    home: '/',
    shell: '/bin/sh',
  };
  let bin: string;
  beforeAll(() => {
    bin = mkdtempSync(join(tmpdir(), 'wf-bin-'));
    copyFileSync(new URL('../../fake-bin/replay', import.meta.url), join(bin, 'scancel'));
    chmodSync(join(bin, 'scancel'), 0o755);
  });
  afterAll(() => rmSync(bin, { recursive: true }));

  const abort = (text: string) => {
    writeFileSync(join(bin, 'reply'), text);
    return createSlurm('site', { env: { PATH: `${bin}:/usr/bin:/bin` } }).abort(owner, ['12' as NativeId], {
      kind: 'kill',
    });
  };

  test('silence is the answer to everything that is over or was never there', async () => {
    expect(await abort(fixture('reply-scancel-unknown.txt'))).toEqual({ kind: 'sent' });
  });

  test.each([
    ['reply-scancel-denied.txt', /Access\/permission denied/],
    ['reply-scancel-connect.txt', /Unable to contact slurm controller/],
  ])('%s', async (name, reason) => {
    expect(await abort(fixture(name))).toEqual({ kind: 'failed', reason: expect.stringMatching(reason) });
  });

  test('a newer version complains about jobs that are over: that is no failure (constructed)', async () => {
    const stderr = 'scancel: error: Kill job error on job id 12: Job/step already completing or completed\n';
    expect(await abort(`exit 60\n--- stdout\n--- stderr\n${stderr}`)).toEqual({ kind: 'sent' });
  });

  test('… but one that is not among them is (constructed)', async () => {
    const stderr =
      'scancel: error: Kill job error on job id 12: Invalid job id specified\n' +
      'scancel: error: Kill job error on job id 13: Access/permission denied\n';
    expect(await abort(`exit 60\n--- stdout\n--- stderr\n${stderr}`)).toMatchObject({ kind: 'failed' });
  });
});
