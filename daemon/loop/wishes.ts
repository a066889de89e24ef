/**
 * What people ask for: each wish becomes rows, the rows are committed, and only then memory changes and the
 * asker is answered. A commit that fails leaves everything as it was, and says so.
 */

import type { Answer, Refusal } from '../api/engine-door.ts';
import { abortCall, abortedRun } from '../engine/abort.ts';
import type { ChangeSet } from '../engine/change-set.ts';
import { type AbortRequest, hasEnded, RESTORED, type Run } from '../engine/model.ts';
import { RunState } from '../engine/run-state.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import { mistakeLines } from '../protocol/mistake-lines.ts';
import type { Mistake, Opened, Program } from '../workflow/language.ts';
import type { AbortWish, SubmitWish } from './parts.ts';
import { requestMistakes } from './request-check.ts';
import type { WorkingSet } from './working-set.ts';

/** A wish that can be fulfilled: what goes to disk, and what happens once it is there. */
export interface Prepared<T> {
  readonly stage: (changes: ChangeSet) => void;
  readonly apply: () => void;
  readonly value: T;
}

export type Preparation<T> =
  | { readonly kind: 'prepared'; readonly prepared: Prepared<T> }
  /** Nothing to change: the answer is known. */
  | { readonly kind: 'settled'; readonly answer: Answer<T> }
  /** Refused, and that it was asked for is kept. */
  | {
      readonly kind: 'refused';
      readonly stage: Prepared<T>['stage'];
      readonly answer: Answer<T>;
    };

export function refuse<T>(
  code: ErrorCode,
  message: string,
  details?: readonly string[],
): { kind: 'settled'; answer: Answer<T> } {
  const error: Refusal = { code, message, ...(details && { details }) };
  return { kind: 'settled', answer: { ok: false, error } };
}

export function prepareSubmit(
  set: WorkingSet,
  wish: SubmitWish,
  opened: Opened,
  id: number,
  uuid: string,
): Preparation<Run> {
  if (!opened.ok) return refuseMistakes(opened.mistakes);
  const { program } = opened;
  const backend = wish.backend ?? program.backend ?? set.parts.settings.backend;
  const unknown = unknownBackend(set, backend);
  if (unknown !== undefined && wish.backend !== undefined) return refuse('INVALID_REQUEST', unknown);
  const mistakes = requestMistakes(opened.requests, backend, set.parts.backends);
  if (mistakes.length > 0) return refuseMistakes(mistakes);
  if (unknown !== undefined) return refuse('INVALID_REQUEST', unknown);
  const tooMany = tooManyRuns(set, wish);
  if (tooMany !== undefined) return refuse('TOO_MANY_RUNS', tooMany);
  const run = newRun(set, wish, program, backend, id, uuid);
  return {
    kind: 'prepared',
    prepared: {
      value: run,
      stage: (changes) => {
        changes.putRun(run);
        changes.putBundle({ runId: run.id, bundle: wish.bundle });
        changes.addEvent({
          runId: run.id,
          atMs: run.submittedAtMs,
          type: 'run.submitted',
          text: `submitted by ${run.owner.name}`,
        });
      },
      apply: () => set.addRun(new RunState(run, program, set.changes)),
    },
  };
}

function refuseMistakes<T>(mistakes: readonly Mistake[]): { kind: 'settled'; answer: Answer<T> } {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  const message = `the workflow has ${count}; nothing was submitted`;
  return refuse('INVALID_WORKFLOW', message, mistakes.flatMap(mistakeLines));
}

function unknownBackend(set: WorkingSet, backend: string): string | undefined {
  if (set.parts.backends.has(backend)) return undefined;
  const known = [...set.parts.backends.keys()].join(', ');
  return `there is no backend named "${backend}" here; choose one of: ${known}`;
}

function tooManyRuns(set: WorkingSet, { owner }: SubmitWish): string | undefined {
  const { maxRunsPerOwner } = set.parts.settings;
  let count = 0;
  for (const { run } of set.runs.values()) if (run.owner.uid === owner.uid) count += 1;
  if (count < maxRunsPerOwner) return undefined;
  return `${owner.name} has ${count} runs in progress, and this daemon allows ${maxRunsPerOwner} (limits.runsPerOwner); wait for some to end, or abort them`;
}

function newRun(
  set: WorkingSet,
  wish: SubmitWish,
  program: Program,
  backend: string,
  id: number,
  uuid: string,
): Run {
  const name = wish.name ?? program.name;
  const parent = runsParent(set, wish);
  return {
    id,
    uuid,
    name,
    owner: wish.owner,
    status: wish.hold ? 'OnHold' : 'Submitted',
    failing: false,
    failureMode: wish.failureMode ?? program.failureMode ?? set.parts.settings.failureMode,
    backend,
    labels: { ...program.labels, ...wish.labels },
    submitDir: wish.submitDir,
    directory: wish.directory ?? `${parent}/${runFileName(name)}-${id}-${uuid.slice(0, 8)}`,
    umask: wish.umask,
    ...(wish.token !== undefined && { token: wish.token }),
    submittedAtMs: set.parts.clock.nowMs(),
    problems: [],
  };
}

/** Where run directories are made for this submit. */
export function runsParent(set: WorkingSet, wish: SubmitWish): string {
  return set.parts.runsDir ?? `${wish.submitDir}/wf-runs`;
}

/** A name people chose, as a part of a path: nothing that separates, hides or needs quoting. */
export function runFileName(name: string): string {
  return (
    name
      .replace(/[^A-Za-z0-9_.-]+/g, '_')
      .replace(/^[.-]+/, '')
      .slice(0, 64) || 'run'
  );
}

export function prepareAbort(set: WorkingSet, state: RunState, wish: AbortWish): Preparation<Run> {
  const { run } = state;
  const ended = refuseEnded<Run>(run, 'aborted');
  if (ended !== undefined) return ended;
  if (wish.call !== undefined) return prepareCallAbort(set, state, wish, wish.call);
  if (state.program.ignoresAbort && !wish.force && run.status === 'Running') {
    return ignoreAbort(set, run, wish);
  }
  const request: AbortRequest = {
    by: wish.by,
    atMs: set.parts.clock.nowMs(),
    force: wish.force,
    ...(wish.reason !== undefined && { reason: wish.reason }),
  };
  const next = abortedRun(run, request);
  if (next === undefined) return { kind: 'settled', answer: { ok: true, value: run } };
  const text = `${wish.force ? 'forced abort' : 'abort'} asked for by ${wish.by}${wish.reason ? `: ${wish.reason}` : ''}`;
  return runChange(state, next, `run.${next.status.toLowerCase()}`, text, request.atMs);
}

/** `abort: ignore` (SEMANTICS 4): recorded, and answered with what helps. */
function ignoreAbort(set: WorkingSet, run: Run, { by, reason }: AbortWish): Preparation<Run> {
  const text = `abort asked for by ${by}${reason ? `: ${reason}` : ''}; this workflow ignores it`;
  const event = { runId: run.id, atMs: set.parts.clock.nowMs(), type: 'run.abortIgnored', text };
  return {
    ...refuse<Run>('ABORT_IGNORED', 'this workflow ignores abort; use --force'),
    kind: 'refused',
    stage: (changes) => changes.addEvent(event),
  };
}

/** A row of the run alone. */
function runChange(state: RunState, next: Run, type: string, text: string, atMs: number): Preparation<Run> {
  return {
    kind: 'prepared',
    prepared: {
      value: next,
      stage: (changes) => {
        changes.putRun(next);
        changes.addEvent({ runId: next.id, atMs, type, text });
      },
      apply: () => state.restoreRun(next),
    },
  };
}

/** The call's wish goes to disk first; what follows from it is the engine's, in the same tick. */
function prepareCallAbort(set: WorkingSet, state: RunState, wish: AbortWish, key: string): Preparation<Run> {
  const call = state.calls.get(key);
  if (call === undefined || call.role !== 'call') {
    return refuse(
      'CALL_NOT_FOUND',
      `run ${state.run.id} has no call "${key}"; wfctl status ${state.run.id} --calls lists them`,
    );
  }
  if (
    call.status === 'Succeeded' ||
    call.status === 'Failed' ||
    call.status === 'Aborted' ||
    call.status === 'Skipped'
  ) {
    return refuse(
      'CALL_ALREADY_ENDED',
      `call ${key} of run ${state.run.id} has already ended: ${call.status}`,
    );
  }
  const moment = set.moment();
  const abort = {
    by: wish.by,
    atMs: moment.nowMs,
    ...(wish.reason !== undefined && { reason: wish.reason }),
  };
  return {
    kind: 'prepared',
    prepared: {
      value: state.run,
      stage: (changes) => {
        changes.putCall({ ...call, abort });
        changes.addEvent({
          runId: call.runId,
          atMs: moment.nowMs,
          type: 'call.aborting',
          call: key,
          text: `abort of ${key} asked for by ${wish.by}`,
        });
      },
      apply: () => abortCall(state, state.call(key), abort, moment),
    },
  };
}

export function prepareHold(set: WorkingSet, state: RunState, by: string, reason: string): Preparation<Run> {
  const { run } = state;
  const ended = refuseEnded<Run>(run, 'held');
  if (ended !== undefined) return ended;
  if (run.status === 'Aborting' || run.status === 'ForceAborting') {
    return refuse('WRONG_STATE', `run ${run.id} is being aborted and cannot be held`);
  }
  if (run.status === 'OnHold' || run.held !== undefined)
    return { kind: 'settled', answer: { ok: true, value: run } };
  const next: Run =
    run.status === 'Submitted' ? { ...run, status: 'OnHold' } : { ...run, held: { by, reason } };
  return runChange(state, next, 'run.held', `held by ${by}: ${reason}`, set.parts.clock.nowMs());
}

export function prepareRelease(set: WorkingSet, state: RunState, by: string): Preparation<Run> {
  const { run } = state;
  const ended = refuseEnded<Run>(run, 'released');
  if (ended !== undefined) return ended;
  if (run.status !== 'OnHold' && run.held === undefined)
    return { kind: 'settled', answer: { ok: true, value: run } };
  const { held, ...rest } = run;
  const next: Run = {
    ...rest,
    status: run.status === 'OnHold' ? 'Submitted' : run.status,
    problems: run.problems.filter(({ key }) => key !== RESTORED), // whoever releases it has checked
  };
  return runChange(state, next, 'run.released', `released by ${by}`, set.parts.clock.nowMs());
}

/** Also for runs that have left memory. */
export function refuseEnded<T>(run: Run, verb: string): { kind: 'settled'; answer: Answer<T> } | undefined {
  if (!hasEnded(run)) return undefined;
  return refuse('RUN_ALREADY_ENDED', `run ${run.id} has already ended: ${run.status}; it cannot be ${verb}`);
}
