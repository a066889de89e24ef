/** What bkill printed, read back. */
import { describe, expect, test } from 'vitest';
import { readAbortReply } from '../../../backends/lsf/abort-reply.ts';
import { failed, linesOf, outOfTime, printed, reply } from './fixture.ts';

describe('asked', () => {
  test.each(['bkill', 'again', 'signal', 'over', 'mixed', 'unstarted', 'element'])('relative: %s', (name) => {
    const file = name === 'bkill' ? 'relative-bkill' : `relative-bkill-${name}`;
    expect(readAbortReply(reply(file))).toEqual({ kind: 'sent' });
  });

  test.each(linesOf('published-bkill').filter((line) => !line.includes('permission')))('%s', (line) => {
    expect(readAbortReply(failed(`${line}\n`))).toEqual({ kind: 'sent' });
  });
});

describe('not asked', () => {
  test.each([
    ['of a stranger', reply('relative-bkill-stranger'), /User permission denied/],
    ['nobody answers', reply('relative-bkill-connect'), /Connection refused by server/],
    [
      'one of several',
      failed('Job <1>: Job has already finished\nJob <2>: User permission denied\n'),
      /denied/,
    ],
    ['silence', failed(''), /said nothing/],
    ['out of time', outOfTime('Job <1> is being terminated\n'), /time limit/],
    ['no such option', failed('bkill: illegal option -- r\n'), /illegal option/],
  ])('%s', (_, result, reason) => {
    expect(readAbortReply(result)).toEqual({ kind: 'failed', reason: expect.stringMatching(reason) });
  });

  test('0 is always enough', () => {
    expect(readAbortReply(printed('anything\n'))).toEqual({ kind: 'sent' });
  });
});
