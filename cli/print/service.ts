/** How a service is, in words. */
import type { UnitState } from '../service/systemd.ts';
import type { Mode, UnitName } from '../service/units.ts';
import { pointInTime } from './times.ts';

export interface ServiceStatus {
  readonly mode: Mode;
  readonly host: string;
  /** The host that the units in a home directory are for. */
  readonly meantFor: string | null;
  readonly socketPath: string;
  readonly units: Readonly<Record<UnitName, UnitState>>;
  /** Absent where none answers, or none was asked: that would have started it. */
  readonly daemon: { readonly version: string; readonly pid: number; readonly state: string } | null;
  /** Only of user services. */
  readonly linger: 'on' | 'off' | null;
}

export function serviceLines(status: ServiceStatus, now: Date): string[] {
  const { mode, host, meantFor, units, daemon, linger } = status;
  if (meantFor !== null && meantFor !== host) {
    return [`Your daemon is a service of ${meantFor}, not of ${host}; to bring it here: wfctl service move`];
  }
  const whose = mode === 'system' ? `The daemon of all users of ${host}` : `Your daemon on ${host}`;
  const socket = units['wfd.socket'];
  const service = units['wfd.service'];
  if (socket.load === 'not-found' && service.load === 'not-found') {
    const lines = [`${whose} is no service of systemd: wfctl service install --${mode}`];
    return daemon === null ? lines : [...lines, `  daemon   ${answers(status)}, started without systemd`];
  }
  return [
    `${whose}, a ${mode === 'system' ? 'system' : 'user'} service of systemd`,
    row('socket', socketWords(socket, status)),
    row('service', serviceWords(service, now)),
    ...(service.restarts > 0
      ? [row('', `${times(service.restarts)} brought back by systemd; why: ${journal(mode)}`)]
      : []),
    row('start', startWords(units, mode)),
    row('daemon', daemon === null ? silence(socket, service) : answers(status)),
    ...(linger === null ? [] : [row('linger', lingerWords(linger))]),
    row('files', [socket.file, service.file].filter((file) => file !== '').join(', ')),
  ];
}

/** Keys are always there; what is not known is `null`, and times are ISO 8601. */
export function serviceJson({ units, ...status }: ServiceStatus): object {
  const unit = ({ pid, sinceMs, startMs, ...state }: UnitState) => {
    const since = sinceMs === undefined ? null : new Date(sinceMs).toISOString();
    return { ...state, pid: pid ?? null, since, startMs: startMs ?? null };
  };
  return {
    ...status,
    units: { 'wfd.socket': unit(units['wfd.socket']), 'wfd.service': unit(units['wfd.service']) },
  };
}

function row(title: string, text: string): string {
  return `  ${title.padEnd(8)} ${text}`;
}

function socketWords({ active, load, result }: UnitState, { socketPath, mode }: ServiceStatus): string {
  if (load !== 'loaded') return `its unit is ${load}`;
  if (active === 'active')
    return `systemd listens on ${socketPath}; while the daemon restarts, requests wait`;
  if (active === 'failed') return `failed (${result}): systemctl ${scope(mode)}start wfd.socket`;
  return `nobody listens: systemctl ${scope(mode)}start wfd.socket`;
}

function serviceWords(service: UnitState, now: Date): string {
  const { load, active, sub, pid, sinceMs, startMs, result } = service;
  if (load !== 'loaded') return `its unit is ${load}`;
  switch (active) {
    case 'active':
    case 'reloading': {
      const since =
        sinceMs === undefined ? '' : ` since ${pointInTime(new Date(sinceMs).toISOString(), now)}`;
      const start =
        startMs === undefined ? '' : `; was ready ${(startMs / 1000).toFixed(1)} s after its start`;
      return `runs${since} (pid ${pid ?? '?'})${start}`;
    }
    case 'activating':
      return sub === 'auto-restart'
        ? `${endWords(result)}; systemd starts it again in a moment`
        : 'is starting';
    case 'deactivating':
      return 'is stopping';
    case 'failed':
      return `${endWords(result)}, and is not started again`;
    default:
      return 'does not run; the next request starts it';
  }
}

/** Words of systemd.exec(5), $SERVICE_RESULT. */
function endWords(result: string): string {
  switch (result) {
    case 'success':
      return 'ended';
    case 'watchdog':
      return 'hung, and was killed by the watchdog';
    case 'oom-kill':
      return 'was killed for want of memory';
    case 'timeout':
      return 'did not start or stop in time, and was killed';
    case 'signal':
    case 'core-dump':
      return 'was killed by a signal';
    case 'exit-code':
      return 'failed';
    default:
      return `ended (${result})`;
  }
}

function startWords(units: ServiceStatus['units'], mode: Mode): string {
  const enabled = units['wfd.socket'].enabled === 'enabled' && units['wfd.service'].enabled === 'enabled';
  if (!enabled) return `only by hand: systemctl ${scope(mode)}enable wfd.socket wfd.service`;
  return mode === 'system' ? 'with the node' : 'with your manager of services';
}

function answers({ daemon }: ServiceStatus): string {
  return daemon === null ? '' : `wfd ${daemon.version} answers (pid ${daemon.pid}, ${daemon.state})`;
}

function silence(socket: UnitState, service: UnitState): string {
  if (service.active === 'active') return 'gives no answer';
  return socket.active === 'active' ? 'was not asked, which would start it' : 'none';
}

function lingerWords(linger: 'on' | 'off'): string {
  return linger === 'on'
    ? 'on: the daemon goes on when you log out'
    : 'off: the daemon ends soon after your last logout, and jobs go on; where the site allows it: loginctl enable-linger';
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function scope(mode: Mode): string {
  return mode === 'user' ? '--user ' : '';
}

export function journal(mode: Mode): string {
  return `journalctl ${scope(mode)}-u wfd`;
}
