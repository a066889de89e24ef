/**
 * One run in progress: its rows, its program, and the few indices that keep each step cheap.
 *
 * Rows change only through `put…`, which also records the change for the next commit. The indices follow
 * from the rows and are never stored.
 */
import type { NativeId, Tag } from '../../backends/backend.ts';
import type { CallKey, Fact, Program, ReadRequest, RenderContext, TaskPolicy } from '../workflow/language.ts';
import type { ChangeSet } from './change-set.ts';
import type { Evidence } from './evidence.ts';
import type { Attempt, Call, Problem, Run, StoredRead, Submission } from './model.ts';

/** Steps of finalization are not retried and are killed like any job. */
const STEP_POLICY: TaskPolicy = {
  priority: 0,
  retries: { max: 0, causes: [], exitCodes: [] },
  abort: { kind: 'kill' },
};

export interface StrayJob {
  readonly tag: Tag;
  readonly evidence: Evidence;
}

export class RunState {
  readonly calls = new Map<CallKey, Call>();
  /** The newest attempt of each call; earlier ones have ended and live on disk only. */
  readonly attempts = new Map<CallKey, Attempt>();
  readonly submissions = new Map<Tag, Submission>();
  /** Calls `Ready`, by task, in the order they became so. */
  readonly ready = new Map<string, Set<CallKey>>();
  /** Calls with an attempt that is with the scheduler, or may be. */
  readonly active = new Set<CallKey>();
  readonly activeByTask = new Map<string, number>();
  /** Calls that wait for the time of their retry. */
  readonly waiting = new Set<CallKey>();
  /** What the program has not been told yet. */
  readonly untold: Fact[] = [];
  /** Reads the program asked for that have no answer yet, by id. */
  readonly openReads = new Map<string, ReadRequest>();
  /** Jobs seen alive under tags of this run that belong to no live attempt, until they are known to be gone. */
  readonly strays = new Map<NativeId, StrayJob>();
  /**
   * Backends that must be listed once before the run may end: after a restart, jobs under tags that had been
   * given up would not be known otherwise.
   */
  readonly unlisted = new Set<string>();
  /** Jobs met under tags that had been given up: ended by us unless they hold their attempt's claim. */
  readonly superseded = new Set<string>();
  /** Calls whose newest attempt has a submission that was given up, by its tag: it may still arrive. */
  readonly givenUp = new Map<CallKey, Tag>();
  /** Of these, those whose claim the daemon has taken: nothing can arrive any more. */
  readonly revoked = new Set<CallKey>();
  /** Ids of all reads that have an answer. */
  readonly knownReads = new Set<string>();
  /** Calls whose attempt has a wish to end. */
  readonly endings = new Set<CallKey>();
  /** Calls whose job the scheduler will not start. */
  readonly blocked = new Set<CallKey>();
  /** The program will announce no further call. */
  exhausted = false;
  /** The program has been asked for its first calls. */
  toldOnce = false;
  /** Something happened: the run wants to be advanced. */
  touched = true;
  /** The record in the run's directory: written by the shell when asked. */
  record: 'none' | 'wanted' | 'writing' | 'done' = 'none';
  run: Run;
  readonly program: Program;
  private changes: ChangeSet;

  constructor(run: Run, program: Program, changes: ChangeSet) {
    this.run = run;
    this.program = program;
    this.changes = changes;
  }

  /** From now on changes are recorded here: the earlier set has been committed. */
  recordInto(changes: ChangeSet): void {
    this.changes = changes;
  }

  setRun(run: Run): void {
    this.run = run;
    this.touched = true;
    this.changes.putRun(run);
  }

  /** Takes a row that has been committed by itself. */
  restoreRun(run: Run): void {
    this.run = run;
    this.touched = true;
  }

  call(key: CallKey): Call {
    const call = this.calls.get(key);
    if (call === undefined) throw new Error(`run ${this.run.id} has no call ${key}`);
    return call;
  }

  putCall(call: Call): void {
    this.restoreCall(call);
    this.touched = true;
    this.changes.putCall(call);
  }

  putAttempt(attempt: Attempt): void {
    this.restoreAttempt(attempt);
    this.touched = true;
    this.changes.putAttempt(attempt);
  }

  putSubmission(submission: Submission): void {
    this.restoreSubmission(submission);
    this.changes.putSubmission(submission);
  }

  restoreSubmission(submission: Submission): void {
    this.submissions.set(submission.tag, submission);
    if (submission.status !== 'superseded') return;
    for (const { call, number } of submission.elements) {
      if (this.attempts.get(call)?.number === number) this.givenUp.set(call, submission.tag);
    }
  }

  putRead(read: StoredRead): void {
    this.restoreRead(read);
    this.touched = true;
    this.changes.putRead(read);
  }

  restoreRead(read: StoredRead): void {
    this.openReads.delete(read.id);
    this.knownReads.add(read.id);
    this.untold.push({ kind: 'read', id: read.id, result: read.result });
  }

  /** Takes a row as loaded: indices follow, nothing is recorded. */
  restoreCall(call: Call): void {
    const before = this.calls.get(call.key);
    if (before?.status === 'Ready') this.ready.get(before.task)?.delete(before.key);
    this.calls.set(call.key, call);
    if (call.status === 'Ready') setOf(this.ready, call.task).add(call.key);
    keep(this.waiting, call.key, call.status === 'NotStarted' && call.retryAtMs !== undefined);
  }

  restoreAttempt(attempt: Attempt): void {
    if (this.attempts.get(attempt.call)?.number !== attempt.number) {
      this.givenUp.delete(attempt.call);
      this.revoked.delete(attempt.call);
    }
    this.attempts.set(attempt.call, attempt);
    const task = this.call(attempt.call).task;
    const live = attempt.state.kind !== 'ended';
    keep(this.endings, attempt.call, live && attempt.ending !== undefined);
    keep(this.blocked, attempt.call, live && attempt.blocked !== undefined);
    const isActive = attempt.state.kind !== 'ready' && attempt.state.kind !== 'ended';
    if (isActive === this.active.has(attempt.call)) return;
    const count = this.activeByTask.get(task) ?? 0;
    this.activeByTask.set(task, isActive ? count + 1 : count - 1);
    keep(this.active, attempt.call, isActive);
  }

  addEvent(nowMs: number, type: string, text: string, attempt?: Attempt): void {
    this.changes.addEvent({
      runId: this.run.id,
      atMs: nowMs,
      type,
      text,
      ...(attempt && { call: attempt.call, attempt: attempt.number }),
    });
  }

  addProblem(problem: Problem): void {
    if (this.run.problems.some((known) => known.key === problem.key && known.text === problem.text)) return;
    const others = this.run.problems.filter((known) => known.key !== problem.key);
    this.setRun({ ...this.run, problems: [...others, problem] });
    this.addEvent(problem.sinceMs, 'run.problem', problem.text);
  }

  clearProblem(key: string): void {
    if (!this.run.problems.some((known) => known.key === key)) return;
    this.setRun({ ...this.run, problems: this.run.problems.filter((known) => known.key !== key) });
  }

  policy(call: Call): TaskPolicy {
    return call.role === 'call' ? this.program.task(call.task) : STEP_POLICY;
  }

  backendOf(call: Call): string {
    return this.policy(call).backend ?? this.run.backend;
  }

  /** What the language needs to render one attempt's job. */
  renderContext(attempt: Attempt): RenderContext {
    const { run } = this;
    return {
      runId: run.id,
      runDir: run.directory,
      submitDir: run.submitDir,
      callDir: attempt.directory,
      attempt: attempt.number,
      growth: this.call(attempt.call).userRetries,
    };
  }

  /** Declared outputs of an attempt: rendering is pure, so they are what the job was given. */
  outputsOf(call: Call, attempt: Attempt): Readonly<Record<string, string>> {
    const rendered = this.program.render(call.key, this.renderContext(attempt));
    return rendered.kind === 'job' ? rendered.job.outputs : {};
  }

  /** A job of this run may still be there: it does not end before all of them do. */
  mayHaveJobs(): boolean {
    return this.active.size > 0 || this.strays.size > 0 || this.unlisted.size > 0;
  }

  hasReady(): boolean {
    for (const calls of this.ready.values()) if (calls.size > 0) return true;
    return false;
  }
}

function keep<T>(set: Set<T>, value: T, wanted: boolean): void {
  if (wanted) set.add(value);
  else set.delete(value);
}

function setOf<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Set<V>();
  map.set(key, made);
  return made;
}
