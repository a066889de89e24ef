/** Aborts several runs with one commit, or only says which it would be, so that wfctl can ask first. */
import type { Run } from '../engine/model.ts';
import type { AnswerOf, RequestOf } from '../protocol/operations.ts';
import { isRunEnd, RUN_STATUSES } from '../protocol/words.ts';
import type { RunFilter } from '../store/store.ts';
import type { Answer, EngineDoor, Peer } from './engine-door.ts';
import { done, noSuchRun, refuse } from './refusals.ts';
import { mayChange } from './roles.ts';
import type { Sight } from './sight.ts';

type Body = RequestOf<'abortRuns'>['body'];
type Bulk = AnswerOf<'abortRuns'>;
type Refused = Bulk['refused'];

export async function abortSeveral(
  engine: EngineDoor,
  sight: Sight,
  body: Body,
  peer: Peer,
): Promise<Answer<Bulk>> {
  const { ids, refused } = await chosenRuns(sight, body, peer);
  if (body.dryRun || ids.length === 0) return done({ ids, refused });
  const { force = false, reason } = body;
  const answers = await engine.abort(ids, reason === undefined ? { force } : { force, reason }, peer);
  const aborted: number[] = [];
  for (const [index, answer] of answers.entries()) {
    const id = ids[index];
    if (id === undefined) continue;
    if (answer.ok) aborted.push(id);
    else refused.push({ id, code: answer.error.code, message: answer.error.message });
  }
  return done({ ids: aborted, refused });
}

async function chosenRuns(
  sight: Sight,
  body: Body,
  peer: Peer,
): Promise<{ ids: number[]; refused: Refused }> {
  if (body.ids !== undefined) return namedRuns(sight, body.ids, peer);
  const matching = await activeRuns(sight, body);
  // Somebody who may not change all of them means those that are their own.
  return { ids: matching.filter((run) => mayChange(peer, run)).map((run) => run.id), refused: [] };
}

async function namedRuns(
  sight: Sight,
  named: readonly number[],
  peer: Peer,
): Promise<{ ids: number[]; refused: Refused }> {
  const ids: number[] = [];
  const refused: Refused = [];
  for (const id of new Set(named)) {
    const found = await sight.findRun(id);
    const no =
      found === undefined
        ? noSuchRun(id)
        : mayChange(peer, found.run)
          ? undefined
          : refuse('NOT_ALLOWED', `run ${id} belongs to ${found.run.owner.name}`);
    if (no === undefined) ids.push(id);
    else refused.push({ id, code: no.error.code, message: no.error.message });
  }
  return { ids, refused };
}

const PAGE = 1_000;

async function activeRuns(sight: Sight, { user, labels }: Body): Promise<Run[]> {
  const filter: RunFilter = {
    limit: PAGE,
    statuses: RUN_STATUSES.filter((status) => !isRunEnd(status)),
    ...(user === undefined ? {} : { owner: user }),
    ...(labels === undefined ? {} : { labels }),
  };
  const runs: Run[] = [];
  for (let page = await sight.listRuns(filter); ; ) {
    runs.push(...page.map((overview) => overview.run));
    const last = runs.at(-1);
    if (page.length < PAGE || last === undefined) return runs;
    page = await sight.listRuns({ ...filter, beforeId: last.id });
  }
}
