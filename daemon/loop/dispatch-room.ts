/** Turns the working set into what `dispatch` decides by: queues of ready calls, and the room there is. */
import type { Room, RunQueue, TaskQueue } from '../engine/dispatch.ts';
import { mayStart } from '../engine/failure-mode.ts';
import type { RunState } from '../engine/run-state.ts';
import type { WorkingSet } from './working-set.ts';

export interface DispatchLimits {
  /** Backends that take nothing now: paused, unreachable, or told us "later". */
  readonly isClosed: (backend: string) => boolean;
  /** Takes one submit at a time: it said "later" when last asked. */
  readonly isProbed: (backend: string) => boolean;
  /** Submit commands under way. */
  readonly submitting: ReadonlyMap<string, number>;
}

export function roomOf(set: WorkingSet, limits: DispatchLimits): Room {
  const active = set.activePerBackend();
  const perBackend = new Map<string, number>();
  for (const [name, backend] of set.parts.backends) {
    const jobs = backend.maxActive - (active.get(name) ?? 0);
    const atOnce = limits.isProbed(name) ? 1 : backend.maxSubmitting;
    const commands = atOnce - (limits.submitting.get(name) ?? 0);
    perBackend.set(name, limits.isClosed(name) ? 0 : Math.max(0, Math.min(jobs, commands)));
  }
  // A task may name a backend that is not configured: it is taken, and rejected with that reason.
  for (const queue of runQueues(set)) {
    for (const { backend } of queue.tasks) if (!perBackend.has(backend)) perBackend.set(backend, 1);
  }
  return {
    perBackend,
    activeOfOwner: activeOfOwner(set),
    maxActivePerOwner: set.parts.settings.maxActivePerOwner,
  };
}

function activeOfOwner(set: WorkingSet): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { run, active } of set.runs.values())
    counts.set(run.owner.uid, (counts.get(run.owner.uid) ?? 0) + active.size);
  return counts;
}

export function runQueues(set: WorkingSet): readonly RunQueue[] {
  const queues: RunQueue[] = [];
  for (const state of set.runs.values()) {
    const tasks = [...state.ready].flatMap(([task, calls]) => taskQueue(state, task, calls));
    if (tasks.length > 0)
      queues.push({ runId: state.run.id, ownerUid: state.run.owner.uid, active: state.active.size, tasks });
  }
  return queues;
}

function taskQueue(state: RunState, task: string, calls: ReadonlySet<string>): readonly TaskQueue[] {
  const [first] = calls;
  if (first === undefined) return [];
  const call = state.call(first);
  if (!mayStart(state.run, call)) return [];
  const { priority, maxParallel } = state.policy(call);
  const room = (maxParallel ?? Number.POSITIVE_INFINITY) - (state.activeByTask.get(task) ?? 0);
  return [{ task, backend: state.backendOf(call), priority, room, calls }];
}
