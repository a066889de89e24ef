/** Reads one stream of server-sent events to its end; whoever wants to go on opens the next one after it. */
import type { IncomingMessage } from 'node:http';
import type { EventAnswer } from '../daemon/protocol/answers.ts';
import { fillPath, ROUTES } from '../daemon/protocol/routes.ts';
import type { HttpRequest } from './http.ts';

export interface FollowFrom {
  /** Absent: events of all runs. */
  readonly runId?: number;
  readonly afterSeq: number;
  readonly signal?: AbortSignal;
}

export async function* followEvents(
  open: (request: HttpRequest) => Promise<IncomingMessage>,
  from: FollowFrom,
): AsyncIterable<EventAnswer> {
  let response: IncomingMessage | undefined;
  const hangUp = () => response?.destroy();
  from.signal?.addEventListener('abort', hangUp);
  try {
    response = await open(requestFor(from));
    if (from.signal?.aborted) return;
    for await (const line of linesOf(response)) {
      // Our events are one `data:` line each; `bye` carries an empty object and ends the stream.
      if (line.startsWith('data: {"seq"')) yield JSON.parse(line.slice('data: '.length));
    }
  } catch {
    // The daemon has gone, or we have hung up: either way the stream is over.
  } finally {
    from.signal?.removeEventListener('abort', hangUp);
    response?.destroy();
  }
}

function requestFor({ runId, afterSeq }: FollowFrom): HttpRequest {
  const path =
    runId === undefined ? fillPath(ROUTES.listEvents, {}) : fillPath(ROUTES.listRunEvents, { id: runId });
  return {
    method: 'GET',
    path,
    headers: { accept: 'text/event-stream', 'last-event-id': String(afterSeq) },
    timeoutMs: 60_000,
  };
}

async function* linesOf(response: IncomingMessage): AsyncIterable<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
