/** One user of a daemon that serves many: his directory, his files, and wfctl as he would type it. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import type { DaemonUnderTest, RunAnswer, Spoken } from './daemon-under-test.ts';

export class Person {
  readonly name: string;
  readonly uid: number;
  /** Where he types his commands; nobody else can look into it. */
  readonly directory: string;
  private readonly env: NodeJS.ProcessEnv;

  constructor(name: string, daemon: DaemonUnderTest) {
    this.name = name;
    this.uid = Number(execFileSync('id', ['-u', name], { encoding: 'utf8' }));
    this.directory = daemon.place(`of-${name}`);
    mkdirSync(this.directory, { mode: 0o700 });
    chownSync(this.directory, this.uid, this.uid);
    const { PATH, SLURM_CONF } = process.env;
    this.env = {
      PATH,
      SLURM_CONF,
      HOME: `/home/${name}`,
      USER: name,
      LOGNAME: name,
      WFD_SOCKET: daemon.socket,
    };
  }

  place(...names: string[]): string {
    return join(this.directory, ...names);
  }

  write(name: string, text: string): string {
    const path = this.place(name);
    writeFileSync(path, text);
    chownSync(path, this.uid, this.uid);
    return path;
  }

  mkdir(name: string, mode = 0o700): string {
    const path = this.place(name);
    mkdirSync(path, { mode });
    chownSync(path, this.uid, this.uid);
    return path;
  }

  wfctl(...words: readonly string[]): Promise<Spoken> {
    return this.speak([resolve('dist/wfctl'), ...words]);
  }

  speak(words: readonly string[], cwd = this.directory): Promise<Spoken> {
    const [program = '', ...rest] = this.asHimself(words);
    return new Promise((settle) => {
      execFile(
        program,
        rest,
        { env: this.env, cwd, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
          settle({ code, stdout, stderr });
        },
      );
    });
  }

  launch(words: readonly string[]): ChildProcess {
    const [program = '', ...rest] = this.asHimself(words);
    return spawn(program, rest, { env: this.env, cwd: this.directory, stdio: ['ignore', 'pipe', 'inherit'] });
  }

  async submit(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.wfctl('submit', ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.trim();
  }

  async run(id: string): Promise<RunAnswer> {
    const { code, stdout, stderr } = await this.wfctl('status', id, '--calls', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as RunAnswer;
  }

  async untilEnded(id: string, timeoutMs = 90_000): Promise<RunAnswer> {
    const endsAt = Date.now() + timeoutMs;
    for (;;) {
      const run = await this.run(id);
      if (run.endedAt !== null) return run;
      if (Date.now() > endsAt) throw new Error(`run ${id} is still ${JSON.stringify(run)}`);
      await new Promise((settle) => setTimeout(settle, 300));
    }
  }

  private asHimself(words: readonly string[]): readonly string[] {
    return [
      'setpriv',
      `--reuid=${this.name}`,
      `--regid=${this.name}`,
      '--init-groups',
      process.execPath,
      ...words,
    ];
  }
}
