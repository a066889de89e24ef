/**
 * One run's graph: tell the program what has ended, take the calls it answers with, and see whether the
 * run is over. Called whenever something of the run has changed; does nothing where nothing follows.
 */
import type { Told } from '../workflow/language.ts';
import { abortCall } from './abort.ts';
import { dropRetries, endAttempt, failForGood, finish, lookUpAgain, type Moment } from './ends.ts';
import { isClosed, skipReason } from './failure-mode.ts';
import { continueFinalization } from './finalize.ts';
import { hasEnded, type RunEnd } from './model.ts';
import type { RunState } from './run-state.ts';
import { isDue } from './times.ts';

export function advance(state: RunState, moment: Moment): void {
  if (hasEnded(state.run) || state.run.status === 'OnHold') return;
  if (state.run.status === 'Submitted') start(state, moment);
  tellProgram(state, moment);
  wakeRetries(state, moment);
  if (isClosed(state.run)) closeCalls(state, moment);
  if (state.run.finalization === undefined && callsAreOver(state)) beginFinalization(state, moment);
  if (state.run.finalization !== undefined) continueFinalization(state, moment);
}

function start(state: RunState, moment: Moment): void {
  state.setRun({ ...state.run, status: 'Running', startedAtMs: moment.nowMs });
  state.addEvent(moment.nowMs, 'run.started', 'started');
}

/** Until the program has nothing more to say: a skipped call may skip others. */
function tellProgram(state: RunState, moment: Moment): void {
  if (state.toldOnce && state.untold.length === 0) return;
  state.toldOnce = true;
  const facts = state.untold.splice(0);
  take(state, state.program.tell(facts), moment);
}

function take(state: RunState, told: Told, moment: Moment): void {
  for (const planned of told.calls) {
    if (state.calls.has(planned.key)) continue; // known from before a restart
    const { key, task, index } = planned;
    state.putCall({
      runId: state.run.id,
      key,
      task,
      ...(index !== undefined && { index }),
      role: 'call',
      position: state.calls.size,
      status: 'NotStarted',
      attempts: 0,
      userRetries: 0,
      infraRetries: 0,
    });
  }
  for (const key of told.ready) {
    const call = state.call(key);
    if (call.status === 'NotStarted' && call.retryAtMs === undefined)
      state.putCall({ ...call, status: 'Ready' });
  }
  for (const { call: key, reason } of told.skipped) {
    const call = state.call(key);
    if (call.status === 'NotStarted') state.putCall({ ...call, status: 'Skipped', reason });
  }
  for (const read of told.reads) if (!state.knownReads.has(read.id)) state.openReads.set(read.id, read);
  if (told.failed !== undefined) failProgram(state, told.failed, moment);
  state.exhausted ||= told.exhausted;
}

/** The workflow itself cannot go on; what is active is watched to its end, as under NoNewCalls. */
function failProgram(state: RunState, reason: string, moment: Moment): void {
  state.addProblem({ key: 'workflow', text: reason, sinceMs: moment.nowMs });
  state.setRun({ ...state.run, failing: true });
  state.exhausted = true;
}

function wakeRetries(state: RunState, moment: Moment): void {
  for (const key of [...state.waiting]) {
    const call = state.call(key);
    const longestMs = Math.max(moment.settings.retryDelayMaxMs, state.policy(call).retries.delayMs ?? 0);
    if (call.retryAtMs === undefined || !isDue(call.retryAtMs, moment.nowMs, longestMs)) continue;
    const { retryAtMs, ...due } = call;
    state.putCall({ ...due, status: 'Ready' });
  }
}

/** A closed run starts nothing: retries are dropped, what was never started is skipped. */
function closeCalls(state: RunState, moment: Moment): void {
  dropRetries(state, moment);
  for (const [, keys] of state.ready) {
    for (const key of [...keys]) {
      const call = state.call(key);
      if (call.role === 'call' || state.run.status === 'ForceAborting') skipReady(state, key, moment);
    }
  }
}

function skipReady(state: RunState, key: string, moment: Moment): void {
  const call = state.call(key);
  const attempt = state.attempts.get(key);
  if (attempt === undefined || attempt.state.kind === 'ended') {
    const dropped = call.attempts > 0; // its retry was due, and is dropped with its last cause
    if (dropped) return failForGood(state, call, call.reason ?? 'failed', moment);
    return finish(state, { ...call, status: 'Skipped' }, skipReason(state.run), moment);
  }
  if (attempt.state.kind !== 'ready' || lookUpAgain(state, attempt)) return;
  // Sent back by the scheduler before it was ever a job: the attempt ends, the call was never started.
  state.putAttempt({
    ...attempt,
    state: { kind: 'ended', outcome: { cause: 'NeverStarted' } },
    endedAtMs: moment.nowMs,
  });
  if (attempt.number > 1) return failForGood(state, call, call.reason ?? 'failed', moment);
  finish(state, { ...call, status: 'Skipped' }, skipReason(state.run), moment);
}

/** Nothing is active, and nothing will start. */
function callsAreOver(state: RunState): boolean {
  if (state.mayHaveJobs()) return false;
  if (isClosed(state.run)) return true;
  return state.exhausted && !state.hasReady() && state.waiting.size === 0 && state.openReads.size === 0;
}

function beginFinalization(state: RunState, moment: Moment): void {
  for (const call of [...state.calls.values()]) {
    if (call.role === 'call' && call.status === 'NotStarted') {
      state.putCall({ ...call, status: 'Skipped', reason: skipReason(state.run) });
    }
  }
  state.setRun({ ...state.run, finalization: { end: endOf(state), stage: 'onEnd' } });
  state.addEvent(moment.nowMs, 'run.finalizing', 'all calls have ended; finalizing');
}

function endOf(state: RunState): RunEnd {
  if (state.run.status !== 'Running') return 'Aborted';
  if (state.run.failing) return 'Failed';
  for (const call of state.calls.values()) {
    if (call.role === 'call' && call.status !== 'Succeeded' && !call.benign) return 'Failed';
  }
  return 'Succeeded';
}

/**
 * An attempt that has no job goes back to be submitted again, under a new tag. `certain`: nothing was ever
 * submitted; else it is proved absent, and an aborting run ends it here (SEMANTICS 6).
 */
export function sendBack(
  state: RunState,
  key: string,
  reason: string,
  moment: Moment,
  how: 'certain' | 'proved' = 'proved',
): void {
  const attempt = state.attempts.get(key);
  if (attempt?.state.kind !== 'submitting' || attempt.tag === undefined) return;
  const submission = state.submissions.get(attempt.tag);
  const status = how === 'certain' ? 'void' : 'superseded';
  if (submission !== undefined && submission.status !== 'superseded')
    state.putSubmission({ ...submission, status });
  if (how === 'proved' && !goesOn(state, key)) {
    return endAttempt(state, attempt, { cause: 'NeverStarted', detail: reason }, moment);
  }
  const { tag, element, backendStatus, ending, ...rest } = attempt;
  state.putAttempt({ ...rest, state: { kind: 'ready' } });
  state.putCall({ ...state.call(key), status: 'Ready' });
  state.addEvent(
    moment.nowMs,
    'attempt.sentBack',
    `${key} goes back to be submitted again: ${reason}`,
    attempt,
  );
  const { abort } = state.call(key);
  if (abort !== undefined) abortCall(state, state.call(key), abort, moment);
}

/** Would an attempt that never arrived be submitted again? If not, `sendBack` is its end. */
export function isSubmittedAgain(state: RunState, key: string): boolean {
  const call = state.call(key);
  if (call.abort !== undefined || !goesOn(state, key)) return false;
  return call.role !== 'call' || !isClosed(state.run);
}

/** Steps are what may start in an aborting run, so one that never arrived is submitted again there, too. */
function goesOn({ run, calls }: RunState, key: string): boolean {
  return calls.get(key)?.role === 'call' ? run.status === 'Running' : run.status !== 'ForceAborting';
}
