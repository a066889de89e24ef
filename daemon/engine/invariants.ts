/**
 * What must be true of a run in memory after every step, whatever has happened. Pure and cheap enough for
 * tests to ask after each event; what was on disk before is not known here, so transitions are not judged.
 */
import { type Call, hasEnded, type Run } from './model.ts';
import type { RunState } from './run-state.ts';

export interface Invariant {
  readonly name: string;
  /** What breaks it, in plain words. */
  readonly broken: (state: RunState) => readonly string[];
}

export function violations(state: RunState): string[] {
  return invariants.flatMap(({ name, broken }) =>
    broken(state).map((what) => `run ${state.run.id}: ${name}: ${what}`),
  );
}

export const invariants: readonly Invariant[] = [
  {
    name: 'an active call has an active attempt, and only it',
    broken: (state) => callsThat(state, (call) => (call.status === 'Active') !== state.active.has(call.key)),
  },
  {
    name: 'an ended call has no attempt in progress',
    broken: (state) =>
      callsThat(state, (call) => {
        const attempt = state.attempts.get(call.key);
        return isOver(call) && attempt !== undefined && attempt.state.kind !== 'ended';
      }),
  },
  {
    name: 'the newest attempt has the number the call counts',
    broken: (state) =>
      callsThat(state, (call) => (state.attempts.get(call.key)?.number ?? 0) !== call.attempts),
  },
  {
    name: 'retries never outnumber the attempts that failed before',
    broken: (state) =>
      callsThat(state, (call) => call.userRetries + call.infraRetries > Math.max(call.attempts, 0)),
  },
  {
    name: 'a time for a retry belongs to a call that waits for it',
    broken: (state) =>
      callsThat(state, (call) => call.retryAtMs !== undefined && call.status !== 'NotStarted'),
  },
  {
    name: 'an attempt beyond `ready` has a tag whose submission names it',
    broken: (state) =>
      callsThat(state, (call) => {
        const attempt = state.attempts.get(call.key);
        if (attempt === undefined || !state.active.has(call.key)) return false;
        const elements = (attempt.tag && state.submissions.get(attempt.tag)?.elements) ?? [];
        return !elements.some(({ call: key, number }) => key === call.key && number === attempt.number);
      }),
  },
  {
    name: 'ready calls are indexed by their task',
    broken: (state) =>
      callsThat(
        state,
        (call) => (call.status === 'Ready') !== (state.ready.get(call.task)?.has(call.key) ?? false),
      ),
  },
  {
    name: 'calls that wait for a retry are indexed',
    broken: (state) =>
      callsThat(state, (call) => (call.retryAtMs !== undefined) !== state.waiting.has(call.key)),
  },
  {
    name: 'active calls are counted by their task',
    broken: (state) =>
      [...state.activeByTask]
        .filter(([task, count]) => count !== activeOf(state, task))
        .map(([task, count]) => `${task} counts ${count}, has ${activeOf(state, task)}`),
  },
  {
    name: 'wishes and blocked jobs are those of attempts in progress',
    broken: (state) =>
      [...state.endings, ...state.blocked].filter((key) => {
        const attempt = state.attempts.get(key);
        return attempt === undefined || attempt.state.kind === 'ended';
      }),
  },
  {
    name: 'a run that has ended has nothing in progress',
    broken: (state) =>
      hasEnded(state.run) ? [...state.active, ...state.strays.keys(), ...state.waiting] : [],
  },
  {
    name: 'an aborting run is never held',
    broken: ({ run }) => (isAborting(run) && run.held ? ['held'] : []),
  },
  {
    name: 'a run that is aborting, or was, says who asked',
    broken: ({ run }) =>
      (isAborting(run) || run.status === 'Aborted') && run.abort === undefined ? [run.status] : [],
  },
  {
    name: 'a run that succeeded has no call that did not',
    broken: (state) =>
      state.run.status === 'Succeeded'
        ? callsThat(state, (call) => call.role === 'call' && call.status !== 'Succeeded' && !call.benign)
        : [],
  },
];

function callsThat(state: RunState, isBroken: (call: Call) => boolean): readonly string[] {
  return [...state.calls.values()].filter(isBroken).map(({ key, status }) => `${key} (${status})`);
}

function isOver({ status }: Call): boolean {
  return status === 'Succeeded' || status === 'Failed' || status === 'Aborted' || status === 'Skipped';
}

function activeOf(state: RunState, task: string): number {
  return [...state.active].filter((key) => state.call(key).task === task).length;
}

function isAborting({ status }: Run): boolean {
  return status === 'Aborting' || status === 'ForceAborting';
}
