/**
 * What an attempt is, given what is known: the one place where a job's end is decided.
 *
 * Order before an end is decided: the listing, then the marks, then accounting (SEMANTICS 6). Where
 * something is still to be asked, the verdict is `wait` and says what for. A failed question is no answer.
 */
import type { JobObservation, NativeId } from '../../backends/backend.ts';
import { currentExit, type Evidence, isAbsent, ownJob } from './evidence.ts';
import type { Attempt, AttemptState, Outcome } from './model.ts';
import { type EndContext, outcomeOfEnding, outcomeOfExit, outcomeOfReport } from './outcome.ts';

export interface Facts {
  /** Monotonic. */
  readonly now: number;
  readonly settleMs: number;
  readonly refineMs: number;
  readonly lateMarkMs: number;
  readonly hasAccounting: boolean;
  readonly causeInLog: (log: string) => EndContext['hint'];
  /** The claim holder's submission had been given up before it was found. */
  readonly isSuperseded: (nativeId: NativeId) => boolean;
}

/** What should be looked at before the next verdict. */
export type Want = 'marks' | 'accounting' | 'snapshot';

export type Verdict =
  | { readonly kind: 'wait'; readonly wants: readonly Want[]; readonly until?: number }
  | {
      readonly kind: 'alive';
      readonly state: Extract<AttemptState, { kind: 'queued' | 'running' }>;
      readonly job?: JobObservation;
    }
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly nativeId?: NativeId }
  /** A submission in doubt: proved not to be there. */
  | { readonly kind: 'neverArrived' };

const WAIT: Verdict = { kind: 'wait', wants: [] };

export function judge(attempt: Attempt, evidence: Evidence, facts: Facts): Verdict {
  const own = ownJob(evidence);
  if (currentExit(evidence) !== undefined) return judgeExit(attempt, evidence, own, facts);
  if (own?.state === 'ended') return judgeEnded(attempt, evidence, own, facts);
  if (own !== undefined) return alive(evidence, own);
  if (isAbsent(evidence, facts.settleMs)) return judgeAbsent(attempt, evidence, facts);
  return claimedButUnlisted(attempt, evidence);
}

function judgeExit(
  attempt: Attempt,
  evidence: Evidence,
  own: JobObservation | undefined,
  facts: Facts,
): Verdict {
  const exit = currentExit(evidence);
  if (exit === undefined) return WAIT;
  const ended = (outcome: Outcome): Verdict => ({ kind: 'ended', outcome, nativeId: exit.nativeId });
  const context = contextOf(attempt, evidence, exit.nativeId, facts);
  if (exit.succeeded || exit.missing.length > 0 || exit.launchFailure !== undefined) {
    return ended(outcomeOfExit(exit, undefined, context));
  }
  const report = own?.end ?? terminalRecord(evidence, exit.nativeId)?.end;
  const requeued = own?.runCount !== undefined && own.runCount > exit.runCount;
  const since = evidence.exitSince ?? facts.now;
  const until =
    since + facts.refineMs * (isKilling(exit.exitCode) && own !== undefined ? KILLED_PATIENCE : 1);
  if (report !== undefined || requeued || facts.now >= until) {
    return ended(outcomeOfExit(exit, report, { ...context, requeued }));
  }
  const wants: Want[] = facts.hasAccounting && own === undefined ? ['snapshot', 'accounting'] : ['snapshot'];
  return { kind: 'wait', wants, until };
}

/** A killed job may be cleaned up for minutes (epilogue) before the scheduler says what killed it. */
const KILLED_PATIENCE = 10;

function isKilling(exitCode: number): boolean {
  return exitCode > 128;
}

/** The listing says ended and no mark does: a mark may be late, accounting may know more. */
function judgeEnded(attempt: Attempt, evidence: Evidence, own: JobObservation, facts: Facts): Verdict {
  const since = evidence.endedSince ?? facts.now;
  if (evidence.marksAt < since) return { kind: 'wait', wants: ['marks'] };
  const patienceOver = since + facts.lateMarkMs;
  if (facts.now < patienceOver) return { kind: 'wait', wants: [], until: patienceOver };
  if (evidence.marksAt < patienceOver) return { kind: 'wait', wants: ['marks'] };
  const record = terminalRecord(evidence, own.nativeId);
  const enough = patienceOver + facts.refineMs;
  if (facts.hasAccounting && record === undefined && isVague(own) && facts.now < enough) {
    return { kind: 'wait', wants: ['accounting'], until: enough };
  }
  const report = isVague(own) ? (record?.end ?? own.end) : own.end;
  const context = contextOf(attempt, evidence, own.nativeId, facts);
  if (report === undefined) return WAIT;
  return { kind: 'ended', outcome: outcomeOfReport(report, context), nativeId: own.nativeId };
}

/** Does the listing leave open what accounting may tell? */
function isVague(job: JobObservation): boolean {
  const { end } = job;
  return (
    end === undefined || end.kind === 'Unknown' || (end.kind === 'NonZeroExit' && end.exitCode === undefined)
  );
}

function judgeAbsent(attempt: Attempt, evidence: Evidence, facts: Facts): Verdict {
  const since = evidence.lacking?.last ?? facts.now;
  const firstProof = (evidence.lacking?.first ?? since) + facts.settleMs;
  if (evidence.marksAt < firstProof) return { kind: 'wait', wants: ['marks'] };
  if (facts.hasAccounting && (evidence.records === undefined || evidence.records.at < firstProof)) {
    return { kind: 'wait', wants: ['accounting'] };
  }
  const nativeId = evidence.marks?.claim?.nativeId ?? nativeIdOf(attempt);
  const records = evidence.records?.jobs ?? [];
  const record = records.find((job) => nativeId === undefined || job.nativeId === nativeId);
  if (record?.end !== undefined) {
    const context = contextOf(attempt, evidence, record.nativeId, facts);
    return { kind: 'ended', outcome: outcomeOfReport(record.end, context), nativeId: record.nativeId };
  }
  if (record !== undefined && !isStale(evidence, facts)) return { kind: 'wait', wants: ['accounting'] };
  if (attempt.state.kind === 'submitting' && evidence.marks?.claim === undefined)
    return { kind: 'neverArrived' };
  return { kind: 'ended', outcome: vanished(attempt, evidence), ...(nativeId && { nativeId }) };
}

/** Accounting may call a job running for ever (runaway records); the listing has long lost it. */
function isStale(evidence: Evidence, facts: Facts): boolean {
  const { lacking } = evidence;
  return lacking !== undefined && lacking.last - lacking.first >= 10 * facts.settleMs;
}

function vanished(attempt: Attempt, evidence: Evidence): Outcome {
  if (attempt.ending !== undefined && attempt.ending.tries > 0) return outcomeOfEnding(attempt.ending);
  const claimed = evidence.marks?.claim !== undefined;
  if (!claimed && attempt.state.kind === 'queued') {
    return { cause: 'CancelledOutside', detail: 'assumed: it was queued and vanished without a record' };
  }
  return { cause: 'Lost', claimed };
}

function alive(evidence: Evidence, own: JobObservation): Verdict {
  const claimed =
    evidence.marks?.claim?.nativeId === own.nativeId && evidence.marks.claim.runCount >= (own.runCount ?? 0);
  const running = own.state === 'running' || claimed; // a claim is newer than a listing that still says queued
  const runCount = own.runCount ?? 0;
  return {
    kind: 'alive',
    state: { kind: running ? 'running' : 'queued', nativeId: own.nativeId, runCount },
    job: own,
  };
}

/** A claim seen before any listing shows the job: a reply that was lost, or a job younger than the listing. */
function claimedButUnlisted(attempt: Attempt, evidence: Evidence): Verdict {
  const claim = evidence.marks?.claim;
  if (claim === undefined || evidence.lacking !== undefined) return WAIT;
  if (attempt.state.kind !== 'submitting' && attempt.state.kind !== 'queued') return WAIT;
  return { kind: 'alive', state: { kind: 'running', nativeId: claim.nativeId, runCount: claim.runCount } };
}

function contextOf(attempt: Attempt, evidence: Evidence, nativeId: NativeId, facts: Facts): EndContext {
  const hint = facts.causeInLog(evidence.marks?.log ?? '');
  return {
    ...(attempt.ending && { ending: attempt.ending }),
    ...(hint && { hint }),
    claimed: evidence.marks?.claim !== undefined || evidence.marks?.exit !== undefined,
    superseded: facts.isSuperseded(nativeId),
  };
}

function terminalRecord(evidence: Evidence, nativeId: NativeId): JobObservation | undefined {
  return evidence.records?.jobs.find((job) => job.nativeId === nativeId && job.end !== undefined);
}

export function nativeIdOf(attempt: Attempt): NativeId | undefined {
  const { state } = attempt;
  return state.kind === 'ready' || state.kind === 'submitting' ? undefined : state.nativeId;
}
