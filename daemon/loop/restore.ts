/** Takes up what an earlier daemon left: every run in progress, exactly as its rows say (SEMANTICS 6). */
import { abortCall } from '../engine/abort.ts';
import { endAttempt, type Moment } from '../engine/ends.ts';
import { type Attempt, type Call, hasEnded, type Run } from '../engine/model.ts';
import { RunState } from '../engine/run-state.ts';
import type { Loaded, StoredRun } from '../store/store.ts';
import type { Mistake, Program } from '../workflow/language.ts';
import type { WorkingSet } from './working-set.ts';

/** `gone`: users that have no account any more. */
export function restore(set: WorkingSet, loaded: Loaded, gone: ReadonlySet<number> = new Set()): void {
  set.nextRunId = loaded.nextRunId;
  for (const [name, value] of Object.entries(loaded.settings)) set.settings.set(name, value);
  for (const stored of loaded.runs) set.addRun(restoreRun(set, stored, gone));
  const now = set.parts.clock.monotonicMs();
  for (const orphan of loaded.orphans) set.restoreOrphan(orphan);
  for (const { state, attempt } of [...set.activeAttempts()]) restoreEvidence(set, state, attempt, now);
}

function restoreRun(set: WorkingSet, stored: StoredRun, gone: ReadonlySet<number>): RunState {
  const opened = set.parts.open(stored.bundle);
  const state = new RunState(stored.run, opened.ok ? opened.program : unreadable(stored.run), set.changes);
  for (const call of [...stored.calls].sort((a, b) => a.position - b.position)) restoreCall(state, call);
  for (const attempt of newest(stored.attempts)) state.restoreAttempt(attempt);
  for (const submission of stored.submissions) {
    state.restoreSubmission(submission);
    if (submission.status === 'superseded' && set.backend(submission.backend))
      state.unlisted.add(submission.backend);
  }
  for (const read of stored.reads) state.restoreRead(read);
  resumeCallAborts(state, set.moment());
  if (gone.has(stored.run.owner.uid)) holdForNobody(state);
  else if (stored.run.held?.reason.startsWith(NO_OWNER)) letGoOn(state);
  if (!opened.ok) hold(state, unreadableReason(opened.mistakes));
  else if (!set.parts.settings.resume && mayBeHeld(state.run))
    hold(state, 'the daemon was started with restart.resume: false');
  return state;
}

/** The wish is on disk before what follows from it; a daemon killed between the two has not forgotten it. */
function resumeCallAborts(state: RunState, moment: Moment): void {
  for (const call of [...state.calls.values()]) {
    if (call.abort !== undefined && !isOver(call.status)) abortCall(state, call, call.abort, moment);
  }
}

function restoreCall(state: RunState, call: Call): void {
  state.restoreCall(call);
  const { role, key, status, outputs } = call;
  if (role !== 'call' || !isOver(status)) return;
  state.untold.push({ kind: 'callEnded', call: key, status, ...(outputs && { outputs }) });
}

function isOver(status: Call['status']): status is 'Succeeded' | 'Failed' | 'Aborted' | 'Skipped' {
  return status === 'Succeeded' || status === 'Failed' || status === 'Aborted' || status === 'Skipped';
}

function newest(attempts: readonly Attempt[]): Iterable<Attempt> {
  const byCall = new Map<string, Attempt>();
  for (const attempt of attempts) {
    const known = byCall.get(attempt.call);
    if (known === undefined || known.number < attempt.number) byCall.set(attempt.call, attempt);
  }
  return byCall.values();
}

function mayBeHeld(run: Run): boolean {
  return run.status === 'Running' && run.held === undefined && !hasEnded(run);
}

const NO_OWNER = 'its owner has no account on this node';

/** Nothing can be done with the rights of somebody who is not there: each try would be one more failure. */
function holdForNobody(state: RunState): void {
  const { run } = state;
  const { name, uid } = run.owner;
  const reason = `${NO_OWNER} (${name}, uid ${uid}); it goes on at the next start of the daemon at which he has one`;
  if (run.held !== undefined || hasEnded(run)) return;
  if (run.status === 'Submitted') state.setRun({ ...run, status: 'OnHold', held: { by: 'wfd', reason } });
  else hold(state, reason);
}

function letGoOn(state: RunState): void {
  const { held, ...run } = state.run;
  state.setRun({ ...run, status: run.status === 'OnHold' ? 'Submitted' : run.status });
}

function hold(state: RunState, reason: string): void {
  if (state.run.status === 'Running') state.setRun({ ...state.run, held: { by: 'wfd', reason } });
}

/**
 * The submit command of the earlier daemon may still be under way: snapshots say nothing of absence before
 * it must have ended. A backend that cannot reconnect loses its jobs here.
 */
function restoreEvidence(set: WorkingSet, state: RunState, attempt: Attempt, now: number): void {
  const backend = set.backend(attempt.backend);
  if (backend !== undefined && !backend.capabilities.reconnect) {
    const detail = `backend ${backend.name} cannot find its jobs again after a restart of the daemon`;
    const lost = { ...attempt, backendStatus: 'Unknown' };
    return endAttempt(state, lost, { cause: 'Lost', claimed: true, detail }, set.moment());
  }
  if (backend === undefined) noteNoBackend(state, attempt, set.moment());
  const isInDoubt = attempt.state.kind === 'submitting';
  set.evidenceOf(attempt).countsFrom = now + (isInDoubt ? (backend?.commandTimeoutMs ?? 0) : 0);
}

/** Its jobs may well go on: nothing is concluded until somebody configures the backend again. */
function noteNoBackend(state: RunState, { backend }: Attempt, { nowMs }: Moment): void {
  const text = `backend ${backend} is not configured any more, so its jobs cannot be watched; add it again and restart the daemon, or abort the run with --force`;
  state.addProblem({ key: `backend:${backend}`, text, sinceMs: nowMs });
}

function unreadableReason(mistakes: readonly Mistake[]): string {
  const first = mistakes[0];
  return `this version of wfd does not understand the workflow: ${first?.message ?? 'unknown reason'}; install the earlier version, or abort the run`;
}

/** Stands in for a workflow this version cannot read: its jobs are watched, nothing new starts. */
function unreadable(run: Run): Program {
  return {
    name: run.name,
    labels: run.labels,
    ignoresAbort: false,
    steps: [],
    tell: () => ({ calls: [], ready: [], skipped: [], reads: [], exhausted: false }),
    task: () => ({ priority: 0, retries: { max: 0, causes: [], exitCodes: [] }, abort: { kind: 'kill' } }),
    render: () => ({ kind: 'failed', reason: 'the workflow cannot be read by this version of wfd' }),
    outputs: () => ({ values: {}, problems: [] }),
  };
}
