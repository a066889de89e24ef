/**
 * What the daemon believes, judged by what is true in the fake cluster: the claims of SEMANTICS 6 that no
 * row can prove. Excused is only what the contract itself excuses: a forced abort, a backend that cannot
 * reconnect, and, as long as it runs nothing, a job that cannot be known of: one that arrived later than any
 * rule allows for, or whose id was lost on a backend that cannot look jobs up.
 */

import type { Changes } from '../../daemon/engine/changes.ts';
import type { Attempt, Orphan, Run } from '../../daemon/engine/model.ts';
import { attemptKey, hasEnded } from '../../daemon/engine/model.ts';
import type { CommittedRows } from './committed-rows.ts';
import { type Court, RULES } from './court.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakeFiles } from './fake-files.ts';
import type { ClusterJob, Execution } from './fake-job.ts';
import type { VirtualTime } from './virtual-clock.ts';

export interface TruthParts {
  readonly rows: CommittedRows;
  readonly court: Court;
  readonly time: VirtualTime;
  readonly files: FakeFiles;
  readonly clusters: ReadonlyMap<string, FakeCluster>;
  readonly cannotReconnect: ReadonlySet<string>;
  readonly cannotLookUp: ReadonlySet<string>;
}

/** Called after `changes` have been applied; `fresh` tells what has ended or gone with them. */
export function checkTruth(parts: TruthParts, fresh: Fresh): void {
  for (const attempt of fresh.sentBack) checkSentBack(parts, attempt);
  for (const attempt of fresh.endedAttempts) checkAttemptEnd(parts, attempt);
  for (const run of fresh.endedRuns) checkRunLeavesNothing(parts, run);
  for (const orphan of fresh.goneOrphans) checkGone(parts, orphan);
}

export interface Fresh {
  readonly endedAttempts: readonly Attempt[];
  readonly sentBack: readonly { readonly attempt: Attempt; readonly tag: string }[];
  readonly endedRuns: readonly Run[];
  readonly goneOrphans: readonly Orphan[];
}

/** Called before `changes` are applied. */
export function freshIn(rows: CommittedRows, changes: Changes): Fresh {
  const before = (attempt: Attempt) => rows.attempt(attempt.runId, attempt.call, attempt.number);
  const ended = changes.runs.filter((run) => {
    const known = rows.runs.get(run.id);
    return hasEnded(run) && (known === undefined || !hasEnded(known));
  });
  return {
    endedAttempts: changes.attempts.filter(
      (attempt) => attempt.state.kind === 'ended' && before(attempt)?.state.kind !== 'ended',
    ),
    sentBack: changes.attempts.flatMap((attempt) => {
      const known = before(attempt);
      if (attempt.state.kind !== 'ready' || known?.state.kind !== 'submitting') return [];
      return known.tag === undefined ? [] : [{ attempt, tag: known.tag }];
    }),
    endedRuns: ended,
    goneOrphans: changes.orphans.filter((orphan) => orphan.goneAtMs !== undefined),
  };
}

/** Asked each time a command begins to run. */
export function checkExecution(
  { rows, court, clusters, cannotReconnect }: TruthParts,
  execution: Execution,
): void {
  const { work, job } = execution;
  const found = [...clusters.values()].filter((cluster) => !cannotReconnect.has(cluster.name));
  const others = found.flatMap((cluster) =>
    cluster.executions.filter(
      (other) => other !== execution && other.work.runId === work.runId && other.work.call === work.call,
    ),
  );
  const name = `${work.runId}/${work.call}#${work.number}`;
  const beside = others.find((other) => other.end === undefined && !isForced(rows, work.runId));
  if (beside !== undefined) {
    court.accuse(
      RULES.twice,
      `${name} runs in job ${job.nativeId} and, as #${beside.work.number}, in ${beside.job.nativeId}`,
    );
  }
  const done = others.find(
    (other) =>
      other.work.number === work.number &&
      other.end?.kind === 'completed' &&
      !isRerunWithoutMark(other, execution),
  );
  if (done !== undefined)
    court.accuse(RULES.twice, `${name} ran in job ${done.job.nativeId}, runs again in ${job.nativeId}`);
}

/** The scheduler started the same job again, and the first time could not write down its end (section 6). */
function isRerunWithoutMark(one: Execution, other: Execution): boolean {
  return one.job === other.job && one.end?.kind === 'completed' && !one.end.marked;
}

function isRerunAfter(other: Execution, one: Execution): boolean {
  return other.runCount > one.runCount && isRerunWithoutMark(one, other);
}

/** Each step of finalization runs once, whatever number its attempt has. */
export function checkStepOnce({ court, clusters }: TruthParts, { work }: Execution): void {
  if (!STEPS.includes(work.call)) return;
  const completed = [...clusters.values()]
    .flatMap((cluster) => cluster.executions)
    .find(
      (other) =>
        other.work.runId === work.runId && other.work.call === work.call && other.end?.kind === 'completed',
    );
  if (completed !== undefined)
    court.accuse(RULES.finalization, `${work.call} of run ${work.runId} runs again`);
}

const STEPS = ['onAbort', 'onFailure', 'finally'];

/** Asked each time a command begins to run: is anybody still waiting for it? */
export function checkAwaited(parts: TruthParts, execution: Execution): void {
  const { work, job } = execution;
  if (isOutOfReach(parts, job) || isHunted(parts, job) || isForced(parts.rows, work.runId)) return;
  const attempt = parts.rows.attempt(work.runId, work.call, work.number);
  if (attempt?.state.kind === 'ended') {
    parts.court.accuse(
      RULES.endBeforeJob,
      `${attemptKey(attempt)} runs in job ${job.nativeId}, but has ended: ${attempt.state.outcome.cause}`,
    );
  }
}

/** Every living job of ours is on somebody's list. */
export function checkNothingForgotten(parts: TruthParts): void {
  const { rows, court, clusters } = parts;
  for (const cluster of clusters.values()) {
    for (const job of cluster.alive()) {
      const run = job.work === undefined ? undefined : rows.runs.get(job.work.runId);
      if (run === undefined || !hasEnded(run)) continue;
      if (isExcused(parts, job) || isHunted(parts, job) || isDone(parts, job)) continue;
      court.accuse(
        RULES.forgotten,
        `job ${job.nativeId} (${job.tag}) of run ${run.id}, ${run.status}, is on nobody’s list`,
      );
    }
  }
}

function checkSentBack(parts: TruthParts, { attempt, tag }: Fresh['sentBack'][number]): void {
  const { clusters, court } = parts;
  for (const job of clusters.get(attempt.backend)?.alive() ?? []) {
    // One that came too late has the claim, or will find it taken: its attempt is in one directory all the time.
    if (job.tag !== tag || job.late || isUnknowable(parts, job)) continue;
    court.accuse(
      RULES.endBeforeJob,
      `${attemptKey(attempt)} is sent back, but its job ${job.nativeId} is there`,
    );
  }
}

function checkAttemptEnd(parts: TruthParts, attempt: Attempt): void {
  const { rows, court, clusters } = parts;
  const cluster = clusters.get(attempt.backend);
  if (cluster === undefined || attempt.state.kind !== 'ended') return;
  const { outcome } = attempt.state;
  const isOf = (work: ClusterJob['work']) =>
    work?.runId === attempt.runId && work.call === attempt.call && work.number === attempt.number;
  const excused = isForced(rows, attempt.runId) || parts.cannotReconnect.has(attempt.backend);
  const name = `${attemptKey(attempt)} ended ${outcome.cause}`;
  const executions = cluster.executions.filter((execution) => isOf(execution.work));
  const completed = executions.filter(
    (one) => one.end?.kind === 'completed' && !executions.some((other) => isRerunAfter(other, one)),
  );
  if (outcome.cause === 'Succeeded' && (completed.length !== 1 || !isSuccess(completed[0]))) {
    court.accuse(
      RULES.verdict,
      `${name}, but its command completed ${completed.length} times: ${describe(completed[0])}`,
    );
  }
  if (excused) return;
  const running = executions.find((execution) => execution.end === undefined);
  if (running !== undefined)
    court.accuse(RULES.endBeforeJob, `${name}, but its command runs in job ${running.job.nativeId}`);
  const job = cluster
    .alive()
    .find(
      (one) =>
        one.tag === attempt.tag &&
        !isUnknowable(parts, one) &&
        !isDone(parts, one) &&
        !isDuplicate(parts, one),
    );
  if (job !== undefined) court.accuse(RULES.endBeforeJob, `${name}, but job ${job.nativeId} is ${job.state}`);
  const success = completed.find(isSuccess);
  if (
    success !== undefined &&
    outcome.cause !== 'Succeeded' &&
    success.end?.kind === 'completed' &&
    success.end.marked
  ) {
    court.accuse(RULES.verdict, `${name}, but its command had succeeded and left its mark`);
  }
  checkCause(parts, attempt, executions);
}

const TOLD_APART = ['OutOfMemory', 'TimeLimit', 'Preempted', 'NodeFailure'];

/** Where the scheduler has named a cause to this life of the daemon, and nobody asked for the end, it is shown. */
function checkCause({ court }: TruthParts, attempt: Attempt, executions: readonly Execution[]): void {
  const last = executions.at(-1);
  const report = last?.job.end?.report.kind;
  if (attempt.state.kind !== 'ended' || attempt.ending !== undefined || last?.end?.kind !== 'killed') return;
  if (report === undefined || !TOLD_APART.includes(report) || !last.job.endReported) return;
  if (last.job.late) return; // the attempt had been given to another submission, and may have ended by that one
  if (attempt.state.outcome.cause !== report) {
    court.accuse(
      RULES.verdict,
      `${attemptKey(attempt)} ended ${attempt.state.outcome.cause}, but the scheduler said ${report}`,
    );
  }
}

function checkRunLeavesNothing(parts: TruthParts, run: Run): void {
  checkSkipped(parts, run);
  for (const cluster of parts.clusters.values()) {
    for (const job of cluster.alive()) {
      if (
        job.work?.runId !== run.id ||
        (isExcused(parts, job) && !isKnown(parts, job)) ||
        isHunted(parts, job) ||
        isDone(parts, job)
      )
        continue;
      parts.court.accuse(
        RULES.endBeforeJob,
        `run ${run.id} is ${run.status}, but job ${job.nativeId} (${job.tag}) is ${job.state}`,
      );
    }
  }
}

/** What is called skipped, or never started, did not run. */
function checkSkipped({ rows, clusters, court }: TruthParts, run: Run): void {
  const idle = rows.callsOf(run.id).filter((call) => call.status === 'Skipped' || call.benign);
  for (const call of idle) {
    const ran = [...clusters.values()]
      .flatMap((cluster) => cluster.executions)
      .find(
        (execution) =>
          execution.work.runId === run.id &&
          execution.work.call === call.key &&
          execution.work.number === call.attempts,
      );
    if (ran !== undefined)
      court.accuse(
        RULES.verdict,
        `${call.key} of run ${run.id} is ${call.status}, but ran in job ${ran.job.nativeId}`,
      );
  }
}

function checkGone(parts: TruthParts, orphan: Orphan): void {
  const { clusters, court } = parts;
  const jobs = clusters.get(orphan.backend)?.alive() ?? [];
  if (orphan.nativeId === undefined && parts.cannotLookUp.has(orphan.backend)) return; // nobody can ask for it
  const job = jobs.find((one) => one.tag === orphan.tag && !isUnknowable(parts, one));
  if (job !== undefined)
    court.accuse(
      RULES.endBeforeJob,
      `orphan ${orphan.tag} is called gone, but job ${job.nativeId} is ${job.state}`,
    );
}

function isExcused(parts: TruthParts, job: ClusterJob): boolean {
  return isUnknowable(parts, job) || isOutOfReach(parts, job);
}

/** A job nobody can know of may be there as long as it runs nothing: its attempt is taken. */
export function isUnknowable({ cannotLookUp, clusters }: TruthParts, job: ClusterJob): boolean {
  if (job.execution !== undefined && job.execution.end === undefined) return false;
  return job.late || isOf(cannotLookUp, clusters, job);
}

/** A late job that a listing has shown while its run went on is as good as any other. */
function isKnown({ time }: TruthParts, job: ClusterJob): boolean {
  return job.late && job.reportedMs !== undefined && time.trueMs - job.reportedMs > 5_000;
}

function isOutOfReach({ cannotReconnect, clusters }: TruthParts, job: ClusterJob): boolean {
  return isOf(cannotReconnect, clusters, job);
}

function isOf(names: ReadonlySet<string>, clusters: TruthParts['clusters'], job: ClusterJob): boolean {
  return [...names].some((name) => clusters.get(name)?.jobs.includes(job));
}

function isHunted({ rows }: TruthParts, job: ClusterJob): boolean {
  return [...rows.orphans.values()].some((orphan) => orphan.tag === job.tag && orphan.goneAtMs === undefined);
}

/** What is left of the job does nothing any more: its mark is written, or it found another's claim. */
function isDone({ files }: TruthParts, job: ClusterJob): boolean {
  if (job.work === undefined) return true;
  if (job.execution?.end?.kind === 'completed') return true;
  const exit = files.exitOf(job.work.directory);
  if (exit?.nativeId === job.nativeId) return true;
  return job.state === 'running' && isDuplicate({ files }, job);
}

/** Another job holds its attempt's claim: it will find that, and do nothing. */
function isDuplicate({ files }: Pick<TruthParts, 'files'>, job: ClusterJob): boolean {
  const holder = job.work && files.holderOf(job.work.directory);
  return holder !== undefined && holder !== job.nativeId;
}

function isForced(rows: CommittedRows, runId: number): boolean {
  return rows.runs.get(runId)?.abort?.force === true;
}

function isSuccess(execution: Execution | undefined): boolean {
  return (
    execution?.end?.kind === 'completed' && execution.end.exitCode === 0 && execution.end.missing.length === 0
  );
}

function describe(execution: Execution | undefined): string {
  return execution?.end === undefined ? 'never' : JSON.stringify(execution.end);
}
