/**
 * The units of a daemon: where they lie, and what is in them. Those that are shipped (systemd/) are what a package
 * installs; here they get the paths of the programs that are really there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, SYSTEM_SOCKET } from '../../daemon/protocol/paths.ts';
import { VERSION } from '../../daemon/protocol/version.ts';

/** One person's daemon, by his own manager of services; or one for everybody on the node. */
export type Mode = 'user' | 'system';

/** In the order in which they start. */
export const UNITS = ['wfd.socket', 'wfd.service'] as const;
export type UnitName = (typeof UNITS)[number];

export interface Installation {
  /** Absolute: a service has a PATH of its own. */
  readonly node: string;
  /** Where wfd and wfctl lie. */
  readonly directory: string;
}

export interface Places {
  readonly mode: Mode;
  /** Of the unit files. */
  readonly directory: string;
  readonly dropIn: string;
  /** Variables for the daemon, in the form of environment files (systemd.exec(5)). */
  readonly environment: string;
  readonly socket: string;
}

/** As systemd sees them: %E, %t (systemd.unit(5)). */
export function placesOf(mode: Mode, env: Environment, uid: number): Places {
  if (mode === 'system') {
    return placesIn('system', '/etc/systemd/system', '/etc', SYSTEM_SOCKET);
  }
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '/', '.config');
  const runtime = env['XDG_RUNTIME_DIR'] || `/run/user/${uid}`;
  return placesIn('user', join(config, 'systemd', 'user'), config, join(runtime, 'wfd', 'wfd.sock'));
}

function placesIn(mode: Mode, directory: string, config: string, socket: string): Places {
  return {
    mode,
    directory,
    dropIn: join(directory, 'wfd.service.d', 'setuid-commands.conf'),
    environment: join(config, 'wfd', 'environment'),
    socket,
  };
}

const MARK = '# Written by wfctl service install';

export function isOurs(text: string): boolean {
  return text.startsWith(MARK);
}

export function unitText(mode: Mode, name: UnitName, installation: Installation, host: string): string {
  const shipped = readFileSync(join(installation.directory, 'systemd', mode, name), 'utf8');
  const text = shipped.replace(/^(Exec\w+=)\S*\/(wfd|wfctl)(?=[ \n])/gm, (_, key, program) => {
    return `${key}${[installation.node, join(installation.directory, program)].map(quoted).join(' ')}`;
  });
  return `${MARK} (wfd ${VERSION}); it writes it anew, so changes of yours go into a drop-in.\n${
    mode === 'system' ? text : onlyOn(host, text)
  }`;
}

/** A home directory, and the units in it, may be seen by several login nodes; one of them has the daemon. */
function onlyOn(host: string, text: string): string {
  return text.replace('[Unit]\n', `[Unit]\nConditionHost=${host}\n`);
}

/** For which host a unit of a shared home is meant. */
export function hostOf(text: string): string | undefined {
  return /^ConditionHost=(.+)$/m.exec(text)?.[1];
}

/** LSF's eauth and PBS's pbs_iff are setuid root. */
export function dropInText(commands: string): string {
  return `${MARK}: ${commands} needs commands that are setuid root.\n[Service]\nNoNewPrivileges=no\n`;
}

/** For a command line in a unit: `%` and `$` have a meaning there (systemd.service(5), COMMAND LINES). */
function quoted(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w./@:+,%$-]+$/.test(plain) ? plain : `"${plain.replace(/[\\"]/g, '\\$&')}"`;
}
