import { expect, test } from 'vitest';
import {
  configFilesToTry,
  defaultSocketPath,
  defaultStateDir,
  type Environment,
  SYSTEM_SOCKET,
  socketPathsToTry,
} from '../../../daemon/protocol/paths.ts';

const home = { HOME: '/home/ada' };
const session = { ...home, XDG_RUNTIME_DIR: '/run/user/7' };

test.each<[Environment, string]>([
  [home, '/home/ada/.local/state/wfd'],
  [{ ...home, XDG_STATE_HOME: '/x' }, '/x/wfd'],
  [{ ...home, XDG_STATE_HOME: '/x', WFD_STATE_DIR: '/s' }, '/s'],
])('the state of %j is in %s', (env, path) => {
  expect(defaultStateDir(env)).toBe(path);
});

test.each<[Environment, string]>([
  [home, '/home/ada/.local/state/wfd/wfd.sock'],
  [session, '/run/user/7/wfd/wfd.sock'],
  [{ ...session, WFD_STATE_DIR: '/s' }, '/s/wfd.sock'],
  [{ ...session, WFD_STATE_DIR: '/s', WFD_SOCKET: '/a.sock' }, '/a.sock'],
])('the daemon of %j listens on %s', (env, path) => {
  expect(defaultSocketPath(env)).toBe(path);
});

test('wherever a daemon listens by default, wfctl looks', () => {
  for (const env of [
    home,
    session,
    { ...session, WFD_STATE_DIR: '/s' },
    { ...home, WFD_SOCKET: '/a.sock' },
  ]) {
    expect(socketPathsToTry(env, 7)).toContain(defaultSocketPath(env));
  }
});

test('over su, where XDG_RUNTIME_DIR is not set, the daemon of the session is found', () => {
  expect(socketPathsToTry(home, 7)).toEqual([
    '/run/user/7/wfd/wfd.sock',
    '/home/ada/.local/state/wfd/wfd.sock',
    SYSTEM_SOCKET,
  ]);
});

test('a daemon that was named is the only one', () => {
  expect(socketPathsToTry({ ...session, WFD_SOCKET: '/a.sock' }, 7)).toEqual(['/a.sock']);
});

test('configuration: what was named, else the own one, else the system', () => {
  expect(configFilesToTry({ ...home, WFD_CONFIG: '/c.yaml' })).toEqual(['/c.yaml']);
  expect(configFilesToTry(home)).toEqual(['/home/ada/.config/wfd/config.yaml', '/etc/wfd/config.yaml']);
});
