/** Starts a program with an owner's rights whose stdin and stdout are ours, and gives its output line by line. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Owner } from '../../../backends/backend.ts';
import { asOwner, ownerEnvironment } from '../../../backends/run-command.ts';

export interface Child {
  /** False: it has ended, or does not read any more. */
  send(line: string): boolean;
  /** Lets it finish what it was given. */
  end(): void;
  kill(): void;
}

export interface ChildEvents {
  onLine(line: string): void;
  /** Once, whatever it ended by. */
  onEnd(why: string): void;
}

/** A line may carry a list of 64 MiB, escaped. Whoever writes more is ended. */
const MAX_LINE = 256 * 1024 * 1024;
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';

export function startChild(
  owner: Owner,
  program: string,
  args: readonly string[],
  events: ChildEvents,
): Child {
  const line = asOwner({ program, args }, owner, undefined);
  const child = spawn(line.program, line.args, {
    cwd: '/',
    env: ownerEnvironment(owner, PATH, {}),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let lastWords = '';
  child.stderr.on('data', (text: Buffer) => {
    lastWords = `${lastWords}${text.toString('utf8')}`.slice(-500);
  });
  child.stdin.on('error', () => undefined); // said by its end
  splitLines(child, events.onLine);
  const end = once((why: string) =>
    events.onEnd(lastWords.trim() === '' ? why : `${why}: ${lastWords.trim()}`),
  );
  child.on('error', (error) => end(error.message));
  child.on('close', (code, signal) => end(`it ended with ${signal ?? `exit code ${code}`}`));
  return {
    send: (text) => child.stdin.writable && child.stdin.write(`${text}\n`),
    end: () => void child.stdin.end(),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** The pieces of a long line are joined once, when it is whole. */
function splitLines(child: ChildProcess, onLine: (line: string) => void): void {
  let pieces: string[] = [];
  let length = 0;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = text.split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      onLine([...pieces, part].join(''));
      pieces = [];
      length = 0;
    }
    if (last !== '') pieces.push(last);
    length += last.length;
    if (length > MAX_LINE) child.kill('SIGKILL');
  });
}

function once<T>(work: (value: T) => void): (value: T) => void {
  let isDone = false;
  return (value) => {
    if (isDone) return;
    isDone = true;
    work(value);
  };
}
