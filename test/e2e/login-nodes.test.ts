/**
 * Login nodes behind one name: one home directory, several hosts. Each host is a namespace with a name of its own
 * (uts_namespaces(7)) and a runtime directory of its own; the state is kept as on a file system of the network.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildWfctl, type Ended, type Wfctl } from '../cli/wfctl-fixture.ts';
import { endProcessesBelow } from './processes.ts';

const canNameHosts = spawnSync('unshare', ['--uts', 'hostname', 'login1']).status === 0;

let wfctl: Wfctl;
/** One person's home directory, on each of the hosts. */
let home: string;
let count = 0;

beforeAll(async () => {
  wfctl = await buildWfctl([
    'wfd',
    'config.cjs',
    'store-worker.cjs',
    'store-inspector.cjs',
    'owner-files.cjs',
  ]);
});
afterAll(() => wfctl.remove());
beforeEach(() => {
  home = join(wfctl.directory, `home-${count++}`);
  mkdirSync(join(home, '.config/wfd'), { recursive: true });
  mkdirSync(join(home, 'bin'));
  configure('off');
  const ssh = `#!/bin/sh\n[ "$1" = -- ] && shift\nhost=$1; shift\nexec unshare --uts env HOST="$host" LINE="$*" XDG_RUNTIME_DIR="${home}/run-$host" sh -c 'hostname "$HOST"; exec sh -c "$LINE"'\n`;
  writeFileSync(join(home, 'bin/ssh'), ssh);
  chmodSync(join(home, 'bin/ssh'), 0o755);
});
afterEach(() => endProcessesBelow(home));

function configure(remote: 'off' | 'ssh'): void {
  const text = `state: {journal: network, lease: 6s}\nclient: {remote: ${remote}}\n`;
  writeFileSync(join(home, '.config/wfd/config.yaml'), text);
}

function at(host: string, ...words: string[]): Promise<Ended> {
  const program = join(wfctl.directory, 'dist/wfctl');
  const line = ['--uts', 'sh', '-c', 'hostname "$0"; exec "$@"', host, program, ...words];
  return wfctl.runProgram('unshare', line, { cwd: home, env: surroundings(host) });
}

function surroundings(host: string): Record<string, string> {
  const path = [join(home, 'bin'), join(wfctl.directory, 'dist'), process.env['PATH']].join(':');
  return { PATH: path, HOME: home, XDG_RUNTIME_DIR: join(home, `run-${host}`) };
}

async function daemonAt(host: string): Promise<{ host: string; pid: number }> {
  const { stdout, stderr, code } = await at(host, 'daemon', '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe.skipIf(!canNameHosts)(
  'one home directory, several login nodes (needs the right to name hosts)',
  () => {
    test('two that ask at once, where nobody answers, start one daemon', async () => {
      const both = await Promise.all([at('login1', 'list', '--start'), at('login1', 'list', '--start')]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      const { pid } = await daemonAt('login1');
      const started = both.map(({ stderr }) => /started a daemon \(pid (\d+)\)/.exec(stderr)?.[1]);
      expect(started.filter((one) => one !== undefined)).toEqual([String(pid)]);
      expect(daemons()).toEqual([pid]);
    });

    test('it has a session of its own, so it outlives the terminal', async () => {
      await at('login1', 'daemon', 'start');
      const { pid } = await daemonAt('login1');
      const [parent, session, terminal] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) \S /s, '')
        .split(' ')
        .filter((_, index) => [0, 2, 3].includes(index))
        .map(Number);
      expect({ session, terminal }).toEqual({ session: pid, terminal: 0 });
      expect(parent).not.toBe(process.pid);
    });

    test('of two hosts that ask at once one starts it, and the other is told which', async () => {
      const both = await Promise.all([at('login1', 'daemon', 'start'), at('login2', 'daemon', 'start')]);
      expect(both.map(({ code }) => code).sort()).toEqual([0, 69]);
      const refused = both.find(({ code }) => code === 69)?.stderr ?? '';
      const winner = both[0]?.code === 0 ? 'login1' : 'login2';
      expect(refused).toMatch(`your daemon runs on ${winner}`);
      expect(daemons()).toHaveLength(1);
    });

    test('on the other host it is named; with client.remote: ssh it is asked there', async () => {
      await at('login1', 'daemon', 'start');
      const { pid } = await daemonAt('login1');
      expect(await at('login2', 'list', '--start')).toMatchObject({
        code: 69,
        stderr: expect.stringMatching(
          `your daemon runs on login1, pid ${pid} \\(last sign of life \\d+ s ago\\)`,
        ),
      });
      configure('ssh');
      expect(await daemonAt('login2')).toMatchObject({ host: 'login1', pid });
      expect((await at('login2', 'status', '17')).code).toBe(3);
      expect(daemons()).toEqual([pid]);
    });

    test('wfctl service move brings it here', async () => {
      await at('login1', 'daemon', 'start');
      const before = await daemonAt('login1');
      const moved = await at('login2', 'service', 'move');
      expect(moved).toMatchObject({ code: 0, stderr: expect.stringContaining('asked the daemon on login1') });
      const after = await daemonAt('login2');
      expect(after.host).toBe('login2');
      expect(daemons()).toEqual([after.pid]);
      expect(after.pid).not.toBe(before.pid);
      expect((await at('login1', 'list')).stderr).toMatch('your daemon runs on login2');
      expect((await at('login2', 'service', 'move')).stdout).toMatch('runs here already: login2');
      expect(readFileSync(join(home, '.local/state/wfd/wfd.log'), 'utf8')).toMatch('handed over to login2');
    });

    test('but not while jobs run that only the other host can see', async () => {
      writeFileSync(join(home, 'w.yaml'), 'name: w\ntasks:\n  a: {run: sleep 300, backend: local}\n');
      await at('login1', 'submit', 'w.yaml', '--start');
      await expect
        .poll(async () => (await at('login1', 'status', '1', '--json')).stdout, { timeout: 20_000 })
        .toMatch(/"Active": 1/);
      const refused = await at('login2', 'service', 'move');
      expect(refused.code).toBe(5);
      expect(refused.stderr).toMatch(
        /runs on login1.*and stays there: jobs of a local backend have not ended there \(1\)/,
      );
      expect((await daemonAt('login1')).host).toBe('login1');
    });

    test('and takes it over from a host that has died, once the lease has expired', async () => {
      await at('login1', 'daemon', 'start');
      const { pid } = await daemonAt('login1');
      process.kill(pid, 'SIGKILL');
      const lease = join(home, '.local/state/wfd/lease.json');
      const old = new Date(Date.now() - 120_000).toISOString();
      writeFileSync(lease, readFileSync(lease, 'utf8').replace(/("heartbeatAt": ")[^"]*/, `$1${old}`));
      const longAgo = Date.now() / 1000 - 120;
      execFileSync('touch', ['-d', `@${longAgo}`, lease]);
      expect((await at('login2', 'service', 'move')).stdout).toMatch(/runs here now: login2/);
    });
  },
);

/** Those that run below this home directory. */
function daemons(): number[] {
  const { stdout } = spawnSync('pgrep', ['-f', `dist/wfd --socket ${home}/`], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}
