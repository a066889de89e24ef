/**
 * Starts a daemon of the user's own, for sites where user services are not allowed. It gets its own session,
 * so that it outlives the terminal, and a log file, and is waited for until it answers or has ended.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultSocketPath, defaultStateDir, type Environment } from '../daemon/protocol/paths.ts';
import { fillPath, ROUTES } from '../daemon/protocol/routes.ts';
import { CliError } from './cli-error.ts';
import { exchange } from './http.ts';

export interface StartOptions {
  readonly env: Environment;
  /** Given when wfctl was told which socket to use. */
  readonly socket?: string;
  readonly note: (text: string) => void;
}

/** Answers when the daemon does. */
export async function startDaemon(options: StartOptions): Promise<void> {
  const socketPath = options.socket ?? defaultSocketPath(options.env);
  const stateDir = defaultStateDir(options.env);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const logFile = join(stateDir, 'wfd.log');
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(
    process.execPath,
    [daemonProgram(), ...(options.socket === undefined ? [] : ['--socket', options.socket])],
    {
      cwd: stateDir,
      detached: true,
      stdio: ['ignore', log, log],
    },
  );
  child.unref();
  let ended: string | undefined;
  child.once('exit', (code, signal) => {
    ended = `with ${signal ?? `code ${code}`}`;
  });
  child.once('error', (error) => {
    ended = `: ${error.message}`;
  });
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(socketPath))) {
    if (ended !== undefined) throw notStarted(`the daemon ended ${ended} right after its start`, logFile);
    if (performance.now() > deadlineMs) throw notStarted('the daemon does not answer', logFile);
    await sleep(50);
  }
  options.note(`wfctl: started a daemon (pid ${child.pid}); its log is ${logFile}`);
}

const START_TIMEOUT_MS = 20_000;

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
