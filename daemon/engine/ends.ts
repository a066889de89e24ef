/** What follows when an attempt has ended: its call's verdict, a retry or none, and what people are told. */
import type { NativeId } from '../../backends/backend.ts';
import type { CallKey } from '../workflow/language.ts';
import { isClosed } from './failure-mode.ts';
import type { Attempt, Call, Outcome } from './model.ts';
import { describe } from './outcome.ts';
import { decideRetry } from './retry.ts';
import type { RunState } from './run-state.ts';
import type { EngineSettings } from './settings.ts';

/** What every step of the engine is handed: time, chance and settings are values. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  readonly random: () => number;
  readonly settings: EngineSettings;
}

/** Ends the attempt and settles its call. An `endedAtMs` that the job's own mark gave is kept. */
export function endAttempt(
  state: RunState,
  attempt: Attempt,
  outcome: Outcome,
  moment: Moment,
  nativeId?: NativeId,
): void {
  const { blocked, ...rest } = attempt;
  if (blocked !== undefined) state.clearProblem(blockedKey(attempt.call));
  const ended: Attempt = {
    ...rest,
    state: { kind: 'ended', outcome, ...(nativeId && { nativeId }) },
    endedAtMs: attempt.endedAtMs ?? moment.nowMs,
  };
  state.putAttempt(ended);
  state.addEvent(moment.nowMs, 'attempt.ended', `${attempt.call} ${describe(outcome)}`, ended);
  settleCall(state, state.call(attempt.call), ended, outcome, moment);
}

export function blockedKey(call: CallKey): string {
  return `blocked:${call}`;
}

function settleCall(state: RunState, call: Call, attempt: Attempt, outcome: Outcome, moment: Moment): void {
  if (outcome.cause === 'Succeeded') return succeed(state, call, attempt, moment);
  const retry = decideRetry({
    run: state.run,
    call,
    outcome,
    policy: state.policy(call).retries,
    settings: moment.settings,
    random: moment.random(),
  });
  if (retry.kind === 'retry') return waitForRetry(state, call, outcome, retry, moment);
  if (outcome.cause === 'AbortedByUser' || call.abort !== undefined)
    return finish(state, { ...call, status: 'Aborted' }, abortReason(call, outcome), moment);
  if (outcome.cause === 'NeverStarted') {
    return finish(
      state,
      { ...call, status: 'Failed', benign: true },
      `never started: ${outcome.detail ?? 'the run was aborted'}`,
      moment,
    );
  }
  failForGood(state, call, describe(outcome), moment);
}

/** Why an aborted call ended, where it was not our request that ended its job. */
function abortReason(call: Call, outcome: Outcome): string {
  const asked = call.abort?.reason ?? 'aborted';
  return outcome.cause === 'AbortedByUser' ? asked : `${asked}; its job ${describe(outcome)}`;
}

function succeed(state: RunState, call: Call, attempt: Attempt, moment: Moment): void {
  const outputs = state.outputsOf(call, attempt);
  const { reason, retryAtMs, ...rest } = call;
  finish(state, { ...rest, status: 'Succeeded', outputs }, undefined, moment);
}

function waitForRetry(
  state: RunState,
  call: Call,
  outcome: Outcome,
  retry: { readonly budget: 'infrastructure' | 'user'; readonly delayMs: number },
  moment: Moment,
): void {
  const byUser = retry.budget === 'user' ? 1 : 0;
  state.putCall({
    ...call,
    status: 'NotStarted',
    reason: describe(outcome),
    retryAtMs: moment.nowMs + retry.delayMs,
    userRetries: call.userRetries + byUser,
    infraRetries: call.infraRetries + 1 - byUser,
  });
  const seconds = Math.round(retry.delayMs / 1000);
  state.addEvent(moment.nowMs, 'call.retry', `${call.key} is tried again in ${seconds} s`);
}

/** Ends a call; the program hears of it with the next advance. Steps are none of its business. */
export function finish(state: RunState, call: Call, reason: string | undefined, moment: Moment): void {
  const { retryAtMs, ...rest } = call;
  const ended: Call = reason === undefined ? rest : { ...rest, reason };
  state.putCall(ended);
  if (ended.role !== 'call') return noteStep(state, ended, moment);
  const { status } = ended;
  if (status !== 'Succeeded' && status !== 'Failed' && status !== 'Aborted' && status !== 'Skipped') return;
  state.untold.push({
    kind: 'callEnded',
    call: ended.key,
    status,
    ...(ended.outputs && { outputs: ended.outputs }),
  });
}

/** A failing step becomes a problem of the run and does not change its end (SEMANTICS 5). */
function noteStep(state: RunState, step: Call, moment: Moment): void {
  if (step.status === 'Succeeded') return;
  state.addProblem({
    key: `step:${step.key}`,
    text: `the ${step.key} step ${step.reason ?? step.status}`,
    sinceMs: moment.nowMs,
  });
}

/** A failure that nothing will mend: under NoNewCalls it closes the run, and waiting retries are dropped. */
export function failForGood(state: RunState, call: Call, reason: string, moment: Moment): void {
  finish(state, { ...call, status: 'Failed' }, reason, moment);
  if (call.role !== 'call') return;
  if (!state.run.failing) state.setRun({ ...state.run, failing: true });
  if (isClosed(state.run)) dropRetries(state, moment);
}

/**
 * An attempt that was sent back must end, but the submission it was sent back from may still arrive, or has by
 * now: it is in doubt again, until a job is found or the daemon has taken its claim (reconcile.ts).
 */
export function lookUpAgain(state: RunState, attempt: Attempt): boolean {
  const tag = state.givenUp.get(attempt.call);
  const submission = tag && state.submissions.get(tag);
  if (submission === undefined || state.revoked.has(attempt.call)) return false;
  const element = submission.elements.findIndex(({ call }) => call === attempt.call);
  state.putAttempt({ ...attempt, state: { kind: 'submitting' }, tag: submission.tag, element });
  state.putCall({ ...state.call(attempt.call), status: 'Active' });
  return true;
}

/** Calls that wait for a retry end `Failed` with their last cause. */
export function dropRetries(state: RunState, moment: Moment): void {
  for (const key of [...state.waiting]) {
    const call = state.call(key);
    finish(state, { ...call, status: 'Failed' }, call.reason, moment);
    if (!state.run.failing && state.run.status === 'Running') state.setRun({ ...state.run, failing: true });
  }
}
