/**
 * What has changed and is not yet on disk. Rows are kept by their keys, the newest wins, so that a daemon
 * that cannot write for an hour holds one hour's end, not its history.
 */
import type { WorkflowBundle } from '../workflow/language.ts';
import type { Attempt, Call, EventRow, Orphan, Run, RunId, StoredRead, Submission } from './model.ts';
import { attemptKey } from './model.ts';

/** Events beyond this are dropped while nothing can be written: they are for people, rows are the truth. */
const EVENTS_MAX = 10_000;

/** What a new run was made of. */
interface NewBundle {
  readonly runId: RunId;
  readonly bundle: WorkflowBundle;
}

export class ChangeSet {
  private readonly runs = new Map<RunId, Run>();
  private readonly calls = new Map<string, Call>();
  private readonly attempts = new Map<string, Attempt>();
  private readonly submissions = new Map<string, Submission>();
  private readonly reads = new Map<string, StoredRead>();
  private readonly orphans = new Map<string, Orphan>();
  private readonly events: EventRow[] = [];
  private readonly bundles: NewBundle[] = [];
  private settings: Readonly<Record<string, unknown>> = {};

  putRun(run: Run): void {
    this.runs.set(run.id, run);
  }
  putBundle(entry: NewBundle): void {
    this.bundles.push(entry);
  }
  putCall(call: Call): void {
    this.calls.set(`${call.runId}/${call.key}`, call);
  }
  putAttempt(attempt: Attempt): void {
    this.attempts.set(attemptKey(attempt), attempt);
  }
  putSubmission(submission: Submission): void {
    this.submissions.set(submission.tag, submission);
  }
  putRead(read: StoredRead): void {
    this.reads.set(`${read.runId}/${read.id}`, read);
  }
  putOrphan(orphan: Orphan): void {
    this.orphans.set(`${orphan.tag}/${orphan.call}`, orphan);
  }
  putSetting(name: string, value: unknown): void {
    this.settings = { ...this.settings, [name]: value };
  }
  addEvent(event: EventRow): void {
    if (this.events.length < EVENTS_MAX) this.events.push(event);
  }

  isEmpty(): boolean {
    const maps = [this.runs, this.calls, this.attempts, this.submissions, this.reads, this.orphans];
    return (
      maps.every((map) => map.size === 0) &&
      this.events.length === 0 &&
      this.bundles.length === 0 &&
      Object.keys(this.settings).length === 0
    );
  }

  /** As the store takes them. */
  toChanges() {
    return {
      runs: [...this.runs.values()],
      bundles: [...this.bundles],
      calls: [...this.calls.values()],
      attempts: [...this.attempts.values()],
      submissions: [...this.submissions.values()],
      reads: [...this.reads.values()],
      orphans: [...this.orphans.values()],
      settings: this.settings,
      events: [...this.events],
    };
  }
}
