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
import type { Answer, EngineDoor, Peer } from './engine-door.ts';
import { listRuns } from './list-runs.ts';
import { type DaemonIdentity, presentBackend, presentDaemon, presentEvent, presentRun } from './present.ts';
import { logsOf, runWithCalls, whyOf } from './questions.ts';
import { done, mayChange, noSuchRun, refuse } from './refusals.ts';

export interface HandlerParts {
  readonly engine: EngineDoor;
  readonly store: Store;
  readonly identity: DaemonIdentity;
}

type Handler<N extends RouteName> = (request: RequestOf<N>, peer: Peer) => Promise<Answer<AnswerOf<N>>>;
export type Handlers = { readonly [N in RouteName]: Handler<N> };

export function createHandlers(parts: HandlerParts): Handlers {
  const { engine, store, identity } = parts;
  return {
    getOpenApi: async () => done(openApiDocument()),
    getDaemon: async () => done(presentDaemon(identity, engine.status())),
    drainDaemon: async (_, peer) => asAdmin(peer, identity, () => changeDaemon(parts, engine.drain(peer))),
    resumeDaemon: async (_, peer) => asAdmin(peer, identity, () => changeDaemon(parts, engine.resume(peer))),

    submitRun: async ({ body }, peer) => {
      const { labels = {}, hold = false, ...rest } = body;
      const answer = await engine.submit({ ...rest, labels, hold }, peer);
      if (!answer.ok) return answer;
      const run = await readRun(store, answer.value.run.id);
      return run.ok ? done({ run: run.value, repeated: answer.value.repeated }) : run;
    },
    listRuns: async ({ query }) => listRuns(store, query),
    getRun: async ({ params, query }) =>
      query.calls ? runWithCalls(store, params.id) : readRun(store, params.id),
    abortRun: async ({ params, body }, peer) =>
      changeRun(store, params.id, peer, async () => {
        const { call, ...rest } = body;
        const wish = { ...rest, force: body.force ?? false };
        if (call !== undefined) return engine.abortCall(params.id, call, wish, peer);
        const [answer] = await engine.abort([params.id], wish, peer);
        return answer ?? noSuchRun(params.id);
      }),
    abortRuns: async ({ body }, peer) => abortSeveral(engine, store, body, peer),
    holdRun: async ({ params, body }, peer) =>
      changeRun(store, params.id, peer, () => engine.hold(params.id, body.reason, peer)),
    releaseRun: async ({ params }, peer) =>
      changeRun(store, params.id, peer, () => engine.release(params.id, peer)),

    getLogs: async ({ params, query }) => logsOf(store, params.id, query),
    getWhy: async ({ params, query }) => whyOf(store, engine.status(), params.id, query.call),
    listRunEvents: async ({ params, query }) => {
      const found = await store.findRun(params.id);
      return found === undefined ? noSuchRun(params.id) : readEvents(store, query, { runId: params.id });
    },
    listEvents: async ({ query }) => readEvents(store, query, {}),

    listBackends: async () => done({ backends: engine.status().backends.map(presentBackend) }),
    pauseBackend: async ({ params, body }, peer) =>
      asAdmin(peer, identity, async () => {
        const answer = await engine.pauseBackend(params.name, body.reason, peer);
        return answer.ok ? done(presentBackend(answer.value)) : answer;
      }),
    resumeBackend: async ({ params }, peer) =>
      asAdmin(peer, identity, async () => {
        const answer = await engine.resumeBackend(params.name, peer);
        return answer.ok ? done(presentBackend(answer.value)) : answer;
      }),
  };
}

async function readRun(store: Store, id: number): Promise<Answer<AnswerOf<'getRun'>>> {
  const found = await store.findRun(id);
  return found === undefined ? noSuchRun(id) : done(presentRun(found));
}

async function changeRun(
  store: Store,
  id: number,
  peer: Peer,
  change: () => Promise<Answer<Run>>,
): Promise<Answer<AnswerOf<'getRun'>>> {
  const found = await store.findRun(id);
  if (found === undefined) return noSuchRun(id);
  if (!mayChange(peer, found.run)) {
    const owner = found.run.owner.name;
    return refuse(
      'NOT_ALLOWED',
      `run ${id} belongs to ${owner}; only ${owner} and root may change it, not ${peer.name}`,
    );
  }
  const answer = await change();
  return answer.ok ? readRun(store, id) : answer;
}

/** What concerns everybody is for the daemon's own user and for root. */
async function asAdmin<T>(
  peer: Peer,
  identity: DaemonIdentity,
  act: () => Promise<Answer<T>>,
): Promise<Answer<T>> {
  if (peer.uid === 0 || peer.uid === identity.uid) return act();
  return refuse('NOT_ALLOWED', `${peer.name} may not do this: it concerns everybody who uses this daemon`);
}

async function changeDaemon(
  { engine, identity }: HandlerParts,
  changing: ReturnType<EngineDoor['drain']>,
): Promise<Answer<AnswerOf<'getDaemon'>>> {
  const answer = await changing;
  return answer.ok ? done(presentDaemon(identity, engine.status())) : answer;
}

async function readEvents(
  store: Store,
  { after = 0, limit = 1_000 }: RequestOf<'listEvents'>['query'],
  filter: { readonly runId?: number },
): Promise<Answer<AnswerOf<'listEvents'>>> {
  const events = await store.listEvents({ ...filter, afterSeq: after, limit });
  return done({ events: events.map(presentEvent) });
}
