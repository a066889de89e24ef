/** When nobody answers: how long it is worth waiting, and what a person can do. */
import { existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { defaultStateDir, type Environment, SYSTEM_SOCKET } from '../daemon/protocol/paths.ts';
import { CliError } from './cli-error.ts';
import type { ConnectionError } from './http.ts';
import { type DaemonTrace, findDaemonTrace } from './lease.ts';

/**
 * A daemon that restarts is back within seconds. A socket file, or a fresh lease on this host, says that
 * there is one; where there was never any, nobody waits.
 */
export function patienceMs(error: ConnectionError, path: string, env: Environment): number {
  switch (error.code) {
    case 'ECONNREFUSED':
      return isSocket(path) ? RESTART_MS : 0;
    case 'EAGAIN':
    case 'ECONNRESET':
    case 'EPIPE':
      return BUSY_MS;
    case 'ENOENT':
      if (traceFor(path, env)?.isHere) return RESTART_MS;
      return existsSync(dirname(path)) ? BETWEEN_TWO_SOCKETS_MS : 0;
    default:
      return 0;
  }
}

export interface Silence {
  readonly error: ConnectionError;
  readonly path: string;
}

/** A daemon of this user on another host. Where a socket is full or slow, the daemon is here all the same. */
export function daemonElsewhere({ error, path }: Silence, env: Environment): DaemonTrace | undefined {
  if (!['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM'].includes(error.code)) return undefined;
  const trace = traceFor(path, env);
  return trace === undefined || trace.isHere ? undefined : trace;
}

export function unreachable({ error, path }: Silence, tried: readonly string[]): CliError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new CliError(
      'DAEMON_UNREACHABLE',
      `you may not speak to the daemon on ${path}: it belongs to another user`,
      START_ONE,
    );
  }
  if (error.code === 'ETIMEDOUT') {
    return new CliError('DAEMON_UNREACHABLE', `a daemon listens on ${path}, but gave ${error.message}`, [
      path === SYSTEM_SOCKET
        ? 'It may be overloaded, stopped or failing at its start: wfctl service status --system, journalctl -u wfd'
        : 'It may be overloaded, stopped or failing at its start: wfctl service status, journalctl --user -u wfd',
    ]);
  }
  const places = error.code === 'ENOENT' ? tried.join(', ') : path;
  return new CliError(
    'DAEMON_UNREACHABLE',
    `no daemon answers on ${places} (${inWords(error, path)})`,
    START_ONE,
  );
}

const RESTART_MS = 10_000;
/** Somebody was there a moment ago, and it may happen more than once. */
const BUSY_MS = 30_000;
/** A daemon without systemd's socket unlinks its own when it ends, and the next one makes it anew. */
const BETWEEN_TWO_SOCKETS_MS = 2_000;

const START_ONE = [
  'Start one of your own:  wfctl daemon start     (or: systemctl --user start wfd, or: wfd &)',
  'Another socket:         wfctl --socket PATH …  (or: WFD_SOCKET=PATH)',
];

/** Beside the socket, or in the state directory. */
function traceFor(socketPath: string, env: Environment): DaemonTrace | undefined {
  const nowMs = Date.now();
  return findDaemonTrace(defaultStateDir(env), nowMs) ?? findDaemonTrace(dirname(socketPath), nowMs);
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function inWords(error: ConnectionError, path: string): string {
  switch (error.code) {
    case 'ENOENT':
      return 'there is no socket';
    case 'ECONNREFUSED':
      return isSocket(path) ? 'a socket is there, but nobody listens on it' : 'that is not a socket';
    case 'EAGAIN':
      return 'its queue of connections is full';
    default:
      return `${error.code}: ${error.message}`;
  }
}
