/** The lease on a network file system (SEMANTICS 9): held while it beats, taken over only after it expired. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLocalType } from '../../../daemon/store/file-system.ts';
import { type Lease, type LeaseOptions, takeLease } from '../../../daemon/store/lease.ts';
import { open, opened, refusal, temporaryDirectory } from './places.ts';
import { newRun, sampleRun } from './samples.ts';

const START_MS = Date.parse('2024-05-01T10:00:00.000Z');

/** Larger than any process id there is (PID_MAX_LIMIT, proc(5)). */
const DEAD_PID = 4_194_305;

function options(directory: string, change: Partial<LeaseOptions> = {}): LeaseOptions {
  const self = { host: 'login1', pid: process.pid, bootId: 'boot-1' };
  return { directory, ...self, leaseMs: 60_000, nowMs: () => START_MS, ...change };
}

function taken(given: LeaseOptions): Lease {
  const result = takeLease(given);
  if (result.kind !== 'taken') throw new Error(`held by ${JSON.stringify(result.holder)}`);
  return result.lease;
}

/** As if its last heartbeat had been written so long ago. */
function aged(directory: string, ms: number, file = 'lease.json'): void {
  const seconds = (Date.now() - ms) / 1_000;
  utimesSync(join(directory, file), seconds, seconds);
}

test('says who holds it', () => {
  const directory = temporaryDirectory();
  taken(options(directory));
  expect(takeLease(options(directory, { host: 'login2' }))).toMatchObject({
    kind: 'held',
    holder: { host: 'login1', pid: process.pid, bootId: 'boot-1', startedAt: '2024-05-01T10:00:00.000Z' },
  });
  expect(readdirSync(directory)).toEqual(['lease.json']);
});

describe.each<[string, Partial<LeaseOptions>, number, Partial<LeaseOptions>, 'taken' | 'held']>([
  ['another host, just beaten', {}, 1_000, { host: 'login2' }, 'held'],
  ['another host, not yet expired', {}, 50_000, { host: 'login2' }, 'held'],
  ['another host, expired', {}, 61_000, { host: 'login2' }, 'taken'],
  [
    'another host whose process could be named dead by chance',
    { pid: DEAD_PID },
    1_000,
    { host: 'login2' },
    'held',
  ],
  ['the same host, living process', {}, 1_000, {}, 'held'],
  ['the same host, dead process', { pid: DEAD_PID }, 1_000, {}, 'taken'],
  ['the same host after a boot', {}, 1_000, { bootId: 'boot-2' }, 'taken'],
  ['the same host, living process, expired', {}, 61_000, {}, 'taken'],
])('%s', (_, holder, ageMs, newcomer, expected) => {
  test(`is ${expected}`, () => {
    const directory = temporaryDirectory();
    const old = taken(options(directory, holder));
    aged(directory, ageMs);

    expect(takeLease(options(directory, newcomer)).kind).toBe(expected);

    expect(old.check().kind).toBe(expected === 'taken' ? 'lost' : 'held');
  });
});

test('a heartbeat keeps it, and is seen by people', () => {
  const directory = temporaryDirectory();
  let nowMs = START_MS;
  const lease = taken(options(directory, { nowMs: () => nowMs }));
  aged(directory, 61_000);
  nowMs += 20_000;

  expect(lease.renew()).toEqual({ kind: 'held' });

  expect(takeLease(options(directory, { host: 'login2' }))).toMatchObject({
    kind: 'held',
    holder: { startedAt: '2024-05-01T10:00:00.000Z', heartbeatAt: '2024-05-01T10:00:20.000Z' },
  });
});

test('clocks that disagree by hours take nothing from a living daemon', () => {
  const directory = temporaryDirectory();
  taken(options(directory, { nowMs: () => START_MS - 7_200_000 }));
  expect(takeLease(options(directory, { host: 'login2' })).kind).toBe('held');
});

test('whoever was taken over neither overwrites nor removes the new lease, and stays out', () => {
  const directory = temporaryDirectory();
  const old = taken(options(directory));
  aged(directory, 61_000);
  const next = taken(options(directory, { host: 'login2' }));
  const text = readFileSync(join(directory, 'lease.json'), 'utf8');

  expect(old.renew()).toMatchObject({ kind: 'lost', holder: { host: 'login2' } });
  old.release();

  expect(readFileSync(join(directory, 'lease.json'), 'utf8')).toBe(text);
  expect(next.check()).toEqual({ kind: 'held' });
  next.release();
  expect(old.check()).toMatchObject({ kind: 'lost' });
  expect(readdirSync(directory)).toEqual([]);
});

test('a lease that was removed is lost', () => {
  const directory = temporaryDirectory();
  const lease = taken(options(directory));
  rmSync(join(directory, 'lease.json'));
  expect(lease.check()).toEqual({ kind: 'lost' });
});

test('an unreadable lease holds until it expires', () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'lease.json'), '{"host": "log');
  expect(takeLease(options(directory))).toEqual({ kind: 'held' });
  aged(directory, 61_000);
  expect(takeLease(options(directory)).kind).toBe('taken');
});

test('while one takes over, another may not; one that died over it stops nobody for long', () => {
  const directory = temporaryDirectory();
  taken(options(directory));
  aged(directory, 61_000);
  const other = { host: 'login3', pid: 5, bootId: 'boot-3', startedAt: '', heartbeatAt: '', nonce: 'n' };
  writeFileSync(join(directory, 'lease.json.takeover'), JSON.stringify(other));

  expect(takeLease(options(directory, { host: 'login2' }))).toMatchObject({
    kind: 'held',
    holder: { host: 'login3' },
  });

  aged(directory, 61_000, 'lease.json.takeover');
  expect(takeLease(options(directory, { host: 'login2' })).kind).toBe('taken');
  expect(readdirSync(directory)).toEqual(['lease.json']);
});

describe('the store in network mode', () => {
  test('needs no shared memory and no write-ahead log', async () => {
    const directory = temporaryDirectory();
    await opened(directory, { journal: 'network' }).commit(newRun(sampleRun(1)));
    expect(readdirSync(directory).sort()).toEqual(['lease.json', 'state.db', 'state.db-journal']);
  });

  test('its lease expired and was taken over: the old daemon commits nothing more', async () => {
    const directory = temporaryDirectory();
    const lost: string[] = [];
    const store = opened(directory, { journal: 'network', onLost: (reason) => lost.push(reason) });
    await store.commit(newRun(sampleRun(1)));
    aged(directory, 61_000);
    taken(options(directory, { host: 'login2' }));

    const results = [await store.commit(newRun(sampleRun(2))), await store.commit(newRun(sampleRun(3)))];

    expect(results.map(({ kind }) => kind)).toEqual(['refused', 'refused']);
    expect(lost).toHaveLength(1);
    expect((await store.load()).runs.map(({ run }) => run.id)).toEqual([1]);
  });

  test('a lease that cannot be read just now refuses the commit, and only that one', async () => {
    const directory = temporaryDirectory();
    const store = opened(directory, { journal: 'network' });
    const lease = join(directory, 'lease.json');
    renameSync(lease, `${lease}.aside`);
    mkdirSync(lease);
    const refused = await store.commit(newRun(sampleRun(1)));
    rmdirSync(lease);
    renameSync(`${lease}.aside`, lease);

    expect(refused).toMatchObject({ kind: 'refused', reason: expect.stringContaining('could not be read') });
    expect(await store.commit(newRun(sampleRun(2)))).toEqual({ kind: 'committed' });
    expect((await store.load()).runs.map(({ run }) => run.id)).toEqual([2]);
  });

  test('behind an expired lease the lock on the file still guards', () => {
    const directory = temporaryDirectory();
    opened(directory, { journal: 'network' });
    aged(directory, 61_000);
    expect(refusal(directory, { journal: 'network', host: 'login2' })).toMatchObject({ kind: 'held' });
  });

  test('state written in one mode is read in the other', async () => {
    const directory = temporaryDirectory();
    for (const [index, journal] of (['local', 'network', 'local'] as const).entries()) {
      const result = open(directory, { journal });
      if (!result.ok) throw new Error(result.error.message);
      expect((await result.store.load()).nextRunId).toBe(index + 1);
      expect(await result.store.commit(newRun(sampleRun(index + 1)))).toEqual({ kind: 'committed' });
      await result.store.close();
    }
    expect(readdirSync(directory).sort()).toEqual(['lock.db', 'state.db']);
  });

  test('a daemon in the other mode is kept out as well, and takes nothing from the first', async () => {
    const directory = temporaryDirectory();
    const store = opened(directory, { journal: 'network' });
    expect(refusal(directory, { journal: 'local' })).toMatchObject({ kind: 'held' });
    expect(await store.commit(newRun(sampleRun(1)))).toEqual({ kind: 'committed' });
  });
});

test.each([
  ['ext4', 0xef53, true],
  ['xfs', 0x58465342, true],
  ['tmpfs', 0x01021994, true],
  ['nfs', 0x6969, false],
  ['smb2', 0xfe534d42, false],
  ['cifs', 0xff534d42, false],
  ['lustre', 0x0bd00bd0, false],
  ['gpfs', 0x47504653, false],
  ['beegfs', 0x19830326, false],
  ['afs', 0x5346414f, false],
  ['anything through fuse', 0x65735546, false],
  ['what nobody has heard of', 0x12345678, false],
])('%s', (_, type, local) => {
  expect(isLocalType(type)).toBe(local);
});
