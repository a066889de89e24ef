/**
 * One small function per route. Wishes go to the engine and are answered when it has committed; questions
 * read the store. Nothing here writes.
 */

import type { Run } from '../engine/model.ts';
import { openApiDocument } from '../protocol/openapi.ts';
import type { AnswerOf, RequestOf } from '../protocol/operations.ts';
import type { RouteName } from '../protocol/routes.ts';
import type { Store } from '../store/store.ts';
import { abortSeveral } from './bulk-abort.ts';
import { type CareHandlerParts, careFor, createCareHandlers } from './care-handlers.ts';
import type { Answer, EngineDoor, Peer } from './engine-door.ts';
import { listRuns } from './list-runs.ts';
import { type DaemonIdentity, presentBackend, presentDaemon, presentEvent, presentRun } from './present.ts';
import { logsOf, runWithCalls, whyOf } from './questions.ts';
import { done, noSuchRun, refuse } from './refusals.ts';
import type { Reload } from './reload-door.ts';
import { mayChange, type Visibility } from './roles.ts';
import { type Sight, sightOf } from './sight.ts';

export interface HandlerParts extends CareHandlerParts {
  readonly engine: EngineDoor;
  readonly store: Store;
  readonly identity: DaemonIdentity;
  readonly reload: Reload;
  /** What users see of the runs of others; it may change while the daemon runs. */
  readonly visibility: () => Visibility;
}

type Handler<N extends RouteName> = (request: RequestOf<N>, peer: Peer) => Promise<Answer<AnswerOf<N>>>;
export type Handlers = { readonly [N in RouteName]: Handler<N> };

export function createHandlers(parts: HandlerParts): Handlers {
  const { engine } = parts;
  const see = (peer: Peer): Sight => sightOf(parts.store, peer, parts.visibility());
  return {
    getOpenApi: async () => done(openApiDocument()),
    getDaemon: async (_, peer) => done(daemonFor(parts, peer)),
    ...createCareHandlers(parts),
    drainDaemon: async (_, peer) => asAdmin(peer, () => changeDaemon(parts, peer, engine.drain(peer))),
    reloadDaemon: async (_, peer) => asAdmin(peer, () => reloadDaemon(parts)),
    resumeDaemon: async (_, peer) => asAdmin(peer, () => changeDaemon(parts, peer, engine.resume(peer))),

    submitRun: async ({ body }, peer) => {
      const { labels = {}, hold = false, ...rest } = body;
      const answer = await engine.submit({ ...rest, labels, hold }, peer);
      if (!answer.ok) return answer;
      const run = await readRun(see(peer), answer.value.run.id);
      return run.ok ? done({ run: run.value, repeated: answer.value.repeated }) : run;
    },
    listRuns: async ({ query }, peer) => listRuns(see(peer), query),
    getRun: async ({ params, query }, peer) =>
      query.calls ? runWithCalls(see(peer), params.id) : readRun(see(peer), params.id),
    abortRun: async ({ params, body }, peer) =>
      changeRun(see(peer), params.id, peer, async () => {
        const { call, ...rest } = body;
        const wish = { ...rest, force: body.force ?? false };
        if (call !== undefined) return engine.abortCall(params.id, call, wish, peer);
        const [answer] = await engine.abort([params.id], wish, peer);
        return answer ?? noSuchRun(params.id);
      }),
    abortRuns: async ({ body }, peer) => abortSeveral(engine, see(peer), body, peer),
    holdRun: async ({ params, body }, peer) =>
      changeRun(see(peer), params.id, peer, () => engine.hold(params.id, body.reason, peer)),
    releaseRun: async ({ params }, peer) =>
      changeRun(see(peer), params.id, peer, () => engine.release(params.id, peer)),

    getLogs: async ({ params, query }, peer) => logsOf(see(peer), params.id, query),
    getWhy: async ({ params, query }, peer) => whyOf(see(peer), engine.status(), params.id, query.call),
    listRunEvents: async ({ params, query }, peer) => {
      const found = await see(peer).findRun(params.id);
      return found === undefined ? noSuchRun(params.id) : readEvents(see(peer), query, { runId: params.id });
    },
    listEvents: async ({ query }, peer) => readEvents(see(peer), query, {}),

    listBackends: async () => done({ backends: engine.status().backends.map(presentBackend) }),
    pauseBackend: async ({ params, body }, peer) =>
      asAdmin(peer, async () => {
        const answer = await engine.pauseBackend(params.name, body.reason, peer);
        return answer.ok ? done(presentBackend(answer.value)) : answer;
      }),
    resumeBackend: async ({ params }, peer) =>
      asAdmin(peer, async () => {
        const answer = await engine.resumeBackend(params.name, peer);
        return answer.ok ? done(presentBackend(answer.value)) : answer;
      }),
  };
}

async function readRun(sight: Sight, id: number): Promise<Answer<AnswerOf<'getRun'>>> {
  const found = await sight.findRun(id);
  return found === undefined ? noSuchRun(id) : done(presentRun(found));
}

async function changeRun(
  sight: Sight,
  id: number,
  peer: Peer,
  change: () => Promise<Answer<Run>>,
): Promise<Answer<AnswerOf<'getRun'>>> {
  const found = await sight.findRun(id);
  if (found === undefined) return noSuchRun(id);
  if (!mayChange(peer, found.run)) {
    const owner = found.run.owner.name;
    return refuse(
      'NOT_ALLOWED',
      `run ${id} belongs to ${owner}; only ${owner}, operators and administrators may change it, not ${peer.name}`,
    );
  }
  const answer = await change();
  return answer.ok ? readRun(sight, id) : answer;
}

/** What concerns everybody is for administrators. */
async function asAdmin<T>(peer: Peer, act: () => Promise<Answer<T>>): Promise<Answer<T>> {
  if (peer.role === 'admin') return act();
  return refuse(
    'NOT_ALLOWED',
    `${peer.name} may not do this: it concerns everybody who uses this daemon; ask an administrator of it`,
  );
}

function daemonFor(parts: HandlerParts, peer: Peer): AnswerOf<'getDaemon'> {
  return presentDaemon(parts.identity, parts.engine.status(), careFor(peer, parts));
}

async function reloadDaemon({ reload }: HandlerParts): Promise<Answer<AnswerOf<'reloadDaemon'>>> {
  const answer = await reload();
  if (!answer.ok) return answer;
  const { file = null, inForce, afterRestart } = answer.value;
  return done({ file, inForce: [...inForce], afterRestart: [...afterRestart] });
}

async function changeDaemon(
  parts: HandlerParts,
  peer: Peer,
  changing: ReturnType<EngineDoor['drain']>,
): Promise<Answer<AnswerOf<'getDaemon'>>> {
  const answer = await changing;
  return answer.ok ? done(daemonFor(parts, peer)) : answer;
}

async function readEvents(
  sight: Sight,
  { after = 0, limit = 1_000 }: RequestOf<'listEvents'>['query'],
  filter: { readonly runId?: number },
): Promise<Answer<AnswerOf<'listEvents'>>> {
  const events = await sight.listEvents({ ...filter, afterSeq: after, limit });
  return done({ events: events.map(presentEvent) });
}
