/**
 * What is on the fake disk, by key. The checks read it as the daemon's own word; the memory store serves it.
 */

import type { Changes } from '../../daemon/engine/changes.ts';
import type {
  Attempt,
  Call,
  EventRow,
  Orphan,
  Run,
  RunId,
  StoredRead,
  Submission,
} from '../../daemon/engine/model.ts';
import { attemptKey } from '../../daemon/engine/model.ts';
import type { WorkflowBundle } from '../../daemon/workflow/language.ts';

export class CommittedRows {
  readonly runs = new Map<RunId, Run>();
  readonly bundles = new Map<RunId, WorkflowBundle>();
  readonly calls = new Map<RunId, Map<string, Call>>();
  readonly attempts = new Map<RunId, Map<string, Attempt>>();
  readonly submissions = new Map<string, Submission>();
  readonly reads = new Map<RunId, Map<string, StoredRead>>();
  readonly orphans = new Map<string, Orphan>();
  readonly settings = new Map<string, unknown>();
  readonly events: EventRow[] = [];

  apply(changes: Changes): void {
    for (const run of changes.runs) this.runs.set(run.id, run);
    for (const { runId, bundle } of changes.bundles) this.bundles.set(runId, bundle);
    for (const call of changes.calls) inner(this.calls, call.runId).set(call.key, call);
    for (const attempt of changes.attempts)
      inner(this.attempts, attempt.runId).set(attemptKey(attempt), attempt);
    for (const submission of changes.submissions) this.submissions.set(submission.tag, submission);
    for (const read of changes.reads) inner(this.reads, read.runId).set(read.id, read);
    for (const orphan of changes.orphans) this.orphans.set(orphan.tag, orphan);
    for (const [name, value] of Object.entries(changes.settings)) {
      if (value === null) this.settings.delete(name);
      else this.settings.set(name, value);
    }
    this.events.push(...changes.events);
  }

  callsOf(runId: RunId): readonly Call[] {
    return [...(this.calls.get(runId)?.values() ?? [])];
  }

  attemptsOf(runId: RunId): readonly Attempt[] {
    return [...(this.attempts.get(runId)?.values() ?? [])];
  }

  submissionsOf(runId: RunId): readonly Submission[] {
    return [...this.submissions.values()].filter((submission) => submission.runId === runId);
  }

  attempt(runId: RunId, call: string, number: number): Attempt | undefined {
    return this.attempts.get(runId)?.get(attemptKey({ runId, call, number }));
  }
}

function inner<V>(map: Map<RunId, Map<string, V>>, runId: RunId): Map<string, V> {
  const known = map.get(runId);
  if (known !== undefined) return known;
  const made = new Map<string, V>();
  map.set(runId, made);
  return made;
}
