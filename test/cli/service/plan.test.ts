import { expect, test } from 'vitest';
import { sentence } from '../../../cli/service/carry-out.ts';
import { type FoundForInstall, installPlan, uninstallPlan } from '../../../cli/service/plan.ts';
import type { UnitState } from '../../../cli/service/systemd.ts';

const nothing: UnitState = {
  load: 'not-found',
  active: 'inactive',
  sub: 'dead',
  enabled: '',
  file: '',
  result: 'success',
  pid: undefined,
  restarts: 0,
  sinceMs: undefined,
  startMs: undefined,
};
const there: UnitState = { ...nothing, load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' };

const file = (path: string, text?: string) => ({ path, wanted: 'new', ...(text !== undefined && { text }) });
const unitFiles = (text?: string) => ({
  'wfd.socket': file('/units/wfd.socket', text),
  'wfd.service': file('/units/wfd.service', text),
});

const fresh: FoundForInstall = {
  mode: 'system',
  units: { 'wfd.socket': nothing, 'wfd.service': nothing },
  unitFiles: unitFiles(),
  dropIn: undefined,
  environment: undefined,
  strayPid: undefined,
  linger: 'not asked for',
  isOutdated: false,
};
const installed: FoundForInstall = {
  ...fresh,
  units: { 'wfd.socket': { ...there, sub: 'listening' }, 'wfd.service': there },
  unitFiles: unitFiles('new'),
};

const said = (found: FoundForInstall) => installPlan(found).map((step) => sentence(step, found.mode));

test('first time: written, enabled, started', () => {
  expect(said(fresh)).toEqual([
    'write   /units/wfd.socket',
    'write   /units/wfd.service',
    'run     systemctl daemon-reload   (systemd reads its units anew)',
    'run     systemctl enable wfd.socket wfd.service   (they start with the node)',
    'run     systemctl start wfd.socket   (from now on requests wait)',
    'run     systemctl start wfd.service   (the daemon)',
  ]);
});

test('second time: nothing', () => {
  expect(installPlan(installed)).toEqual([]);
});

test('of a user: in his manager, lingering; a daemon of his that was started by hand makes room first', () => {
  const steps = said({ ...fresh, mode: 'user', linger: 'off', strayPid: 4711 });
  expect(steps.slice(2)).toEqual([
    'run     systemctl --user daemon-reload   (systemd reads its units anew)',
    'run     systemctl --user enable wfd.socket wfd.service   (they start with your manager of services)',
    'stop    the daemon that runs without systemd (pid 4711): jobs go on',
    'run     systemctl --user start wfd.socket   (from now on requests wait)',
    'run     systemctl --user start wfd.service   (the daemon)',
    'run     loginctl enable-linger   (your services go on when you log out)',
  ]);
});

test('a daemon of another version, or with another unit, is restarted behind its socket', () => {
  const restart = 'run     systemctl restart wfd.service   (no request fails, and jobs go on)';
  expect(said({ ...installed, isOutdated: true })).toEqual([restart]);
  const files = { ...unitFiles('new'), 'wfd.service': file('/units/wfd.service', 'old') };
  expect(said({ ...installed, unitFiles: files })).toEqual([
    'write   /units/wfd.service',
    'run     systemctl daemon-reload   (systemd reads its units anew)',
    restart,
  ]);
});

test('one that fails again and again is started once more, which says why it fails', () => {
  const units = {
    ...installed.units,
    'wfd.service': { ...there, active: 'activating', sub: 'auto-restart' },
  };
  expect(said({ ...installed, units })).toEqual(['run     systemctl start wfd.service   (the daemon)']);
});

test('another socket cannot be put below a daemon that runs', () => {
  const files = { ...unitFiles('new'), 'wfd.socket': file('/units/wfd.socket', 'old') };
  expect(said({ ...installed, unitFiles: files }).slice(2)).toEqual([
    'run     systemctl stop wfd.socket wfd.service   (the socket has changed)',
    'run     systemctl start wfd.socket   (from now on requests wait)',
    'run     systemctl start wfd.service   (the daemon)',
  ]);
});

test('units of a package are only enabled and started', () => {
  const units = {
    'wfd.socket': { ...there, active: 'inactive', enabled: 'disabled' },
    'wfd.service': { ...there, active: 'failed', enabled: 'disabled' },
  };
  expect(said({ ...fresh, unitFiles: undefined, units }).map((step) => step.replace(/ {3}\(.*/, ''))).toEqual(
    [
      'run     systemctl enable wfd.socket wfd.service',
      'run     systemctl start wfd.socket',
      'run     systemctl start wfd.service',
    ],
  );
});

test('variables are written once; then they are the administrator’s', () => {
  expect(said({ ...installed, environment: file('/etc/wfd/environment') })).toEqual([
    'write   /etc/wfd/environment',
    'run     systemctl restart wfd.service   (no request fails, and jobs go on)',
  ]);
  expect(said({ ...installed, environment: file('/etc/wfd/environment', 'mine') })).toEqual([]);
});

test('a drop-in is kept as it should be', () => {
  expect(
    said({ ...installed, dropIn: file('/units/wfd.service.d/setuid-commands.conf', 'old') }),
  ).toHaveLength(3);
});

test('uninstalled: stopped together, removed, forgotten; and the second time nothing', () => {
  const { mode, units } = installed;
  const files = ['/units/wfd.socket', '/units/wfd.service'];
  const steps = uninstallPlan({ mode, units, strayPid: undefined, files });
  expect(steps.map((step) => sentence(step, mode))).toEqual([
    'run     systemctl disable --now wfd.socket wfd.service   (it stops, and jobs go on)',
    'remove  /units/wfd.socket',
    'remove  /units/wfd.service',
    'run     systemctl daemon-reload   (systemd forgets them)',
  ]);
  expect(uninstallPlan({ mode, units: fresh.units, strayPid: undefined, files: [] })).toEqual([]);
});
