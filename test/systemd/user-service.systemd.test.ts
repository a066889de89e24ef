/** One person's daemon as a service of his manager: what it survives, and that nobody notices. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../cli/client.ts';
import { crowd, submit } from './clients.ts';
import { Machine, until } from './machine.ts';

const isLong = process.env['WFD_TEST_LONG'] === '1';
const SOCKET = '/run/user/2001/wfd/wfd.sock';
const HOME = '/home/alice';

let machine: Machine;
let client: Client;
beforeAll(async () => {
  machine = await Machine.up('user');
  await machine.do(['mkdir', '-p', `${HOME}/.config/wfd`, `${HOME}/work`], 'alice');
  // More jobs at once than the machine has CPUs: they only write a line.
  machine.write(`${HOME}/.config/wfd/config.yaml`, 'backends: {local: {kind: local, cpus: 32, poll: 1s}}\n');
  client = machine.client(SOCKET);
});
afterAll(() => machine?.down());

const systemctl = (...words: string[]) => machine.do(['systemctl', '--user', ...words], 'alice');
const property = (name: string) => machine.property(name, 'wfd.service', 'alice');

test('installed with one command, and nothing is left to do', async () => {
  expect(
    await machine.do(['/usr/local/bin/node', '/opt/wfd/dist/wfctl', 'service', 'install'], 'alice'),
  ).toMatch(/daemon {3}wfd \S+ answers \(pid \d+, serving\)\n {2}linger {3}on/);
  expect((await machine.wfctl(['service', 'install'], 'alice')).stdout).toMatch(/^Nothing to do/);
  expect(await systemctl('is-enabled', 'wfd.socket', 'wfd.service')).toBe('enabled\nenabled');
  expect(JSON.parse((await machine.wfctl(['service', 'status', '--json'], 'alice')).stdout)).toMatchObject({
    mode: 'user',
    units: { 'wfd.socket': { active: 'active' }, 'wfd.service': { active: 'active' } },
  });
});

describe('no request fails, and every run runs once, while it is', () => {
  async function comeWhile(work: Promise<unknown>): Promise<void> {
    const [clients, submits] = isLong ? [50, 400] : [20, 60];
    const come = {
      clients,
      submits,
      client: () => machine.client(SOCKET),
      submitDir: `${HOME}/work`,
      until: work,
    };
    const report = await crowd(come);
    expect(report.failures).toEqual([]);
    expect(report.requests).toBeGreaterThan(clients + submits);
    await allSaidOnce(report.runs);
  }

  test('restarted again and again', () => comeWhile(restartAgainAndAgain(isLong ? 20 : 5)));

  test('killed again and again', () => comeWhile(killAgainAndAgain(isLong ? 10 : 2)));
});

async function restartAgainAndAgain(times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await systemctl('restart', 'wfd.service');
}

async function killAgainAndAgain(times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const pid = await property('MainPID');
    await machine.do(['kill', '-9', pid]);
    await until(
      () => property('MainPID'),
      (next) => next !== '0' && next !== pid,
    );
    await until(
      () => property('ActiveState'),
      (state) => state === 'active',
    );
  }
}

/** Every run has ended well, there are no others, and the job of each has run once. */
async function allSaidOnce(runs: ReadonlyMap<string, number>): Promise<void> {
  const statuses = () =>
    Promise.all([...runs.values()].map((id) => client.call('getRun', { params: { id } })));
  const ended = await until(statuses, (all) => all.every(({ endedAt }) => endedAt !== null), 120_000);
  expect(ended.filter(({ status }) => status !== 'Succeeded')).toEqual([]);
  expect(new Set(runs.values()).size).toBe(runs.size);
  const said = machine.read(`${HOME}/work/said`).trim().split('\n');
  expect(said.filter((token) => runs.has(token)).sort()).toEqual([...runs.keys()].sort());
}

async function sleeper(seconds: number): Promise<number> {
  const source = `name: sleeper\ntasks:\n  nap:\n    run: sleep ${seconds}; echo once >> naps\n`;
  const bundle = { language: 'native', fileName: 'sleeper.yaml', source, files: {}, inputs: {} } as const;
  const { run } = await client.call('submitRun', {
    body: { bundle, submitDir: `${HOME}/work`, umask: 0o022 },
  });
  await until(
    () => client.call('getRun', { params: { id: run.id }, query: { calls: 1 } }),
    ({ callList }) => callList?.[0]?.attempts.at(-1)?.state === 'running',
  );
  return run.id;
}

async function succeedsAtOnceTry(id: number): Promise<void> {
  const look = () => client.call('getRun', { params: { id }, query: { calls: 1 } });
  const run = await until(look, ({ endedAt }) => endedAt !== null);
  expect(run.status).toBe('Succeeded');
  expect(run.callList?.[0]?.attempts).toHaveLength(1);
}

describe('a job goes on, and the daemon comes back, when it', () => {
  test('is killed', async () => {
    const id = await sleeper(6);
    const [pid, restarts] = [await property('MainPID'), Number(await property('NRestarts'))];
    await machine.do(['kill', '-9', pid]);
    await until(
      () => property('NRestarts'),
      (count) => Number(count) === restarts + 1,
    );
    await succeedsAtOnceTry(id);
    expect((await client.call('getDaemon')).pid).not.toBe(Number(pid));
  });

  test('hangs', async () => {
    await machine.do(['mkdir', '-p', `${HOME}/.config/systemd/user/wfd.service.d`], 'alice');
    machine.write(`${HOME}/.config/systemd/user/wfd.service.d/test.conf`, '[Service]\nWatchdogSec=3\n');
    await systemctl('daemon-reload');
    await systemctl('restart', 'wfd.service');
    const pid = await property('MainPID');
    const id = await sleeper(12);
    await new Promise((settle) => setTimeout(settle, 4_000));
    expect(await property('MainPID'), 'one that is well gives signs of life').toBe(pid);
    await machine.do(['kill', '-STOP', pid]);
    // Asked while it hangs; answered by the next one.
    expect((await client.call('getDaemon')).pid).not.toBe(Number(pid));
    expect(await machine.log('alice')).toMatch(/Watchdog timeout \(limit 3s\)!/);
    await succeedsAtOnceTry(id);
  });
});

test('while it is stopped, whatever was submitted is recorded, and runs once', async () => {
  const count = 20;
  const tokens = Array.from({ length: count }, () => randomUUID());
  const stopped = systemctl('stop', 'wfd.service');
  // Some come before it stops, some while it does, some after: these have systemd start the next one.
  const submits = tokens.map(async (token, at) => {
    await new Promise((settle) => setTimeout(settle, at * 20));
    return submit(machine.client(SOCKET), token, { submitDir: `${HOME}/work` });
  });
  const ids = await Promise.all(submits);
  await stopped;
  await allSaidOnce(new Map(tokens.map((token, at) => [token, ids[at] ?? 0])));
});

test('stopped by wfctl it has gone, until the next request; who stops it is told so', async () => {
  const pid = await property('MainPID');
  const said = await machine.wfctl(['daemon', 'stop'], 'alice');
  expect(said).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('systemd starts it again at the next request'),
  });
  await until(
    () => property('ActiveState'),
    (state) => state === 'inactive',
  );
  expect((await client.call('getDaemon')).pid).not.toBe(Number(pid));
});

describe('the configuration', () => {
  const file = `${HOME}/.config/wfd/config.yaml`;

  test('with a mistake is refused, and the old one stays', async () => {
    const good = machine.read(file);
    machine.write(file, `${good}limits: {perOwner: many}\nfailureMode: ContinueWhilePossible\n`);
    const pid = await property('MainPID');
    const refused = await machine.run(['systemctl', '--user', 'reload', 'wfd.service'], 'alice');
    expect(refused.code).not.toBe(0);
    expect(await machine.log('alice')).toContain(`${file}:2:20: `);
    const asked = await machine.wfctl(['daemon', 'reload'], 'alice');
    expect(asked).toMatchObject({ code: 78, stderr: expect.stringContaining(`${file}:2:20: `) });
    expect(await systemctl('is-active', 'wfd.service')).toBe('active');
    expect(await property('MainPID')).toBe(pid);
    machine.write(file, good);
  });

  test('is taken up while it runs, also by SIGHUP', async () => {
    const good = machine.read(file);
    machine.write(file, `${good}failureMode: ContinueWhilePossible\n`);
    const pid = await property('MainPID');
    await systemctl('reload', 'wfd.service');
    const id = await submit(client, randomUUID(), { submitDir: `${HOME}/work` });
    expect((await client.call('getRun', { params: { id } })).failureMode).toBe('ContinueWhilePossible');
    machine.write(file, good);
    await systemctl('kill', '--kill-whom=main', '--signal=HUP', 'wfd.service');
    await until(
      () => machine.log('alice'),
      (log) => log.split('the configuration was read again').length === 3,
    );
    expect(await property('MainPID')).toBe(pid);
  });
});

test('where lingering is not allowed, that is said, and the service is there all the same', async () => {
  await machine.do(['rm', '/var/lib/systemd/linger/bob']);
  const said = await machine.wfctl(['service', 'install'], 'bob');
  expect(said.stderr).toMatch(
    /^wfctl: lingering is not allowed here \(.*Access denied\): the daemon ends soon after/,
  );
  expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/ {2}linger {3}off: .*\n/) });
  expect(said.stdout).toMatch(/daemon {3}wfd \S+ answers/);
});

test('without a manager of services it is said what to do instead', async () => {
  await machine.do(['useradd', '-m', '-u', '2003', 'carol']);
  const carol = [
    'setpriv',
    '--reuid=2003',
    '--regid=2003',
    '--clear-groups',
    'env',
    '-i',
    'HOME=/home/carol',
  ];
  const said = await machine.run([
    ...carol,
    '/usr/local/bin/node',
    '/opt/wfd/dist/wfctl',
    'service',
    'install',
  ]);
  expect(said.code).toBe(71);
  expect(said.stderr).toMatch(
    /^wfctl: systemd does not run services for you here \(.+\)\n(.*\n)* .*wfctl daemon start /,
  );
});

test('over su, where the session does not say where its manager is, it is found', async () => {
  const alice = ['setpriv', '--reuid=2001', '--regid=2001', '--clear-groups', 'env', '-i', `HOME=${HOME}`];
  const said = await machine.run([
    ...alice,
    '/usr/local/bin/node',
    '/opt/wfd/dist/wfctl',
    'service',
    'status',
  ]);
  expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/answers \(pid \d+, serving\)/) });
});

test('uninstalled, it is gone, and the state stays', async () => {
  const said = await machine.wfctl(['service', 'uninstall'], 'alice');
  expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('The service is gone') });
  expect((await machine.wfctl(['service', 'uninstall'], 'alice')).stdout).toMatch(/^Nothing to do/);
  expect((await machine.wfctl(['list'], 'alice')).code).toBe(69);
  await machine.do(['test', '-s', `${HOME}/.local/state/wfd/state.db`]);
});
