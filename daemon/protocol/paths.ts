/**
 * Where the daemon listens and keeps its state when nobody says otherwise, so that `wfctl` and `wfd` agree
 * without talking to each other. Functions of the environment only: nothing here looks at the disk.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The socket of a daemon that serves everybody on the node. */
export const SYSTEM_SOCKET = '/run/wfd/wfd.sock';
/** Its state and its configuration: root's, whoever starts it. */
export const SYSTEM_STATE_DIR = '/var/lib/wfd';
export const SYSTEM_CONFIG = '/etc/wfd/config.yaml';

/** `WFD_STATE_DIR`, else `wfd` in the XDG state directory (~/.local/state). */
export function defaultStateDir(env: Environment): string {
  return env['WFD_STATE_DIR'] || join(env['XDG_STATE_HOME'] || join(home(env), '.local', 'state'), 'wfd');
}

/**
 * `WFD_SOCKET`; else beside a state directory that was chosen by `WFD_STATE_DIR`, so that two daemons on two
 * states never share a socket; else in the runtime directory; else beside the state.
 */
export function defaultSocketPath(env: Environment): string {
  if (env['WFD_SOCKET']) return env['WFD_SOCKET'];
  if (!env['WFD_STATE_DIR'] && env['XDG_RUNTIME_DIR']) return join(env['XDG_RUNTIME_DIR'], 'wfd', 'wfd.sock');
  return join(defaultStateDir(env), 'wfd.sock');
}

/** Sockets at which a daemon may answer, the likeliest first. */
export function socketPathsToTry(env: Environment, uid: number): string[] {
  if (env['WFD_SOCKET'] || env['WFD_STATE_DIR']) return [defaultSocketPath(env)];
  // Over `su` and `sudo` XDG_RUNTIME_DIR is not set, although the user's daemon listens there.
  const runtime = env['XDG_RUNTIME_DIR'] || `/run/user/${uid}`;
  return [join(runtime, 'wfd', 'wfd.sock'), join(defaultStateDir(env), 'wfd.sock'), SYSTEM_SOCKET];
}

/** Configuration files, in the order in which they are looked for; the first that exists is read. */
export function configFilesToTry(env: Environment): string[] {
  if (env['WFD_CONFIG']) return [env['WFD_CONFIG']];
  const userDir = env['XDG_CONFIG_HOME'] || join(home(env), '.config');
  return [join(userDir, 'wfd', 'config.yaml'), SYSTEM_CONFIG];
}

function home(env: Environment): string {
  return env['HOME'] || homedir();
}
