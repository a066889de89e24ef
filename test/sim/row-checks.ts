/**
 * What the daemon may write, judged from its rows alone: each commit against what was on disk before it.
 * Whether the rows are true is asked in truth-checks.ts.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Changes } from '../../daemon/engine/changes.ts';
import type { Attempt, Call, Run } from '../../daemon/engine/model.ts';
import { attemptKey, hasEnded, NEXT_ATTEMPT_STATES } from '../../daemon/engine/model.ts';
import type { EngineSettings } from '../../daemon/engine/settings.ts';
import type { CommittedRows } from './committed-rows.ts';
import { type Court, RULES } from './court.ts';
import { taskOf, writtenWorkflow } from './workflows.ts';

export interface RowCheckParts {
  readonly rows: CommittedRows;
  readonly court: Court;
  readonly settings: EngineSettings;
  readonly maxActive: ReadonlyMap<string, number>;
  /** Runs whose abort was asked for before their finalization began: `onAbort` must follow. */
  readonly oweOnAbort: Set<number>;
}

/** Called before `changes` are applied to the rows. */
export function checkTransitions(parts: RowCheckParts, changes: Changes): void {
  const { rows, court } = parts;
  for (const run of changes.runs) {
    checkRunStep(court, rows.runs.get(run.id), run);
    noteAbort(parts, rows.runs.get(run.id), run);
  }
  for (const call of changes.calls) checkCallStep(court, rows.calls.get(call.runId)?.get(call.key), call);
  for (const attempt of changes.attempts) {
    checkAttemptStep(court, rows.attempts.get(attempt.runId)?.get(attemptKey(attempt)), attempt);
  }
  for (const submission of changes.submissions) {
    const known = rows.submissions.get(submission.tag);
    if (known !== undefined && !isDeepStrictEqual(known.elements, submission.elements)) {
      court.accuse(RULES.intention, `the elements of ${submission.tag} have changed`);
    }
  }
}

/** Which attempts `changes` send out; to be asked before they are applied, and judged afterwards. */
export function startsIn({ rows }: RowCheckParts, changes: Changes): readonly Attempt[] {
  return changes.attempts.filter((attempt) => {
    if (attempt.state.kind !== 'submitting') return false;
    const before = rows.attempt(attempt.runId, attempt.call, attempt.number);
    return (
      !isLookedUpAgain(rows, attempt) && (before?.state.kind !== 'submitting' || before.tag !== attempt.tag)
    );
  });
}

/** Sent back, and to end now: the submission that it was sent back from is looked for once more. */
function isLookedUpAgain(rows: CommittedRows, { tag }: Attempt): boolean {
  return tag !== undefined && rows.submissions.get(tag)?.status === 'superseded';
}

/** Called after `changes` have been applied. */
export function checkRules(parts: RowCheckParts, changes: Changes, starts: readonly Attempt[]): void {
  for (const attempt of starts) checkStart(parts, changes, attempt);
  if (starts.length > 0) checkLimits(parts);
  for (const run of changes.runs) if (hasEnded(run)) checkRunEnd(parts, run);
}

const NEXT_RUN: Readonly<Record<Run['status'], readonly Run['status'][]>> = {
  Submitted: ['OnHold', 'Running', 'Aborting', 'ForceAborting', 'Aborted', 'Failed', 'Succeeded'],
  OnHold: ['Submitted', 'Running', 'Aborted'],
  Running: ['OnHold', 'Aborting', 'ForceAborting', 'Succeeded', 'Failed'],
  Aborting: ['ForceAborting', 'Aborted'],
  ForceAborting: ['Aborted'],
  Succeeded: [],
  Failed: [],
  Aborted: [],
};

function checkRunStep(court: Court, before: Run | undefined, after: Run): void {
  if (before === undefined) return;
  if (hasEnded(before)) {
    if (!isDeepStrictEqual(before, after))
      court.accuse(RULES.endedRow, `run ${after.id}, ${before.status}, was written again`);
    return;
  }
  if (before.status !== after.status && !NEXT_RUN[before.status].includes(after.status)) {
    court.accuse(RULES.transition, `run ${after.id}: ${before.status} → ${after.status}`);
  }
  const isAborting = after.status === 'Aborting' || after.status === 'ForceAborting';
  if (isAborting && after.held) court.accuse(RULES.held, `run ${after.id} is ${after.status} and held`);
  if (before.abort !== undefined && after.abort === undefined) {
    court.accuse(RULES.transition, `run ${after.id} has forgotten its abort`);
  }
}

function noteAbort({ oweOnAbort }: RowCheckParts, before: Run | undefined, after: Run): void {
  if (after.status === 'ForceAborting') oweOnAbort.delete(after.id);
  if (after.status === 'Aborting' && before?.status === 'Running' && before.finalization === undefined)
    oweOnAbort.add(after.id);
}

export const CALL_ENDS: readonly Call['status'][] = ['Succeeded', 'Failed', 'Aborted', 'Skipped'];

function checkCallStep(court: Court, before: Call | undefined, after: Call): void {
  if (before === undefined || !CALL_ENDS.includes(before.status)) return;
  if (!isDeepStrictEqual(before, after)) {
    court.accuse(
      RULES.endedRow,
      `call ${after.key} of run ${after.runId}: ${before.status} → ${after.status}`,
    );
  }
}

function checkAttemptStep(court: Court, before: Attempt | undefined, after: Attempt): void {
  const name = attemptKey(after);
  if (before === undefined) {
    const first = after.state.kind;
    if (first === 'queued' || first === 'running')
      court.accuse(RULES.transition, `attempt ${name} begins ${first}`);
    return;
  }
  if (before.state.kind === 'ended') {
    if (!isDeepStrictEqual(before, after))
      court.accuse(RULES.endedRow, `attempt ${name} was written again: ${after.state.kind}`);
    return;
  }
  const next: readonly string[] = NEXT_ATTEMPT_STATES[before.state.kind];
  if (before.state.kind !== after.state.kind && !next.includes(after.state.kind)) {
    court.accuse(RULES.transition, `attempt ${name}: ${before.state.kind} → ${after.state.kind}`);
  }
}

function checkStart(parts: RowCheckParts, changes: Changes, attempt: Attempt): void {
  const { rows, court } = parts;
  const name = attemptKey(attempt);
  const run = rows.runs.get(attempt.runId);
  const call = rows.calls.get(attempt.runId)?.get(attempt.call);
  if (run === undefined || call === undefined)
    return court.accuse(RULES.intention, `${name} has no run or no call`);
  const fresh = changes.submissions.find((submission) => submission.tag === attempt.tag);
  if (fresh === undefined) court.accuse(RULES.intention, `${name} starts under no new submission`);
  checkRunMayStart(court, rows, run, call, name);
  if (run.held !== undefined) court.accuse(RULES.held, `${name} starts in a held run`);
  const stopped = rows.settings.get('drain') ?? rows.settings.get(`pause:${attempt.backend}`);
  if (stopped !== undefined && stopped !== false)
    court.accuse(RULES.held, `${name} starts while drained or paused`);
  if (call.role === 'call') checkBudget(parts, call);
}

function checkRunMayStart(court: Court, rows: CommittedRows, run: Run, call: Call, name: string): void {
  if (call.role !== 'call') {
    if (run.status === 'ForceAborting')
      court.accuse(RULES.failureMode, `step ${name} starts in a forced abort`);
    if (run.finalization === undefined)
      court.accuse(RULES.finalization, `step ${name} starts before finalization`);
    return;
  }
  if (run.status !== 'Running')
    court.accuse(RULES.failureMode, `${name} starts in a run that is ${run.status}`);
  const failed = rows
    .callsOf(run.id)
    .find((one) => one.role === 'call' && one.status === 'Failed' && !one.benign);
  if (run.failureMode === 'NoNewCalls' && failed !== undefined) {
    court.accuse(RULES.failureMode, `${name} starts although ${failed.key} has failed for good`);
  }
}

const INFRASTRUCTURE = ['Preempted', 'NodeFailure', 'LaunchFailure'];

/** Counted anew from the attempts: what each retry was for. */
function checkBudget({ rows, court, settings }: RowCheckParts, call: Call): void {
  const earlier = rows
    .attemptsOf(call.runId)
    .filter((attempt) => attempt.call === call.key && attempt.number < call.attempts);
  const outcomes = earlier.flatMap((attempt) =>
    attempt.state.kind === 'ended' ? [attempt.state.outcome] : [],
  );
  if (outcomes.length < earlier.length)
    court.accuse(RULES.budget, `${call.key} has two attempts in progress`);
  const infra = outcomes.filter(
    (outcome) => INFRASTRUCTURE.includes(outcome.cause) || (outcome.cause === 'Lost' && !outcome.claimed),
  ).length;
  const allowed = taskOf(rows.bundles.get(call.runId), call.task)?.retries?.max ?? 0;
  const ofUser = outcomes.length - Math.min(infra, settings.infraRetries);
  if (ofUser > allowed) court.accuse(RULES.budget, `${call.key} is retried ${ofUser} times of ${allowed}`);
  if (outcomes.some((outcome) => outcome.cause === 'Succeeded')) {
    court.accuse(RULES.budget, `${call.key} is tried again after it succeeded`);
  }
}

function checkLimits({ rows, court, settings, maxActive }: RowCheckParts): void {
  const perBackend = new Map<string, number>();
  const perOwner = new Map<string, number>();
  const perTask = new Map<string, number>();
  for (const run of rows.runs.values()) {
    if (hasEnded(run)) continue;
    for (const attempt of rows.attemptsOf(run.id)) {
      if (attempt.state.kind === 'ready' || attempt.state.kind === 'ended') continue;
      if (isLookedUpAgain(rows, attempt)) continue; // nothing new is started by it
      count(perBackend, attempt.backend);
      count(perOwner, run.owner.name);
      count(perTask, `${run.id}/${rows.calls.get(run.id)?.get(attempt.call)?.task}`);
    }
  }
  for (const [name, active] of perBackend) {
    if (active > (maxActive.get(name) ?? 0)) court.accuse(RULES.limits, `${active} jobs active with ${name}`);
  }
  for (const [name, active] of perOwner) {
    if (active > settings.maxActivePerOwner) court.accuse(RULES.limits, `${active} jobs active of ${name}`);
  }
  for (const [key, active] of perTask) {
    const [runId = '', task = ''] = key.split('/');
    const limit = taskOf(rows.bundles.get(Number(runId)), task)?.maxParallel ?? Number.POSITIVE_INFINITY;
    if (active > limit) court.accuse(RULES.limits, `${active} calls of ${task} active, maxParallel ${limit}`);
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function checkRunEnd(parts: RowCheckParts, run: Run): void {
  const { rows, court } = parts;
  const calls = rows.callsOf(run.id);
  checkSteps(parts, run, calls);
  const name = `run ${run.id}, ${run.status}`;
  const isAborted = run.status === 'Aborted';
  if (isAborted !== (run.abort !== undefined))
    court.accuse(RULES.runEnd, `${name}: abort asked for: ${run.abort !== undefined}`);
  const never = calls.filter((call) => !CALL_ENDS.includes(call.status));
  const neverStartedRun = isAborted && run.startedAtMs === undefined;
  const forcedSteps = never.every((call) => call.role !== 'call') && run.abort?.force === true;
  if (never.length > 0 && !neverStartedRun && !forcedSteps) {
    court.accuse(RULES.runEnd, `${name}: ${never.map((call) => `${call.key} is ${call.status}`).join(', ')}`);
  }
  const open = rows.attemptsOf(run.id).filter((attempt) => attempt.state.kind !== 'ended');
  if (open.length > 0)
    court.accuse(RULES.runEnd, `${name}: attempt ${attemptKey(open[0] as Attempt)} has not ended`);
  const bad = calls.filter((call) => call.role === 'call' && call.status !== 'Succeeded' && !call.benign);
  if (run.status === 'Succeeded' && bad.length > 0)
    court.accuse(RULES.runEnd, `${name}: ${bad[0]?.key} is ${bad[0]?.status}`);
  if (
    run.status === 'Failed' &&
    bad.length === 0 &&
    !run.problems.some((problem) => problem.key === 'workflow')
  ) {
    court.accuse(RULES.runEnd, `${name}, but every call succeeded`);
  }
}

/** Not forced: the steps that the workflow has for this end were there (SEMANTICS 5). */
function checkSteps({ rows, court, oweOnAbort }: RowCheckParts, run: Run, calls: readonly Call[]): void {
  const bundle = rows.bundles.get(run.id);
  if (bundle === undefined || run.startedAtMs === undefined || run.abort?.force === true) return;
  const workflow = writtenWorkflow(bundle);
  const wanted = [
    ...(workflow.finally ? ['finally'] : []),
    ...(workflow.onFailure && run.status === 'Failed' ? ['onFailure'] : []),
    ...(workflow.onAbort && oweOnAbort.has(run.id) ? ['onAbort'] : []),
  ];
  for (const step of wanted) {
    if (!calls.some((call) => call.key === step))
      court.accuse(RULES.finalization, `run ${run.id}, ${run.status}, had no ${step}`);
  }
}
