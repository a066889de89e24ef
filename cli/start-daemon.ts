/**
 * Starts a daemon of the user's own, for sites where user services are not allowed. It gets its own session,
 * so that it outlives the terminal, and a log file, and is waited for until it answers or has ended.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultSocketPath, defaultStateDir, type Environment } from '../daemon/protocol/paths.ts';
import { fillPath, ROUTES } from '../daemon/protocol/routes.ts';
import { CliError } from './cli-error.ts';
import { DaemonElsewhere } from './elsewhere.ts';
import { exchange } from './http.ts';
import { findDaemonTrace } from './lease.ts';

export interface StartOptions {
  readonly env: Environment;
  readonly cwd: string;
  /** Given when wfctl was told which socket to use. */
  readonly socket?: string;
  readonly note: (text: string) => void;
}

/** Answers when the daemon does; also where another one, started at the same moment, was faster. */
export async function startDaemon(options: StartOptions): Promise<void> {
  const socketPath = resolve(options.socket ?? defaultSocketPath(options.env));
  const stateDir = resolve(defaultStateDir(options.env));
  refuseIfElsewhere(stateDir, options);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const logFile = join(stateDir, 'wfd.log');
  const child = spawnDaemon(options.env, socketPath, stateDir, logFile);
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  let endedMs: number | undefined;
  while (!(await answers(socketPath))) {
    const nowMs = performance.now();
    if (child.ended !== undefined) {
      endedMs ??= nowMs;
      refuseIfElsewhere(stateDir, options);
    }
    if (endedMs !== undefined && nowMs > endedMs + RIVAL_MS) {
      throw notStarted(`the daemon ended ${child.ended} right after its start`, logFile);
    }
    if (nowMs > deadlineMs) throw notStarted('the daemon does not answer', logFile);
    await sleep(50);
  }
  if (child.ended === undefined)
    options.note(`wfctl: started a daemon (pid ${child.pid}); its log is ${logFile}`);
}

/** Also where another host was faster: its daemon was asked for at the same moment. */
function refuseIfElsewhere(stateDir: string, { cwd }: StartOptions): void {
  const trace = findDaemonTrace(stateDir, Date.now());
  if (trace?.isHere === false) throw new DaemonElsewhere(trace, { words: ['daemon', 'start'], cwd }, true);
}

const START_TIMEOUT_MS = 20_000;
/** Of two daemons started at once one is refused the state; the other needs a moment until it answers. */
const RIVAL_MS = 2_000;

interface Started {
  readonly pid: number | undefined;
  /** How, once it has. */
  readonly ended: string | undefined;
}

function spawnDaemon(env: Environment, socketPath: string, stateDir: string, logFile: string): Started {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [daemonProgram(), '--socket', socketPath], {
    // Not the directory wfctl was typed in, which a daemon would keep from being unmounted.
    cwd: stateDir,
    env: { ...env, ...absolutePaths(env) },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let ended: string | undefined;
  child.once('exit', (code, signal) => {
    ended = `with ${signal ?? `code ${code}`}`;
  });
  child.once('error', (error) => {
    ended = `(${error.message})`;
  });
  return {
    pid: child.pid,
    get ended() {
      return ended;
    },
  };
}

/** What was meant relative to where wfctl was typed. */
function absolutePaths(env: Environment): Record<string, string> {
  const given = ['WFD_STATE_DIR', 'WFD_CONFIG'].flatMap((name) =>
    env[name] ? [[name, resolve(env[name])]] : [],
  );
  return Object.fromEntries(given);
}

/** Beside wfctl, wherever that was installed. */
function daemonProgram(): string {
  const program = join(dirname(realpathSync(process.argv[1] ?? '.')), 'wfd');
  if (existsSync(program)) return program;
  throw new CliError('DAEMON_UNREACHABLE', `there is no ${program} to start: install wfd beside wfctl`);
}

async function answers(socketPath: string): Promise<boolean> {
  const path = fillPath(ROUTES.getDaemon, {});
  return exchange(socketPath, { method: 'GET', path, timeoutMs: 5_000 }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

function notStarted(what: string, logFile: string): CliError {
  return new CliError('DAEMON_UNREACHABLE', `${what}; the end of its log, ${logFile}:`, lastLines(logFile));
}

function lastLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8);
  } catch {
    return ['(the log cannot be read)'];
  }
}
