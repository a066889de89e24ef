/** Runs by filter, page by page, newest first. */
import type { AnswerOf, RequestOf } from '../protocol/operations.ts';
import type { RunFilter } from '../store/store.ts';
import type { Answer } from './engine-door.ts';
import { presentRun } from './present.ts';
import { done } from './refusals.ts';
import type { Sight } from './sight.ts';

const DEFAULT_LIMIT = 100;

export async function listRuns(
  sight: Sight,
  query: RequestOf<'listRuns'>['query'],
): Promise<Answer<AnswerOf<'listRuns'>>> {
  const filter = filterOf(query);
  const found = await sight.listRuns(filter);
  const last = found.at(-1);
  const isFull = last !== undefined && found.length === filter.limit;
  return done({ runs: found.map(presentRun), next: isFull ? last.run.id : null });
}

function filterOf(query: RequestOf<'listRuns'>['query']): RunFilter {
  const { owner, status, label, name, since, limit = DEFAULT_LIMIT, before } = query;
  return {
    limit,
    ...(owner === undefined ? {} : { owner }),
    ...(status === undefined ? {} : { statuses: status }),
    ...(label === undefined ? {} : { labels: Object.fromEntries(label.map(nameAndValue)) }),
    ...(name === undefined ? {} : { name }),
    ...(since === undefined ? {} : { submittedAfterMs: Date.parse(since) }),
    ...(before === undefined ? {} : { beforeId: before }),
  };
}

function nameAndValue(label: string): [string, string] {
  const at = label.indexOf('=');
  return [label.slice(0, at), label.slice(at + 1)];
}
