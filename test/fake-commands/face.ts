/** How one scheduler's commands understand their words and put the fake scheduler's knowledge into theirs. */
import type { Answer, Call } from './command-server.ts';
import type { FakeScheduler } from './fake-scheduler.ts';

export interface Face {
  readonly programs: readonly string[];
  /** `spool`: an absolute directory for what a scheduler copies at submit. */
  answer(call: Call, scheduler: FakeScheduler, spool: string): Answer;
  /** Nobody takes the request. */
  down(call: Call, scheduler: FakeScheduler): Answer;
  /** The request was taken, and no reply came back. */
  lost(call: Call): Answer;
}

export function said(stdout: string): Answer {
  return { stdout, stderr: '', exitCode: 0 };
}

export function failed(exitCode: number, ...lines: readonly string[]): Answer {
  return { stdout: '', stderr: lines.map((line) => `${line}\n`).join(''), exitCode };
}

/** `--name=value`, `--name`, and what is neither. */
export function longOptions(args: readonly string[]): {
  readonly options: ReadonlyMap<string, string>;
  readonly words: readonly string[];
} {
  const options = new Map<string, string>();
  const words: string[] = [];
  for (const arg of args) {
    const [, name, value = ''] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === undefined) words.push(arg);
    else options.set(name, value);
  }
  return { options, words };
}
