/**
 * Server-sent events: what has happened, as it happens. A stream reads what its peer may see after each wake-up of the
 * engine, so that it never misses an event, repeats none, and can be resumed at any number (Last-Event-ID).
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { RunId } from '../engine/model.ts';
import type { EngineDoor } from './engine-door.ts';
import { presentEvent } from './present.ts';
import type { Sight } from './sight.ts';

export interface EventStreams {
  /** Ends when the client hangs up, or after `sayGoodbye`. */
  serve(response: ServerResponse, sight: Sight, from: StreamStart): Promise<void>;
  /** Tells every stream that the daemon goes, and ends it: the client comes back with Last-Event-ID. */
  sayGoodbye(): void;
}

export interface StreamStart {
  readonly runId?: RunId;
  readonly afterSeq: number;
}

export function createEventStreams(engine: EngineDoor): EventStreams {
  const bells = new Set<Bell>();
  let goodbye = false;
  engine.onEvents(() => {
    for (const bell of bells) bell.ring();
  });
  return {
    async serve(response, sight, from) {
      const bell = createBell();
      bells.add(bell);
      response.once('close', bell.ring);
      try {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        response.flushHeaders();
        await follow(sight, response, from, bell, () => goodbye);
        if (goodbye && !response.destroyed) response.write('event: bye\ndata: {}\n\n');
      } finally {
        bells.delete(bell);
        response.end();
      }
    },
    sayGoodbye() {
      goodbye = true;
      for (const bell of bells) bell.ring();
    },
  };
}

const PAGE = 500;

async function follow(
  sight: Sight,
  response: ServerResponse,
  { runId, afterSeq }: StreamStart,
  bell: Bell,
  isOver: () => boolean,
): Promise<void> {
  const filter = runId === undefined ? {} : { runId };
  let last = afterSeq;
  while (!response.destroyed && !isOver()) {
    const events = await sight.listEvents({ ...filter, afterSeq: last, limit: PAGE });
    for (const event of events) {
      last = event.seq;
      await send(
        response,
        `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(presentEvent(event))}\n\n`,
      );
    }
    if (events.length < PAGE) await bell.rung();
  }
}

/** Waits where the client reads slower than we write, so that nothing piles up in memory. */
async function send(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || response.write(text)) return;
  const closed = new AbortController();
  const stop = () => closed.abort();
  response.once('close', stop);
  await once(response, 'drain', { signal: closed.signal }).catch(() => undefined);
  response.off('close', stop);
}

interface Bell {
  ring(): void;
  /** Also at once, where it was rung while nobody waited. */
  rung(): Promise<void>;
}

function createBell(): Bell {
  let pending = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      pending = true;
      wake?.();
    },
    async rung() {
      if (!pending) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      wake = undefined;
      pending = false;
    },
  };
}
