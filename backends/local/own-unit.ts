/**
 * When a service of systemd ends, everything in its control group is killed, sessions of their own included
 * (systemd.kill(5)). So where the daemon is a service of its user's manager, each launcher becomes one as well. The
 * system's manager would have to be asked by somebody with all rights of root (CAP_SYS_ADMIN), which the daemon has not.
 */
import { readFileSync } from 'node:fs';

/** The words of a command that runs `words` in a service of their own until they end, with nothing but `env`. */
export function inOwnUnit(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const clean = ['/usr/bin/env', '-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const quiet = ['StandardInput', 'StandardOutput', 'StandardError'].map(
    (stream) => `--property=${stream}=null`,
  );
  return [
    ...['systemd-run', '--user', '--quiet', '--wait', '--collect', '--working-directory=/'],
    ...['--description=Job of the workflow daemon', ...quiet, '--'],
    // systemd puts variables in the place of `$…`, and `$` in that of `$$` (systemd.service(5)).
    ...[...clean, ...words].map((word) => word.replaceAll('$', '$$$$')),
  ];
}

/** Asked once: no process leaves its group by itself. */
let known: boolean | undefined;

export function isUserService(): boolean {
  known ??= isServiceOfUser(ownGroups(), process.geteuid?.() ?? 0);
  return known;
}

/** `groups`: /proc/self/cgroup. In the first version of control groups systemd has a hierarchy of its own (cgroups(7)). */
export function isServiceOfUser(groups: string, uid: number): boolean {
  const path = /^(?:0:|\d+:name=systemd):(.*\.service)$/gm;
  return [...groups.matchAll(path)].some(([, group]) => group?.includes(`/user@${uid}.service/`));
}

function ownGroups(): string {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8');
  } catch {
    return '';
  }
}
