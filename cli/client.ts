/**
 * The typed way to the daemon: finds its socket, waits while it restarts, turns its refusals into errors.
 *
 * Every request may be repeated: questions change nothing, a submit carries a token, and asking twice for an
 * abort, a hold or a drain is the same as asking once. So a connection that breaks is simply tried again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventAnswer } from '../daemon/protocol/answers.ts';
import type { ErrorBody } from '../daemon/protocol/errors.ts';
import type { AnswerOf, BodyOf } from '../daemon/protocol/operations.ts';
import { type Environment, socketPathsToTry } from '../daemon/protocol/paths.ts';
import { answerTimeoutMs, bodyLimit, fillPath, ROUTES, type RouteName } from '../daemon/protocol/routes.ts';
import { VERSION } from '../daemon/protocol/version.ts';
import { CliError } from './cli-error.ts';
import { DaemonElsewhere } from './elsewhere.ts';
import { type FollowFrom, followEvents } from './follow-events.ts';
import { ConnectionError, exchange, type HttpAnswer, type HttpRequest, open } from './http.ts';
import { daemonElsewhere, patienceMs, unreachable } from './unreachable.ts';

export interface ClientOptions {
  readonly env: Environment;
  /** As typed, for the `ssh` line. */
  readonly words: readonly string[];
  readonly cwd: string;
  /** `--socket`. */
  readonly socket?: string;
  /** Start a daemon of the user's own if none answers. */
  readonly autostart: boolean;
  readonly note: (text: string) => void;
}

export interface Asked<N extends RouteName> {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly body?: BodyOf<N>;
}

export interface Client {
  /** Where a daemon of this user would listen, or was found. */
  readonly socketPaths: readonly string[];
  call<N extends RouteName>(name: N, asked?: Asked<N>): Promise<AnswerOf<N>>;
  /** What happens, as it happens. Ends when the daemon ends the stream, goes or is not there. */
  follow(from: FollowFrom): AsyncIterable<EventAnswer>;
  /** Is there an answer right now? Waits for nobody, starts nothing. */
  probe(): Promise<AnswerOf<'getDaemon'> | undefined>;
}

export function createClient(options: ClientOptions): Client {
  const uid = process.getuid?.() ?? 0;
  const socketPaths = options.socket === undefined ? socketPathsToTry(options.env, uid) : [options.socket];
  const heard: Heard = { something: false };
  return {
    socketPaths,
    async call(name, asked = {}) {
      const ask = (path: string) => exchange(path, toHttp(name, asked));
      const answer = await untilAnswered(options, socketPaths, heard, ask);
      heard.something = true;
      return answerIn(answer);
    },
    follow: (from) =>
      followEvents((request) => firstToAnswer(socketPaths, (path) => open(path, request)), from),
    async probe() {
      try {
        return answerIn(await firstToAnswer(socketPaths, (path) => exchange(path, toHttp('getDaemon', {}))));
      } catch {
        return undefined;
      }
    },
  };
}

/** Has anything of this command reached a daemon? Then no other one may be given the whole of it. */
interface Heard {
  something: boolean;
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;

function toHttp<N extends RouteName>(name: N, { params = {}, query = {}, body }: Asked<N>): HttpRequest {
  const { method } = ROUTES[name];
  const path = `${fillPath(ROUTES[name], params)}${queryString(query)}`;
  const asked = { method, path, timeoutMs: answerTimeoutMs(name) };
  return method === 'POST' ? { ...asked, body: bodyText(name, body ?? {}) } : asked;
}

/** Too much is refused here: the daemon would hang up in the middle of it. */
function bodyText(name: RouteName, body: object): string {
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  if (bytes <= bodyLimit(name)) return text;
  const mib = (count: number) => Math.ceil(count / 1024 / 1024);
  throw new CliError(
    'REQUEST_TOO_LARGE',
    `this is too much for one request: ${mib(bytes)} MiB, where ${mib(bodyLimit(name))} MiB are taken; have large lists read by a task instead of at submit`,
  );
}

function queryString(query: NonNullable<Asked<RouteName>['query']>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) words.append(name, String(one));
  }
  return words.size === 0 ? '' : `?${words}`;
}

/** Repeats with growing pauses as long as a daemon can be expected to come back, then explains. */
async function untilAnswered(
  options: ClientOptions,
  paths: readonly string[],
  heard: Heard,
  ask: (path: string) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const startedMs = performance.now();
  let started = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const tried = await tryOnce(paths, ask);
    if (tried.kind === 'answered') return tried.answer;
    heard.something ||= tried.error.mayHaveArrived;
    const elsewhere = daemonElsewhere(tried, options.env);
    if (elsewhere !== undefined) throw new DaemonElsewhere(elsewhere, options, !heard.something);
    const waitedMs = performance.now() - startedMs;
    if (waitedMs + pauseMs > patienceMs(tried.error, tried.path, options.env)) {
      if (!options.autostart || started || tried.error.mayHaveArrived) throw unreachable(tried, paths);
      started = true;
      const { startDaemon } = await import('./start-daemon.ts');
      await startDaemon(options);
    }
    await sleep(pauseMs * (0.5 + Math.random() / 2));
  }
}

export type Tried =
  | { readonly kind: 'answered'; readonly answer: HttpAnswer }
  | { readonly kind: 'unanswered'; readonly error: ConnectionError; readonly path: string };

async function tryOnce(paths: readonly string[], ask: (path: string) => Promise<HttpAnswer>): Promise<Tried> {
  try {
    const answer = await firstToAnswer(paths, ask);
    if (!isLeaving(answer)) return { kind: 'answered', answer };
    const error = new ConnectionError('ECONNREFUSED', 'the daemon is shutting down', false);
    return { kind: 'unanswered', error, path: paths[0] ?? '' };
  } catch (error) {
    if (error instanceof Unanswered) return { kind: 'unanswered', error: error.cause, path: error.path };
    throw error;
  }
}

/** A daemon that shuts down says so; the next one answers. */
function isLeaving({ status, body }: HttpAnswer): boolean {
  return status === 503 && isErrorBody(body) && body.error.code === 'DRAINING';
}

class Unanswered extends Error {
  declare readonly cause: ConnectionError;
  readonly path: string;

  constructor(cause: ConnectionError, path: string) {
    super(cause.message, { cause });
    this.path = path;
  }
}

/** The paths in their order; where none answers, the one that told most: a socket that is there says more. */
async function firstToAnswer<T>(paths: readonly string[], ask: (path: string) => Promise<T>): Promise<T> {
  let failed: Unanswered | undefined;
  for (const path of paths) {
    try {
      return await ask(path);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (error.code !== 'ENOENT') throw new Unanswered(error, path);
      failed ??= new Unanswered(error, path);
    }
  }
  throw failed ?? new Unanswered(new ConnectionError('ENOENT', 'no socket to try', false), '');
}

function answerIn<T>({ status, body }: HttpAnswer): T {
  // What the daemon answers is what its own schemas describe; checking it again would need them here.
  if (status === 200) return body as T;
  if (!isErrorBody(body)) {
    throw new CliError(
      'INTERNAL',
      `the daemon answered ${status} with something that is not ours: ${String(body).slice(0, 200)}`,
    );
  }
  const { code, message, details, version } = body.error;
  const other = version === VERSION ? [] : [`(wfctl is ${VERSION}, the daemon is ${version})`];
  throw new CliError(code, message, [...details.filter((line) => !message.endsWith(line)), ...other]);
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'error' in body;
}
