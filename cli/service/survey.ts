/** Looks at what is there before anything is planned: units, files, daemons, rights. Changes nothing. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { DaemonAnswer } from '../../daemon/protocol/answers.ts';
import { defaultStateDir, type Environment, SYSTEM_STATE_DIR } from '../../daemon/protocol/paths.ts';
import { fillPath, ROUTES } from '../../daemon/protocol/routes.ts';
import { VERSION } from '../../daemon/protocol/version.ts';
import { CliError } from '../cli-error.ts';
import { exchange } from '../http.ts';
import { findDaemonTrace } from '../lease.ts';
import { environmentText, type Needs, needsOf } from './needs.ts';
import type { FileFound, FoundForInstall, FoundForUninstall, WantedFile } from './plan.ts';
import { run, type Systemd, type UnitState } from './systemd.ts';
import {
  dropInText,
  hostOf,
  type Installation,
  isOurs,
  type Mode,
  type Places,
  placesOf,
  UNITS,
  type UnitName,
  unitText,
} from './units.ts';

export interface Surveyor {
  readonly mode: Mode;
  readonly env: Environment;
  readonly systemd: Systemd;
  readonly places: Places;
  readonly installation: Installation;
}

export function surveyor(mode: Mode, env: Environment, systemd: Systemd): Surveyor {
  const directory = dirname(realpathSync(process.argv[1] ?? '.'));
  const places = placesOf(mode, env, process.getuid?.() ?? 0);
  return { mode, env, systemd, places, installation: { node: process.execPath, directory } };
}

export async function surveyForInstall(
  from: Surveyor,
  wantsLinger: boolean,
): Promise<FoundForInstall & { readonly needs: Needs }> {
  const { mode, env, systemd, places } = from;
  if (mode === 'system') await refuseIfOthersMayWrite(from.installation);
  refuseIfElsewhere(from);
  const units = await unitStates(systemd);
  const needs = needsOf(env);
  const running = await daemonAt(places.socket, units);
  const isStray = running !== undefined && running.pid !== units['wfd.service'].pid;
  return {
    mode,
    units,
    unitFiles: isPackaged(units, places) ? undefined : unitFiles(from),
    dropIn:
      mode === 'system' && needs.setuid !== undefined
        ? ownFile(places.dropIn, dropInText(needs.setuid))
        : undefined,
    environment:
      needs.environment.length === 0
        ? undefined
        : wantedFile(places.environment, environmentText(places.environment, needs.environment)),
    strayPid: isStray ? running.pid : undefined,
    isOutdated: running !== undefined && running.version !== VERSION,
    linger: mode === 'user' && wantsLinger ? await lingerOf(env) : 'not asked for',
    needs,
  };
}

export async function surveyForUninstall(from: Surveyor): Promise<FoundForUninstall> {
  const { mode, systemd, places } = from;
  const host = meantFor(from);
  if (host !== undefined && host !== hostname()) {
    throw new CliError('WRONG_STATE', `the service is one of ${host}, not of this host`, [
      `Remove it there:  ssh ${host} wfctl service uninstall`,
    ]);
  }
  const candidates = [...UNITS.map((name) => join(places.directory, name)), places.dropIn];
  const files = candidates.filter((path) => isOurs(readIfThere(path).text ?? ''));
  return { mode, units: await unitStates(systemd), strayPid: undefined, files };
}

/** The host that the units of a home directory are for. */
export function meantFor({ places }: Surveyor): string | undefined {
  return hostOf(readIfThere(join(places.directory, 'wfd.service')).text ?? '');
}

export async function unitStates(systemd: Systemd): Promise<Readonly<Record<UnitName, UnitState>>> {
  const [socket, service] = await Promise.all([systemd.show('wfd.socket'), systemd.show('wfd.service')]);
  return { 'wfd.socket': socket, 'wfd.service': service };
}

/** Where only systemd holds the socket nobody is asked: that would start the daemon. */
export async function daemonAt(
  socket: string,
  units: Readonly<Record<UnitName, UnitState>>,
): Promise<DaemonAnswer | undefined> {
  const isSystemds = units['wfd.socket'].active === 'active';
  if (isSystemds && units['wfd.service'].active !== 'active') return undefined;
  try {
    const path = fillPath(ROUTES.getDaemon, {});
    const { status, body } = await exchange(socket, { method: 'GET', path, timeoutMs: 10_000 });
    return status === 200 ? (body as DaemonAnswer) : undefined;
  } catch {
    return undefined;
  }
}

export async function lingerOf(env: Environment): Promise<'on' | 'off'> {
  const { output } = await run(
    'loginctl',
    ['show-user', userInfo().username, '--property=Linger', '--value'],
    env,
  );
  return output.trim() === 'yes' ? 'on' : 'off';
}

function isPackaged(units: Readonly<Record<UnitName, UnitState>>, places: Places): boolean {
  return UNITS.every((name) => units[name].file !== '' && dirname(units[name].file) !== places.directory);
}

function unitFiles({ mode, places, installation }: Surveyor): FoundForInstall['unitFiles'] {
  const file = (name: UnitName) =>
    ownFile(join(places.directory, name), unitText(mode, name, installation, hostname()));
  return { 'wfd.socket': file('wfd.socket'), 'wfd.service': file('wfd.service') };
}

/** A file of this name that somebody else has written stays as it is. */
function ownFile(path: string, wanted: string): WantedFile {
  const found = wantedFile(path, wanted);
  if (found.text === undefined || isOurs(found.text)) return found;
  throw new CliError('WRONG_STATE', `${path} was not written by wfctl, so it is left as it is`, [
    'Move it away, or into a drop-in (systemctl edit), and try again.',
  ]);
}

function wantedFile(path: string, wanted: string): WantedFile {
  return { ...readIfThere(path), wanted };
}

function readIfThere(path: string): FileFound {
  return existsSync(path) ? { path, text: readFileSync(path, 'utf8') } : { path };
}

/** The home directory may be seen by several login nodes; only one can have the daemon. */
function refuseIfElsewhere({ mode, env }: Surveyor): void {
  const stateDir = mode === 'system' ? SYSTEM_STATE_DIR : defaultStateDir(env);
  const trace = findDaemonTrace(stateDir, Date.now());
  if (trace === undefined || trace.isHere) return;
  throw new CliError('WRONG_STATE', `your daemon runs on ${trace.host} (pid ${trace.pid}), not here`, [
    'Bring it here:  wfctl service move',
  ]);
}

/** What root runs nobody else may change. */
async function refuseIfOthersMayWrite({ node, directory }: Installation): Promise<void> {
  const { whoElseMayWrite } = await import('../../backends/adapter/trust.ts');
  const ours = readdirSync(directory).map((name) => join(directory, name));
  for (const path of [node, ...ours, ...nativeModules(directory)]) {
    const complaint = whoElseMayWrite(path, 0);
    if (complaint === undefined) continue;
    throw new CliError(
      'NOT_ALLOWED',
      `root would run a program that others could change: ${complaint.replace(/;.*/, '')}`,
      ['Install wfd where only root may write, such as: npm install --global --prefix /opt/wfd ./wfd-….tgz'],
    );
  }
}

function nativeModules(directory: string): readonly string[] {
  const require = createRequire(join(directory, 'wfd'));
  return ['koffi', 'better-sqlite3'].flatMap((name) => {
    try {
      return [realpathSync(require.resolve(name))];
    } catch {
      return [];
    }
  });
}
