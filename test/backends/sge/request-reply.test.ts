/** What qdel and qmod say of each job. */
import { expect, test } from 'vitest';
import { readAbortReply, readUnblockReply } from '../../../backends/sge/request-reply.ts';
import { printed } from '../slurm/fixture.ts';
import { reply } from './fixture.ts';

test.each(['delete', 'delete-again'])('qdel: %s', (name) => {
  expect(readAbortReply(reply(name))).toEqual({ kind: 'sent' });
});

test('qdel: an element that is gone is no trouble (constructed)', () => {
  const stdout = 'job "40" task "50" does not exist\n';
  expect(readAbortReply({ ...printed(stdout), exitCode: 1 })).toEqual({ kind: 'sent' });
});

test.each([
  ['delete-foreign', /do not have the necessary privileges/],
  ['qdel-connect', /unable to send message to qmaster/],
])('qdel: %s', (name, reason) => {
  expect(readAbortReply(reply(name))).toEqual({ kind: 'failed', reason: expect.stringMatching(reason) });
});

test('qdel: one job that is not ours among many fails the whole, and only it is named', () => {
  const { stdout } = reply('delete');
  const result = { ...reply('delete-foreign'), stdout: `${stdout}${reply('delete-foreign').stdout}` };
  const answer = readAbortReply(result);
  expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringContaining('privileges') });
  expect(JSON.stringify(answer)).not.toContain('registered');
});

test.each(['unblock', 'unblock-one'])('qmod: %s, although it answers 1', (name) => {
  expect(reply(name).exitCode).toBe(1);
  expect(readUnblockReply(reply(name))).toEqual({ kind: 'sent' });
});

test.each([
  ['unblock-foreign', /you have no permission/],
  ['qmod-connect', /unable to send message to qmaster/],
])('qmod: %s', (name, reason) => {
  expect(readUnblockReply(reply(name))).toEqual({ kind: 'failed', reason: expect.stringMatching(reason) });
});

test('a request that ran out of time, or failed without a word, has failed', () => {
  const { exitCode, ...cut } = reply('delete');
  expect(readAbortReply({ ...cut, timedOut: true })).toMatchObject({ kind: 'failed' });
  expect(readAbortReply({ ...printed(''), exitCode: 1 })).toMatchObject({ kind: 'failed' });
});
