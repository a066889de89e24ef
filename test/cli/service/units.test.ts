import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dropInText, hostOf, isOurs, placesOf, unitText } from '../../../cli/service/units.ts';

const directory = join(mkdtempSync(join(tmpdir(), 'wfd-units-')), 'of 100% $me');
cpSync('systemd', join(directory, 'systemd'), { recursive: true });
afterAll(() => rmSync(join(directory, '..'), { recursive: true }));

const plain = mkdtempSync(join(tmpdir(), 'wfd-units-'));
cpSync('systemd', join(plain, 'systemd'), { recursive: true });
afterAll(() => rmSync(plain, { recursive: true }));

function commandLines(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('Exec'));
}

test('the units of an installation name its programs by their paths', () => {
  const at = { node: '/usr/bin/node', directory: plain };
  expect(commandLines(unitText('system', 'wfd.service', at, 'login1'))).toEqual([
    `ExecStart=/usr/bin/node ${plain}/wfd --system`,
    `ExecReload=/usr/bin/node ${plain}/wfctl --socket /run/wfd/wfd.sock daemon reload`,
  ]);
  expect(commandLines(unitText('user', 'wfd.service', at, 'login1'))).toEqual([
    `ExecStart=/usr/bin/node ${plain}/wfd`,
    `ExecReload=/usr/bin/node ${plain}/wfctl --socket %t/wfd/wfd.sock daemon reload`,
  ]);
});

test('nothing in a path means anything to systemd', () => {
  const text = unitText('system', 'wfd.service', { node: '/opt/my node/bin/node', directory }, 'login1');
  const escaped = `${directory.replace('%', '%%').replace('$', '$$$$')}/wfd`;
  expect(commandLines(text)[0]).toBe(`ExecStart="/opt/my node/bin/node" "${escaped}" --system`);
});

test('the units of a home that several hosts see are for one of them', () => {
  const at = { node: '/usr/bin/node', directory: plain };
  for (const name of ['wfd.socket', 'wfd.service'] as const) {
    expect(unitText('user', name, at, 'login1')).toContain('\n[Unit]\nConditionHost=login1\nDescription=');
    expect(hostOf(unitText('user', name, at, 'login1'))).toBe('login1');
    expect(hostOf(unitText('system', name, at, 'login1'))).toBeUndefined();
  }
});

test('what we have written is known again', () => {
  const at = { node: '/usr/bin/node', directory: plain };
  expect(isOurs(unitText('user', 'wfd.socket', at, 'login1'))).toBe(true);
  expect(isOurs(dropInText('LSF (eauth)'))).toBe(true);
  expect(isOurs('[Unit]\nDescription=mine\n')).toBe(false);
});

test('units lie where systemd looks for them', () => {
  expect(placesOf('system', { HOME: '/root' }, 0)).toEqual({
    mode: 'system',
    directory: '/etc/systemd/system',
    dropIn: '/etc/systemd/system/wfd.service.d/setuid-commands.conf',
    environment: '/etc/wfd/environment',
    socket: '/run/wfd/wfd.sock',
  });
  expect(placesOf('user', { HOME: '/home/ada' }, 2001)).toMatchObject({
    directory: '/home/ada/.config/systemd/user',
    environment: '/home/ada/.config/wfd/environment',
    socket: '/run/user/2001/wfd/wfd.sock',
  });
  const elsewhere = { HOME: '/home/ada', XDG_CONFIG_HOME: '/cfg', XDG_RUNTIME_DIR: '/rt' };
  expect(placesOf('user', elsewhere, 2001)).toMatchObject({
    directory: '/cfg/systemd/user',
    socket: '/rt/wfd/wfd.sock',
  });
});
