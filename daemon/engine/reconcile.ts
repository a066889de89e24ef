/**
 * What an attempt is, given what is known: the one place where a job's end is decided.
 *
 * Order before an end is decided: the listing, then the marks, then accounting (SEMANTICS 6). Where
 * something is still to be asked, the verdict is `wait` and says what for. A failed question is no answer.
 */
import type { JobObservation, NativeId } from '../../backends/backend.ts';
import { currentExit, type Evidence, isAbsent, ownJob, REVOKE_AGAIN_MS } from './evidence.ts';
import type { Attempt, AttemptState, Outcome } from './model.ts';
import { type EndContext, outcomeOfEnding, outcomeOfExit, outcomeOfReport } from './outcome.ts';

export interface Facts {
  /** Monotonic. */
  readonly now: number;
  readonly settleMs: number;
  readonly refineMs: number;
  readonly lateMarkMs: number;
  readonly hasAccounting: boolean;
  /** The listing shows a job by its tag alone; if not, a submission in doubt cannot be proved absent. */
  readonly canLookUp: boolean;
  /** An attempt that never arrived would be submitted again; if not, its end is final. */
  readonly isSubmittedAgain: boolean;
  /** Another submission of this attempt had been given up, and may still arrive. */
  readonly mayStillCome: boolean;
  readonly causeInLog: (log: string) => EndContext['hint'];
  /** The claim holder's submission had been given up before it was found. */
  readonly isSuperseded: (nativeId: NativeId) => boolean;
}

/** What should be done before the next verdict; `revoke`: take the attempt's claim, so that no job ever can. */
export type Want = 'marks' | 'accounting' | 'snapshot' | 'revoke';

export type Verdict =
  | { readonly kind: 'wait'; readonly wants: readonly Want[]; readonly until?: number }
  | {
      readonly kind: 'alive';
      readonly state: Extract<AttemptState, { kind: 'queued' | 'running' }>;
      readonly job?: JobObservation;
    }
  | {
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly nativeId?: NativeId;
      /** No mark and no scheduler says so: it follows from the job's absence. */
      readonly isAssumed?: true;
    }
  /** A submission in doubt: proved not to be there. */
  | { readonly kind: 'neverArrived' };

const WAIT: Verdict = { kind: 'wait', wants: [] };

export function judge(attempt: Attempt, evidence: Evidence, facts: Facts): Verdict {
  const verdict = weigh(attempt, evidence, facts);
  return isFinalWithoutClaim(verdict, evidence, facts) ? claimFirst(verdict, evidence, facts) : verdict;
}

function weigh(attempt: Attempt, evidence: Evidence, facts: Facts): Verdict {
  const own = ownJob(evidence);
  if (currentExit(evidence) !== undefined) return judgeExit(attempt, evidence, own, facts);
  if (evidence.refusal !== undefined && evidence.marks?.claim === undefined)
    return { kind: 'ended', outcome: evidence.refusal };
  if (own?.state === 'ended') {
    return judgeEnded(attempt, evidence, own, evidence.endedSince ?? facts.now, facts);
  }
  if (own !== undefined) return alive(evidence, own);
  if (isAbsent(evidence, facts.settleMs)) return judgeAbsent(attempt, evidence, facts);
  const record = recordedEnd(attempt, evidence);
  if (record !== undefined) {
    return judgeEnded(attempt, evidence, record, evidence.records?.at ?? facts.now, facts);
  }
  return unlisted(attempt, evidence, facts);
}

/**
 * The end of a job that the listing has lost: schedulers whose listing knows only the living tell ends by their
 * accounting. That is evidence of an end, so it need not settle; the listing was asked first (SEMANTICS 6).
 */
function recordedEnd(attempt: Attempt, evidence: Evidence): JobObservation | undefined {
  const { lacking, records, marks } = evidence;
  const nativeId = marks?.claim?.nativeId ?? nativeIdOf(attempt);
  if (nativeId === undefined || lacking === undefined || records === undefined) return undefined;
  if (marks?.revoked === true) return undefined; // whatever has ended there has run nothing
  if (records.at < lacking.first) return undefined;
  const record = terminalRecord(evidence, nativeId);
  const ofEarlierRun = (record?.runCount ?? Number.POSITIVE_INFINITY) < (marks?.claim?.runCount ?? 0);
  return ofEarlierRun ? undefined : record;
}

/** An end that no claim explains, of an attempt whose job might be on its way still. */
function isFinalWithoutClaim(verdict: Verdict, evidence: Evidence, facts: Facts): boolean {
  if (evidence.marks?.claim !== undefined || evidence.marks?.exit !== undefined) return false;
  if (verdict.kind === 'neverArrived') return !facts.isSubmittedAgain;
  return verdict.kind === 'ended' && (verdict.isAssumed === true || facts.mayStillCome);
}

/** A submit may arrive later than any rule allows for: it must find its attempt taken. */
function claimFirst(verdict: Verdict, evidence: Evidence, facts: Facts): Verdict {
  if (evidence.marks?.revoked === true || isStale(evidence, facts)) return verdict;
  const again = evidence.revokeAt + REVOKE_AGAIN_MS;
  return facts.now >= again ? { kind: 'wait', wants: ['revoke'] } : { kind: 'wait', wants: [], until: again };
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

/** The scheduler says ended and no mark does: a mark may be late, accounting may know more. */
function judgeEnded(
  attempt: Attempt,
  evidence: Evidence,
  own: JobObservation,
  since: number,
  facts: Facts,
): Verdict {
  if (evidence.marksAt < since) return { kind: 'wait', wants: ['marks'] };
  // A forced abort waits no longer for its jobs than a mark may be late.
  const patienceOver = since + (attempt.ending?.why === 'force' ? 0 : facts.lateMarkMs);
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
  const records = evidence.marks?.revoked === true ? [] : (evidence.records?.jobs ?? []);
  const record = records.find((job) => nativeId === undefined || job.nativeId === nativeId);
  if (record?.end !== undefined) {
    const context = contextOf(attempt, evidence, record.nativeId, facts);
    return { kind: 'ended', outcome: outcomeOfReport(record.end, context), nativeId: record.nativeId };
  }
  if (record !== undefined && !isStale(evidence, facts)) return { kind: 'wait', wants: ['accounting'] };
  const isInDoubt = attempt.state.kind === 'submitting' && evidence.marks?.claim === undefined;
  if (isInDoubt && (facts.canLookUp || attempt.ending !== undefined)) return { kind: 'neverArrived' };
  const outcome = isInDoubt ? NOT_FOUND_AGAIN : vanished(attempt, evidence);
  return { kind: 'ended', outcome, isAssumed: true, ...(nativeId && { nativeId }) };
}

const NOT_FOUND_AGAIN: Outcome = {
  cause: 'Lost',
  claimed: false,
  detail: 'its submit gave no clear answer, and this backend cannot look a job up by its tag',
};

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

/** No listing shows the job. A claim may have been quicker; accounting may know its end. */
function unlisted(attempt: Attempt, evidence: Evidence, facts: Facts): Verdict {
  const claim = evidence.marks?.claim;
  if (evidence.lacking !== undefined) return isAskedFor(attempt, evidence, facts) ? ASK_ACCOUNTING : WAIT;
  if (claim === undefined) return WAIT;
  if (attempt.state.kind !== 'submitting' && attempt.state.kind !== 'queued') return WAIT;
  return { kind: 'alive', state: { kind: 'running', nativeId: claim.nativeId, runCount: claim.runCount } };
}

const ASK_ACCOUNTING: Verdict = { kind: 'wait', wants: ['accounting'] };

/** Once for every listing that lacks the job. */
function isAskedFor(attempt: Attempt, { lacking, records, marks }: Evidence, facts: Facts): boolean {
  const isKnown = nativeIdOf(attempt) !== undefined || marks?.claim !== undefined;
  return facts.hasAccounting && isKnown && lacking !== undefined && (records?.at ?? 0) < lacking.last;
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
