/**
 * Which ready calls go out now, under all limits, fairly between owners and runs. Pure: candidates in,
 * choices out. The owner with the fewest jobs goes first, then the run with the fewest, then the older run.
 */
import type { CallKey } from '../workflow/language.ts';
import type { RunId } from './model.ts';

export interface TaskQueue {
  readonly task: string;
  readonly backend: string;
  readonly priority: number;
  /** Further calls of this task that may be active; infinite where there is no limit. */
  readonly room: number;
  /** In the order they became ready. */
  readonly calls: Iterable<CallKey>;
}

export interface RunQueue {
  readonly runId: RunId;
  readonly ownerUid: number;
  readonly active: number;
  readonly tasks: readonly TaskQueue[];
}

export interface Room {
  /** Further submits per backend: the smaller of its job limit and its free submit commands. */
  readonly perBackend: ReadonlyMap<string, number>;
  readonly activeOfOwner: ReadonlyMap<number, number>;
  readonly maxActivePerOwner: number;
}

export interface Choice {
  readonly runId: RunId;
  readonly call: CallKey;
  readonly backend: string;
}

export function dispatch(queues: readonly RunQueue[], room: Room): readonly Choice[] {
  const backends = new Map(room.perBackend);
  const owners = new Map(room.activeOfOwner);
  const cursors = queues.map((queue) => cursorOf(queue));
  const choices: Choice[] = [];
  for (;;) {
    const open = cursors.filter((cursor) => (owners.get(cursor.ownerUid) ?? 0) < room.maxActivePerOwner);
    open.sort(
      (a, b) =>
        (owners.get(a.ownerUid) ?? 0) - (owners.get(b.ownerUid) ?? 0) ||
        a.active - b.active ||
        a.runId - b.runId,
    );
    const taken = firstOf(open, backends);
    if (taken === undefined) return choices;
    const { cursor, choice } = taken;
    choices.push(choice);
    cursor.active += 1;
    owners.set(cursor.ownerUid, (owners.get(cursor.ownerUid) ?? 0) + 1);
    backends.set(choice.backend, (backends.get(choice.backend) ?? 0) - 1);
  }
}

interface Cursor {
  readonly runId: RunId;
  readonly ownerUid: number;
  active: number;
  readonly tasks: { readonly backend: string; room: number; readonly calls: Iterator<CallKey> }[];
}

function cursorOf(queue: RunQueue): Cursor {
  const tasks = queue.tasks
    .toSorted((a, b) => b.priority - a.priority)
    .map(({ backend, room, calls }) => ({ backend, room, calls: calls[Symbol.iterator]() }));
  return { runId: queue.runId, ownerUid: queue.ownerUid, active: queue.active, tasks };
}

function firstOf(cursors: readonly Cursor[], backends: ReadonlyMap<string, number>) {
  for (const cursor of cursors) {
    const choice = nextOf(cursor, backends);
    if (choice !== undefined) return { cursor, choice };
  }
  return undefined;
}

function nextOf(cursor: Cursor, backends: ReadonlyMap<string, number>): Choice | undefined {
  for (const task of cursor.tasks) {
    if (task.room <= 0 || (backends.get(task.backend) ?? 0) <= 0) continue;
    const next = task.calls.next();
    if (next.done) {
      task.room = 0;
      continue;
    }
    task.room -= 1;
    return { runId: cursor.runId, call: next.value, backend: task.backend };
  }
  return undefined;
}
