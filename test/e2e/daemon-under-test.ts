/** A daemon as people start it, built and in a process of its own, and `wfctl` to talk to it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, vi } from 'vitest';

export interface Spoken {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class DaemonUnderTest {
  /** Where workflows are submitted; their run directories lie below. */
  readonly directory = mkdtempSync(join(tmpdir(), 'wfd-e2e-'));
  private process: ChildProcess | undefined;
  private readonly env: NodeJS.ProcessEnv;

  constructor(env: Readonly<Record<string, string>> = {}) {
    const state = join(this.directory, 'state');
    this.env = { ...process.env, ...env, WFD_STATE_DIR: state, WFD_SOCKET: join(this.directory, 'wfd.sock') };
  }

  async start(): Promise<void> {
    const log = openSync(this.logPath, 'a');
    this.process = spawn(resolve('dist/wfd'), [], { env: this.env, stdio: ['ignore', 'ignore', log] });
    closeSync(log);
    await vi.waitFor(async () => expect((await this.wfctl('list')).code, this.log()).toBe(0), {
      timeout: 30_000,
      interval: 100,
    });
  }

  /** Ends the daemon by a signal and waits until it is gone. Jobs go on. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const process = this.process;
    this.process = undefined;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const gone = new Promise((settle) => process.once('exit', settle));
    process.kill(signal);
    await gone;
  }

  /** Stops it and removes everything it has made. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  wfctl(...words: readonly string[]): Promise<Spoken> {
    return new Promise((settle) => {
      const options = { env: this.env, cwd: this.directory, maxBuffer: 64 * 1024 * 1024 };
      execFile(resolve('dist/wfctl'), words, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        settle({ code, stdout, stderr });
      });
    });
  }

  /** The id of the new run. */
  async submit(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.wfctl('submit', ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\n$/);
    return stdout.trim();
  }

  log(): string {
    return readFileSync(this.logPath, 'utf8');
  }

  private get logPath(): string {
    return join(this.directory, 'wfd.log');
  }
}
