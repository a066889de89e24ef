/**
 * What has to be done so that the units are there, or gone. Pure: it is decided from what was found, so that a second
 * time there is nothing to do. systemctl tells what became of it; nothing is guessed.
 */
import type { UnitState } from './systemd.ts';
import type { Mode, UnitName } from './units.ts';

export type Step =
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly mode: number }
  | { readonly kind: 'remove'; readonly path: string }
  /** A daemon that somebody has started without systemd. */
  | { readonly kind: 'stopDaemon'; readonly pid: number }
  | { readonly kind: 'systemctl'; readonly words: readonly string[]; readonly why: string }
  | { readonly kind: 'linger' };

export interface FileFound {
  readonly path: string;
  /** Absent: there is no such file. */
  readonly text?: string;
}

export interface WantedFile extends FileFound {
  readonly wanted: string;
}

export interface Found {
  readonly mode: Mode;
  readonly units: Readonly<Record<UnitName, UnitState>>;
  /** A daemon that answers outside the unit. */
  readonly strayPid: number | undefined;
}

export interface FoundForInstall extends Found {
  /** Absent where a package has brought the units. */
  readonly unitFiles: Readonly<Record<UnitName, WantedFile>> | undefined;
  readonly dropIn: WantedFile | undefined;
  /** Written once; from then on it is the administrator's. */
  readonly environment: WantedFile | undefined;
  readonly linger: 'on' | 'off' | 'not asked for';
  /** The daemon that runs as the unit is not of this version. */
  readonly isOutdated: boolean;
}

export function installPlan(found: FoundForInstall): readonly Step[] {
  const { mode, units, unitFiles, dropIn, environment } = found;
  const files = [...Object.values(unitFiles ?? {}), ...(dropIn === undefined ? [] : [dropIn])];
  const changed = files.filter(({ text, wanted }) => text !== wanted);
  const newEnvironment = environment !== undefined && environment.text === undefined ? [environment] : [];
  const isNew = (name: UnitName) => changed.some(({ path }) => path === unitFiles?.[name].path);
  const moved = isNew('wfd.socket') && units['wfd.socket'].active === 'active';
  const anew = changed.length > 0 || newEnvironment.length > 0 || found.isOutdated;
  const enabled = Object.values(units).every((unit) => unit.enabled === 'enabled');
  return [
    ...changed.map(writing),
    ...newEnvironment.map(writing),
    ...(changed.length > 0 ? [systemctl('systemd reads its units anew', 'daemon-reload')] : []),
    ...(enabled ? [] : [systemctl(whenStarted(mode), 'enable', 'wfd.socket', 'wfd.service')]),
    ...(found.strayPid === undefined ? [] : [{ kind: 'stopDaemon' as const, pid: found.strayPid }]),
    ...(moved ? [systemctl('the socket has changed', 'stop', 'wfd.socket', 'wfd.service')] : []),
    ...(units['wfd.socket'].active === 'active' && !moved
      ? []
      : [systemctl('from now on requests wait', 'start', 'wfd.socket')]),
    ...serviceSteps(isUp(units['wfd.service']) && !moved, anew),
    ...(found.linger === 'off' ? [{ kind: 'linger' as const }] : []),
  ];
}

function serviceSteps(isUp: boolean, anew: boolean): readonly Step[] {
  if (!isUp) return [systemctl('the daemon', 'start', 'wfd.service')];
  return anew ? [systemctl('no request fails, and jobs go on', 'restart', 'wfd.service')] : [];
}

/** One that fails and is tried again and again is told to start once more, so that its complaint is heard. */
function isUp({ active, sub }: UnitState): boolean {
  return active === 'active' || active === 'reloading' || (active === 'activating' && sub !== 'auto-restart');
}

export interface FoundForUninstall extends Found {
  /** Those of ours that are there. */
  readonly files: readonly string[];
}

export function uninstallPlan({ units, files }: FoundForUninstall): readonly Step[] {
  const isThere = Object.values(units).some((unit) => unit.load !== 'not-found');
  const stopped = Object.values(units).every(
    (unit) => unit.active === 'inactive' && unit.enabled !== 'enabled',
  );
  return [
    // Both at once: a socket that is still there would start the service again.
    ...(isThere && !stopped
      ? [systemctl('it stops, and jobs go on', 'disable', '--now', 'wfd.socket', 'wfd.service')]
      : []),
    ...files.map((path) => ({ kind: 'remove', path }) as const),
    ...(files.length > 0 ? [systemctl('systemd forgets them', 'daemon-reload')] : []),
  ];
}

function writing({ path, wanted }: WantedFile): Step {
  return { kind: 'write', path, text: wanted, mode: 0o644 };
}

function systemctl(why: string, ...words: readonly string[]): Step {
  return { kind: 'systemctl', words, why };
}

function whenStarted(mode: Mode): string {
  return mode === 'system' ? 'they start with the node' : 'they start with your manager of services';
}
