import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveFake } from '../daemon/api/api-fixture.ts';
import { buildWfctl, type Wfctl } from './wfctl-fixture.ts';

let wfctl: Wfctl;
beforeAll(async () => {
  wfctl = await buildWfctl();
});
afterAll(() => wfctl.remove());

describe('usage', () => {
  test.each([
    [['statsu', '1'], /there is no such command\. Did you mean status\?/],
    [[], /no command given/],
    [['status'], /Not enough non-option arguments/],
    [['status', 'seventeen'], /"seventeen" is not a run id/],
    [['status', '1', '--jsno'], /Unknown argument: jsno/],
    [['submit', 'x.yaml', '--failure-mode', 'Sometimes'], /NoNewCalls.*ContinueWhilePossible/],
    [['submit', 'x.yaml', '--input', 'novalue'], /--input novalue: write it as --input name=value/],
    [['abort'], /say which runs/],
    [['abort', '1', '--all'], /either ids or/],
    [['abort', '1', '2', '--call', 'a'], /--call needs exactly one run id/],
    [['list', '--since', 'yesterdayish'], /write a span such as 30m/],
    [['run'], /give either a workflow, or --resume/],
  ])('%j is a mistake that ends with 2', async (words, message) => {
    const { code, stdout, stderr } = await wfctl.run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each([
    'submit',
    'status',
    'list',
    'abort',
    'hold',
    'release',
    'logs',
    'why',
    'events',
    'validate',
    'run',
    'backends',
    'daemon',
    'config',
    'service',
  ])('%s --help has an example, in 80 columns', async (verb) => {
    const { code, stdout } = await wfctl.run([verb, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\\n  wfctl ${verb}`));
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('--version is that of the package', async () => {
    expect((await wfctl.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('where nobody answers', () => {
  test('says where it looked and how to start a daemon', async () => {
    const { code, stderr } = await wfctl.run(['list']);
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /no daemon answers on .*runtime\/wfd\/wfd\.sock, .*home\/\.local\/state\/wfd\/wfd\.sock, \/run\/wfd\/wfd\.sock/,
    );
    expect(stderr).toMatch(/wfctl daemon start/);
  });

  test('with --json says it in JSON', async () => {
    const { code, stdout, stderr } = await wfctl.run(['status', '17', '--json']);
    expect([code, stdout]).toEqual([69, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'DAEMON_UNREACHABLE', details: expect.any(Array) },
    });
  });

  test('names what is there instead of a socket', async () => {
    const file = join(wfctl.directory, 'no-socket');
    writeFileSync(file, '');
    const { code, stderr } = await wfctl.run(['list'], { env: { WFD_SOCKET: file } });
    expect(code).toBe(69);
    expect(stderr).toMatch(/no daemon answers on .*no-socket \(that is not a socket\)/);
  });

  test('a lease that nobody refreshes any more is no daemon', async () => {
    const env = { WFD_STATE_DIR: leaseOf('login7', new Date('2021-03-01')) };
    expect((await wfctl.run(['status', '17'], { env })).stderr).toMatch(/no daemon answers/);
  });

  test('and a daemon is asked for, one is started, or it is told why not', async () => {
    const missing = await wfctl.run(['list', '--start']);
    expect(missing).toMatchObject({ code: 69, stderr: expect.stringMatching(/there is no .*wfd to start/) });
    writeFileSync(
      join(dirname(wfctl.program), 'wfd'),
      "console.error('the state is damaged'); process.exit(3);",
    );
    const failing = await wfctl.run(['list', '--start']);
    expect(failing.code).toBe(69);
    expect(failing.stderr).toMatch(
      /the daemon ended with code 3 right after its start; the end of its log, .*wfd\.log:/,
    );
    expect(failing.stderr).toMatch(/the state is damaged/);
  });

  function leaseOf(host: string, heartbeat: Date): string {
    const directory = join(wfctl.directory, `state-${host}-${heartbeat.getTime()}`);
    mkdirSync(directory);
    const lease = {
      host,
      pid: 4711,
      bootId: 'x',
      startedAt: heartbeat.toISOString(),
      heartbeatAt: heartbeat.toISOString(),
    };
    writeFileSync(join(directory, 'lease.json'), JSON.stringify(lease));
    return directory;
  }
});

describe('the socket is found', () => {
  test.each([
    ['in the runtime directory', 'runtime/wfd/wfd.sock', {}],
    ['beside the state', 'home/.local/state/wfd/wfd.sock', {}],
    ['by WFD_SOCKET', 'elsewhere/s', { WFD_SOCKET: 'elsewhere/s' }],
  ])('%s', async (_, path, given) => {
    const socket = join(wfctl.directory, path);
    mkdirSync(dirname(socket), { recursive: true });
    const env = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, join(wfctl.directory, value)]),
    );
    const { fake } = await import('../daemon/api/fake-engine.ts').then((module) => ({
      fake: module.createFake(),
    }));
    const served = await serveFake({}, { socket, fake });
    expect(await wfctl.run(['list'], { env })).toEqual({ code: 0, stdout: '', stderr: 'no runs\n' });
    await served.close();
  });

  test('a lease on this host is worth a wait for the daemon that restarts', async () => {
    const state = join(wfctl.directory, 'state-here');
    mkdirSync(state);
    const now = new Date().toISOString();
    writeFileSync(
      join(state, 'lease.json'),
      JSON.stringify({ host: hostname(), pid: 1, bootId: 'x', startedAt: now, heartbeatAt: now }),
    );
    const waiting = wfctl.run(['list'], { env: { WFD_STATE_DIR: state } });
    const { createFake } = await import('../daemon/api/fake-engine.ts');
    const served = await serveFake({}, { socket: join(state, 'wfd.sock'), fake: createFake() });
    expect((await waiting).code).toBe(0);
    await served.close();
  });
});
