/** How one scheduler's commands understand their words and put the fake scheduler's knowledge into theirs. */
import { randomUUID } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
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

/** `-name`, followed by as many words as `counts` says; `wrong` is the first that is none of them. */
export function shortOptions(
  args: readonly string[],
  counts: Readonly<Record<string, number>>,
): {
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
  readonly wrong?: string;
} {
  const options = new Map<string, readonly string[]>();
  let at = 0;
  while (args[at]?.startsWith('-') === true) {
    const name = args[at]?.slice(1) ?? '';
    const count = counts[name];
    if (count === undefined) return { options, words: [], wrong: `-${name}` };
    options.set(name, args.slice(at + 1, at + 1 + count));
    at += 1 + count;
  }
  return { options, words: args.slice(at) };
}

/** A script is taken as it is when it is submitted; in the job `$0` is this copy. */
export function spooled(text: string, spool: string): string {
  const copy = `${spool}/${randomUUID()}`;
  writeFileSync(copy, text);
  chmodSync(copy, 0o755);
  return copy;
}

/** No order of a listing is promised. */
export function inAnyOrder<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
