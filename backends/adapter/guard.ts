/**
 * Stands between the driver and a scheduler that is not ours. Whatever that one throws, answers wrongly or never
 * answers becomes "I do not know", in words that name it: no bug of an adapter ends the daemon, or a job.
 */
import type { z } from 'zod';
import type { Probe, RequestReply, Snapshot, SubmitReply } from '../backend.ts';
import type { BatchScheduler } from '../batch-driver.ts';
import { shellQuote } from '../shell-quote.ts';
import { SHAPES, whyNotOfShape } from './shapes.ts';
import { within, words } from './within.ts';

export function guarded(scheduler: BatchScheduler, limitMs: number): BatchScheduler {
  const answer = createAnswer(limitMs);
  const { kind, capabilities, environmentNames, parseEnvironment } = scheduler;
  return {
    ...{ kind, capabilities, environmentNames, parseEnvironment },
    preamble: (head) => told('preamble', SHAPES.preamble, () => scheduler.preamble(head), scriptThatSays),
    // A reason to refuse: so that a bug is seen, with its name, at the first submit.
    check: (resources) => told('check', SHAPES.check, () => scheduler.check(resources), String),
    causeInLog: (log) => told('causeInLog', SHAPES.causeInLog, () => scheduler.causeInLog(log), noCause),

    probe: (ask) => answer('probe', PROBE, () => scheduler.probe(ask)),
    async submit(request, ask) {
      if (request.elements > 1 && !capabilities.arrays)
        return { kind: 'rejected', reason: `${kind} knows no arrays of jobs` };
      return answer('submit', SUBMIT, () => scheduler.submit(request, ask));
    },
    observe: (owner, known, ask) => answer('observe', LISTING, () => scheduler.observe(owner, known, ask)),
    account: (query, ask) => answer('account', LISTING, () => scheduler.account(query, ask)),
    async abort(ids, manner, ask, owner) {
      if (manner.kind === 'signal' && !capabilities.signals)
        return { kind: 'failed', reason: `${kind} cannot send a signal to a job` };
      return answer('abort', REQUEST, () => scheduler.abort(ids, manner, ask, owner));
    },
    ...(scheduler.unblock && {
      unblock: (ids, ask) => answer('unblock', REQUEST, async () => scheduler.unblock?.(ids, ask)),
    }),
  };
}

/** How an answer must look, and what is said instead of one that does not. */
interface Kind<T> {
  readonly shape: z.ZodType;
  readonly unknown: (reason: string) => T;
}

const PROBE: Kind<Probe> = {
  shape: SHAPES.probe,
  // Asking a second source that is not there costs little; not asking one that is could cost a job's end.
  unknown: (summary) => ({ reachable: false, summary, hasAccounting: true }),
};
const SUBMIT: Kind<SubmitReply> = {
  shape: SHAPES.submitReply,
  unknown: (reason) => ({ kind: 'ambiguous', reason }),
};
const LISTING: Kind<Snapshot> = {
  shape: SHAPES.snapshot,
  unknown: (reason) => ({ kind: 'unavailable', reason }),
};
const REQUEST: Kind<RequestReply> = {
  shape: SHAPES.requestReply,
  unknown: (reason) => ({ kind: 'failed', reason }),
};

function createAnswer(limitMs: number) {
  return async <T>(name: string, { shape, unknown }: Kind<T>, ask: () => Promise<unknown>): Promise<T> => {
    try {
      const given = await within(limitMs, ask());
      const wrong = whyNotOfShape(shape, given);
      return wrong === undefined
        ? (given as T)
        : unknown(`the adapter's ${name}() answered wrongly: ${wrong}`);
    } catch (error) {
      return unknown(`the adapter's ${name}() failed: ${words(error)}`);
    }
  };
}

/** The same for what is answered at once. */
function told<T>(name: string, shape: z.ZodType, tell: () => T, otherwise: (reason: string) => T): T {
  try {
    const given = tell();
    const wrong = whyNotOfShape(shape, given);
    return wrong === undefined ? given : otherwise(`the adapter's ${name}() answered wrongly: ${wrong}`);
  } catch (error) {
    return otherwise(`the adapter's ${name}() failed: ${words(error)}`);
  }
}

function noCause(): undefined {
  return undefined;
}

/** A job that cannot say which one it is must not run its command; its log tells why. */
function scriptThatSays(reason: string): string {
  return `printf '%s\\n' ${shellQuote(`wfd: ${reason}; the command was not run`)} >&2; exit 1`;
}
