import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NativeId, Tag } from '../../../backends/backend.ts';
import { accessInUserMode } from '../../../daemon/api/access.ts';
import { OPERATIONS } from '../../../daemon/protocol/operations.ts';
import { ask, type Served, serveFake } from './api-fixture.ts';
import { aCall, anAttempt, ME, peerNamed, SLURM, T0 } from './fake-engine.ts';

let served: Served;
beforeEach(async () => {
  served = await serveFake();
});
afterEach(async () => {
  await served.close();
});

const SUBMIT = {
  bundle: { language: 'native', fileName: 'w.yaml', source: 'tasks: {}', files: {}, inputs: { n: [1, 'a'] } },
  submitDir: '/home/ada',
  umask: 0o022,
};

test('the daemon says who it is and how its backends are', async () => {
  const { status, body, headers } = await ask(served.socket, 'GET', '/v1/daemon');
  expect(status).toBe(200);
  expect(OPERATIONS.getDaemon.answer.parse(body)).toMatchObject({
    host: 'login1',
    state: 'serving',
    startedAt: '2021-03-01T08:00:00.000Z',
    backends: [{ name: 'slurm', reachable: true, paused: null }],
  });
  expect(headers).toHaveProperty('wfd-version');
});

test('a backend has the fixed names, nulls where nothing is known', async () => {
  const { body } = await ask(served.socket, 'GET', '/v1/backends');
  const known = OPERATIONS.listBackends.answer.parse(body).backends[0];
  expect(known).toMatchObject({
    ...{ reachable: true, accounting: true, submitting: 1, maxSubmitting: 4 },
    ...{ probedAt: '2021-03-01T08:00:00.000Z', askedAt: '2021-03-01T08:00:05.000Z' },
    commands: { lastMinute: 12, total: { submit: 120, observe: 400 } },
  });
  const { sinceMs, version, hasAccounting, probedAtMs, ...rest } = SLURM;
  const { lastAtMs, ...commands } = SLURM.commands;
  const unknown = { ...rest, reachable: 'unknown', commands } as const;
  served.fake.status = { ...served.fake.status, backends: [unknown, { ...SLURM, commands }] };
  const later = await ask(served.socket, 'GET', '/v1/backends');
  const { backends } = OPERATIONS.listBackends.answer.parse(later.body);
  expect(backends[0]).toMatchObject({
    ...{ reachable: null, since: null, version: null, accounting: null, probedAt: null, askedAt: null },
    paused: null,
  });
  // One that runs no commands was asked when it was probed.
  expect(backends[1]).toMatchObject({ askedAt: '2021-03-01T08:00:00.000Z' });
});

test('a submit answers the run, and the same token answers the same run', async () => {
  const body = { ...SUBMIT, name: 'mine', labels: { project: 'p42' }, token: 'token-0001' };
  const first = await ask(served.socket, 'POST', '/v1/runs', body);
  const second = await ask(served.socket, 'POST', '/v1/runs', body);
  expect(OPERATIONS.submitRun.answer.parse(first.body)).toMatchObject({
    repeated: false,
    run: { id: 1, name: 'mine' },
  });
  expect(second.body).toMatchObject({ repeated: true, run: { id: 1 } });
  expect(served.fake.runs.size).toBe(1);
});

test('a run with its calls has the fixed names, nulls where nothing is', async () => {
  served.fake.add(
    { problems: [{ key: 'k', text: 'a job is held', sinceMs: T0 }] },
    { Active: 1, Failed: 1 },
    [
      {
        runId: 1,
        tag: 't.1.aaaaaaaaaa' as Tag,
        backend: 'slurm',
        owner: ME,
        call: 'align[0]',
        host: 'login1',
        sinceMs: T0,
      },
      {
        runId: 1,
        tag: 't.1.bbbbbbbbbb' as Tag,
        backend: 'slurm',
        owner: ME,
        call: 'align[1]',
        host: 'login1',
        sinceMs: T0,
        goneAtMs: T0,
      },
    ],
  );
  served.fake.calls.set(1, [
    aCall({ runId: 1, key: 'align[3]', index: 3, status: 'Failed' }),
    aCall({ runId: 1, key: 'finally', role: 'finally' }),
  ]);
  served.fake.attempts.set(1, [
    anAttempt({
      runId: 1,
      call: 'align[3]',
      state: {
        kind: 'ended',
        outcome: { cause: 'OutOfMemory', detail: 'asked 1G' },
        nativeId: '4711' as NativeId,
      },
      endedAtMs: T0 + 9_000,
    }),
  ]);
  const { body } = await ask(served.socket, 'GET', '/v1/runs/1?calls=1');
  expect(OPERATIONS.getRun.answer.parse(body)).toMatchObject({
    id: 1,
    owner: 'ada',
    endedAt: null,
    held: null,
    calls: { NotStarted: 0, Ready: 0, Active: 1, Succeeded: 0, Failed: 1, Aborted: 0, Skipped: 0 },
    orphans: [{ call: 'align[0]', nativeId: null }],
    problems: [{ text: 'a job is held' }],
    callList: [
      {
        call: 'align[3]',
        status: 'Failed',
        attempts: [
          {
            number: 1,
            state: 'ended',
            cause: 'OutOfMemory',
            backend: 'slurm',
            nativeId: '4711',
            backendStatus: 'RUNNING',
            exitCode: null,
            queuedAt: '2021-03-01T08:00:02.000Z',
            startedAt: '2021-03-01T08:00:03.000Z',
            endedAt: '2021-03-01T08:00:09.000Z',
          },
        ],
      },
    ],
    stepList: [{ call: 'finally' }],
  });
});

test('lists are filtered and paged', async () => {
  for (const project of ['a', 'b', 'a', 'a']) served.fake.add({ labels: { project } });
  const page = await ask(served.socket, 'GET', '/v1/runs?label=project%3Da&limit=2');
  expect(page.body).toMatchObject({ runs: [{ id: 4 }, { id: 3 }], next: 3 });
  const rest = await ask(served.socket, 'GET', '/v1/runs?label=project%3Da&limit=2&before=3');
  expect(rest.body).toMatchObject({ runs: [{ id: 1 }], next: null });
});

test('wishes reach the engine and are answered with the run as it is then', async () => {
  served.fake.add();
  const aborted = await ask(served.socket, 'POST', '/v1/runs/1/abort', { force: true, reason: 'wrong data' });
  expect(aborted.body).toMatchObject({ status: 'Aborting', abort: { by: expect.any(String), force: true } });
  await ask(served.socket, 'POST', '/v1/runs/1/abort', { call: 'align[3]' });
  await ask(served.socket, 'POST', '/v1/runs/1/hold');
  await ask(served.socket, 'POST', '/v1/runs/1/release', {});
  await ask(served.socket, 'POST', '/v1/backends/slurm/pause', { reason: 'maintenance' });
  expect(served.fake.wishes).toEqual([
    'abort 1 --force',
    'abort 1 align[3]',
    'hold 1',
    'release 1',
    'pause slurm',
  ]);
});

test('several runs are aborted by label; ended ones are left alone; a dry run aborts none', async () => {
  served.fake.add({ labels: { p: '1' } });
  served.fake.add({ labels: { p: '1' }, status: 'Succeeded' });
  served.fake.add({ labels: { p: '2' } });
  const dry = await ask(served.socket, 'POST', '/v1/abort', { labels: { p: '1' }, dryRun: true });
  expect(dry.body).toEqual({ ids: [1], refused: [] });
  expect(served.fake.wishes).toEqual([]);
  const named = await ask(served.socket, 'POST', '/v1/abort', { ids: [1, 99] });
  expect(named.body).toMatchObject({ ids: [1], refused: [{ id: 99, code: 'RUN_NOT_FOUND' }] });
  expect(served.fake.wishes).toEqual(['abort 1']);
});

test('the answers to "where is the output" and "why" name files and reasons', async () => {
  served.fake.add({ held: { by: 'ada', reason: 'wait for data' } }, { Active: 1 });
  served.fake.calls.set(1, [aCall({ runId: 1, key: 'align[3]' })]);
  served.fake.attempts.set(1, [anAttempt({ runId: 1, call: 'align[3]' })]);
  const logs = await ask(served.socket, 'GET', '/v1/runs/1/logs?call=align%5B3%5D');
  expect(logs.body).toMatchObject({
    logs: [{ call: 'align[3]', attempt: 1, stdout: expect.stringMatching(/\/stdout$/) }],
  });
  const why = await ask<{ lines: string[] }>(served.socket, 'GET', '/v1/runs/1/why?call=align%5B3%5D');
  expect(why.body.lines.join('\n')).toMatch(
    /Attempt 1 \(job 4711 on slurm\) is running.*held by ada \(wait for data\)/s,
  );
});

test.each([
  ['GET', '/v1/runs/99', undefined, 404, 'RUN_NOT_FOUND', /no run 99/],
  ['GET', '/v1/runs/seventeen', undefined, 400, 'INVALID_REQUEST', /path.id: must be a whole number/],
  ['GET', '/v1/runs/1/why?call=algin', undefined, 404, 'CALL_NOT_FOUND', /did you mean align\?/],
  ['GET', '/v1/runs?lable=a%3Db', undefined, 400, 'INVALID_REQUEST', /did you mean "label"/],
  ['GET', '/v2/runs', undefined, 404, 'UNKNOWN_ROUTE', /no GET \/v2\/runs/],
  ['DELETE', '/v1/runs/1', undefined, 404, 'UNKNOWN_ROUTE', /no DELETE/],
  [
    'POST',
    '/v1/runs',
    { ...SUBMIT, backned: 'slurm' },
    400,
    'INVALID_REQUEST',
    /body: there is no key "backned"; did you mean "backend"/,
  ],
  [
    'POST',
    '/v1/runs',
    { ...SUBMIT, submitDir: 'here' },
    400,
    'INVALID_REQUEST',
    /body.submitDir: must be an absolute path/,
  ],
  ['POST', '/v1/runs', '{"bundle": ', 400, 'INVALID_REQUEST', /not valid JSON/],
  ['POST', '/v1/runs', '[]', 400, 'INVALID_REQUEST', /expected object/],
  ['POST', '/v1/abort', {}, 400, 'INVALID_REQUEST', /must say which runs/],
  ['POST', '/v1/backends/slrum/pause', { reason: 'x' }, 404, 'BACKEND_NOT_FOUND', /no backend slrum/],
])('%s %s with %j is refused clearly', async (method, path, body, status, code, message) => {
  served.fake.add();
  served.fake.calls.set(1, [aCall({ runId: 1, key: 'align' })]);
  const reply = await ask(served.socket, method, path, body);
  expect(reply.status).toBe(status);
  expect(reply.body).toMatchObject({
    error: { code, message: expect.stringMatching(message), version: expect.any(String) },
  });
});

test('what the engine refuses is shown as it is', async () => {
  served.fake.refusal = {
    ok: false,
    error: { code: 'DEGRADED', message: 'the disk is full', details: ['df says 100 %'] },
  };
  const reply = await ask(served.socket, 'POST', '/v1/runs', SUBMIT);
  expect(reply.status).toBe(503);
  expect(reply.body).toMatchObject({
    error: { code: 'DEGRADED', message: 'the disk is full', details: ['df says 100 %'] },
  });
});

test('a bug in a handler is one 500, is logged, and the next request is served', async () => {
  served.fake.store.findRun = () => Promise.reject(new Error('the database is on fire'));
  const reply = await ask(served.socket, 'GET', '/v1/runs/1');
  expect(reply).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL' } } });
  expect(served.errors).toHaveLength(1);
  expect((await ask(served.socket, 'GET', '/v1/daemon')).status).toBe(200);
});

describe('other users', () => {
  const bob = peerNamed('bob', 54_321);
  let asBob: Served;
  beforeEach(async () => {
    asBob = await serveFake({
      access: { ...accessInUserMode(ME), identify: async () => ({ ok: true, value: bob }) },
    });
    asBob.fake.add();
    asBob.fake.add({ owner: bob.owner });
  });
  afterEach(() => asBob.close());

  test('may look, but change only what is theirs', async () => {
    expect((await ask(asBob.socket, 'GET', '/v1/runs/1')).status).toBe(200);
    const refused = await ask(asBob.socket, 'POST', '/v1/runs/1/abort');
    expect(refused).toMatchObject({
      status: 403,
      body: { error: { message: expect.stringMatching(/belongs to ada.*not bob/) } },
    });
    expect((await ask(asBob.socket, 'POST', '/v1/runs/2/hold')).status).toBe(200);
    expect(asBob.fake.wishes).toEqual(['hold 2']);
  });

  test('mean their own runs when they say all', async () => {
    expect((await ask(asBob.socket, 'POST', '/v1/abort', { all: true })).body).toEqual({
      ids: [2],
      refused: [],
    });
    const named = await ask(asBob.socket, 'POST', '/v1/abort', { ids: [1] });
    expect(named.body).toMatchObject({ ids: [], refused: [{ id: 1, code: 'NOT_ALLOWED' }] });
  });

  test('do not stop what concerns everybody', async () => {
    for (const path of ['/v1/daemon/drain', '/v1/backends/slurm/resume']) {
      expect(await ask(asBob.socket, 'POST', path)).toMatchObject({
        status: 403,
        body: { error: { code: 'NOT_ALLOWED' } },
      });
    }
    expect(asBob.fake.status.state.kind).toBe('serving');
  });
});
