/** SEMANTICS 8: `wfctl run`, one run in the foreground with no service. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DaemonUnderTest } from './daemon-under-test.ts';

/** Never started: only its directory and its wfctl are used. */
let place: DaemonUnderTest;
beforeEach(() => {
  place = new DaemonUnderTest({ config: { backend: 'local' } });
});
afterEach(() => place.remove());

test('0 when it succeeds, with its outputs made', async () => {
  const file = place.write(
    'ok.yaml',
    'name: ok\ntasks: {a: {run: echo done > a.txt, outputs: {a: a.txt}}}\n',
  );
  const spoken = await place.wfctl('run', file);
  expect(spoken).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: Succeeded; its files are in /),
  });
  expect(spoken.stderr).toContain('a ');
  expect(readFileSync(place.place('a.txt'), 'utf8')).toBe('done\n');
});

test('1 when it fails, with the run as JSON', async () => {
  const file = place.write('bad.yaml', 'tasks: {a: {run: exit 4}, b: {needs: a, run: "true"}}\n');
  const { code, stdout } = await place.wfctl('run', file, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'Failed',
    callList: [
      { call: 'a', attempts: [{ cause: 'NonZeroExit', exitCode: 4 }] },
      { call: 'b', status: 'Skipped' },
    ],
  });
});

test('2 when it cannot begin', async () => {
  const file = place.write('bad.yaml', 'tasks: {a: {rum: exit 4}}\n');
  expect(await place.wfctl('run', file)).toMatchObject({ code: 2, stdout: '' });
  expect(await place.wfctl('run', '--resume', place.directory)).toMatchObject({ code: 2, stdout: '' });
});

test('a request that can never be met is refused, and leaves nothing behind', async () => {
  const file = place.write('greedy.yaml', 'tasks: {a: {run: "true", resources: {nodes: 2}}}\n');
  const { code, stdout, stderr } = await place.wfctl('run', file, '--backend', 'local');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/greedy\.yaml:1:45: 'resources\.nodes' of task 'a' .*one machine; ask for less/);
  expect(readdirSync(place.place('wf-runs'))).toEqual([]);
});

test('SIGINT aborts: jobs end first, onAbort is run', async () => {
  const file = place.write(
    'long.yaml',
    'tasks: {a: {run: touch started; sleep 300}}\nonAbort: {run: touch cleaned}\n',
  );
  const running = new Foreground(place.launch([resolve('dist/wfctl'), 'run', file]));
  await expect.poll(() => existsSync(place.place('started')), { timeout: 30_000 }).toBe(true);
  running.signal('SIGINT');
  expect(await running.exitCode).toBe(1);
  expect(running.output()).toContain(': Aborted;');
  expect(existsSync(place.place('cleaned'))).toBe(true);
});

test('a second SIGINT forces', async () => {
  const file = place.write('stubborn.yaml', 'tasks: {a: {abort: finish, run: touch started; sleep 300}}\n');
  const running = new Foreground(place.launch([resolve('dist/wfctl'), 'run', file]));
  await expect.poll(() => existsSync(place.place('started')), { timeout: 30_000 }).toBe(true);
  running.signal('SIGINT');
  await expect.poll(() => running.output(), { timeout: 30_000 }).toContain('aborting');
  running.signal('SIGINT');
  expect(await running.exitCode).toBe(1);
  expect(running.output()).toContain(': Aborted;');
});

test.each([
  ['a detach', 'SIGINT', 0],
  ['kill -9', 'SIGKILL', null],
] as const)('after %s the jobs go on, and --resume takes the run up', async (_name, signal, exitCode) => {
  const text = 'tasks: {a: {run: echo a >> lines; sleep 3}, b: {needs: a, run: echo b >> lines}}\n';
  const file = place.write('two.yaml', text);
  const words = [resolve('dist/wfctl'), 'run', file, '--on-signal', 'detach'];
  const running = new Foreground(place.launch(words));
  await expect.poll(() => existsSync(place.place('lines')), { timeout: 30_000 }).toBe(true);
  running.signal(signal);
  expect(await running.exitCode).toBe(exitCode);
  const [directory = ''] = readdirSync(place.place('wf-runs'));
  if (signal === 'SIGINT')
    expect(running.output()).toContain(`wfctl run --resume ${place.place('wf-runs', directory)}`);
  expect(await place.wfctl('run', '--resume', place.place('wf-runs', directory))).toMatchObject({ code: 0 });
  expect(readFileSync(place.place('lines'), 'utf8')).toBe('a\nb\n');
});

/** A program beside the test, and all that it says. */
class Foreground {
  readonly exitCode: Promise<number | null>;
  private readonly process: ChildProcess;
  private said = '';

  constructor(process: ChildProcess) {
    this.process = process;
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (data) => {
        this.said += data;
      });
    }
    this.exitCode = new Promise((settle) => process.once('close', (code) => settle(code)));
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  output(): string {
    return this.said;
  }
}
