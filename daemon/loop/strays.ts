/**
 * Jobs of ours that belong to no live attempt: under a tag that had been given up, or still there after
 * their attempt has ended. They are ended by us, and no run ends before they are gone.
 */
import type { JobObservation, NativeId, Owner } from '../../backends/backend.ts';
import { isAbsent, newEvidence, ownJob } from '../engine/evidence.ts';
import type { Attempt } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { Note, Watch, Watched } from './watch.ts';
import { type WorkingSet, watchKey } from './working-set.ts';

export interface Stray {
  readonly nativeId: NativeId;
  readonly backend: string;
  readonly owner: Owner;
}

export interface NotedStrays {
  /** To be ended now. */
  readonly strays: readonly Stray[];
  /** Attempts whose marks say whether the stray is theirs. */
  readonly look: readonly Watched[];
}

/** A job whose attempt has ended may take so long to leave the listing before we end it ourselves. */
const WIND_DOWN_MS = 60_000;

/** Jobs of ours alive in the listing that belong to no live attempt. A run does not end before they do. */
export function noteStrays(
  set: WorkingSet,
  watch: Watch,
  jobs: readonly JobObservation[],
  note: Note,
): NotedStrays {
  const strays: Stray[] = [];
  const look: Watched[] = [];
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
    const step = nextStep(set, state, job);
    if (step === 'end') strays.push({ nativeId: job.nativeId, backend, owner: state.run.owner });
    else if (step !== 'wait') look.push({ state, attempt: step.look });
  }
  dropAbsentStrays(set, watch, jobs, note);
  return { strays, look };
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

export function* watchedStrays(set: WorkingSet, watch: Watch) {
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
  if (submission !== undefined && submission.status !== 'open') state.superseded.add(job.nativeId);
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

/** A running one may hold the claim of its attempt, whose directory is looked at first. */
function nextStep(
  set: WorkingSet,
  state: RunState,
  job: JobObservation,
): 'end' | 'wait' | { readonly look: Attempt } {
  const element = state.submissions.get(job.tag)?.elements[job.index];
  const attempt = element && state.attempts.get(element.call);
  if (attempt?.state.kind === 'ended' && attempt.state.nativeId === job.nativeId) {
    const isOverdue = set.parts.clock.nowMs() - (attempt.endedAtMs ?? 0) > WIND_DOWN_MS;
    return isOverdue ? 'end' : 'wait';
  }
  if (job.state === 'queued' || attempt === undefined || !state.active.has(attempt.call)) return 'end';
  return set.evidenceOf(attempt).marks === undefined ? { look: attempt } : 'end';
}
