/** Restarts, stops and everything a person does to a run, with real processes on this machine. */
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createRandom } from '../sim/random.ts';
import { callOf, DaemonUnderTest, isState, type RunAnswer } from './daemon-under-test.ts';

let daemon: DaemonUnderTest;
afterEach(() => daemon.remove());

test('local jobs survive kill -9 of the daemon, with their exit codes', async () => {
  await serve();
  const id = await submit(`
failureMode: ContinueWhilePossible
tasks:
  during: {run: echo during >> starts; sleep 1; exit 9}
  after: {run: echo after >> starts; sleep 4; exit 7}
  well: {run: echo well >> starts; sleep 4}
`);
  const before = await daemon.until(id, (run) => run.callList?.every(isRunning) === true);
  await daemon.stop('SIGKILL');
  await sleep(1_500);
  await daemon.start();
  const run = await daemon.untilEnded(id);
  expect(run.status).toBe('Failed');
  expect(
    ['during', 'after', 'well'].map((call) => callOf(run, call).attempts.map(({ exitCode }) => exitCode)),
  ).toEqual([[9], [7], [0]]);
  expect(nativeIds(run)).toEqual(nativeIds(before));
  expect(linesOf('starts').toSorted()).toEqual(['after', 'during', 'well']);
});

test.each([
  ['local', 5, 20264],
  ['network', 3, 20265],
] as const)(
  'each of 40 jobs starts once, journal %s, the daemon killed %d times',
  async (journal, kills, seed) => {
    await serve({ state: { journal, lease: '5s' } });
    const id = await submitLines(40);
    const random = createRandom(seed);
    for (let kill = 0; kill < kills; kill++) {
      await sleep(random.int(100, 1_500));
      await daemon.stop('SIGKILL');
      daemon.spawn();
    }
    await daemon.stop('SIGKILL');
    await daemon.start();
    await expectEachOnce(id, 40);
  },
);

test('SIGTERM in the middle of submits: it stops in phases, and goes on where it was', async () => {
  await serve();
  const id = await submitLines(40);
  for (let stop = 0; stop < 2; stop++) {
    await sleep(500);
    await daemon.stop('SIGTERM');
    await daemon.start();
  }
  for (const phase of ['stop-dispatch', 'unbind', 'requests-done', 'commands-done', 'close-store']) {
    expect(daemon.log()).toContain(phase);
  }
  await expectEachOnce(id, 40);
});

test('what scripts get: ids, exit codes, outputs, logs', async () => {
  await serve();
  const bad = daemon.write(
    'bad.yaml',
    `tasks: {a: {scatter: {n: [1, 2]}, run: 'echo out \${{ n }}; echo err >&2; exit 3'}}`,
  );
  expect(await daemon.wfctl('submit', bad, '--wait')).toEqual({ code: 1, stdout: '1\n', stderr: '' });
  expect(await daemon.wfctl('logs', '1', 'a[1]')).toEqual({ code: 0, stdout: 'out 2\n', stderr: '' });
  expect(await daemon.wfctl('logs', '1', 'a[1]', '--stderr')).toEqual({
    code: 0,
    stdout: 'err\n',
    stderr: '',
  });
  expect(await daemon.wfctl('logs', '1', 'a[2]')).toMatchObject({ code: 3, stdout: '' });
  const good = daemon.write('good.yaml', 'name: good\ntasks: {a: {run: "true"}}');
  const json = await daemon.wfctl('submit', good, '--json', '--wait', '--label', 'x=y', '--name', 'better');
  expect(JSON.parse(json.stdout)).toMatchObject({
    id: 2,
    name: 'better',
    status: 'Succeeded',
    labels: { x: 'y' },
  });
  expect(await daemon.wfctl('status', '2', '--wait')).toMatchObject({ code: 0 });
  const listed = await daemon.wfctl('list', '--label', 'x=y', '--json');
  expect(JSON.parse(listed.stdout).map(({ id }: RunAnswer) => id)).toEqual([2]);
  expect((await daemon.wfctl('events', '1')).stdout).toContain('exited with code 3');
});

test('restart.resume: false holds what was in progress until it is released', async () => {
  await serve();
  const id = await submit('tasks: {first: {run: sleep 5}, second: {needs: first, run: "true"}}');
  await daemon.until(id, (run) => isState(run, 'first', 'running'));
  await daemon.stop('SIGKILL');
  daemon.configure({ backend: 'local', restart: { resume: false } });
  await daemon.start();
  const held = await daemon.until(id, (run) => run.calls.Succeeded === 1);
  expect(held).toMatchObject({ status: 'Running', held: { by: 'wfd' }, calls: { Active: 0 } });
  expect((await daemon.wfctl('status', id)).stdout).toContain('Running (held)');
  await sleep(1_500);
  expect(callOf(await daemon.run(id), 'second').attempts).toEqual([]);
  expect(await daemon.wfctl('release', id)).toMatchObject({ code: 0 });
  expect(await daemon.untilEnded(id)).toMatchObject({ status: 'Succeeded', held: null });
});

test('hold and release, before and after the first attempt', async () => {
  await serve();
  const id = await submit('tasks: {first: {run: sleep 5}, second: {needs: first, run: "true"}}', '--hold');
  expect(await daemon.run(id)).toMatchObject({ status: 'OnHold' });
  expect(await daemon.wfctl('release', id)).toMatchObject({ code: 0 });
  await daemon.until(id, (run) => isState(run, 'first', 'running'));
  expect(await daemon.wfctl('hold', id)).toMatchObject({ code: 0 });
  await daemon.until(id, (run) => run.calls.Succeeded === 1);
  await sleep(1_500);
  expect(await daemon.run(id)).toMatchObject({ status: 'Running', calls: { Succeeded: 1, Active: 0 } });
  await daemon.wfctl('release', id);
  expect(await daemon.untilEnded(id)).toMatchObject({ status: 'Succeeded' });
  expect(await daemon.wfctl('release', id)).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('Succeeded'),
  });
});

test('one call is aborted: its dependents are skipped, and the others go on', async () => {
  await serve();
  const id = await submit(`
tasks:
  part: {scatter: {n: [1, 2]}, run: sleep $((WF_INDEX * 300 + 2))}
  next: {scatter: {each: part}, run: "true"}
`);
  await daemon.until(id, (run) => isState(run, 'part[1]', 'running'));
  expect(await daemon.wfctl('abort', id, '--call', 'part[1]')).toMatchObject({ code: 0 });
  const run = await daemon.untilEnded(id);
  expect(run.status).toBe('Failed');
  const ends = run.callList?.map(({ call, status }) => `${call} ${status}`);
  expect(ends?.toSorted()).toEqual([
    'next[0] Succeeded',
    'next[1] Skipped',
    'part[0] Succeeded',
    'part[1] Aborted',
  ]);
  expect(callOf(run, 'part[1]').attempts).toMatchObject([{ cause: 'AbortedByUser' }]);
});

test('runs are aborted by their label, and only those', async () => {
  await serve();
  const text = 'tasks: {long: {run: sleep 300}}';
  const ids = [await submit(text, '--label', 'project=a'), await submit(text, '--label', 'project=a')];
  const other = await submit(text, '--label', 'project=b');
  await daemon.until(other, (run) => isState(run, 'long', 'running'));
  expect(await daemon.wfctl('abort', '--label', 'project=a', '--yes', '--wait')).toMatchObject({ code: 0 });
  for (const id of ids) expect(await daemon.run(id)).toMatchObject({ status: 'Aborted' });
  expect(await daemon.run(other)).toMatchObject({ status: 'Running', abort: null });
  expect(await daemon.wfctl('abort', other, '--wait', '--force')).toMatchObject({ code: 0 });
});

test('a workflow that ignores abort ends only by force', async () => {
  await serve();
  const id = await submit('abort: ignore\ntasks: {long: {run: sleep 300}}');
  await daemon.until(id, (run) => isState(run, 'long', 'running'));
  const ignored = await daemon.wfctl('abort', id);
  expect(ignored).toMatchObject({ code: 5, stderr: expect.stringContaining('--force') });
  expect(await daemon.wfctl('abort', id, '--force', '--wait')).toMatchObject({ code: 0 });
  expect(await daemon.run(id)).toMatchObject({ status: 'Aborted', orphans: [] });
});

test('a submit repeated with its token makes one run, across a restart, too', async () => {
  await serve();
  const first = await submitWithToken();
  const second = await submitWithToken();
  await daemon.killAndRestart();
  const third = await submitWithToken();
  expect([first, second, third].map(({ repeated }) => repeated)).toEqual([false, true, true]);
  expect(new Set([first, second, third].map(({ run }) => run.uuid)).size).toBe(1);
  await daemon.untilEnded(String(first.run.id));
});

test('drain: active jobs end, the daemon goes; the next one starts nothing until it is told to', async () => {
  await serve();
  const id = await submit('tasks: {first: {run: sleep 5}, second: {needs: first, run: "true"}}');
  await daemon.until(id, (run) => isState(run, 'first', 'running'));
  expect(await daemon.wfctl('daemon', 'drain')).toMatchObject({ code: 0 });
  expect(await daemon.exitCode()).toBe(0);
  await daemon.start();
  expect((await daemon.wfctl('daemon', 'status')).stdout).toContain('draining');
  await sleep(2_000);
  expect(await daemon.run(id)).toMatchObject({ status: 'Running', calls: { Succeeded: 1, Active: 0 } });
  expect((await daemon.wfctl('status', id)).stdout).toContain('draining');
  await daemon.wfctl('daemon', 'resume');
  expect(await daemon.untilEnded(id)).toMatchObject({ status: 'Succeeded' });
});

test('a paused backend gets nothing, and says why, across a restart', async () => {
  await serve();
  expect(await daemon.wfctl('backends', 'pause', 'local', '--reason', 'new disks')).toMatchObject({
    code: 0,
  });
  const id = await submit('tasks: {only: {run: "true"}}');
  await daemon.killAndRestart();
  await sleep(1_500);
  expect(await daemon.run(id)).toMatchObject({ calls: { Ready: 1, Active: 0 } });
  for (const words of [
    ['status', id],
    ['why', id, 'only'],
  ]) {
    expect((await daemon.wfctl(...words)).stdout).toContain('new disks');
  }
  await daemon.wfctl('backends', 'resume', 'local');
  expect(await daemon.untilEnded(id)).toMatchObject({ status: 'Succeeded' });
});

const FOUR_AT_ONCE = { kind: 'local', cpus: 4, commandTimeout: '5s' };

async function serve(config: object = {}): Promise<void> {
  daemon = new DaemonUnderTest({
    config: { backend: 'local', backends: { local: FOUR_AT_ONCE }, ...config },
  });
  await daemon.start();
}

function submit(text: string, ...words: readonly string[]): Promise<string> {
  return daemon.submit(daemon.write('workflow.yaml', text), ...words);
}

function submitLines(count: number): Promise<string> {
  return submit(`
tasks:
  line:
    scatter: {n: {range: [1, ${count}]}}
    resources: {cpus: 1, memory: 10M}
    run: echo \${{ n }} >> lines; sleep 1
`);
}

async function expectEachOnce(id: string, count: number): Promise<void> {
  const run = await daemon.untilEnded(id);
  expect(run, daemon.log()).toMatchObject({ status: 'Succeeded', problems: [] });
  expect(linesOf('lines')).toHaveLength(count);
  expect(new Set(linesOf('lines')).size).toBe(count);
  expect(run.callList?.map(({ attempts }) => attempts.length)).toEqual(
    Array.from({ length: count }, () => 1),
  );
}

function linesOf(name: string): readonly string[] {
  const file = daemon.place(name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function isRunning({ attempts }: NonNullable<RunAnswer['callList']>[number]): boolean {
  return attempts.at(-1)?.state === 'running';
}

function nativeIds(run: RunAnswer): readonly (string | null)[] | undefined {
  return run.callList?.flatMap(({ attempts }) => attempts.map(({ nativeId }) => nativeId));
}

interface Submitted {
  readonly repeated: boolean;
  readonly run: RunAnswer;
}

/** As a client does that never got its answer. */
function submitWithToken(): Promise<Submitted> {
  const source = 'tasks: {only: {run: "true"}}';
  const bundle = { language: 'native', fileName: 'token.yaml', source, files: {}, inputs: {} };
  const body = JSON.stringify({ bundle, submitDir: daemon.directory, umask: 0o022, token: 'the same token' });
  return new Promise((settle, fail) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(
      { socketPath: daemon.socket, method: 'POST', path: '/v1/runs', headers },
      (answer) => {
        let text = '';
        answer.on('data', (data) => {
          text += data;
        });
        answer.on('end', () => settle(JSON.parse(text)));
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}
