/**
 * What one listing says about everything we watch on one backend for one owner: our attempts, jobs that
 * belong to none (strays), and orphans of runs that have ended.
 */
import type { JobObservation, NativeId, Owner, Snapshot } from '../backends/backend.ts';
import {
  type Asked,
  type Evidence,
  isAbsent,
  newEvidence,
  noteOutage,
  noteSnapshot,
  ownJob,
} from './engine/evidence.ts';
import { type Attempt, attemptKey } from './engine/model.ts';
import type { RunState } from './engine/run-state.ts';
import { groupByAttempt, watchOf } from './settle.ts';
import { type HuntedOrphan, orphanKey, type WatchKey, type WorkingSet, watchKey } from './working-set.ts';

/** A listing that lost this many jobs at once, and more than half of them, is not believed on its own. */
const SUSPECT_MIN = 10;
/** Without accounting the doubt lasts this many times the backend's settle time. */
const SUSPECT_SETTLES = 4;
/** A job whose attempt has ended may take so long to leave the listing before we end it ourselves. */
const WIND_DOWN_MS = 60_000;

/** What is remembered of one watch between snapshots. Monotonic times. */
export interface Watch {
  readonly key: WatchKey;
  readonly backend: string;
  reachable: 'yes' | 'no' | 'unknown';
  reason: string;
  /** Since when `reachable` is what it is, epoch ms. */
  sinceMs: number;
  outageSince: number | undefined;
  /** A mass disappearance waits for a second source since then. */
  suspectSince: number | undefined;
  /** There is no second source, and the listing has said the same for long enough. */
  suspicionCleared: boolean;
}

export interface Stray {
  readonly nativeId: NativeId;
  readonly backend: string;
  readonly owner: Owner;
}

export interface Taken {
  /** Attempts to be judged anew. */
  readonly judge: readonly { readonly state: RunState; readonly attempt: Attempt }[];
  /** Jobs to be ended that belong to no attempt. */
  readonly strays: readonly Stray[];
  /** Accounting is asked about these before the listing is believed. */
  readonly doubted: readonly string[];
}

const NOTHING: Taken = { judge: [], strays: [], doubted: [] };

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
  const strays = noteStrays(set, watch, snapshot.jobs, (evidence, jobs) => note(evidence, jobs, listing));
  noteOrphans(set, watch, snapshot.jobs, (evidence, jobs) => note(evidence, jobs, listing));
  if (doubted.length === 0) noteListed(set, watch);
  return { judge: watched, strays, doubted };
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

type Note = (evidence: Evidence, listed: readonly JobObservation[]) => void;

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

/** Jobs of ours alive in the listing that belong to no live attempt. A run does not end before they do. */
function noteStrays(
  set: WorkingSet,
  watch: Watch,
  jobs: readonly JobObservation[],
  note: Note,
): readonly Stray[] {
  const toEnd: Stray[] = [];
  for (const job of jobs) {
    const state = set.tags.get(job.tag);
    if (state === undefined) continue;
    if (job.state === 'ended' || !isStray(set, state, job)) {
      forgetStray(state, job.nativeId);
      continue;
    }
    const known = state.strays.get(job.nativeId) ?? { tag: job.tag, evidence: newEvidence(0) };
    state.strays.set(job.nativeId, known);
    note(known.evidence, [job]);
    state.touched = true;
    const backend = state.submissions.get(job.tag)?.backend ?? state.run.backend;
    if (shouldEnd(set, state, job)) toEnd.push({ nativeId: job.nativeId, backend, owner: state.run.owner });
  }
  dropAbsentStrays(set, watch, jobs, note);
  return toEnd;
}

/** Absence has to be proved for these, too: except of the job whose end its own mark has told. */
function dropAbsentStrays(set: WorkingSet, watch: Watch, jobs: readonly JobObservation[], note: Note): void {
  const shown = new Set(jobs.map(({ nativeId }) => nativeId));
  const settleMs = set.backend(watch.backend)?.settleMs ?? 0;
  for (const { state, nativeId, stray } of [...watchedStrays(set, watch)]) {
    if (shown.has(nativeId)) continue;
    note(stray.evidence, []);
    const element = state.submissions.get(stray.tag)?.elements[0];
    const attempt = element && state.attempts.get(element.call);
    const isKnownEnd = attempt?.state.kind === 'ended' && attempt.state.nativeId === nativeId;
    const isMissing = stray.evidence.lacking !== undefined;
    if ((isKnownEnd && isMissing) || isAbsent(stray.evidence, settleMs)) forgetStray(state, nativeId);
  }
}

function forgetStray(state: RunState, nativeId: NativeId): void {
  if (state.strays.delete(nativeId)) state.touched = true;
}

function* watchedStrays(set: WorkingSet, watch: Watch) {
  for (const state of set.runs.values()) {
    for (const [nativeId, stray] of state.strays) {
      if (watchKey(state.submissions.get(stray.tag)?.backend ?? '', state.run.owner) === watch.key)
        yield { state, nativeId, stray };
    }
  }
}

function isStray(set: WorkingSet, state: RunState, job: JobObservation): boolean {
  const submission = state.submissions.get(job.tag);
  const element = submission?.elements[job.index];
  const attempt = element && state.attempts.get(element.call);
  if (submission?.status === 'superseded') state.superseded.add(job.nativeId);
  const live = attempt !== undefined && attempt.number === element?.number && state.active.has(attempt.call);
  if (live) {
    const evidence = set.evidenceOf(attempt);
    const holder = evidence.marks?.claim?.nativeId;
    if (job.nativeId === holder || job.nativeId === ownJob(evidence)?.nativeId) return false;
    if (job.tag === attempt.tag && holder === undefined) return false;
    return true;
  }
  return !isWindingDown(state, attempt, job);
}

/** The job of an attempt that has just ended may still show for a moment; an aborting run waits for it. */
function isWindingDown(state: RunState, attempt: Attempt | undefined, job: JobObservation): boolean {
  if (state.run.status === 'Aborting' || attempt?.state.kind !== 'ended') return false;
  return attempt.state.nativeId === job.nativeId && job.state !== 'queued';
}

/** A running one may hold the claim: its attempt's directory is looked at first. */
function shouldEnd(set: WorkingSet, state: RunState, job: JobObservation): boolean {
  const element = state.submissions.get(job.tag)?.elements[job.index];
  const attempt = element && state.attempts.get(element.call);
  if (attempt?.state.kind === 'ended' && attempt.state.nativeId === job.nativeId) {
    return set.parts.clock.nowMs() - (attempt.endedAtMs ?? 0) > WIND_DOWN_MS;
  }
  if (job.state === 'queued' || attempt === undefined || !state.active.has(attempt.call)) return true;
  return set.evidenceOf(attempt).marks !== undefined;
}

function* watchedOrphans(set: WorkingSet, watch: Watch): Generator<HuntedOrphan> {
  for (const orphan of set.orphans.values()) {
    if (watchKey(orphan.row.backend, orphan.row.owner) === watch.key) yield orphan;
  }
}

function noteOrphans(set: WorkingSet, watch: Watch, jobs: readonly JobObservation[], note: Note): void {
  for (const orphan of [...watchedOrphans(set, watch)]) {
    const own = jobs.filter((job) => job.tag === orphan.row.tag);
    note(orphan.evidence, own);
    const settleMs = set.backend(orphan.row.backend)?.settleMs ?? 0;
    const ended = own.length > 0 && own.every((job) => job.state === 'ended');
    if (ended || isAbsent(orphan.evidence, settleMs)) confirmGone(set, orphan);
  }
}

function confirmGone(set: WorkingSet, orphan: HuntedOrphan): void {
  const atMs = set.parts.clock.nowMs();
  set.changes.putOrphan({ ...orphan.row, goneAtMs: atMs });
  set.changes.addEvent({
    runId: orphan.row.runId,
    atMs,
    type: 'orphan.gone',
    call: orphan.row.call,
    text: `the orphaned job ${orphan.row.nativeId ?? orphan.row.tag} of ${orphan.row.call} is confirmed gone`,
  });
  set.orphans.delete(orphanKey(orphan.row));
}
