/**
 * A daemon as people start it, built and in a process of its own, and `wfctl` to talk to it. Everything it
 * makes lies below one directory, by which its jobs and processes are found again when the test is over.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, vi } from 'vitest';
import type { AnswerOf } from '../../daemon/protocol/operations.ts';
import { endProcessesBelow } from './processes.ts';

export type RunAnswer = AnswerOf<'getRun'>;
type CallAnswer = NonNullable<RunAnswer['callList']>[number];

export interface Spoken {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DaemonOptions {
  /** Of the daemon and of wfctl, beside our own. */
  readonly env?: Readonly<Record<string, string>>;
  /** The configuration file's content. */
  readonly config?: object;
  /** Daemon and wfctl run as this user; only where the tests run as root. */
  readonly user?: string;
  /** One daemon for all users, run by root: everybody can reach its directory. */
  readonly system?: boolean;
}

export class DaemonUnderTest {
  /** Where workflows are submitted; their run directories lie below. */
  readonly directory: string;
  readonly user: string | undefined;
  private readonly env: NodeJS.ProcessEnv;
  private readonly isSystem: boolean;
  private process: ChildProcess | undefined;

  constructor({ env = {}, config = {}, user, system = false }: DaemonOptions = {}) {
    this.directory = mkdtempSync(join(tmpdir(), 'wfd-e2e-'));
    this.isSystem = system;
    if (system) chmodSync(this.directory, 0o755);
    this.user = user;
    this.giveToUser(this.directory);
    const person = user === undefined ? {} : { HOME: `/home/${user}`, USER: user, LOGNAME: user };
    const places = {
      WFD_STATE_DIR: this.stateDirectory,
      WFD_SOCKET: this.socket,
      WFD_CONFIG: this.place('config.yaml'),
    };
    this.env = { ...process.env, ...person, ...env, ...places };
    this.configure(config);
  }

  get stateDirectory(): string {
    return this.place('state');
  }

  get socket(): string {
    return this.place('wfd.sock');
  }

  place(...names: string[]): string {
    return join(this.directory, ...names);
  }

  /** For the next start. */
  configure(config: object): void {
    writeFileSync(this.place('config.yaml'), JSON.stringify(config));
  }

  /** A file the user could have written, and its path. */
  write(name: string, text: string, mode = 0o644): string {
    const path = this.place(name);
    const parent = dirname(path);
    mkdirSync(parent, { recursive: true });
    writeFileSync(path, text, { mode });
    this.giveToUser(parent, path);
    return path;
  }

  /** The process alone: it may not answer yet. */
  spawn(): void {
    const log = openSync(this.logPath, 'a');
    const options = this.isSystem ? ['--system'] : [];
    const [program = '', ...words] = this.asUser([resolve('dist/wfd'), ...options]);
    this.process = spawn(program, words, {
      env: this.env,
      cwd: this.directory,
      stdio: ['ignore', 'ignore', log],
    });
    closeSync(log);
  }

  async start(): Promise<void> {
    this.spawn();
    const endsAt = Date.now() + 30_000;
    while ((await this.wfctl('list')).code !== 0) {
      if (!this.isRunning() || Date.now() > endsAt)
        throw new Error(`the daemon does not answer:\n${this.log()}`);
      await new Promise((settle) => setTimeout(settle, 100));
    }
  }

  /** Ends the daemon by a signal and waits until it is gone. Jobs go on. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const process = this.process;
    this.process = undefined;
    if (process === undefined || hasExited(process)) return;
    const gone = new Promise((settle) => process.once('exit', settle));
    process.kill(signal);
    await gone;
  }

  /** Its exit code once it has ended by itself. */
  async exitCode(): Promise<number | null> {
    const process = this.process;
    if (process === undefined) throw new Error('no daemon was started');
    await vi.waitFor(() => expect(hasExited(process)).toBe(true), { timeout: 30_000, interval: 100 });
    return process.exitCode;
  }

  isRunning(): boolean {
    return this.process !== undefined && !hasExited(this.process);
  }

  /** Power loss, as far as a test can have it, and the next start at once. */
  async killAndRestart(): Promise<void> {
    await this.stop('SIGKILL');
    await this.start();
  }

  /** Stops it and removes everything it has made. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    endProcessesBelow(this.directory);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }

  wfctl(...words: readonly string[]): Promise<Spoken> {
    return this.speak([resolve('dist/wfctl'), ...words]);
  }

  /** Any program as the user, with the environment that finds the daemon. */
  speak(words: readonly string[], cwd = this.directory): Promise<Spoken> {
    const [program = '', ...rest] = this.asUser(words);
    return new Promise((settle) => {
      const options = { env: this.env, cwd, maxBuffer: 64 * 1024 * 1024 };
      execFile(program, rest, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        settle({ code, stdout, stderr });
      });
    });
  }

  /** A program of the user that goes on beside the test. */
  launch(words: readonly string[]): ChildProcess {
    const [program = '', ...rest] = this.asUser(words);
    return spawn(program, rest, { env: this.env, cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The id of the new run. */
  async submit(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.wfctl('submit', ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\n$/);
    return stdout.trim();
  }

  async run(id: string): Promise<RunAnswer> {
    const { code, stdout, stderr } = await this.wfctl('status', id, '--calls', '--json');
    expect({ code, stderr }, this.log()).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as RunAnswer;
  }

  /** Looks again and again until the run is as wanted; what it was last is in the error. */
  async until(id: string, isSo: (run: RunAnswer) => boolean, timeoutMs = 50_000): Promise<RunAnswer> {
    const endsAt = Date.now() + timeoutMs;
    for (;;) {
      const run = await this.run(id);
      if (isSo(run)) return run;
      if (Date.now() > endsAt) throw new Error(`run ${id} is still ${JSON.stringify(run)}\n${this.log()}`);
      await new Promise((settle) => setTimeout(settle, 200));
    }
  }

  untilEnded(id: string, timeoutMs?: number): Promise<RunAnswer> {
    return this.until(id, (run) => run.endedAt !== null, timeoutMs);
  }

  log(): string {
    return readFileSync(this.logPath, 'utf8');
  }

  private giveToUser(...paths: readonly string[]): void {
    const { user } = this;
    if (user === undefined) return;
    for (const path of paths) chownSync(path, numericId(user, '-u'), numericId(user, '-g'));
  }

  private asUser(words: readonly string[]): readonly string[] {
    if (this.user === undefined) return words;
    const { user } = this;
    return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--', ...words];
  }

  private get logPath(): string {
    return this.place('wfd.log');
  }
}

export function callOf(run: RunAnswer, key: string): CallAnswer {
  const found = [...(run.callList ?? []), ...(run.stepList ?? [])].find((call) => call.call === key);
  if (found === undefined) throw new Error(`run ${run.id} has no call ${key}`);
  return found;
}

/** Of its newest attempt. */
export function stdoutOf(run: RunAnswer, key: string): string {
  return readFileSync(join(callOf(run, key).attempts.at(-1)?.directory ?? '', 'stdout'), 'utf8');
}

export function jobOf(run: RunAnswer, key: string): string {
  const nativeId = callOf(run, key).attempts.at(-1)?.nativeId;
  if (nativeId === null || nativeId === undefined) throw new Error(`${key} has no job`);
  return nativeId;
}

export function isState(run: RunAnswer, key: string, state: 'queued' | 'running' | 'ended'): boolean {
  return callOf(run, key).attempts.at(-1)?.state === state;
}

function hasExited(process: ChildProcess): boolean {
  return process.exitCode !== null || process.signalCode !== null;
}

function numericId(user: string, which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, user], { encoding: 'utf8' }));
}
