/** Real runs of the wrapper under real shells, with a made-up scheduler identity. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Tag } from '../../backends/backend.ts';
import { type JobElement, scriptPath, submissionFiles } from '../../backends/job-script.ts';
import { type ExitMark, parseExitMark } from '../../backends/marks.ts';

export const TAG = 'align.17.abcdefghij' as Tag;

/** Every shell that /bin/sh may be; busybox where it is installed. */
export const SHELLS: readonly (readonly string[])[] = [
  ['dash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
].filter(([program = '']) =>
  (process.env['PATH'] ?? '').split(':').some((dir) => existsSync(join(dir, program))),
);

const FAKE_PREAMBLE = 'wf_native=$FAKE_ID wf_count=$FAKE_COUNT wf_index=0';

export interface Ended {
  readonly code: number;
  readonly log: string;
}

export interface Place {
  readonly run: string;
  readonly attempt: string;
  readonly spool: string;
  readonly script: string;
  write(element: Partial<JobElement>, profile?: string, preamble?: string): void;
  start(shell: readonly string[], identity?: string, env?: NodeJS.ProcessEnv): Promise<Ended>;
  read(name: string): string;
  exit(): ExitMark | undefined;
  claim(): string;
  spooled(): readonly string[];
  remove(): void;
}

export function makePlace(runName = 'run'): Place {
  const base = mkdtempSync(join(tmpdir(), 'wfd-wrapper-'));
  const run = join(base, runName);
  const attempt = join(run, 'align/0/1');
  const directory = join(run, '.wfd', TAG);
  const spool = join(run, '.wfd/spool');
  const script = scriptPath(directory);
  return {
    run,
    attempt,
    spool,
    script,
    write(element, profile = '/nonexistent', preamble = FAKE_PREAMBLE) {
      const elements = [{ ...plainElement(attempt), ...element }];
      for (const file of submissionFiles(
        { tag: TAG, directory, spoolDirectory: spool, preamble, elements },
        profile,
      )) {
        mkdirSync(dirname(file.path), { recursive: true });
        writeFileSync(file.path, file.content, { mode: file.mode });
      }
    },
    start: (shell, identity = '4711.0', env = {}) => startJob(shell, script, identity, env),
    read: (name) => readFileSync(join(attempt, name), 'utf8'),
    exit: () =>
      existsSync(join(attempt, 'exit'))
        ? parseExitMark(readFileSync(join(attempt, 'exit'), 'utf8'), 0)
        : undefined,
    claim: () => readlinkSync(join(attempt, 'claim')),
    spooled: () => (existsSync(spool) ? readdirSync(spool).sort() : []),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

export function shellCommand(text: string): JobElement['command'] {
  return { kind: 'shell', text, shell: ['sh', '-eu'] };
}

function plainElement(directory: string): JobElement {
  return {
    directory,
    command: shellCommand('echo hello'),
    env: {},
    login: false,
    workdir: '/',
    outputs: {},
    successCodes: [0],
  };
}

/** `identity` is native id and run count, `4711.0`. */
function startJob(
  shell: readonly string[],
  script: string,
  identity: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  const [program = 'sh', ...words] = shell;
  const at = identity.lastIndexOf('.');
  const fake = { FAKE_ID: identity.slice(0, at), FAKE_COUNT: identity.slice(at + 1) };
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...words, '-u', script],
      { env: { PATH: process.env['PATH'], ...fake, ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, log: stdout + stderr }),
    );
  });
}
