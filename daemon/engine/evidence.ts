/**
 * What is known about one attempt's job beside its row: listings, marks, accounting. Kept in memory only,
 * and begun anew after a restart and after an outage: absence must be proved unbroken (SEMANTICS 6).
 * All times here are monotonic milliseconds.
 */
import type { JobObservation, NativeId } from '../../backends/backend.ts';
import type { Marks, SpoolEntry } from '../../backends/marks.ts';
import type { Outcome } from './model.ts';

/** Complete snapshots in a row that must lack a job before its absence counts. */
export const ABSENT_SNAPSHOTS_MIN = 3;

/** A claim that could not be taken is tried again after so long. */
export const REVOKE_AGAIN_MS = 2_000;

export interface Evidence {
  /** Submitted in this daemon's life, and no complete listing has been made since: its id is surely its own. */
  isUnlisted: boolean;
  /** Snapshots begun before this say nothing of absence: the submit command had not ended. */
  countsFrom: number;
  /** Everything the newest complete snapshot shows under this attempt's tags. */
  listed: readonly JobObservation[];
  /** Unbroken complete snapshots that lacked the job. */
  lacking: { readonly count: number; readonly first: number; readonly last: number } | undefined;
  /** When the listing first called the job ended. */
  endedSince: number | undefined;
  marks: Marks | undefined;
  /** When the reading of `marks` began. */
  marksAt: number;
  /** When the daemon last began to take the claim itself. */
  revokeAt: number;
  /** Its newest submission was refused for good, while an earlier one, given up, may still arrive. */
  refusal: Outcome | undefined;
  /** When an exit mark was first seen. */
  exitSince: number | undefined;
  /** What accounting says; absent until it has answered. */
  records: { readonly at: number; readonly jobs: readonly JobObservation[] } | undefined;
}

export function newEvidence(countsFrom: number): Evidence {
  return {
    isUnlisted: false,
    countsFrom,
    listed: [],
    lacking: undefined,
    endedSince: undefined,
    marks: undefined,
    marksAt: Number.NEGATIVE_INFINITY,
    revokeAt: Number.NEGATIVE_INFINITY,
    refusal: undefined,
    exitSince: undefined,
    records: undefined,
  };
}

/** When a listing was asked for and when it answered: a slow one may have looked at any time between. */
export interface Asked {
  readonly begunAt: number;
  readonly at: number;
}

/** The attempt's own job in a complete snapshot, or one more snapshot that lacks it. */
export function noteSnapshot(evidence: Evidence, listed: readonly JobObservation[], asked: Asked): void {
  if (asked.begunAt >= evidence.countsFrom) evidence.isUnlisted = false;
  const before = ownJob(evidence);
  evidence.listed = listed;
  const own = ownJob(evidence);
  if (own === undefined && before?.state === 'ended') {
    evidence.listed = [before, ...listed]; // its end has been shown; that the listing now forgets it is no news
    return;
  }
  if (own === undefined) {
    if (asked.begunAt >= evidence.countsFrom) evidence.lacking = oneMore(evidence.lacking, asked);
    return;
  }
  evidence.lacking = undefined;
  if (own.state !== 'ended') evidence.records = undefined; // older than what is seen now
  evidence.endedSince = own.state === 'ended' ? (evidence.endedSince ?? asked.at) : undefined;
}

/** From the first answer to the last question: all that time the job was surely not there. */
function oneMore(lacking: Evidence['lacking'], { begunAt, at }: Asked): Evidence['lacking'] {
  return { count: (lacking?.count ?? 0) + 1, first: lacking?.first ?? at, last: begunAt };
}

/** A failed query breaks the series: during an outage nothing proves anything. */
export function noteOutage(evidence: Evidence): void {
  evidence.lacking = undefined;
}

export function noteMarks(evidence: Evidence, marks: Marks, begunAt: number, now: number): void {
  noteNewClaim(evidence, marks.claim);
  evidence.marks = marks;
  evidence.marksAt = begunAt;
  if (currentExit(evidence) !== undefined) evidence.exitSince ??= now;
}

/** A job that has just claimed was there a moment ago, whatever the listings say: the series begins anew. */
function noteNewClaim(evidence: Evidence, claim: Marks['claim']): void {
  const known = evidence.marks?.claim;
  if (claim !== undefined && (known?.nativeId !== claim.nativeId || known.runCount !== claim.runCount))
    evidence.lacking = undefined;
}

/** A spool entry tells of a claim or an end before the directory itself is looked at. */
export function noteSpool(evidence: Evidence, entry: SpoolEntry, now: number): void {
  const known = evidence.marks ?? { duplicates: [], log: '' };
  const claim = { nativeId: entry.nativeId, runCount: entry.runCount, atMs: entry.atMs ?? 0 };
  if (known.claim !== undefined && known.claim.nativeId !== entry.nativeId) return;
  if (known.claim !== undefined && known.claim.runCount > entry.runCount) return;
  noteNewClaim(evidence, claim);
  if (entry.kind === 'started') {
    evidence.marks = { ...known, claim: known.claim?.runCount === entry.runCount ? known.claim : claim };
    // An exit mark may have been read before the claim that makes it count.
    if (currentExit(evidence) !== undefined) evidence.exitSince ??= now;
    return;
  }
  if (entry.exitCode === undefined || !entry.succeeded) return; // the exit mark tells more: it is read
  const exit = { ...claim, exitCode: entry.exitCode, succeeded: true, missing: [] };
  evidence.marks = { ...known, claim: known.claim ?? claim, exit };
  evidence.exitSince ??= now;
}

/**
 * The job that is the attempt's: whoever holds the claim, else the most alive one under its tags. A job that
 * found the claim taken ends with 0 without having run anything, so its end decides nothing.
 */
export function ownJob(evidence: Evidence): JobObservation | undefined {
  if (evidence.marks?.revoked === true) return undefined; // whatever is there has nothing to run any more
  const claim = evidence.marks?.claim;
  if (claim !== undefined) return evidence.listed.find((job) => job.nativeId === claim.nativeId);
  const duplicates = new Set(evidence.marks?.duplicates ?? []);
  const candidates = evidence.listed.filter((job) => !duplicates.has(job.nativeId));
  return candidates.toSorted((a, b) => LIVELINESS[a.state] - LIVELINESS[b.state])[0];
}

const LIVELINESS = { running: 0, unknown: 1, queued: 2, ended: 3 } as const;

/** The exit mark of the run that holds the claim; one of an earlier run of the same job is void. */
export function currentExit(evidence: Evidence): Marks['exit'] {
  const { claim, exit } = evidence.marks ?? {};
  if (exit === undefined) return undefined;
  if (claim === undefined) return exit; // a network file system may show the later file first
  return claim.nativeId === exit.nativeId && claim.runCount === exit.runCount ? exit : undefined;
}

export function isAbsent(evidence: Evidence, settleMs: number): boolean {
  const { lacking } = evidence;
  return (
    lacking !== undefined && lacking.count >= ABSENT_SNAPSHOTS_MIN && lacking.last - lacking.first >= settleMs
  );
}

/** Every native id known to carry one of the attempt's tags and not known to have ended. */
export function livingIds(evidence: Evidence): readonly NativeId[] {
  return evidence.listed.filter((job) => job.state !== 'ended').map((job) => job.nativeId);
}
