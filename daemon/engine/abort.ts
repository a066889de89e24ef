/**
 * Wishes that jobs end: who is asked, how, and when again. A wish is a column of the attempt, so it survives
 * restarts and outages; that a job has ended is decided elsewhere, never by our having asked (SEMANTICS 4).
 */
import type { AbortManner, NativeId } from '../../backends/backend.ts';
import type { TaskAbort } from '../workflow/language.ts';
import { endAttempt, finish, lookUpAgain, type Moment } from './ends.ts';
import { type Evidence, livingIds } from './evidence.ts';
import type { AbortRequest, Attempt, Call, Ending, Orphan, Run } from './model.ts';
import { nativeIdOf } from './reconcile.ts';
import { backoffMs } from './retry.ts';
import type { RunState } from './run-state.ts';
import { isDue } from './times.ts';

/** The run's row after an abort was asked for. `undefined`: nothing changes (a repeated request). */
export function abortedRun(run: Run, request: AbortRequest): Run | undefined {
  if (run.status === 'ForceAborting' || (run.status === 'Aborting' && !request.force)) return undefined;
  if (run.status === 'Submitted' || run.status === 'OnHold') {
    return { ...run, status: 'Aborted', abort: request, endedAtMs: request.atMs };
  }
  const { held, ...rest } = run;
  const finalization = run.finalization && { finalization: { ...run.finalization, end: 'Aborted' as const } };
  return { ...rest, ...finalization, status: request.force ? 'ForceAborting' : 'Aborting', abort: request };
}

/** Every job of an aborting run that should be asked to end has a wish. Steps live on but under force. */
export function wishEnds(state: RunState, moment: Moment): void {
  const { status } = state.run;
  if (status !== 'Aborting' && status !== 'ForceAborting') return;
  for (const key of state.active) {
    const attempt = state.attempts.get(key);
    const call = state.call(key);
    if (attempt === undefined || (call.role !== 'call' && status === 'Aborting')) continue;
    if (status === 'ForceAborting') wish(state, attempt, 'force', moment);
    else if (state.policy(call).abort.kind !== 'finish') wish(state, attempt, 'user', moment);
  }
}

export function wish(
  state: RunState,
  attempt: Attempt,
  why: Ending['why'],
  moment: Moment,
  detail?: string,
): void {
  if (attempt.ending !== undefined && (attempt.ending.why === why || why !== 'force')) return;
  const { nowMs } = moment;
  const tries = attempt.ending?.tries ?? 0;
  const ending = { why, atMs: nowMs, tries, nextAtMs: nowMs, ...(detail !== undefined && { detail }) };
  state.putAttempt({ ...attempt, ending });
}

/** One call alone (SEMANTICS 4): ends `Aborted` at once where no job is involved. */
export function abortCall(
  state: RunState,
  call: Call,
  request: NonNullable<Call['abort']>,
  moment: Moment,
): void {
  const marked: Call = { ...call, abort: request };
  const before = state.attempts.get(call.key);
  if (before?.state.kind === 'ready' && !lookUpAgain(state, before)) {
    state.putCall(marked);
    return endAttempt(state, before, { cause: 'AbortedByUser' }, moment);
  }
  const attempt = state.attempts.get(call.key);
  if (attempt !== undefined && state.active.has(call.key)) {
    state.putCall({ ...marked, status: 'Active' });
    // A step that must not be cut off is let run to its end, as in the abort of a run.
    if (state.policy(call).abort.kind !== 'finish') wish(state, attempt, 'user', moment);
    return;
  }
  finish(state, { ...marked, status: 'Aborted' }, request.reason ?? 'aborted', moment);
}

/** One request to the scheduler, to be sent after the commit that counts it. */
export interface EndRequest {
  readonly backend: string;
  readonly manner: AbortManner;
  readonly nativeIds: readonly NativeId[];
}

/** The request that is due for this attempt now, if any, with the attempt's row that counts it. */
export function dueRequest(
  state: RunState,
  attempt: Attempt,
  evidence: Evidence | undefined,
  moment: Moment,
): { readonly request: EndRequest; readonly attempt: Attempt } | undefined {
  const { ending } = attempt;
  const { abort } = state.policy(state.call(attempt.call));
  const longestMs = Math.max(moment.settings.abortRetryMaxMs, abort.kind === 'signal' ? abort.graceMs : 0);
  if (ending === undefined || !isDue(ending.nextAtMs, moment.nowMs, longestMs)) return undefined;
  const nativeIds = idsToEnd(attempt, evidence);
  if (nativeIds.length === 0) return undefined; // in doubt: it is looked up first
  const { manner, waitMs } = mannerOf(abort, ending, moment);
  const counted: Ending = {
    ...ending,
    ...(manner.kind === 'signal' && { signalledAtMs: moment.nowMs }),
    tries: ending.tries + 1,
    nextAtMs: moment.nowMs + waitMs,
  };
  return {
    request: { backend: attempt.backend, manner, nativeIds },
    attempt: { ...attempt, ending: counted },
  };
}

/**
 * What the newest listing shows alive under the attempt's tags. An id alone is no proof, since ids wrap: the
 * recorded one counts only for a job of this daemon's life that no listing could show yet.
 */
function idsToEnd(attempt: Attempt, evidence: Evidence | undefined): readonly NativeId[] {
  if (evidence === undefined) return [];
  const living = livingIds(evidence);
  if (living.length > 0 || !evidence.isUnlisted) return living;
  const recorded = nativeIdOf(attempt);
  return recorded === undefined ? [] : [recorded];
}

function mannerOf(abort: TaskAbort, ending: Ending, moment: Moment): { manner: AbortManner; waitMs: number } {
  const { settings } = moment;
  const waitMs = backoffMs(ending.tries, settings.abortRetryMs, settings.abortRetryMaxMs, moment.random());
  if (ending.why === 'force') return { manner: { kind: 'force' }, waitMs };
  if (abort.kind === 'signal' && ending.why === 'user' && ending.signalledAtMs === undefined) {
    return { manner: { kind: 'signal', signal: abort.signal }, waitMs: abort.graceMs };
  }
  return { manner: { kind: 'kill' }, waitMs };
}

/** A forced abort waits no longer than its grace: what is not confirmed dead becomes an orphan. */
export function giveUpWaiting(state: RunState, host: string, moment: Moment): readonly Orphan[] {
  const { run } = state;
  if (run.status !== 'ForceAborting' || run.abort === undefined) return [];
  const { forceGraceMs } = moment.settings;
  if (!isDue(run.abort.atMs + forceGraceMs, moment.nowMs, forceGraceMs)) return [];
  const orphans: Orphan[] = [];
  for (const key of [...state.active]) {
    const attempt = state.attempts.get(key);
    if (attempt?.tag === undefined) continue;
    const nativeId = nativeIdOf(attempt);
    const { directory } = attempt;
    orphans.push({ ...orphanOf(state, attempt.tag, key, host, moment, nativeId), directory });
    const detail = 'the run was forced to end before this job was confirmed dead; it is hunted as an orphan';
    endAttempt(state, attempt, { cause: 'AbortedByUser', detail }, moment, nativeId);
  }
  for (const [nativeId, { tag }] of state.strays) {
    const call = state.submissions.get(tag)?.elements[0]?.call ?? '';
    orphans.push(orphanOf(state, tag, call, host, moment, nativeId));
  }
  state.strays.clear();
  state.unlisted.clear();
  return orphans;
}

function orphanOf(
  state: RunState,
  tag: Orphan['tag'],
  call: string,
  host: string,
  moment: Moment,
  nativeId: NativeId | undefined,
): Orphan {
  const { id: runId, owner, backend } = state.run;
  const submission = state.submissions.get(tag);
  return {
    runId,
    tag,
    call,
    owner,
    host,
    backend: submission?.backend ?? backend,
    sinceMs: moment.nowMs,
    ...(nativeId && { nativeId }),
  };
}
