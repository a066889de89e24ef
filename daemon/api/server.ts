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
import { checkRequest } from './check-request.ts';
import type { Answer, EngineDoor, Peer } from './engine-door.ts';
import { createEventStreams, type EventStreams } from './event-stream.ts';
import { createHandlers, type Handlers } from './handlers.ts';
import { type PeerCredentials, readPeerCredentials } from './peer-credentials.ts';
import type { DaemonIdentity } from './present.ts';
import { answerJunk, refusalFor } from './protocol-errors.ts';
import { errorBody, httpStatus, refuse } from './refusals.ts';
import { listenOnDescriptor, listenOnPath, prepareSocketPath } from './socket-file.ts';

export interface ApiParts {
  readonly engine: EngineDoor;
  readonly store: Store;
  readonly identity: DaemonIdentity;
  /** Who the process at the other end is, or why it may not speak. Asked once per connection. */
  readonly identify: (credentials: PeerCredentials) => Promise<Answer<Peer>>;
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
  const streams = createEventStreams(parts.store, parts.engine);
  let leaving = false;
  const app = createApp(parts, streams, peers, () => leaving);
  const server = app.server;
  watchConnections(server, peers, parts.identify);
  watchRequests(server, inFlight);
  await app.ready();
  return {
    async listen(on) {
      if (on.kind === 'descriptor') return listenOnDescriptor(server, on.fd);
      await prepareSocketPath(on.path);
      return listenOnPath(server, on.path, on.mode ?? 0o600);
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
    // A wish begun now could be cut off half-way; a question is still answered.
    if (isLeaving() && request.method === 'POST') return send(reply, LEAVING);
  });
  app.setNotFoundHandler((request, reply) => send(reply, unknownRoute(request)));
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalFor(error);
    if (refusal.code === 'INTERNAL') parts.logError(error, `${request.method} ${request.url}`);
    return send(reply, { ok: false, error: refusal });
  });
  const handlers = createHandlers(parts);
  for (const name of Object.keys(ROUTES) as RouteName[]) addRoute(app, name, handlers, streams, peers);
  return app;
}

function addRoute<N extends RouteName>(
  app: FastifyInstance,
  name: N,
  handlers: Handlers,
  streams: EventStreams,
  peers: WeakMap<Socket, Promise<Answer<Peer>>>,
): void {
  app.route({
    method: ROUTES[name].method,
    url: ROUTES[name].path,
    bodyLimit: bodyLimit(name),
    handler: async (request, reply) => {
      const peer = await peerOf(peers, request);
      if (!peer.ok) return send(reply, peer);
      const checked = checkRequest(name, request);
      if (!checked.ok) return send(reply, checked);
      const answer = await handlers[name](checked.value, peer.value);
      if (answer.ok && wantsStream(name, request)) return stream(request, reply, streams);
      return send(reply, answer);
    },
  });
}

function wantsStream(name: RouteName, request: FastifyRequest): boolean {
  const isEvents = name === 'listEvents' || name === 'listRunEvents';
  return isEvents && request.headers.accept?.includes('text/event-stream') === true;
}

async function stream(request: FastifyRequest, reply: FastifyReply, streams: EventStreams): Promise<void> {
  const runId = numberNamed('id', request.params);
  // A client that comes back says where it was; one that comes for the first time may say `after`.
  const lastSeen = numberNamed('last-event-id', request.headers) ?? numberNamed('after', request.query);
  const start = { afterSeq: lastSeen ?? 0 };
  reply.hijack();
  await streams.serve(reply.raw, runId === undefined ? start : { ...start, runId });
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
  identify: ApiParts['identify'],
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
