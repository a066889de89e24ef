/**
 * `wfctl __complete [--socket PATH] WHAT …`: what only the daemon knows, for a shell that completes: a candidate a line,
 * with a few words about it after a tab. A person is waiting in the middle of typing: nothing is retried, nothing is
 * started, no failure is told, and after a second there is nothing to offer.
 */
import type { RunAnswer } from '../../daemon/protocol/answers.ts';
import type { AnswerOf } from '../../daemon/protocol/operations.ts';
import { type Environment, socketPathsToTry } from '../../daemon/protocol/paths.ts';
import { fillPath, ROUTES, type RouteName } from '../../daemon/protocol/routes.ts';
import { isRunEnd } from '../../daemon/protocol/words.ts';
import { exchange } from '../http.ts';
import type { AskedWords } from './values.ts';

type Write = (text: string) => void;

/** Answers an exit code, which no shell looks at. */
export async function offerCandidates(
  words: readonly string[],
  env: Environment,
  write: Write,
): Promise<number> {
  // A half-written answer of a daemon that hangs would keep the process.
  const patience = setTimeout(() => process.exit(0), PATIENCE_MS);
  const isNamed = words[0] === '--socket';
  const sockets = isNamed ? words.slice(1, 2) : socketPathsToTry(env, process.getuid?.() ?? 0);
  const [what, which = ''] = isNamed ? words.slice(2) : words;
  const offer = (lines: readonly string[]) => write(lines.map((line) => `${line}\n`).join(''));
  try {
    await OFFERS[what as AskedWords[0]]?.({ ask: asker(sockets), which, offer });
  } catch {
    // Nobody answers, or not that: a person who wants to know why types the command.
  }
  clearTimeout(patience);
  return 0;
}

const PATIENCE_MS = 1_000;
/** As many as a person looks through. */
const NEWEST = 100;

interface Question {
  readonly ask: <N extends RouteName>(name: N, id?: string, query?: string) => Promise<AnswerOf<N>>;
  readonly which: string;
  readonly offer: (lines: readonly string[]) => void;
}

const OFFERS: Readonly<Record<AskedWords[0], (question: Question) => Promise<void>>> = {
  async runs({ ask, which, offer }) {
    const { runs } = await ask('listRuns', '', `?limit=${NEWEST}`);
    offer(
      runs
        .filter(CONCERNED[which] ?? (() => true))
        .map(({ id, name, status }) => `${id}\t${name}, ${status}`),
    );
  },
  async calls({ ask, which, offer }) {
    const { callList = [] } = await ask('getRun', which, '?calls=1');
    offer(callList.map(({ call, status }) => `${call}\t${status}`));
  },
  async backends({ ask, offer }) {
    const { backends } = await ask('listBackends');
    offer(backends.map(({ name, kind }) => `${name}\t${kind}`));
  },
};

const CONCERNED: Readonly<Record<string, (run: RunAnswer) => boolean>> = {
  abort: ({ status }) => !isRunEnd(status),
  hold: ({ status, held }) => !isRunEnd(status) && held === null,
  release: ({ held }) => held !== null,
};

/** The first socket at which somebody answers. */
function asker(sockets: readonly string[]): Question['ask'] {
  return async (name, id = '', query = '') => {
    const asked = {
      method: 'GET',
      path: `${fillPath(ROUTES[name], { id })}${query}`,
      timeoutMs: PATIENCE_MS,
    } as const;
    for (const socket of sockets) {
      const { status, body } = await exchange(socket, asked).catch(() => ({ status: 0, body: undefined }));
      // What the daemon answers is what its own schemas describe.
      if (status === 200) return body as AnswerOf<typeof name>;
    }
    throw new Error('no answer');
  };
}
