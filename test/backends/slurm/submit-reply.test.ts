/** Every answer of sbatch that decides something, captured where the cluster could be made to give it. */
import { describe, expect, test } from 'vitest';
import { readSbatch } from '../../../backends/slurm/submit-reply.ts';
import { failed, printed, reply } from './fixture.ts';

const FAILED = 'sbatch: error: Batch job submission failed: ';

describe('accepted', () => {
  test('the id alone, and with the name of a cluster', () => {
    expect(readSbatch(reply('accepted'))).toEqual({
      kind: 'accepted',
      nativeId: expect.stringMatching(/^\d+$/),
    });
    expect(readSbatch(reply('accepted-cluster'))).toEqual({
      kind: 'accepted',
      nativeId: expect.stringMatching(/^\d+$/),
    });
  });

  test('words of a wrapper around it, and warnings, do not matter', () => {
    const result = { ...printed('Charging project wf\n4711\n'), stderr: 'sbatch: warning: be nice\n' };
    expect(readSbatch(result)).toEqual({ kind: 'accepted', nativeId: '4711' });
  });
});

describe('rejected', () => {
  test.each([
    ['partition', 'invalid partition specified: nosuch; Invalid partition name specified'],
    ['account', 'Invalid account or account/partition combination specified'],
    ['qos', 'Invalid qos specification'],
    ['memory', 'Memory specification can not be satisfied; Requested node configuration is not available'],
    ['constraint', 'Invalid feature specification'],
    ['gres', 'Invalid generic resource (gres) specification'],
    ['reservation', 'Requested reservation is invalid'],
    ['dependency', 'Job dependency problem'],
    ['array', 'Invalid job array specification'],
    ['script', 'Unable to open file /tmp/work/missing'],
    ['option', `unrecognized option '--no-such-option'; Try "sbatch --help" for more information`],
    ['time', 'Invalid --time specification'],
  ])('%s', (name, words) => {
    expect(readSbatch(reply(name))).toEqual({ kind: 'rejected', reason: `sbatch: ${words}` });
  });

  test('a limit on the size of one job (constructed)', () => {
    const stderr = `sbatch: error: QOSMaxWallDurationPerJobLimit\n${FAILED}Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n`;
    expect(readSbatch(failed(1, stderr))).toMatchObject({ kind: 'rejected' });
  });

  test.each([
    'Node count specification invalid',
    'More processors requested than permitted',
    "User's group not permitted to use this partition",
    'Requested time limit is invalid (missing or exceeds some limit)',
    'Requested partition configuration not available now',
    'Invalid wckey specification',
    'Pathname of a file, directory or other parameter too long',
  ])('%s (a text of slurm_strerror)', (text) => {
    expect(readSbatch(failed(1, `${FAILED}${text}\n`))).toEqual({
      kind: 'rejected',
      reason: `sbatch: ${text}`,
    });
  });

  test('the site’s submit plugin explains itself (constructed)', () => {
    const stderr = `sbatch: error: Please name a project with --account.\n${FAILED}Unspecified error\n`;
    expect(readSbatch(failed(1, stderr))).toEqual({
      kind: 'rejected',
      reason: 'sbatch: Please name a project with --account.; Unspecified error',
    });
  });
});

describe('later', () => {
  test('a limit on queued jobs is a reason to wait', () => {
    expect(readSbatch(reply('submit-limit'))).toMatchObject({
      kind: 'throttled',
      reason: expect.stringContaining('QOSMaxSubmitJobPerUserLimit'),
    });
  });

  test.each([
    ['no connection was made, so nothing was sent', reply('connect')],
    [
      'a limit of the association',
      failed(1, `sbatch: error: AssocMaxSubmitJobLimit\n${FAILED}Job violates accounting/QOS policy\n`),
    ],
    [
      'an older Slurm that does not name the limit',
      failed(1, `${FAILED}Job violates accounting/QOS policy\n`),
    ],
    [
      'too many jobs in the whole cluster',
      failed(
        1,
        `sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n${FAILED}Resource temporarily unavailable\n`,
      ),
    ],
    [
      'a partition closed for a while',
      failed(1, `${FAILED}Required partition not available (inactive or drain)\n`),
    ],
    [
      'no sbatch at all',
      {
        ...printed(''),
        exitCode: 127,
        stderr: 'setpriv: failed to execute sbatch: No such file or directory\n',
      },
    ],
    ['no sbatch that may be run', { ...reply('missing-program') }],
  ])('%s', (_, result) => {
    expect(readSbatch(result)).toMatchObject({ kind: 'throttled', reason: expect.stringMatching(/\w/) });
  });

  test.each([
    'Slurm backup controller in standby mode',
    'Unable to create job record, try again',
    'I/O error writing script/environment to file',
    'Requested account has breached requested QOS usage threshold',
  ])('%s (a text of slurm_strerror)', (text) => {
    expect(readSbatch(failed(1, `${FAILED}${text}\n`))).toEqual({
      kind: 'throttled',
      reason: `sbatch: ${text}`,
    });
  });

  test('a command that could not be started submitted nothing', () => {
    const { exitCode, ...rest } = printed('');
    expect(readSbatch({ ...rest, failedToStart: 'spawn setpriv EAGAIN' })).toMatchObject({
      kind: 'throttled',
    });
  });
});

describe('ambiguous', () => {
  test.each([
    [
      'the controller did not answer in time, and the job may run later',
      failed(1, `${FAILED}Socket timed out on send/recv operation\n`),
    ],
    [
      '… also after it had said that it is busy',
      failed(
        1,
        `sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n${FAILED}Socket timed out on send/recv operation\n`,
      ),
    ],
    ['the answer was lost', failed(1, `${FAILED}Unable to contact slurm controller (receive failure)\n`)],
    ['the connection broke', failed(1, `${FAILED}Zero Bytes were transmitted or received\n`)],
    ['a key that did not fit', failed(1, `${FAILED}Invalid job credential\n`)],
    ['munge in trouble', failed(1, `${FAILED}Protocol authentication error\n`)],
    ['a wrapper failed and said nothing', failed(1, '')],
    ['a wrapper failed although there was an id', { ...printed('4711\n'), exitCode: 1 }],
    ['exit code 255 without a word', failed(255, '')],
    ['a text nobody has met', failed(1, `${FAILED}The moon is in the wrong house\n`)],
    ['success without an id', printed('')],
    ['success with two ids', printed('12\n13\n')],
  ])('%s', (_, result) => {
    expect(readSbatch(result)).toMatchObject({ kind: 'ambiguous', reason: expect.stringMatching(/\w/) });
  });

  test('out of time, or killed', () => {
    const { exitCode, ...rest } = printed('4711\n');
    expect(readSbatch({ ...rest, timedOut: true })).toMatchObject({ kind: 'ambiguous' });
    expect(readSbatch({ ...rest, signal: 'SIGKILL' })).toEqual({
      kind: 'ambiguous',
      reason: 'sbatch ended with SIGKILL and said nothing',
    });
  });
});
