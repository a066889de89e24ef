import { expect, test } from 'vitest';
import { type ServiceStatus, serviceJson, serviceLines } from '../../../cli/print/service.ts';
import { readUnitState } from '../../../cli/service/systemd.ts';

/** What systemctl 252 said of a service that runs and of a unit that is not there. */
const RUNNING = `MainPID=37
Result=success
NRestarts=0
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/lib/systemd/system/dbus.service
UnitFileState=static
InactiveExitTimestampMonotonic=16054089164
ActiveEnterTimestampMonotonic=16054111996
`;
const NOT_THERE = `MainPID=0
Result=success
NRestarts=0
LoadState=not-found
ActiveState=inactive
SubState=dead
FragmentPath=
UnitFileState=
InactiveExitTimestampMonotonic=0
ActiveEnterTimestampMonotonic=0
`;

const NOW = Date.UTC(2030, 0, 31, 12, 0, 0);

test('the answers of systemctl are read', () => {
  expect(readUnitState(RUNNING, NOW, 16_054_111 + 60_000)).toEqual({
    load: 'loaded',
    active: 'active',
    sub: 'running',
    enabled: 'static',
    file: '/lib/systemd/system/dbus.service',
    result: 'success',
    pid: 37,
    restarts: 0,
    sinceMs: NOW - 59_999,
    startMs: 23,
  });
  expect(readUnitState(NOT_THERE, NOW, 1)).toMatchObject({
    load: 'not-found',
    pid: undefined,
    sinceMs: undefined,
    startMs: undefined,
  });
});

const service = {
  ...readUnitState(RUNNING, NOW, 16_054_112 + 60_000),
  enabled: 'enabled',
  file: '/home/ada/.config/systemd/user/wfd.service',
};
const socket = { ...service, sub: 'listening', file: '/home/ada/.config/systemd/user/wfd.socket' };
const good: ServiceStatus = {
  mode: 'user',
  host: 'login1',
  meantFor: 'login1',
  socketPath: '/run/user/2001/wfd/wfd.sock',
  units: { 'wfd.socket': socket, 'wfd.service': service },
  daemon: { version: '1.2.3', pid: 37, state: 'serving' },
  linger: 'on',
};

const lines = (status: ServiceStatus) => serviceLines(status, new Date(NOW));
const withService = (changes: Partial<typeof service>): ServiceStatus => ({
  ...good,
  daemon: null,
  units: { ...good.units, 'wfd.service': { ...service, ...changes } },
});

test('all is well', () => {
  expect(lines(good)).toEqual([
    'Your daemon on login1, a user service of systemd',
    '  socket   systemd listens on /run/user/2001/wfd/wfd.sock; while the daemon restarts, requests wait',
    expect.stringMatching(/^ {2}service {2}runs since .+ \(pid 37\); was ready 0\.0 s after its start$/),
    '  start    with your manager of services',
    '  daemon   wfd 1.2.3 answers (pid 37, serving)',
    '  linger   on: the daemon goes on when you log out',
    '  files    /home/ada/.config/systemd/user/wfd.socket, /home/ada/.config/systemd/user/wfd.service',
  ]);
});

test('not installed, with a daemon all the same, and without', () => {
  const absent = readUnitState(NOT_THERE, NOW, 1);
  const units = { 'wfd.socket': absent, 'wfd.service': absent };
  expect(lines({ ...good, units })).toEqual([
    'Your daemon on login1 is no service of systemd: wfctl service install --user',
    '  daemon   wfd 1.2.3 answers (pid 37, serving), started without systemd',
  ]);
  expect(lines({ ...good, mode: 'system', linger: null, daemon: null, units })).toEqual([
    'The daemon of all users of login1 is no service of systemd: wfctl service install --system',
  ]);
});

test.each([
  [{ active: 'inactive', sub: 'dead' }, 'does not run; the next request starts it'],
  [{ active: 'failed', result: 'exit-code' }, 'failed, and is not started again'],
  [
    { active: 'activating', sub: 'auto-restart', result: 'watchdog' },
    'hung, and was killed by the watchdog; systemd starts it again in a moment',
  ],
  [{ active: 'activating', sub: 'start' }, 'is starting'],
  [{ active: 'deactivating', sub: 'stop-sigterm' }, 'is stopping'],
  [{ load: 'bad-setting' }, 'its unit is bad-setting'],
])('a service that is %j', (changes, words) => {
  expect(lines(withService(changes))[2]).toBe(`  service  ${words}`);
});

test('of another host, whose home this is as well', () => {
  expect(lines({ ...good, meantFor: 'login2' })).toEqual([
    'Your daemon is a service of login2, not of login1; to bring it here: wfctl service move',
  ]);
});

test('as JSON every key is there', () => {
  const absent = readUnitState(NOT_THERE, NOW, 1);
  expect(serviceJson({ ...good, units: { 'wfd.socket': socket, 'wfd.service': absent } })).toMatchObject({
    linger: 'on',
    meantFor: 'login1',
    units: {
      'wfd.socket': { active: 'active', since: '2030-01-31T11:59:00.000Z' },
      'wfd.service': { load: 'not-found', pid: null, since: null, startMs: null },
    },
  });
});

test('what a person should see to', () => {
  const brought = lines(withService({ restarts: 2, active: 'inactive' }));
  expect(brought).toContain('           2 times brought back by systemd; why: journalctl --user -u wfd');
  expect(brought).toContain('  daemon   was not asked, which would start it');
  expect(lines(withService({ enabled: 'disabled' }))).toContain(
    '  start    only by hand: systemctl --user enable wfd.socket wfd.service',
  );
  expect(lines({ ...good, linger: 'off' }).at(-2)).toMatch(/^ {2}linger {3}off: .*loginctl enable-linger$/);
});
