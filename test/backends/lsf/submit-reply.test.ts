/** What bsub printed, of IBM's and of an open relative, read back. */
import { describe, expect, test } from 'vitest';
import { readBsub } from '../../../backends/lsf/submit-reply.ts';
import { failed, linesOf, outOfTime, printed, reply } from './fixture.ts';

const read = (result: Parameters<typeof readBsub>[0]) => readBsub(result, false);

describe('accepted', () => {
  test.each(['relative-accepted', 'relative-accepted-default'])('%s', (name) => {
    expect(read(reply(name))).toEqual({ kind: 'accepted', nativeId: expect.stringMatching(/^\d+$/) });
  });

  test('whatever a site prints around it', () => {
    const stdout = 'Checking your quota: fine\nJob <4711> is submitted to queue <long>.\nHave a nice day\n';
    expect(read(printed(stdout))).toEqual({ kind: 'accepted', nativeId: '4711' });
  });

  test('even if bsub was killed after it: the line is printed when the job is there', () => {
    expect(read(outOfTime('Job <4711> is submitted to queue <long>.\n'))).toMatchObject({ kind: 'accepted' });
  });

  test.each([
    ['nothing (BSUB_QUIET)', ''],
    ['two ids', 'Job <1> is submitted to queue <a>.\nJob <2> is submitted to queue <a>.\n'],
    ['the id of nothing', 'Job <0> is submitted to queue <a>.\n'],
  ])('%s is no answer', (_, stdout) => {
    expect(read(printed(stdout))).toEqual({
      kind: 'ambiguous',
      reason: expect.stringMatching(/no single job id/),
    });
  });
});

describe('rejected for good', () => {
  test.each(linesOf('published-rejections'))('%s', (line) => {
    expect(read(failed(`${line}\n`))).toEqual({ kind: 'rejected', reason: expect.stringMatching(/\w+ \w+/) });
  });

  test.each([
    'queue',
    'dash',
    'requirement',
    'requirement-twice',
    'processors',
    'host',
    'run-limit',
    'memory',
    'hard-limit',
    'name',
    'exclusive',
    'option',
    'rerunnable',
    'nothing',
    'root',
  ])('relative-%s', (name) => {
    expect(read(reply(`relative-${name}`))).toMatchObject({ kind: 'rejected' });
  });

  test('in one line, without the usage and without what every refusal ends with', () => {
    expect(read(reply('relative-queue'))).toEqual({
      kind: 'rejected',
      reason: 'bsub: nosuch: No such queue',
    });
    expect(read(reply('relative-option'))).toEqual({ kind: 'rejected', reason: 'bsub: illegal option -- U' });
  });

  test('root is told what to do', () => {
    expect(readBsub(reply('relative-root'), true)).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(/User permission denied.*as an ordinary user/),
    });
  });
});

describe('later: nothing was created', () => {
  test.each(linesOf('published-later'))('%s', (line) => {
    expect(read(failed(`${line}\n`))).toMatchObject({ kind: 'throttled' });
  });

  test.each(['relative-connect', 'relative-unconfigured'])('%s', (name) => {
    expect(read(reply(name))).toMatchObject({ kind: 'throttled' });
  });

  test('there is no bsub', () => {
    const noSuchProgram = failed('setpriv: failed to execute bsub: No such file or directory', 127);
    expect(read(noSuchProgram)).toMatchObject({ kind: 'throttled' });
    expect(read({ ...outOfTime(), timedOut: false, failedToStart: 'spawn bsub ENOENT' })).toMatchObject({
      kind: 'throttled',
    });
  });
});

describe('in doubt', () => {
  test.each([
    'Failed in an LSF library call: Failed in sending/receiving a message: Connection reset by peer. Job not submitted.',
    'Something that nobody has met. Job not submitted.',
    'Segmentation fault',
    '',
  ])('%s', (stderr) => {
    expect(read(failed(stderr))).toMatchObject({ kind: 'ambiguous' });
  });

  test('out of time, and killed', () => {
    expect(read(outOfTime())).toMatchObject({
      kind: 'ambiguous',
      reason: expect.stringMatching(/time limit/),
    });
    expect(read({ ...outOfTime(), timedOut: false, signal: 'SIGKILL' })).toMatchObject({ kind: 'ambiguous' });
  });

  test('a broken connection outweighs a refusal', () => {
    const both = 'Connection reset by peer\nnosuch: No such queue. Job not submitted.';
    expect(read(failed(both))).toMatchObject({ kind: 'ambiguous' });
  });
});
