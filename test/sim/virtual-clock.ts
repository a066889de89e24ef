/**
 * Virtual time and what is due in it. Nothing here waits: the world moves time from event to event.
 *
 * True time never jumps. What a daemon sees is derived from it: a wall clock that may be set back or
 * forward, and a monotonic clock that begins somewhere else in every life of the process.
 */
import type { Clock } from '../../daemon/loop/parts.ts';

export class VirtualTime {
  /** True milliseconds since the world began. */
  trueMs = 0;
  private wallOffsetMs = Date.UTC(2030, 0, 1);
  private readonly heap: Due[] = [];
  private drawn = 0;

  at(dueMs: number, run: () => void): void {
    this.push({ dueMs: Math.max(dueMs, this.trueMs), order: this.drawn++, run });
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.trueMs + delayMs, run);
  }

  nextDueMs(): number {
    return this.heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Runs the earliest event, at its time. */
  runNext(): void {
    const due = this.pop();
    if (due === undefined) return;
    this.advanceTo(due.dueMs);
    due.run();
  }

  advanceTo(trueMs: number): void {
    this.trueMs = Math.max(this.trueMs, trueMs);
  }

  wallMs(): number {
    return Math.floor(this.trueMs + this.wallOffsetMs);
  }

  jumpWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  clockFrom(monotonicStartMs: number): Clock {
    const bornMs = this.trueMs;
    return {
      nowMs: () => this.wallMs(),
      monotonicMs: () => this.trueMs - bornMs + monotonicStartMs,
    };
  }

  private push(due: Due): void {
    const heap = this.heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!swapIfLater(heap, parent, at)) return;
      at = parent;
    }
  }

  private pop(): Due | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    let at = 0;
    for (;;) {
      const child = earlierChild(heap, at);
      if (child === undefined || !swapIfLater(heap, at, child)) return first;
      at = child;
    }
  }
}

/** Lets every promise that can go on without the world go on. Deterministic: nothing else uses timers. */
export function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Due {
  readonly dueMs: number;
  /** Events of one moment run in the order in which they were planned. */
  readonly order: number;
  readonly run: () => void;
}

function isLater(a: Due, b: Due): boolean {
  return a.dueMs > b.dueMs || (a.dueMs === b.dueMs && a.order > b.order);
}

function swapIfLater(heap: Due[], upper: number, lower: number): boolean {
  const [a, b] = [heap[upper], heap[lower]];
  if (a === undefined || b === undefined || !isLater(a, b)) return false;
  heap[upper] = b;
  heap[lower] = a;
  return true;
}

function earlierChild(heap: readonly Due[], at: number): number | undefined {
  const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
  if (left === undefined) return undefined;
  return right !== undefined && isLater(left, right) ? 2 * at + 2 : 2 * at + 1;
}
