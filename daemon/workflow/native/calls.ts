/**
 * The calls of one task: how many, what each has come to, and the values of its scatter variables, worked out
 * when asked for. Kept small: a task may have a hundred thousand.
 */
import type { CallKey, Value } from '../language.ts';
import { EvaluationProblem } from './evaluate.ts';
import { LIST_MAX } from './lists.ts';

/** Call statuses; one byte each. */
export const WAITING = 0;
export const READY = 1;
export const SUCCEEDED = 2;
/** Failed, aborted, or skipped by someone else. */
export const UNSUCCESSFUL = 3;
/** Skipped by the program itself. */
export const SKIPPED = 4;

export class Calls {
  readonly count: number;
  readonly status: Uint8Array;
  /** As the facts told them; only of calls that succeeded. */
  readonly outputs: (Readonly<Record<string, string>> | undefined)[] = [];
  /** Calls that have not succeeded. */
  left: number;

  constructor(count: number) {
    this.count = count;
    this.left = count;
    this.status = new Uint8Array(count);
  }
}

/** The scatter variables of all calls: every combination, the last variable fastest, or pairwise. */
export class Combinations {
  readonly count: number;
  readonly #lists: ReadonlyMap<string, readonly Value[]>;
  /** How many calls a value lasts, by variable. */
  readonly #strides = new Map<string, number>();

  constructor(lists: ReadonlyMap<string, readonly Value[]>, isZip: boolean) {
    this.#lists = lists;
    this.count = isZip ? zipLength(lists) : productOf(lists);
    let stride = 1;
    for (const [name, list] of [...lists].reverse()) {
      this.#strides.set(name, stride);
      if (!isZip) stride *= list.length;
    }
  }

  value(name: string, index: number): Value | undefined {
    const list = this.#lists.get(name);
    const stride = this.#strides.get(name) ?? 1;
    return list?.[Math.floor(index / stride) % list.length];
  }
}

/** `merge`, `align[3]`. */
export function callKey(task: string, index: number, isScattered: boolean): CallKey {
  return isScattered ? `${task}[${index}]` : task;
}

export function parseCallKey(key: CallKey): {
  readonly task: string;
  readonly index: number;
  readonly isScattered: boolean;
} {
  const open = key.indexOf('[');
  if (open < 0) return { task: key, index: 0, isScattered: false };
  return { task: key.slice(0, open), index: Number(key.slice(open + 1, -1)), isScattered: true };
}

function zipLength(lists: ReadonlyMap<string, readonly Value[]>): number {
  const [first = [], ...others] = lists.values();
  if (others.every((list) => list.length === first.length)) return first.length;
  const lengths = [...lists].map(([name, list]) => `${name} has ${list.length}`).join(', ');
  throw new EvaluationProblem(`lists that are zipped must have the same length: ${lengths}`);
}

function productOf(lists: ReadonlyMap<string, readonly Value[]>): number {
  const count = [...lists.values()].reduce((product, list) => product * list.length, 1);
  if (count <= LIST_MAX) return count;
  throw new EvaluationProblem(`${count} combinations are too many; a task may have ${LIST_MAX} calls`);
}
