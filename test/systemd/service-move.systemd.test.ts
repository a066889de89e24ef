/**
 * A service of one person goes to another login node. The machine plays both: after the daemon has started it gets
 * another name, so that the lease is that of another host.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Machine } from './machine.ts';

let machine: Machine;
beforeAll(async () => {
  machine = await Machine.up('move');
  await machine.do(['hostname', 'login1']);
});
afterAll(() => machine?.down());

const property = (name: string, unit = 'wfd.service') => machine.property(name, unit, 'alice');

test('it stops there with its socket, and is a service here, for this host', async () => {
  expect(await machine.wfctl(['service', 'install'], 'alice')).toMatchObject({ code: 0 });
  const before = await property('MainPID');
  await machine.do(['hostname', 'login2']);
  const moved = await machine.wfctl(['service', 'move'], 'alice');
  expect(moved).toMatchObject({ code: 0, stderr: expect.stringContaining('asked the daemon on login1') });
  expect(moved.stdout).toMatch(/Your daemon runs here now: login2, pid \d+/);
  const after = await property('MainPID');
  expect(after).not.toBe(before);
  expect(moved.stdout).toContain(`login2, pid ${after}.`);
  expect(machine.read('/home/alice/.config/systemd/user/wfd.service')).toContain('ConditionHost=login2\n');
  expect(await property('ActiveState', 'wfd.socket')).toBe('active');
  const log = await machine.log('alice');
  // Stopped by systemd, together with the socket: nobody could start the next one there.
  expect(log).toMatch(/stopping: jobs go on/);
  expect(log).not.toMatch(/handed over/);
  expect(await property('NRestarts')).toBe('0');
});
