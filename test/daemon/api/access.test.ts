/** Many users of one daemon: what each sees of the others, what he may do, how often he may ask, what is kept of it. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Owner } from '../../../backends/backend.ts';
import type { CommandResult } from '../../../backends/run-command.ts';
import { createAccounts } from '../../../daemon/accounts/accounts.ts';
import { accessInUserMode } from '../../../daemon/api/access.ts';
import { createAuditLog, NO_AUDIT_LOG } from '../../../daemon/api/audit-log.ts';
import type { Peer, Role } from '../../../daemon/api/engine-door.ts';
import { RequestRate } from '../../../daemon/api/rate-limit.ts';
import { VISIBILITIES, type Visibility } from '../../../daemon/api/roles.ts';
import { identifyInSystemMode } from '../../../daemon/api/system-mode.ts';
import { ROUTES } from '../../../daemon/protocol/routes.ts';
import { ask, type Served, serveFake } from './api-fixture.ts';
import { ME, peerNamed } from './fake-engine.ts';

const EVE: Owner = { ...ME, uid: 54_322, name: 'eve' };
let served: Served | undefined;
afterEach(async () => {
  await served?.close();
  served = undefined;
});

/** Run 1 is bob's, run 2 eve's; bob asks. */
async function asBob(visibility: Visibility, role: Role = 'user', limit = 1_000): Promise<Served> {
  const bob: Peer = { ...peerNamed('bob', 54_321), role };
  served = await serveFake({
    access: {
      ...accessInUserMode(ME),
      identify: async () => ({ ok: true, value: bob }),
      visibility: () => visibility,
      rate: new RequestRate(() => ({ perSecond: 0.001, burst: limit })),
      audit: NO_AUDIT_LOG,
    },
  });
  served.fake.add({ owner: bob.owner });
  served.fake.add({ owner: EVE, labels: { project: 'secret' }, directory: '/home/eve/x' });
  served.fake.emit({ runId: 1 });
  served.fake.emit({ runId: 2, text: 'secret' });
  return served;
}

describe.each(VISIBILITIES)('visibility %s', (visibility) => {
  const READS = ['', '?calls=1', '/logs', '/why', '/events'];

  test('his own run is his to see and to change', async () => {
    const { socket } = await asBob(visibility);
    for (const what of READS) expect((await ask(socket, 'GET', `/v1/runs/1${what}`)).status).toBe(200);
    expect((await ask(socket, 'POST', '/v1/runs/1/abort', {})).status).toBe(200);
  });

  test.each(READS)('GET /v1/runs/2%s of another', async (what) => {
    const { socket } = await asBob(visibility);
    const { status, body } = await ask(socket, 'GET', `/v1/runs/2${what}`);
    expect(status).toBe(visibility === 'all' ? 200 : 404);
    if (visibility !== 'all') expect(JSON.stringify(body)).not.toMatch(/secret|eve/);
  });

  test('nothing of another is changed', async () => {
    const { socket, fake } = await asBob(visibility);
    for (const wish of ['abort', 'hold', 'release']) {
      const { status } = await ask(socket, 'POST', `/v1/runs/2/${wish}`, {});
      expect(status).toBe(visibility === 'all' ? 403 : 404);
    }
    const bulk = await ask(socket, 'POST', '/v1/abort', { ids: [1, 2] });
    expect(bulk.body).toMatchObject({ ids: [1], refused: [{ id: 2 }] });
    expect(fake.wishes.join()).not.toMatch(/\b2\b/);
  });

  test('the list shows of others what it should', async () => {
    const { socket } = await asBob(visibility);
    const { body } = await ask(socket, 'GET', '/v1/runs');
    const { runs } = body as { runs: readonly { id: number; labels: object; owner: string }[] };
    expect(runs.map(({ id }) => id)).toEqual(visibility === 'own' ? [1] : [2, 1]);
    if (visibility === 'names') {
      expect(runs[0]).toMatchObject({ owner: 'eve', labels: {}, directory: '' });
      const byLabel = await ask(socket, 'GET', '/v1/runs?label=project%3Dsecret');
      expect(byLabel.body).toMatchObject({ runs: [] });
    }
  });

  test('events of all runs are those of the runs he may look at', async () => {
    const { socket } = await asBob(visibility);
    const { body } = await ask(socket, 'GET', '/v1/events');
    const { events } = body as { events: readonly { text: string }[] };
    expect(events.some(({ text }) => text === 'secret')).toBe(visibility === 'all');
  });

  test.each(['operator', 'admin'] as const)('an %s sees and changes all', async (role) => {
    const { socket } = await asBob(visibility, role);
    for (const what of READS) expect((await ask(socket, 'GET', `/v1/runs/2${what}`)).status).toBe(200);
    expect((await ask(socket, 'POST', '/v1/runs/2/abort', {})).status).toBe(200);
  });
});

test('only an administrator governs the daemon', async () => {
  const paths = ['/v1/daemon/drain', '/v1/daemon/resume', '/v1/backends/slurm/resume'];
  for (const role of ['user', 'operator', 'admin'] as const) {
    const { socket, close } = await asBob('all', role);
    for (const path of paths) {
      expect((await ask(socket, 'POST', path, {})).status).toBe(role === 'admin' ? 200 : 403);
    }
    await close();
    served = undefined;
  }
});

test('a submission larger than the site allows is refused', async () => {
  served = await serveFake({ access: { ...accessInUserMode(ME), submissionBytes: 1_000 } });
  const big = { bundle: { source: 'x'.repeat(2_000) } };
  expect(await ask(served.socket, 'POST', '/v1/runs', big)).toMatchObject({
    status: 413,
    body: { error: { code: 'REQUEST_TOO_LARGE', message: expect.stringContaining('access.submission') } },
  });
  expect(served.fake.wishes).toEqual([]);
});

test('who asks too often is told to wait, and for how long', async () => {
  const { socket } = await asBob('own', 'user', 3);
  for (let n = 0; n < 3; n += 1) expect((await ask(socket, 'GET', '/v1/daemon')).status).toBe(200);
  expect(await ask(socket, 'GET', '/v1/daemon')).toMatchObject({
    status: 429,
    body: { error: { code: 'TOO_MANY_REQUESTS', message: expect.stringContaining('bob') } },
  });
});

test('tokens come back with time, never more than a burst', () => {
  let nowMs = 0;
  const rate = new RequestRate(
    () => ({ perSecond: 2, burst: 4 }),
    () => nowMs,
  );
  const served = (uid: number): number => [1, 2, 3, 4, 5, 6].filter(() => rate.take(uid) === 0).length;
  expect(served(1)).toBe(4);
  expect(served(2)).toBe(4);
  expect(rate.take(1)).toBe(500);
  nowMs = 1_000;
  expect(served(1)).toBe(2);
  nowMs = 3_600_000;
  expect(served(1)).toBe(4);
});

test('the audit log says who did what to which run, and nothing that was sent along', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wfd-audit-'));
  const path = join(directory, 'audit.log');
  const audit = createAuditLog(path, (error) => expect.unreachable(String(error)));
  const access = { ...accessInUserMode(ME), audit };
  served = await serveFake({ access });
  served.fake.add();
  await ask(served.socket, 'GET', '/v1/runs/1');
  await ask(served.socket, 'POST', '/v1/runs/1/abort', { reason: 'a secret reason' });
  await ask(served.socket, 'POST', '/v1/runs/9/abort', {});
  await ask(served.socket, 'POST', '/v1/daemon/drain', {});
  await expect.poll(() => readFileSync(path, 'utf8').split('\n').length).toBe(4);
  const text = readFileSync(path, 'utf8');
  const entries = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries).toMatchObject([
    { who: 'ada', uid: ME.uid, route: 'abortRun', id: 1, answer: 'ok' },
    { route: 'abortRun', id: 9, answer: 'RUN_NOT_FOUND' },
    { route: 'drainDaemon', answer: 'ok' },
  ]);
  expect(text).not.toContain('secret');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  rmSync(directory, { recursive: true });
});

describe('who is who in system mode', () => {
  const PASSWD: Record<string, string> = {
    '0': 'root:x:0:0::/root:/bin/sh',
    '7': 'ada:x:7:70::/home/ada:',
    '8': 'bob:x:8:80::/h:/bin/sh',
  };
  const GROUPS: Record<string, string> = { ada: 'users hpc', bob: 'users' };
  const asked: string[] = [];
  const answer = (stdout = ''): CommandResult => ({
    exitCode: stdout === '' ? 2 : 0,
    stdout,
    stderr: '',
    timedOut: false,
    durationMs: 0,
  });
  let nowMs = 0;
  const accounts = createAccounts(
    async (program, args) => {
      const last = args.at(-1) ?? '';
      asked.push(`${program} ${last}`);
      return answer(program === 'getent' ? PASSWD[last] : GROUPS[last]);
    },
    () => nowMs,
  );
  const identify = identifyInSystemMode(accounts, () => ({ admins: ['@hpc'], operators: ['bob'] }));
  const peer = async (uid: number): Promise<unknown> => {
    const found = await identify({ uid, gid: 99, pid: 1 });
    return found.ok ? found.value : found.error.code;
  };

  test('the kernel says who asks, the system what he is called, the configuration what he may', async () => {
    expect(await peer(7)).toMatchObject({
      name: 'ada',
      role: 'admin',
      owner: { uid: 7, gid: 99, home: '/home/ada', shell: '/bin/sh' },
    });
    expect(await peer(8)).toMatchObject({ name: 'bob', role: 'operator' });
    expect(await peer(0)).toMatchObject({ name: 'root', role: 'admin' });
    expect(await peer(9)).toBe('NOT_ALLOWED');
  });

  test('answers are kept for a minute, and no answer is asked for again', async () => {
    nowMs = 30_000;
    asked.length = 0;
    await Promise.all([peer(7), peer(7), peer(9)]);
    expect(asked).toEqual(['getent 9']);
    nowMs = 70_000;
    await peer(7);
    expect(asked.slice(1)).toEqual(['getent 7', 'id ada']);
  });

  test('a directory that does not answer makes nobody disappear', async () => {
    const silent = createAccounts(async () => ({
      stdout: '',
      stderr: '',
      timedOut: true,
      durationMs: 10_000,
    }));
    expect(await silent.goneAmong([7])).toEqual(new Set());
  });

  test('the real system knows us', async () => {
    const real = createAccounts();
    const us = await real.userOf(process.getuid?.() ?? 0);
    expect(us).toMatchObject({ uid: process.getuid?.(), home: expect.stringMatching(/^\//) });
    expect(await real.groupsOf(us?.name ?? '')).not.toEqual([]);
    expect(await real.userOf(4_000_000_000)).toBeUndefined();
    expect(await real.goneAmong([0, 4_000_000_000])).toEqual(new Set([4_000_000_000]));
    expect(await real.goneAmong([])).toEqual(new Set());
  });
});

test('every route that changes something is one of the methods that the audit log keeps', () => {
  const questions = Object.values(ROUTES).filter(({ method }) => method === 'GET');
  expect(questions.every(({ path }) => !/abort|hold|release|drain|resume|pause|backup/.test(path))).toBe(
    true,
  );
});
