/**
 * What one listing says about everything we watch on one backend for one owner: our attempts, jobs that
 * belong to none (strays), and orphans of runs that have ended.
 */
import type { JobObservation, Snapshot } from '../../backends/backend.ts';
import { type Asked, type Evidence, noteOutage, noteSnapshot } from '../engine/evidence.ts';
import { type Attempt, attemptKey } from '../engine/model.ts';
import { noteOrphans, watchedOrphans } from './orphans.ts';
import { groupByAttempt, watchOf } from './settle.ts';
import { noteStrays, type Stray, watchedStrays } from './strays.ts';
import type { Note, Watch, Watched } from './watch.ts';
import { type WorkingSet, watchKey } from './working-set.ts';

/** A listing that lost this many jobs at once, and more than half of them, is not believed on its own. */
const SUSPECT_MIN = 10;
/** Without accounting the doubt lasts this many times the backend's settle time. */
const SUSPECT_SETTLES = 4;

export interface Taken {
  /** Attempts to be judged anew. */
  readonly judge: readonly Watched[];
  /** Jobs to be ended that belong to no attempt. */
  readonly strays: readonly Stray[];
  /** Attempts whose marks say whether a stray is theirs. */
  readonly look: readonly Watched[];
  /** Accounting is asked about these before the listing is believed. */
  readonly doubted: readonly string[];
}

const NOTHING: Taken = { judge: [], strays: [], look: [], doubted: [] };

/** One listing, with when (monotonic) it was begun and answered. */
export interface Listing {
  readonly snapshot: Snapshot;
  readonly begunAt: number;
  readonly at: number;
  /** Is there a second source to be asked? */
  readonly hasAccounting: boolean;
}

export function takeSnapshot(set: WorkingSet, watch: Watch, listing: Listing): Taken {
  const { snapshot } = listing;
  const watched = [...watchedAttempts(set, watch)];
  noteReachability(set, watch, listing);
  if (snapshot.kind === 'unavailable') {
    for (const { attempt } of watched) noteOutage(set.evidenceOf(attempt));
    for (const orphan of watchedOrphans(set, watch)) noteOutage(orphan.evidence);
    for (const { stray } of watchedStrays(set, watch)) noteOutage(stray.evidence);
    return NOTHING;
  }
  const groups = groupByAttempt(set, snapshot.jobs);
  const doubted = doubts(set, watch, watched, groups, listing);
  const note = doubted.length > 0 ? noteOnlySeen : noteSnapshot;
  for (const { attempt } of watched) {
    const evidence = set.evidenceOf(attempt);
    note(evidence, ownCandidates(groups.get(attemptKey(attempt)) ?? [], attempt, evidence), listing);
  }
  const noteOther: Note = (evidence, jobs) => note(evidence, jobs, listing);
  const { strays, look } = noteStrays(set, watch, snapshot.jobs, noteOther);
  noteOrphans(set, watch, snapshot.jobs, noteOther);
  if (doubted.length === 0) noteListed(set, watch);
  return { judge: watched, strays, look, doubted };
}

/** What a run waited for after a restart has been seen: its strays are known now. */
function noteListed(set: WorkingSet, watch: Watch): void {
  for (const state of set.runs.values()) {
    if (watchKey(watch.backend, state.run.owner) === watch.key && state.unlisted.delete(watch.backend))
      state.touched = true;
  }
}

/** A listing that is not believed proves no absence, of whomever; what it does show is there. */
function noteOnlySeen(evidence: Evidence, listed: readonly JobObservation[], asked: Asked): void {
  if (listed.length === 0) noteOutage(evidence);
  else noteSnapshot(evidence, listed, asked);
}

function* watchedAttempts(set: WorkingSet, watch: Watch) {
  for (const item of set.activeAttempts()) if (watchOf(item.state, item.attempt) === watch.key) yield item;
}

/** Jobs under a tag that had been given up are the attempt's only when they hold its claim. */
function ownCandidates(
  jobs: readonly JobObservation[],
  attempt: Attempt,
  evidence: Evidence,
): readonly JobObservation[] {
  const holder = evidence.marks?.claim?.nativeId;
  return jobs.filter((job) => job.tag === attempt.tag || job.nativeId === holder);
}

function noteReachability(set: WorkingSet, watch: Watch, { snapshot, at }: Listing): void {
  const reachable = snapshot.kind === 'complete' ? 'yes' : 'no';
  if (snapshot.kind === 'unavailable') watch.reason = snapshot.reason;
  if (reachable === watch.reachable) return;
  watch.reachable = reachable;
  watch.sinceMs = set.parts.clock.nowMs();
  if (reachable === 'no') {
    watch.outageSince = at;
    set.parts.log.warn(
      { watch: watch.key },
      `the scheduler cannot be asked: ${watch.reason}; nothing is concluded until it can`,
    );
    return;
  }
  if (watch.outageSince === undefined) return;
  set.parts.log.info({ watch: watch.key }, 'the scheduler answers again');
  stopClocks(set, watch, at - watch.outageSince);
  watch.outageSince = undefined;
}

/** Timeouts do not run while the scheduler cannot be reached: the time of an outage is added to them. */
function stopClocks(set: WorkingSet, watch: Watch, lostMs: number): void {
  for (const { state, attempt } of watchedAttempts(set, watch)) {
    if (attempt.blocked === undefined) continue;
    state.putAttempt({
      ...attempt,
      blocked: { ...attempt.blocked, sinceMs: attempt.blocked.sinceMs + lostMs },
    });
  }
}

/** Attempts whose disappearance is not believed yet (SEMANTICS 6: ten or more, and more than half, at once). */
function doubts(
  set: WorkingSet,
  watch: Watch,
  watched: readonly { readonly attempt: Attempt }[],
  groups: ReadonlyMap<string, readonly JobObservation[]>,
  { begunAt, at, hasAccounting }: Listing,
): readonly string[] {
  const known = watched.filter(
    ({ attempt }) => attempt.state.kind !== 'submitting' && set.evidenceOf(attempt).countsFrom <= begunAt,
  );
  const gone = known.filter(({ attempt }) => {
    const evidence = set.evidenceOf(attempt);
    const isAnswered = hasAccounting && evidence.records !== undefined;
    return evidence.marks?.exit === undefined && !isAnswered && !groups.has(attemptKey(attempt));
  });
  if (gone.length < SUSPECT_MIN || gone.length * 2 <= known.length) {
    watch.suspectSince = undefined;
    watch.suspicionCleared = false;
    return [];
  }
  if (watch.suspicionCleared) return [];
  watch.suspectSince ??= at;
  const settleMs = set.backend(watch.backend)?.settleMs ?? 0;
  watch.suspicionCleared = !hasAccounting && at - watch.suspectSince >= SUSPECT_SETTLES * settleMs;
  return watch.suspicionCleared ? [] : gone.map(({ attempt }) => attemptKey(attempt));
}
