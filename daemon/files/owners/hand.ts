/**
 * One process with an owner's rights, started when there is work for it and ended when there has been none for a
 * while. Requests that it did not answer when it ended have failed: no answer is no evidence, and all of this
 * work may be done again.
 */
import type { Owner } from '../../../backends/backend.ts';
import { type Child, startChild } from './child.ts';
import {
  type AnswerOf,
  type ArgumentsOf,
  checkedAnswer,
  failed,
  readEnvelope,
  type Work,
} from './messages.ts';

export interface HandOptions {
  /** The bundled hand-main.ts. */
  readonly program: string;
  readonly idleMs: number;
  /** It has nothing to do and its process has gone. */
  readonly onRest: () => void;
}

interface Pending {
  readonly work: Work;
  readonly resolve: (answer: unknown) => void;
}

export class Hand {
  private readonly owner: Owner;
  private readonly options: HandOptions;
  private readonly pending = new Map<number, Pending>();
  private child: Child | undefined;
  private lastId = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(owner: Owner, options: HandOptions) {
    this.owner = owner;
    this.options = options;
  }

  get isBusy(): boolean {
    return this.pending.size > 0;
  }

  /** Never rejects. */
  ask<W extends Work>(work: W, args: ArgumentsOf<W>): Promise<AnswerOf<W>> {
    clearTimeout(this.idle);
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.pending.set(id, {
        work,
        resolve: (answer) => resolve((checkedAnswer(work, answer) ?? nonsense(work)) as AnswerOf<W>),
      });
      this.child ??= this.start();
      this.child.send(JSON.stringify({ id, work, args }));
    });
  }

  /** Its process finishes what it was given, and goes; new work gets a new one. */
  rest(): void {
    clearTimeout(this.idle);
    this.child?.end();
    if (!this.isBusy) this.child = undefined;
  }

  private start(): Child {
    const child: Child = startChild(this.owner, process.execPath, NODE_OPTIONS.concat(this.options.program), {
      onLine: (line) => this.take(line),
      onEnd: (why) => {
        if (this.child === child) {
          this.child = undefined;
          this.failAll(why);
        }
        if (this.child === undefined) this.options.onRest();
      },
    });
    return child;
  }

  private take(line: string): void {
    const said = readEnvelope(line);
    const waiting = said && this.pending.get(said.id);
    // Nobody asked for this: the owner has laid hands on his process.
    if (said === undefined || waiting === undefined) return this.child?.kill();
    this.pending.delete(said.id);
    waiting.resolve(said.answer);
    if (this.isBusy) return;
    this.idle = setTimeout(() => this.rest(), this.options.idleMs);
    this.idle.unref();
  }

  private failAll(why: string): void {
    const { name, uid } = this.owner;
    const reason = `the process that works on files for ${name} (uid ${uid}) has gone: ${why}`;
    for (const { work, resolve } of this.pending.values()) resolve(failed(work, reason));
    this.pending.clear();
  }
}

/** Small, since there may be one for each of many owners. */
const NODE_OPTIONS: readonly string[] = ['--max-semi-space-size=1', '--max-old-space-size=256'];

function nonsense(work: Work) {
  return failed(work, 'the process that works on files for this user gave an answer that makes no sense');
}
