/** systemctl and its relatives: run, and their answers read. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Environment } from '../../daemon/protocol/paths.ts';
import { CliError } from '../cli-error.ts';
import type { Mode, UnitName } from './units.ts';

export interface UnitState {
  /** `loaded`, `not-found`, `masked`, `bad-setting` … */
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  /** `enabled`, `disabled`, `masked` …; empty where there is no file. */
  readonly enabled: string;
  /** Empty where there is none. */
  readonly file: string;
  /** Of the last end, or `success`. */
  readonly result: string;
  readonly pid: number | undefined;
  /** How often systemd has brought it back by itself. */
  readonly restarts: number;
  readonly sinceMs: number | undefined;
  /** From its start until it was ready. */
  readonly startMs: number | undefined;
}

export interface Systemd {
  /** `systemctl` in this mode; answers what it printed, and fails with what it complained of. */
  control(...words: readonly string[]): Promise<string>;
  show(unit: UnitName): Promise<UnitState>;
  /** The end of its log. */
  lastWords(): Promise<readonly string[]>;
}

/** Fails, with what to do instead, where systemd does not run services for us. */
export async function openSystemd(mode: Mode, env: Environment, uid: number): Promise<Systemd> {
  const scope = mode === 'user' ? ['--user'] : [];
  const surroundings = mode === 'user' ? withRuntimeDirectory(env, uid) : env;
  const systemctl = (...words: readonly string[]) => run('systemctl', [...scope, ...words], surroundings);
  const answer = await systemctl('show', '--property=Version');
  if (answer.code !== 0) throw noSystemd(mode, answer.complaint);
  return {
    async control(...words) {
      const { code, output, complaint } = await systemctl(...words);
      if (code === 0) return output;
      throw new CliError('SYSTEMD_FAILED', `systemctl ${words.join(' ')}: ${complaint}`);
    },
    async show(unit) {
      const { output } = await systemctl('show', unit, `--property=${PROPERTIES.join(',')}`);
      return readUnitState(output, Date.now(), monotonicMs());
    },
    async lastWords() {
      const words = [...scope, '--unit=wfd.service', '--lines=8', '--output=cat', '--no-pager', '--quiet'];
      const { output } = await run('journalctl', words, surroundings);
      return output.split('\n').filter((line) => line !== '');
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly output: string;
  /** Its own words, in one line. */
  readonly complaint: string;
}

export function run(program: string, words: readonly string[], env: Environment): Promise<Ran> {
  return new Promise((resolve) => {
    // Messages are shown as they are; C.UTF-8 is the language of ours.
    const options = { env: { ...env, LC_ALL: 'C.UTF-8', SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' } };
    execFile(program, words, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      const told = stderr.trim() || stdout.trim() || (error?.message ?? '');
      resolve({ code, output: stdout, complaint: told.replaceAll(/\s*\n\s*/g, '; ') });
    });
  });
}

/** Over `su` and `sudo` it is not set (pam_systemd(8)), although the manager runs. */
function withRuntimeDirectory(env: Environment, uid: number): Environment {
  const usual = `/run/user/${uid}`;
  return env['XDG_RUNTIME_DIR'] || !existsSync(usual) ? env : { ...env, XDG_RUNTIME_DIR: usual };
}

function noSystemd(mode: Mode, complaint: string): CliError {
  if (mode === 'system') {
    return new CliError('SYSTEMD_FAILED', `systemd does not run services here (${complaint})`, [
      'Start the daemon by other means: wfd --system stays in the foreground and logs to stderr.',
    ]);
  }
  return new CliError('SYSTEMD_FAILED', `systemd does not run services for you here (${complaint})`, [
    'Many sites do not allow it, and it is not needed:  wfctl daemon start  starts a daemon that outlives your login,',
    'and with WFD_AUTOSTART=1 wfctl starts it whenever none answers.',
    'Where it is allowed, log in afresh (not by su), or ask for:  loginctl enable-linger',
  ]);
}

const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'FragmentPath',
  'Result',
  'MainPID',
  'NRestarts',
  'ActiveEnterTimestampMonotonic',
  'InactiveExitTimestampMonotonic',
];

/** Times are taken from the monotonic clock: those in words are in the language and zone of somebody. */
export function readUnitState(output: string, nowMs: number, monotonicNowMs: number): UnitState {
  const values = new Map(
    output
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  );
  const text = (name: string) => values.get(name) ?? '';
  const number = (name: string) => Number(text(name)) || 0;
  const isActive = text('ActiveState') === 'active' || text('ActiveState') === 'reloading';
  const [begunMs, readyMs] = [
    number('InactiveExitTimestampMonotonic'),
    number('ActiveEnterTimestampMonotonic'),
  ].map((usec) => usec / 1000) as [number, number];
  return {
    load: text('LoadState'),
    active: text('ActiveState'),
    sub: text('SubState'),
    enabled: text('UnitFileState'),
    file: text('FragmentPath'),
    result: text('Result'),
    pid: number('MainPID') || undefined,
    restarts: number('NRestarts'),
    sinceMs: isActive ? Math.round(nowMs - (monotonicNowMs - readyMs)) : undefined,
    startMs: isActive && readyMs >= begunMs ? Math.round(readyMs - begunMs) : undefined,
  };
}

/** That of systemd (CLOCK_MONOTONIC); `performance.now` begins with the process. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
