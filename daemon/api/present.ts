/** Turns the engine's rows into the API's JSON (protocol/answers.ts): names, nulls and times as fixed there. */
import type { Attempt, AttemptState, Call, Orphan, Outcome, Problem } from '../engine/model.ts';
import type {
  AttemptAnswer,
  BackendAnswer,
  CallAnswer,
  DaemonAnswer,
  EventAnswer,
  LogAnswer,
  OrphanAnswer,
  RunAnswer,
} from '../protocol/answers.ts';
import type { EventRecord, RunOverview } from '../store/store.ts';
import type { BackendStatus, DaemonState, EngineStatus } from './engine-door.ts';

export interface DaemonIdentity {
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  /** The user it runs as. */
  readonly uid: number;
  readonly startedAtMs: number;
}

export function presentRun({ run, counts, orphans }: RunOverview): RunAnswer {
  return {
    id: run.id,
    uuid: run.uuid,
    name: run.name,
    owner: run.owner.name,
    status: run.status,
    failing: run.failing,
    held: run.held ?? null,
    failureMode: run.failureMode,
    backend: run.backend,
    labels: { ...run.labels },
    submittedAt: iso(run.submittedAtMs),
    startedAt: isoOrNull(run.startedAtMs),
    endedAt: isoOrNull(run.endedAtMs),
    calls: { ...counts },
    orphans: orphans.filter((orphan) => orphan.goneAtMs === undefined).map(presentOrphan),
    problems: run.problems.map(presentProblem),
    abort: run.abort === undefined ? null : presentAbort(run.abort),
    outputs: run.outputs === undefined ? null : { ...run.outputs },
    submitDir: run.submitDir,
    directory: run.directory,
  };
}

/** The run with its calls; steps of finalization are kept like calls but are none. */
export function presentRunWithCalls(
  overview: RunOverview,
  calls: readonly Call[],
  attempts: readonly Attempt[],
): RunAnswer {
  const byCall = new Map<string, Attempt[]>();
  for (const attempt of attempts) byCall.set(attempt.call, [...(byCall.get(attempt.call) ?? []), attempt]);
  const present = (call: Call) => presentCall(call, byCall.get(call.key) ?? []);
  return {
    ...presentRun(overview),
    callList: calls.filter((call) => call.role === 'call').map(present),
    stepList: calls.filter((call) => call.role !== 'call').map(present),
  };
}

export function presentCall(call: Call, attempts: readonly Attempt[]): CallAnswer {
  return {
    call: call.key,
    task: call.task,
    index: call.index ?? null,
    status: call.status,
    reason: call.reason ?? null,
    benign: call.benign ?? false,
    retryAt: isoOrNull(call.retryAtMs),
    outputs: call.outputs === undefined ? null : { ...call.outputs },
    attempts: [...attempts].sort((a, b) => a.number - b.number).map(presentAttempt),
  };
}

export function presentLogs(attempt: Attempt, runDirectory: string): LogAnswer {
  return {
    call: attempt.call,
    attempt: attempt.number,
    state: attempt.state.kind,
    stdout: `${attempt.directory}/stdout`,
    stderr: `${attempt.directory}/stderr`,
    // The submission's own directory, see backends/job-script.ts.
    schedulerLog: attempt.tag === undefined ? null : `${runDirectory}/.wfd/${attempt.tag}/log`,
  };
}

export function presentEvent(event: EventRecord): EventAnswer {
  return {
    seq: event.seq,
    runId: event.runId ?? null,
    at: iso(event.atMs),
    type: event.type,
    call: event.call ?? null,
    attempt: event.attempt ?? null,
    text: event.text,
  };
}

export function presentBackend(backend: BackendStatus): BackendAnswer {
  const { name, kind, summary, sinceMs, probedAtMs, capabilities, paused, commands } = backend;
  const { active, maxActive, submitting, maxSubmitting, pollMs, settleMs, commandTimeoutMs } = backend;
  return {
    ...{ name, kind },
    reachable: backend.reachable === 'unknown' ? null : backend.reachable === 'yes',
    since: isoOrNull(sinceMs),
    summary,
    version: backend.version ?? null,
    probedAt: isoOrNull(probedAtMs),
    askedAt: isoOrNull(newest(commands.lastAtMs, probedAtMs)),
    accounting: backend.hasAccounting ?? null,
    capabilities: { ...capabilities },
    paused:
      paused === undefined ? null : { by: paused.by, reason: paused.reason, since: iso(paused.sinceMs) },
    ...{ active, maxActive, submitting, maxSubmitting, pollMs, settleMs, commandTimeoutMs },
    commands: { lastMinute: commands.lastMinute, total: { ...commands.total } },
  };
}

/** A backend that runs no commands was still asked when it was probed. */
function newest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

export function presentDaemon(
  identity: DaemonIdentity,
  status: EngineStatus,
  care: DaemonAnswer['care'],
): DaemonAnswer {
  return {
    name: 'wfd',
    version: identity.version,
    host: identity.host,
    pid: identity.pid,
    startedAt: iso(identity.startedAtMs),
    state: status.state.kind,
    reason: reasonOf(status.state),
    backends: status.backends.map(presentBackend),
    care,
  };
}

function presentAttempt(attempt: Attempt): AttemptAnswer {
  const outcome = attempt.state.kind === 'ended' ? attempt.state.outcome : undefined;
  return {
    number: attempt.number,
    state: attempt.state.kind,
    cause: outcome?.cause ?? null,
    backend: attempt.backend,
    nativeId: nativeIdOf(attempt.state),
    backendStatus: attempt.backendStatus ?? null,
    exitCode: exitCodeOf(outcome),
    signal: outcome?.cause === 'Signaled' ? outcome.signal : null,
    detail: detailOf(outcome),
    blocked: attempt.blocked?.plain ?? null,
    tag: attempt.tag ?? null,
    queuedAt: isoOrNull(attempt.queuedAtMs),
    startedAt: isoOrNull(attempt.startedAtMs),
    endedAt: isoOrNull(attempt.endedAtMs),
    directory: attempt.directory,
  };
}

function nativeIdOf(state: AttemptState): string | null {
  return 'nativeId' in state ? (state.nativeId ?? null) : null;
}

/** A success is code 0 even where the engine did not find it worth a word. */
function exitCodeOf(outcome: Outcome | undefined): number | null {
  if (outcome === undefined) return null;
  if (outcome.cause === 'MissingOutput') return 0;
  return outcome.exitCode ?? (outcome.cause === 'Succeeded' ? 0 : null);
}

function detailOf(outcome: Outcome | undefined): string | null {
  if (outcome === undefined) return null;
  const missing = outcome.cause === 'MissingOutput' ? `missing: ${outcome.missing.join(', ')}` : undefined;
  return outcome.detail ?? missing ?? null;
}

function presentOrphan(orphan: Orphan): OrphanAnswer {
  return {
    call: orphan.call,
    nativeId: orphan.nativeId ?? null,
    tag: orphan.tag,
    backend: orphan.backend,
    host: orphan.host,
    since: iso(orphan.sinceMs),
  };
}

function presentProblem(problem: Problem): RunAnswer['problems'][number] {
  return { key: problem.key, text: problem.text, since: iso(problem.sinceMs) };
}

function presentAbort(abort: NonNullable<RunOverview['run']['abort']>): NonNullable<RunAnswer['abort']> {
  return { by: abort.by, at: iso(abort.atMs), reason: abort.reason ?? null, force: abort.force };
}

function reasonOf(state: DaemonState): string | null {
  switch (state.kind) {
    case 'serving':
      return null;
    case 'degraded':
      return state.reason;
    case 'draining':
      return `asked by ${state.by} at ${iso(state.sinceMs)}`;
    case 'stopping':
      return 'the daemon is shutting down';
    default:
      return state satisfies never;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}
