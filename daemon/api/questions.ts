/** Questions about one run that need more than its row: its calls, where its output lies, why it is so. */

import { nearestName } from '../protocol/nearest-name.ts';
import type { AnswerOf, RequestOf } from '../protocol/operations.ts';
import type { Answer, EngineStatus, Refusal } from './engine-door.ts';
import { presentCall, presentLogs, presentRun, presentRunWithCalls } from './present.ts';
import { done, noSuchRun, refuse } from './refusals.ts';
import type { Sight } from './sight.ts';
import { whyCall, whyRun } from './why.ts';

export async function runWithCalls(sight: Sight, id: number): Promise<Answer<AnswerOf<'getRun'>>> {
  const [found, calls, attempts] = await Promise.all([
    sight.findRun(id),
    sight.listCalls(id),
    sight.listAttempts(id),
  ]);
  return found === undefined ? noSuchRun(id) : done(presentRunWithCalls(found, calls, attempts));
}

/** Of one call: its newest attempt, or the one asked for. Of the run: the newest attempt of every call. */
export async function logsOf(
  sight: Sight,
  id: number,
  query: RequestOf<'getLogs'>['query'],
): Promise<Answer<AnswerOf<'getLogs'>>> {
  const found = await sight.findRun(id);
  if (found === undefined) return noSuchRun(id);
  const calls = await sight.listCalls(id);
  if (query.call !== undefined && !calls.some((call) => call.key === query.call)) {
    return noSuchCall(id, query.call, calls);
  }
  const attempts = await sight.listAttempts(id, query.call);
  const newest = new Map(calls.map((call) => [call.key, call.attempts]));
  const wanted = attempts.filter(({ call, number }) => number === (query.attempt ?? newest.get(call)));
  if (wanted.length === 0 && query.call !== undefined) return nothingTried(id, query.call, query.attempt);
  return done({ logs: wanted.map((attempt) => presentLogs(attempt, found.run.directory)) });
}

export async function whyOf(
  sight: Sight,
  status: EngineStatus,
  id: number,
  callKey: string | undefined,
): Promise<Answer<AnswerOf<'getWhy'>>> {
  const found = await sight.findRun(id);
  if (found === undefined) return noSuchRun(id);
  const calls = await sight.listCalls(id);
  if (callKey === undefined) {
    const withCalls = presentRunWithCalls(found, calls, await sight.listAttempts(id));
    return done({ lines: whyRun(withCalls, withCalls.callList ?? [], status) });
  }
  const call = calls.find((one) => one.key === callKey);
  if (call === undefined) return noSuchCall(id, callKey, calls);
  const presented = presentCall(call, await sight.listAttempts(id, callKey));
  return done({ lines: whyCall(presentRun(found), presented, status) });
}

function noSuchCall(
  id: number,
  call: string,
  calls: readonly { readonly key: string }[],
): { ok: false; error: Refusal } {
  const keys = calls.map((one) => one.key);
  const nearest = nearestName(call, keys);
  const hint =
    nearest === undefined
      ? `\`wfctl status ${id} --calls\` shows which there are`
      : `did you mean ${nearest}?`;
  return refuse('CALL_NOT_FOUND', `run ${id} has no call ${call}; ${hint}`);
}

function nothingTried(id: number, call: string, attempt: number | undefined): { ok: false; error: Refusal } {
  const what = attempt === undefined ? 'no attempt yet' : `no attempt ${attempt}`;
  return refuse('CALL_NOT_FOUND', `${call} of run ${id} has ${what}; \`wfctl why ${id} '${call}'\` says why`);
}
