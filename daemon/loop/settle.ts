/**
 * Takes what has arrived into the working set, and settles every attempt it is about: the verdicts of
 * `reconcile` become rows here.
 */
import type { EndKind, JobObservation, NativeId } from '../../backends/backend.ts';
import { isSubmittedAgain, sendBack } from '../engine/advance.ts';
import { blockedKey, endAttempt, type Moment } from '../engine/ends.ts';
import { newEvidence, noteMarks, noteSpool } from '../engine/evidence.ts';
import type { Attempt } from '../engine/model.ts';
import { judge, type Verdict, type Want } from '../engine/reconcile.ts';
import type { RunState } from '../engine/run-state.ts';
import type { FileAnswer } from '../files/owner-files.ts';
import type { Input } from './inputs.ts';
import { type WorkingSet, watchKey } from './working-set.ts';

/** What an attempt waits for; the shell asks for it after the commit. */
export interface Wanted {
  readonly state: RunState;
  readonly attempt: Attempt;
  readonly wants: readonly Want[];
}

export interface SettleContext {
  readonly set: WorkingSet;
  readonly moment: Moment;
  /** Monotonic. */
  readonly now: number;
  readonly hasAccounting: (backend: string) => boolean;
}

/** Judges one attempt by all that is known; `undefined` when there is nothing to ask. */
export function settle(
  context: SettleContext,
  state: RunState,
  attempt: Attempt,
): { wanted?: Wanted; until?: number } {
  const { set, now, moment } = context;
  const backend = set.backend(attempt.backend);
  if (backend === undefined || !state.active.has(attempt.call)) return {};
  const verdict = judge(attempt, set.evidenceOf(attempt), {
    now,
    settleMs: backend.settleMs,
    refineMs: moment.settings.refineMs,
    lateMarkMs: moment.settings.lateMarkMs,
    hasAccounting: context.hasAccounting(attempt.backend),
    canLookUp: backend.capabilities.lookUp,
    isSubmittedAgain: isSubmittedAgain(state, attempt.call),
    mayStillCome: state.givenUp.has(attempt.call),
    causeInLog: (log): EndKind | undefined => (log === '' ? undefined : backend.causeInLog(log)),
    isSuperseded: (nativeId) => state.superseded.has(nativeId),
  });
  return apply(context, state, attempt, verdict);
}

function apply(
  context: SettleContext,
  state: RunState,
  attempt: Attempt,
  verdict: Verdict,
): { wanted?: Wanted; until?: number } {
  const { set, moment } = context;
  switch (verdict.kind) {
    case 'wait':
      return {
        ...(verdict.wants.length > 0 && { wanted: { state, attempt, wants: verdict.wants } }),
        ...(verdict.until !== undefined && { until: verdict.until }),
      };
    case 'alive':
      noteAlive(state, attempt, verdict, moment, startOf(set, attempt));
      return {};
    case 'ended':
      noteOther(state, attempt, verdict.nativeId);
      endAttempt(state, withTimes(set, attempt), verdict.outcome, moment, verdict.nativeId);
      set.forget(attempt);
      return {};
    case 'neverArrived':
      if (set.evidenceOf(attempt).marks?.revoked) state.revoked.add(attempt.call);
      sendBack(state, attempt.call, 'its submission never reached the scheduler', moment);
      set.forget(attempt);
      return {};
    default:
      return verdict satisfies never;
  }
}

/** Another job holds the claim: the recorded one may still be there, and belongs to nobody now. */
function noteOther(state: RunState, attempt: Attempt, nativeId: NativeId | undefined): void {
  const { state: before, tag } = attempt;
  if (tag === undefined || nativeId === undefined) return;
  if ((before.kind === 'queued' || before.kind === 'running') && before.nativeId !== nativeId)
    state.strays.set(before.nativeId, { tag, evidence: newEvidence(0) });
}

/** A short job may have ended before any listing showed it: its own marks say when it ran. */
function withTimes(set: WorkingSet, attempt: Attempt): Attempt {
  const startedAtMs = attempt.startedAtMs ?? startOf(set, attempt);
  const endedAtMs = set.evidenceOf(attempt).marks?.exit?.atMs;
  return {
    ...attempt,
    ...(startedAtMs !== undefined && { startedAtMs }),
    ...(endedAtMs !== undefined && endedAtMs > 0 && { endedAtMs }),
  };
}

function startOf(set: WorkingSet, attempt: Attempt): number | undefined {
  const atMs = set.evidenceOf(attempt).marks?.claim?.atMs;
  return atMs === 0 ? undefined : atMs;
}

function noteAlive(
  state: RunState,
  attempt: Attempt,
  { state: next, job }: Extract<Verdict, { kind: 'alive' }>,
  moment: Moment,
  claimedAtMs: number | undefined,
): void {
  const blocked = blockedOf(attempt, job, moment);
  if (isSame(attempt, next, job, blocked?.reason)) return;
  const { blocked: _, backendStatus, ...rest } = attempt;
  const status = job?.backendStatus ?? backendStatus;
  const alive: Attempt = {
    ...rest,
    state: next,
    ...(status !== undefined && { backendStatus: status }),
    ...(blocked && { blocked }),
    queuedAtMs: attempt.queuedAtMs ?? moment.nowMs,
    ...(next.kind === 'running' && { startedAtMs: attempt.startedAtMs ?? claimedAtMs ?? moment.nowMs }),
  };
  noteOther(state, attempt, next.nativeId);
  state.putAttempt(alive);
  if (attempt.state.kind !== next.kind) {
    state.addEvent(
      moment.nowMs,
      `attempt.${next.kind}`,
      `${attempt.call} is ${next.kind} as job ${next.nativeId}`,
      alive,
    );
  }
  if (blocked === undefined) state.clearProblem(blockedKey(attempt.call));
  else
    state.addProblem({
      key: blockedKey(attempt.call),
      text: `${attempt.call} waits: ${blocked.plain}`,
      sinceMs: blocked.sinceMs,
    });
}

function blockedOf(attempt: Attempt, job: JobObservation | undefined, moment: Moment): Attempt['blocked'] {
  if (job?.blocked === undefined) return undefined;
  const { blocked } = job;
  const sinceMs = attempt.blocked?.reason === blocked.reason ? attempt.blocked.sinceMs : moment.nowMs;
  return { ...blocked, sinceMs };
}

function isSame(
  attempt: Attempt,
  next: Extract<Attempt['state'], { nativeId: NativeId; runCount: number }>,
  job: JobObservation | undefined,
  blocked: string | undefined,
): boolean {
  const { state } = attempt;
  return (
    state.kind === next.kind &&
    state.nativeId === next.nativeId &&
    state.runCount === next.runCount &&
    attempt.blocked?.reason === blocked &&
    (job === undefined || attempt.backendStatus === job.backendStatus)
  );
}

/** Marks, spool entries and accounting are noted here; who is to be judged anew is answered. */
export function noteInput(
  set: WorkingSet,
  input: Exclude<Input, { kind: 'reply' | 'snapshot' | 'read' | 'record' }>,
): readonly string[] {
  switch (input.kind) {
    case 'marks': {
      const evidence = set.evidence.get(input.attempt);
      noteReadable(set, input.attempt, input.answer);
      if (evidence === undefined || input.answer.kind === 'failed') return [];
      noteMarks(evidence, input.answer.value, input.begunAt, input.at);
      if (input.isRevoking) evidence.revokeAt = input.begunAt;
      return [input.attempt];
    }
    case 'accounting': {
      if (input.snapshot.kind === 'unavailable') return [];
      return noteAccounting(set, input.asked, input.snapshot.jobs, input.begunAt);
    }
    case 'spool':
      return noteSpoolEntries(set, input);
    default:
      return input satisfies never;
  }
}

/** Without its marks no end is decided: where they cannot be read, somebody should know. */
function noteReadable(set: WorkingSet, attempt: string, answer: FileAnswer<unknown>): void {
  const state = set.runs.get(Number.parseInt(attempt, 10));
  if (answer.kind === 'ok') return state?.clearProblem('files');
  const text = `what its jobs leave behind cannot be read, so their ends are not known: ${answer.reason}`;
  state?.addProblem({ key: 'files', text, sinceMs: set.parts.clock.nowMs() });
}

function noteAccounting(
  set: WorkingSet,
  asked: readonly string[],
  jobs: readonly JobObservation[],
  at: number,
): readonly string[] {
  const byAttempt = groupByAttempt(set, jobs);
  for (const key of asked) {
    const evidence = set.evidence.get(key);
    if (evidence !== undefined) evidence.records = { at, jobs: byAttempt.get(key) ?? [] };
  }
  return asked;
}

function noteSpoolEntries(set: WorkingSet, input: Extract<Input, { kind: 'spool' }>): readonly string[] {
  const state = set.runs.get(input.runId);
  const touched: string[] = [];
  for (const entry of input.entries) {
    const element = state?.submissions.get(entry.tag)?.elements[entry.index];
    if (element === undefined) continue;
    const key = `${input.runId}/${element.call}#${element.number}`;
    const evidence = set.evidence.get(key);
    if (evidence === undefined) continue;
    noteSpool(evidence, entry, input.at);
    touched.push(key);
  }
  return touched;
}

/** Observations by the attempt they belong to: through tag and element, never through an id alone (ids wrap). */
export function groupByAttempt(
  set: WorkingSet,
  jobs: readonly JobObservation[],
): Map<string, JobObservation[]> {
  const groups = new Map<string, JobObservation[]>();
  for (const job of jobs) {
    const state = set.tags.get(job.tag);
    const element = state?.submissions.get(job.tag)?.elements[job.index];
    if (state === undefined || element === undefined) continue;
    const key = `${state.run.id}/${element.call}#${element.number}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [job]);
    else group.push(job);
  }
  return groups;
}

export function watchOf(state: RunState, attempt: Attempt): string {
  return watchKey(attempt.backend, state.run.owner);
}
