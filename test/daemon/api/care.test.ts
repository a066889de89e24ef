/** Routes about the care of the state: what they answer, and that only root and the daemon's own user may ask. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessInUserMode } from '../../../daemon/api/access.ts';
import { OPERATIONS } from '../../../daemon/protocol/operations.ts';
import { ask, type Served, serveFake } from './api-fixture.ts';
import { ME, peerNamed } from './fake-engine.ts';

const DAY_MS = 86_400_000;
const FACTS = { bytes: 1_500_000, schemaVersion: 2, rows: { runs: 3, calls: 40 } };

let served: Served;
beforeEach(async () => {
  served = await serveFake();
});
afterEach(async () => {
  await served.close();
});

test('a backup: the next one, or a file that is named', async () => {
  const next = await ask(served.socket, 'POST', '/v1/daemon/backup');
  const named = await ask(served.socket, 'POST', '/v1/daemon/backup', { to: '/b/mine.db' });
  expect(OPERATIONS.backUpState.answer.parse(next.body)).toEqual({
    file: '/state/backups/state-2030-01-31T02-00-00Z.db',
    at: '2030-01-31T02:00:00.000Z',
    ...FACTS,
  });
  expect(named.body).toMatchObject({ file: '/b/mine.db' });
  expect(served.care.asked).toEqual(['backup', 'backup /b/mine.db']);
});

test('one that cannot be made says why, and that it is no mistake of the asker', async () => {
  served.care.refusal = { code: 'BACKUP_FAILED', message: 'a copy needs 17 MiB' };
  expect(await ask(served.socket, 'POST', '/v1/daemon/backup')).toMatchObject({
    status: 503,
    body: { error: { code: 'BACKUP_FAILED', message: 'a copy needs 17 MiB' } },
  });
});

test('a path that is not absolute is refused: the daemon has another directory than the asker', async () => {
  expect(await ask(served.socket, 'POST', '/v1/daemon/backup', { to: 'mine.db' })).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('body.to: must be an absolute path') } },
  });
  expect(served.care.asked).toEqual([]);
});

test('a check tells what is wrong', async () => {
  served.care.report = { ...served.care.report, findings: ['row 7 missing from index x'] };
  const { body } = await ask(served.socket, 'POST', '/v1/daemon/check');
  expect(OPERATIONS.checkState.answer.parse(body)).toEqual({
    findings: ['row 7 missing from index x'],
    ...FACTS,
  });
});

test('what retention would remove: as configured, or as if it were', async () => {
  const configured = await ask(served.socket, 'GET', '/v1/daemon/retention');
  expect(OPERATIONS.getRetention.answer.parse(configured.body)).toEqual({
    configured: { olderThan: null, directories: 'keep' },
    endedBefore: null,
    count: 0,
    runs: [],
  });
  const asIf = await ask(served.socket, 'GET', `/v1/daemon/retention?olderThan=${90 * DAY_MS}`);
  expect(OPERATIONS.getRetention.answer.parse(asIf.body)).toMatchObject({
    endedBefore: '2029-11-02T02:00:00.000Z',
    count: 1_200,
    runs: [{ id: 7, owner: 'ada', status: 'Failed', endedAt: '2029-08-04T02:00:00.000Z' }],
  });
});

test('the daemon tells of its newest backup, and of what went wrong', async () => {
  served.care.state = { newestBackup: { file: '/b/x.db', atMs: 0 }, problems: ['no backup could be made'] };
  const { body } = await ask(served.socket, 'GET', '/v1/daemon');
  expect(OPERATIONS.getDaemon.answer.parse(body).care).toEqual({
    newestBackup: { file: '/b/x.db', at: '1970-01-01T00:00:00.000Z' },
    problems: ['no backup could be made'],
  });
});

describe('for anybody else, an administrator of runs included,', () => {
  const eve = { ...peerNamed('eve', ME.uid + 4711), role: 'admin' as const };

  beforeEach(async () => {
    await served.close();
    const access = { ...accessInUserMode(ME), identify: async () => ({ ok: true as const, value: eve }) };
    served = await serveFake({ access });
  });

  test.each([
    ['POST', '/v1/daemon/backup'],
    ['POST', '/v1/daemon/check'],
    ['GET', '/v1/daemon/retention'],
  ])('%s %s is not allowed', async (method, path) => {
    expect(await ask(served.socket, method, path)).toMatchObject({
      status: 403,
      body: { error: { code: 'NOT_ALLOWED', message: expect.stringContaining('eve may not do this') } },
    });
    expect(served.care.asked).toEqual([]);
  });

  test('the daemon says nothing of its state', async () => {
    served.care.state = { problems: ['run 17 of bob is kept: /home/bob/secret'] };
    for (const [method, path] of [
      ['GET', '/v1/daemon'],
      ['POST', '/v1/daemon/drain'],
    ] as const) {
      const { body } = await ask(served.socket, method, path);
      expect(OPERATIONS.getDaemon.answer.parse(body).care).toBeNull();
    }
  });
});
