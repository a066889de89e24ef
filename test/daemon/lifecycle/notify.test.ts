import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { takeNotifier, unixAddress } from '../../../daemon/lifecycle/notify.ts';

/** Node has no datagram sockets; the listener of these tests is a few lines of Python. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace('@', '\\0', 1) if sys.argv[1].startswith('@') else sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

const directory = mkdtempSync(join(tmpdir(), 'wfd-notify-'));
let listener: ChildProcess | undefined;
afterEach(() => {
  listener?.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

async function listen(address: string): Promise<AsyncIterator<string>> {
  listener = spawn('python3', ['-c', LISTENER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!listener.stdout) throw new Error('no output');
  const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('bound');
  return lines;
}

test.each([join(directory, 'notify'), `@wfd-test-${process.pid}`])(
  'systemd is told through %s',
  async (address) => {
    const lines = await listen(address);
    const notifier = takeNotifier({ NOTIFY_SOCKET: address, WATCHDOG_USEC: '30000000' }, 1);
    const heard = async () => (await lines.next()).value;
    notifier.ready();
    expect(await heard()).toBe('READY=1');
    const before = process.hrtime.bigint() / 1000n;
    notifier.reloading();
    const [, usec = ''] = /^RELOADING=1 MONOTONIC_USEC=(\d+)$/.exec(await heard()) ?? [];
    expect(BigInt(usec) >= before && BigInt(usec) <= process.hrtime.bigint() / 1000n).toBe(true);
    notifier.stopping('unbind');
    expect(await heard()).toBe('STOPPING=1 STATUS=stopping: unbind');
    notifier.alive();
    expect(await heard()).toBe('WATCHDOG=1');
    notifier.extendTimeout(2000);
    expect(await heard()).toBe('EXTEND_TIMEOUT_USEC=2000000');
  },
);

test('the variables of systemd are taken out, and the watchdog is fed three times in its period', () => {
  const env = {
    PATH: '/bin',
    NOTIFY_SOCKET: '/none',
    WATCHDOG_USEC: '30000000',
    WATCHDOG_PID: '42',
    LISTEN_PID: '42',
    LISTEN_FDS: '1',
    LISTEN_FDNAMES: 'x',
    INVOCATION_ID: 'i',
    JOURNAL_STREAM: '1:2',
  };
  const notifier = takeNotifier(env, 42);
  expect(notifier.watchdogMs).toBe(10_000);
  expect(env).toEqual({ PATH: '/bin' });
});

test("another process's watchdog is not ours to feed", () => {
  const env = { NOTIFY_SOCKET: '/none', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '41' };
  expect(takeNotifier(env, 42).watchdogMs).toBeUndefined();
});

test('nobody listens: nothing happens', () => {
  expect(() => takeNotifier({}, 1).ready()).not.toThrow();
  expect(() => takeNotifier({ NOTIFY_SOCKET: '/nowhere/at/all' }, 1).ready()).not.toThrow();
});

test('an address ends as its kind demands', () => {
  expect([...unixAddress('/a').subarray(2)]).toEqual([47, 97, 0]);
  expect([...unixAddress('@a').subarray(2)]).toEqual([0, 97]);
});
