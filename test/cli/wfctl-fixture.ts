/** wfctl as a real process: built once per test file, started in surroundings of its own. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Wfctl {
  /** Home, runtime directory and working directory lie in it. */
  readonly directory: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  run(words: readonly string[], more?: More): Promise<Ended>;
  /** Any program, in the same surroundings. */
  runProgram(program: string, words: readonly string[], more?: More): Promise<Ended>;
  remove(): void;
}

interface More {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `more`: parts beside those that most commands need (build.mjs). */
export async function buildWfctl(more: readonly string[] = []): Promise<Wfctl> {
  const directory = mkdtempSync(join(tmpdir(), 'wfctl-'));
  const dist = join(directory, 'dist');
  const project = join(import.meta.dirname, '../..');
  const parts = ['wfctl', 'wfctl-commands.cjs', 'workflow.cjs', ...more];
  await promisify(execFile)(process.execPath, [join(project, 'build.mjs'), dist, ...parts]);
  // Native add-ons are in no bundle.
  symlinkSync(join(project, 'node_modules'), join(directory, 'node_modules'));
  const home = join(directory, 'home');
  mkdirSync(home);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    XDG_RUNTIME_DIR: join(directory, 'runtime'),
    TZ: 'UTC',
  };
  const program = join(dist, 'wfctl');
  const runProgram: Wfctl['runProgram'] = (anyProgram, words, more = {}) =>
    runToEnd(anyProgram, words, { ...env, ...more.env }, more.cwd ?? home);
  return {
    directory,
    program,
    env,
    run: (words, more) => runProgram(program, words, more),
    runProgram,
    remove: () => rmSync(directory, { recursive: true }),
  };
}

function runToEnd(
  program: string,
  words: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Ended> {
  const child = spawn(program, words, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}
