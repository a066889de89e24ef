/** The daemon of all users of a node as a service of the system: its sandbox, restarts, and stops in bad moments. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../cli/client.ts';
import type { CrowdReport } from './clients.ts';
import { Machine, NODE, type User, until, WFCTL } from './machine.ts';

const isLong = process.env['WFD_TEST_LONG'] === '1';
const CONFIG = `
access: {requestsPerSecond: 100000, requestBurst: 100000}
backend: own
backends:
  own:
    kind: template
    probe: [/opt/wfd/dist/scheduler.sh, probe]
    submit:
      command: [/opt/wfd/dist/scheduler.sh, submit, "{tag}", "{script}"]
      id: '^(?<id>\\S+)$'
    job: {id: tag}
    ignores: [cpus]
    status:
      command: [/opt/wfd/dist/scheduler.sh, list]
      complete: '^end$'
    answer:
      fields: ['^job-(?<id>(?<name>\\S+))\\.service +\\S+ +\\S+ +(?<state>\\S+)']
      skip: ['^end$']
      states: {running: running, exited: ended, failed: ended}
    abort: [/opt/wfd/dist/scheduler.sh, abort, "{nativeIds}"]
    poll: 1s
    settle: 3s
    commandTimeout: 10s
    maxSubmitting: 20
`;

let machine: Machine;
let root: Client;
beforeAll(async () => {
  machine = await Machine.up('system');
  await machine.do(['mkdir', '-p', '/etc/wfd']);
  machine.write('/etc/wfd/config.yaml', CONFIG);
  for (const user of ['alice', 'bob'] as const) await machine.do(['mkdir', `/home/${user}/work`], user);
  root = machine.client();
});
afterAll(() => machine?.down());
beforeEach(() => machine.do(['rm', '-f', '/run/controller', '/tmp/enough']));

const property = (name: string) => machine.property(name);
const install = (...path: string[]) =>
  machine.do([
    'env',
    `PATH=${[...path, '/usr/bin:/bin'].join(':')}`,
    NODE,
    WFCTL,
    'service',
    'install',
    '--system',
  ]);

test('installed with one command; its exposure is at most 4.5', async () => {
  expect(await install()).toMatch(/daemon {3}wfd \S+ answers \(pid \d+, serving\)/);
  expect(await install()).toMatch(/^Nothing to do/);
  const judged = await machine.do([
    'systemd-analyze',
    'security',
    '--no-pager',
    '--threshold=45',
    'wfd.service',
  ]);
  expect(judged).toMatch(/Overall exposure level for wfd\.service: \d\.\d/);
  expect(await property('NoNewPrivileges')).toBe('yes');
});

test('only root makes a service for all', async () => {
  const said = await machine.wfctl(['service', 'install', '--system'], 'alice');
  expect(said).toMatchObject({ code: 4, stderr: expect.stringContaining('a matter of root') });
});

test('where a scheduler has commands that are setuid root, and a place of its own, that is seen to', async () => {
  await machine.do(['mkdir', '-p', '/opt/lsf/bin']);
  await machine.do(['cp', '/bin/true', '/opt/lsf/bin/bsub']);
  expect(await install('/opt/lsf/bin')).toContain(
    'write   /etc/systemd/system/wfd.service.d/setuid-commands.conf',
  );
  expect(await property('NoNewPrivileges')).toBe('no');
  const pid = await property('MainPID');
  expect(machine.read(`/proc/${pid}/status`)).toMatch(/^NoNewPrivs:\t0$/m);
  expect(machine.read(`/proc/${pid}/environ`)).toMatch(/PATH=[^\0]*:\/opt\/lsf\/bin\0/);
  await machine.do(['rm', '-r', '/opt/lsf', '/etc/systemd/system/wfd.service.d', '/etc/wfd/environment']);
  await machine.do(['systemctl', 'daemon-reload']);
  await machine.do(['systemctl', 'restart', 'wfd.service']);
});

test('while it is restarted again and again, no request of two users fails, and every run runs once', async () => {
  const [restarts, clients, submits] = isLong ? [20, 25, 200] : [5, 10, 30];
  const crowds = (['alice', 'bob'] as const).map((user) => comeAsCrowd(user, clients, submits));
  for (let time = 0; time < restarts; time += 1) await machine.do(['systemctl', 'restart', 'wfd.service']);
  await machine.do(['touch', '/tmp/enough']);
  for (const { user, report } of await Promise.all(crowds)) {
    expect(report.failures).toEqual([]);
    expect(report.requests).toBeGreaterThan(clients * restarts);
    await allSaidOnce(user, new Map(report.runs));
  }
});

async function comeAsCrowd(user: User, clients: number, submits: number) {
  const words = [NODE, '/opt/wfd/dist/crowd.cjs', String(clients), String(submits), `/home/${user}/work`];
  const report = JSON.parse(await machine.do(words, user)) as Omit<CrowdReport, 'runs'> & {
    readonly runs: readonly [string, number][];
  };
  return { user, report };
}

/** Every run has ended well, and the job of each has run once. */
async function allSaidOnce(user: User, runs: ReadonlyMap<string, number>): Promise<void> {
  const look = () => Promise.all([...runs.values()].map((id) => root.call('getRun', { params: { id } })));
  const ended = await until(look, (all) => all.every(({ endedAt }) => endedAt !== null), 180_000);
  expect(ended.filter(({ status, owner }) => status !== 'Succeeded' || owner !== user)).toEqual([]);
  expect(new Set(runs.values()).size).toBe(runs.size);
  const said = machine.read(`/home/${user}/work/said`).trim().split('\n');
  expect(said.filter((token) => runs.has(token)).sort()).toEqual([...runs.keys()].sort());
}

describe('stopped while 20 submits are in flight', () => {
  const COUNT = 20;

  async function submitted(): Promise<ReadonlyMap<string, number>> {
    await machine.do(['touch', '/tmp/enough']);
    const { report } = await comeAsCrowd('alice', COUNT, COUNT);
    expect(report.failures).toEqual([]);
    await until(
      async () => (await root.call('listBackends')).backends.find(({ name }) => name === 'own')?.submitting,
      (count) => count === COUNT,
    );
    return new Map(report.runs);
  }

  test('of a slow controller, it waits for them, longer than its unit would let it', async () => {
    await dropIn('[Service]\nTimeoutStopSec=2\n');
    machine.write('/run/controller', 'slow');
    const before = countSubmits();
    const runs = await submitted();
    await machine.do(['systemctl', 'stop', 'wfd.service']);
    expect(await property('Result')).toBe('success');
    expect(await lastPhases()).toMatch(/phase commands-done done/);
    await allSaidOnce('alice', runs);
    expect(countSubmits() - before, 'no submit command was cut off and given again').toBe(COUNT);
  });

  test.each(['mute', 'deaf'])(
    'of one that is %s, it cuts them off, and finds out at its next start',
    async (mood) => {
      machine.write('/etc/wfd/config.yaml', `${CONFIG}shutdown: {timeouts: {commands-done: 2s}}\n`);
      await machine.do(['systemctl', 'reload', 'wfd.service']);
      machine.write('/run/controller', mood);
      const runs = await submitted();
      await machine.do(['systemctl', 'stop', 'wfd.service']);
      expect(await lastPhases()).toMatch(/phase commands-done cut off after 2000 ms/);
      await machine.do(['rm', '/run/controller']);
      await allSaidOnce('alice', runs);
    },
  );

  test('and told a second time, it ends at once', async () => {
    machine.write('/etc/wfd/config.yaml', CONFIG);
    await machine.do(['systemctl', 'reload', 'wfd.service']);
    machine.write('/run/controller', 'deaf');
    const runs = await submitted();
    await machine.do(['systemctl', 'stop', '--no-block', 'wfd.service']);
    await until(lastPhases, (log) => log.includes('phase requests-done done'));
    await machine.do(['systemctl', 'kill', '--kill-whom=main', 'wfd.service']);
    await until(
      () => property('ActiveState'),
      (state) => state === 'inactive',
      10_000,
    );
    expect(await lastPhases()).toContain('second signal: ending at once');
    await machine.do(['rm', '/run/controller']);
    await allSaidOnce('alice', runs);
  });

  function countSubmits(): number {
    return machine.read('/tmp/submits-of-alice').split('\n').length;
  }

  /** What it has said since it was told to stop. */
  async function lastPhases(): Promise<string> {
    const log = await machine.log();
    return log.slice(log.lastIndexOf('"msg":"stopping: '));
  }
});

async function dropIn(text: string): Promise<void> {
  await machine.do(['mkdir', '-p', '/etc/systemd/system/wfd.service.d']);
  machine.write('/etc/systemd/system/wfd.service.d/test.conf', text);
  await machine.do(['systemctl', 'daemon-reload']);
}

test('what it says has its priority in the journal', async () => {
  machine.write('/etc/wfd/config.yaml', 'nonsense: 1\n');
  await machine.run(['systemctl', 'reload', 'wfd.service']);
  const errors = ['journalctl', '--unit=wfd', '--priority=err', '--output=cat', '--no-pager'];
  expect(await machine.do(errors)).toContain('nothing of it is taken up');
  await machine.run(['systemctl', 'restart', 'wfd.service']);
  expect(await machine.do(errors)).toContain("\nwfd: /etc/wfd/config.yaml:1:1: unknown key 'nonsense'");
  machine.write('/etc/wfd/config.yaml', CONFIG);
  await until(
    () => property('ActiveState'),
    (state) => state === 'active',
  );
});
