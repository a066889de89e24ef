/** Every answer of qsub that decides something, captured where the cluster could be made to give it. */
import { describe, expect, test } from 'vitest';
import { readQsub } from '../../../backends/sge/submit-reply.ts';
import { failed, printed } from '../slurm/fixture.ts';
import { reply } from './fixture.ts';

const refusedWith = (text: string) => failed(1, `Unable to run job: ${text}\nExiting.\n`);

describe('accepted', () => {
  test.each(['accepted', 'accepted-array'])('%s: the id alone', (name) => {
    expect(readQsub(reply(name))).toEqual({
      kind: 'accepted',
      nativeId: expect.stringMatching(/^\d+$/),
    });
  });

  test('words of a verifier around it, and warnings, do not matter (constructed)', () => {
    const result = { ...printed('charged to project wf\n4711\n'), stderr: 'warning: be nice\n' };
    expect(readQsub(result)).toEqual({ kind: 'accepted', nativeId: '4711' });
  });
});

describe('rejected', () => {
  test.each([
    ['queue', 'Job was rejected because job requests unknown queue "nosuch"'],
    ['resource', 'unknown resource "nosuch"'],
    ['time', 'attribute "h_rt" is not a time value'],
    ['project', 'job rejected: the requested project "nosuch" does not exist'],
    ['pe', 'job rejected: the requested parallel environment "nosuch" does not exist'],
    ['reservation', 'the advance reservation id 5 is invalid'],
    ['tasks', 'job rejected: 0 is an invalid task id'],
    ['root', 'job rejected: your user id 0 is lower than minimum user id 1000 of cluster configuration'],
    ['submit-host', 'denied: host "vm" is not a submit host'],
    ['option', 'invalid option argument "-nosuch"'],
    ['priority', 'invalid priority "-2000".  Must be an integer from -1023 to 1024'],
    [
      'script',
      'Unable to read script file because of error: error opening /tmp/work/missing: No such file or directory',
    ],
  ])('%s', (name, words) => {
    expect(readQsub(reply(name))).toEqual({ kind: 'rejected', reason: `qsub: ${words}` });
  });

  test('what no queue could ever run, with a way out where the check is wrong', () => {
    expect(readQsub(reply('suitable'))).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(/^qsub: no suitable queues: .* verify: false/),
    });
  });

  test('a value that Grid Engine cannot take, which it does not say itself', () => {
    expect(readQsub(reply('garbled'))).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(/^qsub: Error reading answer list from qmaster \(.*ASCII/),
    });
  });

  test('the words of a site’s verifier, whatever they are (constructed)', () => {
    expect(readQsub(refusedWith('Please name a project with -P.'))).toEqual({
      kind: 'rejected',
      reason: 'qsub: Please name a project with -P.',
    });
  });
});

describe('later', () => {
  test('a limit on queued jobs is a reason to wait', () => {
    expect(readQsub(reply('limit'))).toEqual({
      kind: 'throttled',
      reason: 'qsub: job rejected: only 1 jobs are allowed per user (current job count: 1)',
    });
  });

  test.each(['connect', 'no-root', 'no-cell', 'missing-program'])(
    '%s: nobody was there, so nothing was sent',
    (name) => {
      expect(readQsub(reply(name))).toMatchObject({
        kind: 'throttled',
        reason: expect.stringMatching(/\w \w/),
      });
    },
  );

  test.each([
    'can\'t write job script "/spool/job_scripts/4711": No space left on device',
    'got no response from JSV script "/opt/site.jsv"',
    'denied: request limit reached',
  ])('%s (constructed)', (text) => {
    expect(readQsub(refusedWith(text))).toEqual({ kind: 'throttled', reason: `qsub: ${text}` });
  });

  test('a command that could not be started submitted nothing', () => {
    const { exitCode, ...rest } = printed('');
    expect(readQsub({ ...rest, failedToStart: 'spawn setpriv EAGAIN' })).toMatchObject({
      kind: 'throttled',
    });
  });
});

describe('ambiguous', () => {
  test.each([
    ['a qmaster that listens and says nothing', reply('frozen')],
    [
      'an answer that qsub cannot read, in the middle of an outage (constructed)',
      { ...reply('garbled'), stderr: `error: commlib error: got read error\n${reply('garbled').stderr}` },
    ],
    [
      'an answer that never came, and nobody there for the next question (constructed)',
      failed(
        1,
        'error: commlib error: got select error (Connection refused)\nUnable to run job: failed receiving gdi request response for mid=1 (got no message).\nExiting.\n',
      ),
    ],
    [
      'a broken connection (constructed)',
      refusedWith('commlib error: got read error (closing "vm/qmaster/1")'),
    ],
    ['a wrapper that failed and said nothing', failed(1, '')],
    ['a wrapper that failed although there was an id', { ...printed('4711\n'), exitCode: 1 }],
    ['a text nobody has met', failed(1, 'the moon is in the wrong house\n')],
    ['success without an id', printed('')],
    ['success with two ids', printed('12\n13\n')],
  ])('%s', (_, result) => {
    expect(readQsub(result)).toMatchObject({ kind: 'ambiguous', reason: expect.stringMatching(/\w/) });
  });

  test('out of time, or killed', () => {
    const { exitCode, ...rest } = printed('4711\n');
    expect(readQsub({ ...rest, timedOut: true })).toMatchObject({ kind: 'ambiguous' });
    expect(readQsub({ ...rest, signal: 'SIGKILL' })).toMatchObject({ kind: 'ambiguous' });
  });
});
