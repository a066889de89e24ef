import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { NativeId, Tag } from '../../../backends/backend.ts';
import { submissionFiles } from '../../../backends/job-script.ts';
import type { LocalSettings } from '../../../backends/local/local.ts';
import { parseClaim } from '../../../backends/marks.ts';
import { jobs, makePlace, OWNER, type Place, until } from './local-fixture.ts';

const places: Place[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.remove();
});

function place(settings?: Partial<LocalSettings>): Place {
  const made = makePlace(settings);
  places.push(made);
  return made;
}

describe('how a job ends', () => {
  test.each([
    ['true', { kind: 'Succeeded', exitCode: 0 }],
    ['exit 3', { kind: 'NonZeroExit', exitCode: 3 }],
    ['exit 255', { kind: 'NonZeroExit', exitCode: 255 }],
    ['kill -s KILL $$', { kind: 'Signaled', exitCode: 137, signal: 9 }],
  ])('%s', async (text, end) => {
    const local = place();
    await local.submit('job', text);
    expect(await local.end('job')).toEqual({ ...end, started: true });
    expect(await local.job('job')).toMatchObject({ index: 0, runCount: 0, nativeId: 'job' });
  });

  test('its output is in the log, it starts in its directory, and sees nothing of the daemon', async () => {
    const local = place();
    process.env['WFD_TEST_SECRET'] = 'of the daemon';
    await local.submit('job', 'pwd; umask; env >&2');
    await local.end('job');
    delete process.env['WFD_TEST_SECRET'];
    const log = readFileSync(local.path('job.log'), 'utf8');
    expect(log).toContain(`${local.base}\n0022\n`);
    expect(log).toContain(`HOME=${OWNER.home}\n`);
    expect(log).not.toContain('WFD_TEST_SECRET');
  });

  test('a log that cannot be written is a launch failure', async () => {
    const local = place();
    await local.backend.submit({ ...local.request('job', 'true'), log: '/nonexistent/log' });
    expect(await local.end('job')).toEqual({ kind: 'LaunchFailure', started: false });
  });

  test('the time limit ends it with all its processes, and is told apart', async () => {
    const local = place();
    await local.submit('job', `trap 'echo warned' TERM; sleep 61.5 & while :; do wait; done`, {
      timeSeconds: 1,
    });
    expect(await local.end('job')).toEqual({ kind: 'TimeLimit', exitCode: 137, started: true });
    expect(readFileSync(local.path('job.log'), 'utf8')).toMatch(
      /the time limit of 1 s is over\n(.*\n)*warned\n/,
    );
    expect(processesLike('sleep 61.5')).toEqual([]);
  });

  test('a job that ends in time leaves no process of its time limit', async () => {
    const local = place();
    await local.submit('job', 'true', { timeSeconds: 4321 });
    await local.end('job');
    await until(async () => expect(processesLike('sleep 4321')).toEqual([]));
  });

  test('processes it leaves behind end with it', async () => {
    const local = place();
    await local.submit('job', 'sleep 62.5 & exit 0');
    expect((await local.end('job')).kind).toBe('Succeeded');
    expect(processesLike('sleep 62.5')).toEqual([]);
  });

  test('of a job that ran when the machine went down', async () => {
    const local = place();
    await local.submit('job', 'true');
    await local.end('job');
    rename(local, (name) => `${name.split('.').slice(0, 2).join('.')}.another-boot`);
    expect(await local.end('job')).toEqual({ kind: 'NodeFailure', started: true });
  });

  test('of a job whose launcher was killed is not known', async () => {
    const local = place();
    await local.submit('job', 'sleep 63.5');
    await local.running('job');
    process.kill(Number(readlinkSync(join(local.record('job'), '0/launcher')).split('.')[0]), 'SIGKILL');
    expect(await local.job('job')).toMatchObject({ state: 'running' });
    await local.backend.abort(OWNER, ['job' as NativeId], { kind: 'force' });
    expect(await local.end('job')).toEqual({ kind: 'Unknown', started: true });
  });
});

describe('abort', () => {
  test('kill ends a job, and says that it was cancelled', async () => {
    const local = place();
    const id = await local.submit('job', 'exec sleep 60');
    await local.running('job');
    expect(await local.backend.abort(OWNER, [id], { kind: 'kill' })).toEqual({ kind: 'sent' });
    expect(await local.end('job')).toEqual({ kind: 'Cancelled', exitCode: 143, started: true });
  });

  test('a job that handles TERM is killed when asked again after the grace', async () => {
    const local = place();
    const id = await local.submit('job', "trap 'echo got TERM' TERM; while :; do sleep 0.05; done");
    await local.running('job');
    await until(async () => {
      await local.backend.abort(OWNER, [id], { kind: 'kill' });
      expect((await local.job('job')).end).toEqual({ kind: 'Cancelled', exitCode: 137, started: true });
    });
    expect(readFileSync(local.path('job.log'), 'utf8')).toContain('got TERM\n');
  });

  test('force kills at once', async () => {
    const local = place();
    const id = await local.submit('job', "trap '' TERM; while :; do sleep 0.05; done");
    await local.running('job');
    await local.backend.abort(OWNER, [id], { kind: 'force' });
    expect(await local.end('job')).toEqual({ kind: 'Cancelled', exitCode: 137, started: true });
  });

  test('a signal reaches the job, which goes on', async () => {
    const local = place();
    const id = await local.submit(
      'job',
      "trap 'echo saved; exit 5' USR1; echo ready; while :; do sleep 0.05; done",
    );
    await until(async () => expect(readFileSync(local.path('job.log'), 'utf8')).toBe('ready\n'));
    await local.backend.abort(OWNER, [id], { kind: 'signal', signal: 'USR1' });
    expect(await local.end('job')).toEqual({ kind: 'NonZeroExit', exitCode: 5, started: true });
    const reply = {
      kind: 'failed',
      reason: 'cannot end local jobs: there is no signal NOPE; use a name such as USR1',
    };
    await local.submit('other', 'exec sleep 60');
    await local.running('other');
    expect(
      await local.backend.abort(OWNER, ['other' as NativeId], { kind: 'signal', signal: 'NOPE' }),
    ).toEqual(reply);
  });

  test('a job that waits never starts', async () => {
    const local = place({ cpus: 1 });
    const first = await local.submit('first', 'exec sleep 60');
    const second = await local.submit('second', `touch ${local.path('ran')}`);
    await local.backend.abort(OWNER, [second], { kind: 'kill' });
    expect(await local.end('second')).toEqual({ kind: 'Cancelled', started: false });
    await local.backend.abort(OWNER, [first], { kind: 'kill' });
    await local.end('first');
    expect(existsSync(local.path('ran'))).toBe(false);
  });

  test('jobs unknown or ended are no error', async () => {
    const local = place();
    const id = await local.submit('job', 'exit 3');
    await local.end('job');
    expect(await local.backend.abort(OWNER, [id, 'nobody' as NativeId], { kind: 'kill' })).toEqual({
      kind: 'sent',
    });
    expect((await local.job('job')).end).toMatchObject({ kind: 'NonZeroExit' });
  });
});

describe('what the machine can hold', () => {
  test('what does not fit waits for what runs, and starts without being looked at again', async () => {
    const local = place({ cpus: 2 });
    await local.submit('a', 'exec sleep 60', { cpus: 2 });
    await local.submit('b', `touch ${local.path('ran')}`, { cpus: 1 });
    await local.running('a');
    expect(await local.job('b')).toMatchObject({
      state: 'queued',
      backendStatus: expect.stringContaining('waits'),
    });
    process.kill(-Number(readlinkSync(join(local.record('a'), '0/process')).split('.')[0]), 'SIGKILL');
    await until(async () => expect(existsSync(local.path('ran'))).toBe(true));
  });

  test('never more at once than fit', async () => {
    const local = place({ cpus: 2 });
    const text = 'echo start >>times; sleep 0.1; echo end >>times';
    await Promise.all(Array.from({ length: 8 }, (_, n) => local.submit(`job${n}`, text)));
    for (let n = 0; n < 8; n++) await local.end(`job${n}`);
    const lines = readFileSync(local.path('times'), 'utf8').trim().split('\n');
    let running = 0;
    for (const line of lines) {
      running += line === 'start' ? 1 : -1;
      expect(running).toBeLessThanOrEqual(2);
    }
    expect(lines).toHaveLength(16);
  });

  test.each([
    [
      { cpus: 3 },
      'the job asks for 3 CPUs, and local jobs share 2 here; ask for less, or use another backend',
    ],
    [
      { cpus: 1, ranks: 4 },
      'the job asks for 4 CPUs, and local jobs share 2 here; ask for less, or use another backend',
    ],
    [
      { memoryMiB: 2000 },
      'the job asks for 2000 MiB of memory, and local jobs share 1000 MiB here; ask for less, or use another backend',
    ],
    [
      { nodes: 2 },
      'the job asks for 2 nodes, and local jobs have this one machine; ask for less, or use another backend',
    ],
    [
      { gpus: { count: 1 } },
      'the job asks for GPUs, and the local backend has none to give; ask for less, or use another backend',
    ],
  ])('%j is refused', async (resources, reason) => {
    const local = place();
    expect(await local.backend.submit(local.request('job', 'true', resources))).toEqual({
      kind: 'rejected',
      reason,
    });
    expect(await jobs(local.backend)).toEqual([]);
  });

  test('a job of another user is refused', async () => {
    const local = place();
    const owner = { ...OWNER, uid: OWNER.uid + 1, name: 'eve' };
    expect(await local.backend.submit({ ...local.request('job', 'true'), owner })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('not for eve'),
    });
  });

  test('a record that cannot be written is a reason to wait', async () => {
    const local = place();
    writeFileSync(local.path('state'), '');
    expect(await local.backend.submit(local.request('job', 'true'))).toMatchObject({
      kind: 'throttled',
      reason: expect.stringContaining('cannot write the record of a local job'),
    });
    rmSync(local.path('state'));
  });
});

describe('records', () => {
  test('the same tag twice is one job', async () => {
    const local = place();
    await local.submit('job', 'echo ran');
    await local.end('job');
    await local.submit('job', 'echo ran');
    expect(readFileSync(local.path('job.log'), 'utf8')).toBe('ran\n');
  });

  test('accounting answers by id and by tag, also when the listing no longer shows the job', async () => {
    const local = place({ listEndedMs: 0 });
    await local.submit('job', 'exit 3');
    await until(async () => expect(await jobs(local.backend)).toEqual([]));
    const query = { owner: OWNER, sinceMs: 0 };
    const job = { tag: 'job' as Tag };
    const byId = await local.backend.account({ ...query, jobs: [{ ...job, nativeId: 'job' as NativeId }] });
    const byTag = await local.backend.account({ ...query, jobs: [job, { tag: 'nobody' as Tag }] });
    expect(byId).toMatchObject({
      kind: 'complete',
      jobs: [{ tag: 'job', end: { kind: 'NonZeroExit', exitCode: 3 } }],
    });
    expect(byTag).toEqual(byId);
  });

  test('ended jobs are forgotten in the end', async () => {
    const local = place({ listEndedMs: 0 });
    await local.submit('job', 'true');
    await until(async () => expect(await jobs(local.backend)).toEqual([]));
    await jobs(local.restarted({ keepMs: -1 }));
    const answer = await local.backend.account({
      owner: OWNER,
      sinceMs: 0,
      jobs: [{ tag: 'job' as Tag }],
    });
    expect(answer).toEqual({ kind: 'complete', jobs: [] });
  });

  test('records that cannot be read are no evidence of anything', async () => {
    const local = place();
    await local.submit('job', 'true');
    await local.end('job');
    writeFileSync(join(local.record('job'), 'request'), 'garbage');
    expect(await local.backend.observe(OWNER, [])).toMatchObject({ kind: 'unavailable' });
    rmSync(local.record('job'), { recursive: true });
  });

  test('a probe names the machine and where the records lie', async () => {
    const local = place();
    expect(await local.backend.probe()).toMatchObject({
      reachable: true,
      hasAccounting: true,
      summary: expect.stringContaining('2 CPUs, 1000 MiB'),
    });
  });
});

test('elements of one submission are jobs of their own, and the wrapper knows which one it is', async () => {
  const local = place();
  const tag = 't.1.abcdefghij' as Tag;
  const elements = [0, 1, 2].map((index) => ({
    directory: local.path(`run/t/${index}/1`),
    command: { kind: 'shell', text: 'echo $N', shell: ['sh'] } as const,
    env: { N: `${index}` },
    login: false,
    workdir: '/',
    outputs: {},
    successCodes: [0],
  }));
  const directory = local.path('run/.wfd/t');
  const preamble = local.backend.preamble({ log: `${directory}/log`, umask: 0o022, elements: 3 });
  for (const file of submissionFiles({
    tag,
    directory,
    spoolDirectory: local.path('run/.wfd/spool'),
    preamble,
    elements,
  })) {
    mkdirSync(dirname(file.path), { recursive: true });
    writeFileSync(file.path, file.content, { mode: file.mode });
  }
  await local.backend.submit({ ...local.request(tag, ''), script: join(directory, 'job'), elements: 3 });
  await until(async () =>
    expect((await jobs(local.backend)).map((job) => job.end?.kind)).toEqual(Array(3).fill('Succeeded')),
  );
  expect((await jobs(local.backend)).map((job) => job.nativeId)).toEqual([
    `${tag}[0]`,
    `${tag}[1]`,
    `${tag}[2]`,
  ]);
  for (const { directory: attempt, env } of elements) {
    expect(readFileSync(join(attempt, 'stdout'), 'utf8')).toBe(`${env.N}\n`);
    expect(parseClaim(readlinkSync(join(attempt, 'claim')), 0)).toMatchObject({
      nativeId: `${tag}[${env.N}]`,
      runCount: 0,
    });
  }
});

/** Makes an ended job look as if it had been running in the process of the changed name. */
function rename(local: Place, change: (name: string) => string): void {
  const element = join(local.record('job'), '0');
  unlinkSync(join(element, 'ended'));
  for (const link of ['launcher', 'process']) {
    const name = readlinkSync(join(element, link));
    unlinkSync(join(element, link));
    symlinkSync(change(name), join(element, link));
  }
}

function processesLike(command: string): readonly string[] {
  const all = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.trim().replace(/^\d+ /, '') === command);
}
