/** What only shows with commands that answer, or do not: on the stand-in for LSF, which is not LSF. */
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { JobObservation, Owner } from '../../../backends/backend.ts';
import { createLsf } from '../../../backends/lsf/lsf.ts';
import { openLsfStandIn } from '../../contract/lsf-habitat.ts';
import {
  createWorld,
  hasEnded,
  isRunning,
  jobsOf,
  lately,
  type Submission,
  until,
} from '../../contract/world.ts';

type Habitat = Awaited<ReturnType<typeof openLsfStandIn>>;

let open: Habitat | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function world(dialect: '10.1' | 'relative', settings: Record<string, string> = {}) {
  open = await openLsfStandIn(dialect, settings);
  const { backend, owner, standIn, again } = open;
  const { submit } = createWorld(open, () => {});
  const listed = async ({ known }: Submission): Promise<JobObservation | undefined> =>
    jobsOf(await backend.observe(owner, [known])).find(({ tag }) => tag === known.tag);
  const recorded = async ({ tag, nativeId }: Submission): Promise<readonly JobObservation[]> =>
    jobsOf(await backend.account({ owner, jobs: [{ tag, nativeId }], sinceMs: lately() }));
  return { backend, owner, standIn, again, submit, listed, recorded };
}

const DIALECTS = ['10.1', 'relative'] as const;

describe.each(DIALECTS)('daemons that are down, %s', (dialect) => {
  test.each(['mbatchd', 'lim'] as const)(
    '%s: every command says so at once, and nothing is concluded',
    async (which) => {
      const { backend, owner, standIn, submit, listed } = await world(dialect, { LSF_ROOT_USER: 'Y' });
      const job = await submit('exec sleep 600');
      await job.seen(isRunning);
      standIn.breakDown(which);
      expect((await submit('true')).reply).toMatchObject({ kind: 'throttled' });
      expect(await backend.observe(owner, [job.known])).toMatchObject({ kind: 'unavailable' });
      expect(await backend.account({ owner, jobs: [job.known], sinceMs: lately() })).toMatchObject({
        kind: 'unavailable',
      });
      expect(await backend.abort(owner, [job.nativeId], { kind: 'kill' })).toMatchObject({ kind: 'failed' });
      expect(await backend.probe()).toMatchObject({
        reachable: false,
        summary: expect.stringMatching(which === 'lim' ? /LIM is down/ : /Connection refused/),
      });
      standIn.repair();
      expect(await listed(job)).toMatchObject({ state: 'running' });
    },
  );

  test('a command that never ends is ended, and its answer in doubt', async () => {
    const { again, owner, standIn, submit } = await world(dialect);
    standIn.breakDown('hang');
    const hasty = again({ commandTimeoutMs: 500 });
    const { reply, known } = await submit('true', { through: hasty });
    expect(reply).toMatchObject({ kind: 'ambiguous' });
    expect(await hasty.observe(owner, [known])).toMatchObject({ kind: 'unavailable' });
  });
});

describe.each(DIALECTS)('why a job ended, %s', (dialect) => {
  test('the run limit, of which LSF tells by SIGUSR2', async () => {
    const { submit } = await world(dialect, { STAND_IN_MINUTE: '6' });
    const resources = { timeSeconds: 60 };
    const [limited, early] = [
      await submit('sleep 600', { resources }),
      await submit('sh -c "kill -USR2 \\$\\$"', { resources }),
    ];
    expect((await limited.seen(hasEnded)).end).toMatchObject({ kind: 'TimeLimit', exitCode: 140 });
    expect((await early.seen(hasEnded)).end).toMatchObject({ kind: 'NonZeroExit', exitCode: 140 });
  });

  test('the memory limit, in the unit that lsf.conf says', async () => {
    const { submit } = await world(dialect, { LSF_UNIT_FOR_LIMITS: 'MB' });
    const hoard = `exec ${process.execPath} -e 'const kept = Buffer.alloc(400e6, 1); setTimeout(() => kept, 60e3)'`;
    const job = await submit(hoard, { resources: { memoryMiB: 200 } });
    // The relatives do not say that it was memory: only that INT ended it.
    const kind = dialect === '10.1' ? 'OutOfMemory' : 'NonZeroExit';
    expect((await job.seen(hasEnded)).end).toMatchObject({ kind, exitCode: 130, started: true });
  });

  test('SIGKILL for all of it, its own shells included: the relatives call that DONE', async () => {
    const { submit } = await world(dialect);
    const job = await submit('kill -KILL 0');
    const [status, end] =
      dialect === '10.1'
        ? ['EXIT (Exited by signal 9)', { kind: 'Signaled', signal: 9, started: true }]
        : ['DONE', { kind: 'Unknown', started: true }];
    expect(await job.seen(hasEnded)).toMatchObject({ backendStatus: status, end });
  });
});

describe.each(DIALECTS)('a host that is lost, %s', (dialect) => {
  test('its jobs may be running; what ended meanwhile ended nobody knows how', async () => {
    const { backend, owner, standIn, submit, listed } = await world(dialect);
    const [lasting, ending] = [
      await submit('exec sleep 600'),
      await submit('while [ ! -e go ]; do sleep 0.1; done'),
    ];
    await lasting.seen(isRunning);
    await ending.seen(isRunning);
    writeFileSync(`${standIn.directory}/unreachable`, '');
    expect(await listed(lasting)).toMatchObject({
      state: 'unknown',
      backendStatus: expect.stringMatching(/^UNKWN \(/),
    });
    expect(await backend.abort(owner, [lasting.nativeId], { kind: 'kill' })).toEqual({ kind: 'sent' });
    await until(async () => (await listed(lasting))?.backendStatus.startsWith('ZOMBI') === true);
    writeFileSync(`${ending.place}/go`, '');
    await sleep(500);
    rmSync(`${standIn.directory}/unreachable`);
    expect((await ending.seen(hasEnded)).end).toEqual({ kind: 'Unknown', started: true });
  });
});

describe.each(DIALECTS)('what bjobs has forgotten, %s', (dialect) => {
  test('bhist finds by id, in all event files', async () => {
    const { submit, listed, recorded } = await world(dialect, { CLEAN_PERIOD: '1' });
    const failing = await submit('exit 3');
    const elements = await submit('exit $wf_index', { elements: 2 });
    await until(async () => (await listed(failing)) === undefined);
    await until(async () => (await listed(elements)) === undefined);
    expect(await recorded(failing)).toMatchObject([
      { ...failing.known, state: 'ended', end: { kind: 'NonZeroExit', exitCode: 3, started: true } },
    ]);
    expect((await recorded(elements)).map(({ index, end }) => [index, end?.kind])).toEqual([
      [0, dialect === '10.1' ? 'Succeeded' : 'Unknown'],
      [1, 'NonZeroExit'],
    ]);
  });

  test('an id that another job has got is nobody’s record', async () => {
    const { backend, owner, submit, listed } = await world(dialect, { CLEAN_PERIOD: '1' });
    const other = await submit('exit 3');
    await until(async () => (await listed(other)) === undefined);
    const jobs = [{ tag: `${other.tag}x` as typeof other.tag, nativeId: other.nativeId }];
    expect(await backend.account({ owner, jobs, sinceMs: lately() })).toEqual({ kind: 'complete', jobs: [] });
  });
});

describe('what is not taken', () => {
  test('more waiting jobs than are allowed: later', async () => {
    const { submit } = await world('relative', { STAND_IN_JOBS: '1', MAX_PEND_JOBS: '1' });
    const first = await submit('exec sleep 600');
    await first.seen(isRunning);
    expect((await submit('true')).reply).toMatchObject({ kind: 'accepted' });
    expect((await submit('true')).reply).toEqual({
      kind: 'throttled',
      reason: 'bsub: System: Pending job threshold reached',
    });
  });

  test('more elements than an array may have: the relatives would run them all as one job', async () => {
    const { backend, submit } = await world('relative');
    const { reply } = await submit('true', { elements: 1_001 });
    expect(reply).toEqual({ kind: 'rejected', reason: expect.stringMatching(/no array of more than 1000/) });
    expect(backend.commandUse().total.submit).toBe(0);
  });
});

describe.skipIf(process.geteuid?.() !== 0)('root', () => {
  const root: Owner = { uid: 0, gid: 0, name: 'root', home: '/root', shell: '/bin/sh' };

  test.each(DIALECTS)('may not submit, and is told what to do, %s', async (dialect) => {
    const { backend, submit } = await world(dialect);
    const { reply } = await submit('true', { owner: root, through: backend });
    expect(reply).toEqual({ kind: 'rejected', reason: expect.stringMatching(/as an ordinary user/) });
  });

  test('may not even ask IBM’s, which is no outage', async () => {
    const { backend, owner, again, submit } = await world('10.1');
    expect(await backend.probe()).toEqual({
      reachable: true,
      hasAccounting: true,
      summary: expect.stringMatching(/answers no questions of root.*LSF_ROOT_USER/),
    });
    // The users may, by whom the dialect is found out.
    const job = await submit('exit 0');
    expect((await job.seen(hasEnded)).end).toMatchObject({ kind: 'Succeeded' });
    expect(await again().observe(owner, [])).toMatchObject({ kind: 'complete' });
  });

  test('may ask the relatives', async () => {
    const { backend } = await world('relative');
    expect(await backend.probe()).toMatchObject({
      reachable: true,
      summary: expect.stringMatching(/stand-in for LSF.*DONE alone is no success/),
    });
  });
});

describe('a job’s own commands', () => {
  test('wait for LSF as they would without us', async () => {
    const { submit } = await world('10.1');
    const job = await submit('echo "${LSB_NTRIES-for ever}" > tries; echo "${LSF_ENVDIR-none}" > place');
    await job.seen(hasEnded);
    expect(job.read('tries')).toBe('for ever\n');
    expect(job.read('place')).toBe(`${open?.standIn.directory}\n`);
  });
});

test('where there are no commands, nothing is concluded either', async () => {
  const nowhere = createLsf('site', { env: { PATH: '/nonexistent' } });
  expect(await nowhere.probe()).toMatchObject({ reachable: false, summary: expect.stringMatching(/bjobs/) });
});
