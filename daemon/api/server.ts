/**
 * The API on its Unix socket: who speaks, what is asked, and a clear answer to everything, junk included.
 *
 * It does not know what a run is (handlers.ts) and writes nothing; stopping is in steps, so that the
 * shutdown can take no new connections first and answer what is in flight after.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { bodyLimit, ROUTES, type RouteName } from '../protocol/routes.ts';
import { VERSION } from '../protocol/version.ts';
import type { Store } from '../store/store.ts';
import type { Access } from './access.ts';
import type { AuditLog } from './audit-log.ts';
import type { CareDoor } from './care-door.ts';
import { checkRequest } from './check-request.ts';
import type { Answer, EngineDoor, Peer } from './engine-door.ts';
import { createEventStreams, type EventStreams, type StreamStart } from './event-stream.ts';
import { createHandlers, type Handlers } from './handlers.ts';
import { readPeerCredentials } from './peer-credentials.ts';
import type { DaemonIdentity } from './present.ts';
import { answerJunk, refusalFor } from './protocol-errors.ts';
import { errorBody, httpStatus, refuse } from './refusals.ts';
import type { Reload } from './reload-door.ts';
import { sightOf } from './sight.ts';
import { listenOnDescriptor, listenOnPath, prepareSocketPath } from './socket-file.ts';

export interface ApiParts {
  readonly care: CareDoor;
  readonly engine: EngineDoor;
  readonly store: Store;
  readonly identity: DaemonIdentity;
  readonly access: Access;
  readonly reload: Reload;
  /** For errors that are our own bugs. */
  readonly logError: (error: unknown, where: string) => void;
}

export type ListenOn =
  /** Made by us; `mode` is 0600 unless everybody may come (system mode). */
  | { readonly kind: 'path'; readonly path: string; readonly mode?: number }
  /** Made by systemd: 3 (SD_LISTEN_FDS_START). */
  | { readonly kind: 'descriptor'; readonly fd: number };

export interface Api {
  /** Fails with SocketRefused where somebody or something else is there. */
  listen(on: ListenOn): Promise<void>;
  /** Takes no new connections; a socket file of our own goes away. */
  unbind(): void;
  /** Ends streams with a word and waits until all requests are answered: false if that took too long. */
  finishRequests(timeoutMs: number): Promise<boolean>;
  /** Cuts off what is left. */
  close(): Promise<void>;
}

export async function createApi(parts: ApiParts): Promise<Api> {
  const peers = new WeakMap<Socket, Promise<Answer<Peer>>>();
  const inFlight = new Set<ServerResponse>();
  const streams = createEventStreams(parts.engine);
  let leaving = false;
  const app = createApp(parts, streams, peers, () => leaving);
  const server = app.server;
  watchConnections(server, peers, parts.access.identify);
  watchRequests(server, inFlight);
  await app.ready();
  return {
    async listen(on) {
      if (on.kind === 'descriptor') return listenOnDescriptor(server, on.fd);
      const { path, mode = 0o600 } = on;
      await prepareSocketPath(path, mode);
      return listenOnPath(server, path, mode);
    },
    unbind() {
      leaving = true;
      if (server.listening) server.close();
    },
    finishRequests(timeoutMs) {
      streams.sayGoodbye();
      return allAnswered(inFlight, timeoutMs);
    },
    async close() {
      if (server.listening) server.close();
      server.closeAllConnections();
      await app.close();
    },
  };
}

/** A request that is not complete by then is given up, so that half-sent ones do not pile up. */
const REQUEST_TIMEOUT_MS = 120_000;

function createApp(
  parts: ApiParts,
  streams: EventStreams,
  peers: WeakMap<Socket, Promise<Answer<Peer>>>,
  isLeaving: () => boolean,
): FastifyInstance {
  const app = Fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: 500 },
    clientErrorHandler: answerJunk,
  });
  app.addHook('onSend', async (_, reply) => {
    reply.header('wfd-version', VERSION);
    if (isLeaving()) reply.header('connection', 'close');
  });
  app.addHook('onRequest', async (request, reply) => {
    const peer = await peerOf(peers, request);
    if (!peer.ok) return send(reply, peer);
    const waitMs = parts.access.rate.take(peer.value.uid);
    if (waitMs > 0) return send(reply.header('retry-after', Math.ceil(waitMs / 1000)), tooMany(peer.value));
    // A wish begun now could be cut off half-way; a question is still answered.
    if (isLeaving() && request.method === 'POST') return send(reply, LEAVING);
  });
  app.setNotFoundHandler((request, reply) => send(reply, unknownRoute(request)));
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalFor(error);
    if (refusal.code === 'INTERNAL') parts.logError(error, `${request.method} ${request.url}`);
    return send(reply, { ok: false, error: refusal });
  });
  const handlers = createHandlers({ ...parts, visibility: parts.access.visibility });
  const serving: Serving = { parts, app, handlers, streams, peers };
  for (const name of Object.keys(ROUTES) as RouteName[]) addRoute(serving, name);
  return app;
}

interface Serving {
  readonly parts: ApiParts;
  readonly app: FastifyInstance;
  readonly handlers: Handlers;
  readonly streams: EventStreams;
  readonly peers: WeakMap<Socket, Promise<Answer<Peer>>>;
}

function addRoute<N extends RouteName>({ parts, app, handlers, streams, peers }: Serving, name: N): void {
  app.route({
    method: ROUTES[name].method,
    url: ROUTES[name].path,
    bodyLimit: name === 'submitRun' ? parts.access.submissionBytes : bodyLimit(name),
    handler: async (request, reply) => {
      const peer = await peerOf(peers, request);
      if (!peer.ok) return send(reply, peer);
      const checked = checkRequest(name, request);
      if (!checked.ok) return send(reply, checked);
      const answer = await handlers[name](checked.value, peer.value);
      if (request.method !== 'GET') audit(parts.access.audit, name, peer.value, checked.value, answer);
      if (!answer.ok || !wantsStream(name, request)) return send(reply, answer);
      const sight = sightOf(parts.store, peer.value, parts.access.visibility());
      return stream(request, reply, (from) => streams.serve(reply.raw, sight, from));
    },
  });
}

function wantsStream(name: RouteName, request: FastifyRequest): boolean {
  const isEvents = name === 'listEvents' || name === 'listRunEvents';
  return isEvents && request.headers.accept?.includes('text/event-stream') === true;
}

/** Ids and answers, never what was sent along: a workflow may hold what is nobody else's business. */
function audit(log: AuditLog, route: RouteName, peer: Peer, request: unknown, answer: Answer<unknown>): void {
  const { params, body } = request as {
    readonly params?: object;
    readonly body?: { readonly ids?: unknown };
  };
  const made = answer.ok ? idIn(answer.value) : undefined;
  const about = {
    ...params,
    ...(body?.ids !== undefined && { ids: body.ids }),
    ...(made !== undefined && { run: made }),
  };
  log.note({ route, peer, about, answer: answer.ok ? 'ok' : answer.error.code });
}

function idIn(value: unknown): unknown {
  const run = typeof value === 'object' && value !== null ? Reflect.get(value, 'run') : undefined;
  return typeof run === 'object' && run !== null ? Reflect.get(run, 'id') : undefined;
}

function tooMany({ name }: Peer): Answer<never> {
  return refuse(
    'TOO_MANY_REQUESTS',
    `${name} asks more often than this daemon allows; wait a little and try again`,
  );
}

async function stream(
  request: FastifyRequest,
  reply: FastifyReply,
  serve: (from: StreamStart) => Promise<void>,
): Promise<void> {
  const runId = numberNamed('id', request.params);
  // A client that comes back says where it was; one that comes for the first time may say `after`.
  const lastSeen = numberNamed('last-event-id', request.headers) ?? numberNamed('after', request.query);
  const start = { afterSeq: lastSeen ?? 0 };
  reply.hijack();
  await serve(runId === undefined ? start : { ...start, runId });
}

function numberNamed(name: string, from: unknown): number | undefined {
  const given = typeof from === 'object' && from !== null ? Reflect.get(from, name) : undefined;
  return typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
}

function send<T>(reply: FastifyReply, answer: Answer<T>): FastifyReply {
  if (answer.ok) return reply.code(200).send(answer.value);
  return reply.code(httpStatus(answer.error.code)).send(errorBody(answer.error));
}

function unknownRoute(request: FastifyRequest): Answer<never> {
  return refuse(
    'UNKNOWN_ROUTE',
    `wfd ${VERSION} has no ${request.method} ${request.url.split('?')[0]}; it speaks /v1 (GET /v1/openapi.json lists it): are wfctl and wfd of the same version?`,
  );
}

function peerOf(
  peers: WeakMap<Socket, Promise<Answer<Peer>>>,
  request: FastifyRequest,
): Promise<Answer<Peer>> {
  return peers.get(request.raw.socket) ?? Promise.resolve(UNKNOWN_PEER);
}

const UNKNOWN_PEER = refuse(
  'NOT_ALLOWED',
  'the system does not say which user is asking (no peer credentials), so nothing is answered',
);

const LEAVING = refuse('DRAINING', 'the daemon is shutting down; the next one will answer');

/** The credentials are read at once: a peer that hangs up takes its descriptor with it. */
function watchConnections(
  server: Server,
  peers: WeakMap<Socket, Promise<Answer<Peer>>>,
  identify: Access['identify'],
): void {
  server.prependListener('connection', (socket: Socket) => {
    const credentials = readPeerCredentials(socket);
    const peer = credentials === undefined ? Promise.resolve(UNKNOWN_PEER) : identify(credentials);
    peers.set(
      socket,
      peer.catch(() => UNKNOWN_PEER),
    );
  });
}

function watchRequests(server: Server, inFlight: Set<ServerResponse>): void {
  server.prependListener('request', (_, response) => {
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
  });
}

function allAnswered(inFlight: ReadonlySet<ServerResponse>, timeoutMs: number): Promise<boolean> {
  const closings = [...inFlight].map(
    (response) => new Promise<void>((resolve) => response.once('close', () => resolve())),
  );
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    void Promise.all(closings).then(() => {
      clearTimeout(timer);
      resolve(inFlight.size === 0);
    });
  });
}
