/**
 * All that is in progress, in memory: runs, orphans, what is known of their jobs, and what has changed
 * since the last commit. Memory may run ahead of the disk while nothing can be written; nobody acts on it
 * until it is committed (`afterCommit`).
 */
import type { Backend, NativeId, Owner, Tag } from '../../backends/backend.ts';
import { ChangeSet } from '../engine/change-set.ts';
import type { Moment } from '../engine/ends.ts';
import { type Evidence, newEvidence } from '../engine/evidence.ts';
import { type Attempt, attemptKey, type Orphan, type RunId, type Submission } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { LoopParts } from './parts.ts';

/** An orphan with what is known of its job. */
export interface HuntedOrphan {
  row: Orphan;
  readonly evidence: Evidence;
  nextAskMs: number;
  tries: number;
  /** Of its attempt; `taken` by the job named here, or by the daemon. */
  claim:
    | { readonly kind: 'free' }
    | { readonly kind: 'asked' }
    | { readonly kind: 'taken'; readonly by?: NativeId };
  /** Monotonic: when the claim may be asked for again. */
  nextClaimAt: number;
}

export class WorkingSet {
  readonly runs = new Map<RunId, RunState>();
  readonly orphans = new Map<string, HuntedOrphan>();
  /** Every tag of every run in progress. */
  readonly tags = new Map<Tag, RunState>();
  /** By attempt key; only of attempts that are active. */
  readonly evidence = new Map<string, Evidence>();
  readonly settings = new Map<string, unknown>();
  /** Scheduler commands that change something and have not answered yet. */
  commandsUnderWay = 0;
  nextRunId: RunId = 1;
  changes = new ChangeSet();
  private effects: (() => void)[] = [];
  readonly parts: LoopParts;

  constructor(parts: LoopParts) {
    this.parts = parts;
  }

  moment(): Moment {
    return { nowMs: this.parts.clock.nowMs(), random: this.parts.random, settings: this.parts.settings };
  }

  backend(name: string): Backend | undefined {
    return this.parts.backends.get(name);
  }

  /** Done once what it follows from is on disk, in the order given. */
  afterCommit(effect: () => void): void {
    this.effects.push(effect);
  }

  takeEffects(): readonly (() => void)[] {
    return this.effects.splice(0);
  }

  /** The changes so far have been committed: a new set begins. */
  committed(): void {
    this.changes = new ChangeSet();
    for (const state of this.runs.values()) state.recordInto(this.changes);
  }

  addRun(state: RunState): void {
    this.runs.set(state.run.id, state);
    for (const tag of state.submissions.keys()) this.tags.set(tag, state);
  }

  /** An ended run leaves memory. */
  removeRun(state: RunState): void {
    this.runs.delete(state.run.id);
    for (const tag of state.submissions.keys()) this.tags.delete(tag);
  }

  addSubmission(state: RunState, submission: Submission): void {
    state.putSubmission(submission);
    this.tags.set(submission.tag, state);
  }

  evidenceOf(attempt: Attempt): Evidence {
    const key = attemptKey(attempt);
    const known = this.evidence.get(key);
    if (known !== undefined) return known;
    // Of a submission that was given up, and is looked up again, the command has ended long ago.
    const submission = attempt.tag && this.runs.get(attempt.runId)?.submissions.get(attempt.tag);
    const isOld = submission && submission.status === 'superseded';
    const made = newEvidence(isOld ? this.parts.clock.monotonicMs() : Number.POSITIVE_INFINITY);
    this.evidence.set(key, made);
    return made;
  }

  forget(attempt: Attempt): void {
    this.evidence.delete(attemptKey(attempt));
  }

  addOrphan(row: Orphan): void {
    this.changes.putOrphan(row);
    this.restoreOrphan(row);
  }

  /** Known by its tag alone, its submit command may still be under way: until then absence proves nothing. */
  restoreOrphan(row: Orphan): void {
    const limitMs = row.nativeId === undefined ? (this.backend(row.backend)?.commandTimeoutMs ?? 0) : 0;
    const countsFrom = this.parts.clock.monotonicMs() + limitMs;
    const claim = { kind: row.directory === undefined ? 'taken' : 'free' } as const;
    const evidence = newEvidence(countsFrom);
    this.orphans.set(orphanKey(row), { row, evidence, nextAskMs: 0, tries: 0, claim, nextClaimAt: 0 });
  }

  *activeAttempts(): Generator<{ readonly state: RunState; readonly attempt: Attempt }> {
    for (const state of this.runs.values()) {
      for (const key of state.active) {
        const attempt = state.attempts.get(key);
        if (attempt !== undefined) yield { state, attempt };
      }
    }
  }

  /** Jobs of ours with each backend now. */
  activePerBackend(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { attempt } of this.activeAttempts()) {
      counts.set(attempt.backend, (counts.get(attempt.backend) ?? 0) + 1);
    }
    return counts;
  }
}

export function orphanKey(orphan: Orphan): string {
  return `${orphan.tag}/${orphan.call}`;
}

/** One owner's jobs on one backend: what one listing shows. */
export type WatchKey = string;

export function watchKey(backend: string, owner: Owner): WatchKey {
  return `${backend}/${owner.uid}`;
}

/** Where the run keeps what is the daemon's own. */
export function spoolDirectory(runDirectory: string): string {
  return `${runDirectory}/.wfd/spool`;
}
export function submissionDirectory(runDirectory: string, tag: Tag): string {
  return `${runDirectory}/.wfd/${tag}`;
}
