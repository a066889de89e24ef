/** Why a run, or one call of it, is where it is, in plain words. Reads what was presented; decides nothing. */
import type { AttemptAnswer, CallAnswer, RunAnswer } from '../protocol/answers.ts';
import { causeInWords } from '../protocol/cause-in-words.ts';
import { isRunEnd } from '../protocol/words.ts';
import type { BackendStatus, EngineStatus } from './engine-door.ts';

export function whyRun(run: RunAnswer, calls: readonly CallAnswer[], status: EngineStatus): string[] {
  return [
    ...runLines(run),
    ...(isRunEnd(run.status) ? [] : daemonLines(status, [run.backend])),
    ...run.problems.map((problem) => `Problem: ${problem.text}`),
    ...calls.filter((call) => call.status === 'Failed').map(failedLine),
  ];
}

export function whyCall(run: RunAnswer, call: CallAnswer, status: EngineStatus): string[] {
  const newest = call.attempts.at(-1);
  const lines = [...callLines(call), ...(newest === undefined ? [] : attemptLines(call, newest))];
  if (isRunEnd(run.status)) return lines;
  return [...lines, ...runLines(run), ...daemonLines(status, [newest?.backend ?? run.backend])];
}

function runLines(run: RunAnswer): string[] {
  if (isRunEnd(run.status)) return [`Run ${run.id} has ended: ${run.status}.`];
  const lines = [`Run ${run.id} is ${run.status}${run.failing ? ' (failing)' : ''}: ${countsInWords(run)}.`];
  if (run.status === 'Submitted') lines.push('It has been accepted and is about to be started.');
  if (run.status === 'OnHold') lines.push(`It waits for \`wfctl release ${run.id}\`.`);
  if (run.held !== null) {
    lines.push(
      `It is held by ${run.held.by} (${run.held.reason}); \`wfctl release ${run.id}\` lets it go on.`,
    );
  }
  if (run.failing && run.failureMode === 'NoNewCalls') {
    lines.push(
      'A call has failed for good: nothing new is started (NoNewCalls), what is active is waited for.',
    );
  }
  if (run.abort !== null) lines.push(`${run.abort.by} asked to abort it${reasonInWords(run.abort.reason)}.`);
  return lines;
}

function countsInWords(run: RunAnswer): string {
  const { NotStarted, Ready, Active, Succeeded, Failed } = run.calls;
  return `${Active} calls active, ${Ready} ready, ${NotStarted} not started, ${Succeeded} succeeded, ${Failed} failed`;
}

function daemonLines({ state, backends }: EngineStatus, names: readonly string[]): string[] {
  const lines: string[] = [];
  if (state.kind === 'degraded') lines.push(`The daemon is degraded and starts nothing: ${state.reason}.`);
  if (state.kind === 'draining') {
    lines.push(`The daemon is draining (asked by ${state.by}); \`wfctl daemon resume\` ends that.`);
  }
  return [...lines, ...backends.filter((backend) => names.includes(backend.name)).flatMap(backendLines)];
}

function backendLines({ name, reachable, summary, paused, active, maxActive }: BackendStatus): string[] {
  const lines: string[] = [];
  if (reachable === 'no') lines.push(`Backend ${name} cannot be reached: ${summary}`);
  if (paused !== undefined) {
    lines.push(
      `Backend ${name} was paused by ${paused.by} (${paused.reason}); \`wfctl backends resume ${name}\`.`,
    );
  }
  if (active >= maxActive)
    lines.push(`Backend ${name} has as many jobs of ours as it may have (${maxActive}).`);
  return lines;
}

function callLines(call: CallAnswer): string[] {
  const reason = call.reason === null ? '' : `: ${call.reason}`;
  const lines = [`${call.call} is ${call.status}${reason}.`];
  if (call.retryAt !== null) lines.push(`It is tried again after ${call.retryAt}.`);
  else if (call.status === 'Ready') lines.push('Its needs are met; it waits for our own limits.');
  return lines;
}

function attemptLines(call: CallAnswer, attempt: AttemptAnswer): string[] {
  const name = `Attempt ${attempt.number}`;
  const job = attempt.nativeId === null ? '' : ` (job ${attempt.nativeId} on ${attempt.backend})`;
  if (attempt.state === 'ended')
    return [`${name}${job} ${causeInWords(attempt)}.`, `See ${attempt.directory}`];
  const lines = [`${name}${job} is ${attempt.state}${statusInWords(attempt)}.`];
  if (attempt.blocked !== null) lines.push(`The scheduler does not start it: ${attempt.blocked}`);
  if (attempt.state === 'submitting')
    lines.push(`${call.call} is with the scheduler's submit command, or in doubt.`);
  return lines;
}

function failedLine(call: CallAnswer): string {
  const newest = call.attempts.at(-1);
  if (newest === undefined) return `${call.call} failed${reasonInWords(call.reason)}.`;
  return `${call.call} ${causeInWords(newest)}; see ${newest.directory}`;
}

function statusInWords(attempt: AttemptAnswer): string {
  return attempt.backendStatus === null ? '' : `; the scheduler says ${attempt.backendStatus}`;
}

function reasonInWords(reason: string | null): string {
  return reason === null ? '' : ` (${reason})`;
}
