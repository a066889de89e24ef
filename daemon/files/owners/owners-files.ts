/**
 * The files of many owners, each worked on by processes with his own rights: system mode. The daemon's own rights
 * open none of them. Bounded: no more than `maxHands` such processes are at work at once, the rest wait their turn.
 */
import type { Owner } from '../../../backends/backend.ts';
import { createDirectOwnerFiles } from '../direct-owner-files.ts';
import type { OwnerFiles } from '../owner-files.ts';
import { Hand } from './hand.ts';
import { Lister } from './lister.ts';
import type { AnswerOf, ArgumentsOf, Work } from './messages.ts';

export interface OwnersFilesOptions {
  /** The bundled hand-main.ts: `owner-files.cjs` beside the program. */
  readonly program: string;
  readonly maxHands?: number;
  /** A process without work goes after so long. */
  readonly idleMs?: number;
  /** A lister is asked every second while its owner has jobs. */
  readonly listerIdleMs?: number;
}

export interface OwnersFiles extends OwnerFiles {
  /** Ends all processes once they have done what they were given. */
  close(): void;
}

/** Our own files by our own rights; those of others, where we are root, by processes with theirs. */
export function createFiles(options: OwnersFilesOptions): OwnerFiles {
  const own = createDirectOwnerFiles();
  if (process.geteuid?.() !== 0) return own;
  const others = createOwnersFiles(options);
  const of = (owner: Owner): OwnerFiles => (owner.uid === 0 ? own : others);
  return {
    mayMake: (owner, ...args) => of(owner).mayMake(owner, ...args),
    write: (owner, ...args) => of(owner).write(owner, ...args),
    readMarks: (owner, ...args) => of(owner).readMarks(owner, ...args),
    revoke: (owner, ...args) => of(owner).revoke(owner, ...args),
    listSpool: (owner, ...args) => of(owner).listSpool(owner, ...args),
    removeSpool: (owner, ...args) => of(owner).removeSpool(owner, ...args),
    read: (owner, ...args) => of(owner).read(owner, ...args),
    removeTree: (owner, ...args) => of(owner).removeTree(owner, ...args),
  };
}

export function createOwnersFiles(options: OwnersFilesOptions): OwnersFiles {
  const hands = new Hands(options);
  const listers = new Map<number, Lister>();
  const listerOf = (owner: Owner): Lister => {
    const known = listers.get(owner.uid);
    if (known !== undefined) return known;
    const made = new Lister(owner, options.listerIdleMs ?? 60_000, () => listers.delete(owner.uid));
    listers.set(owner.uid, made);
    return made;
  };
  return {
    mayMake: (owner, ...args) => hands.ask(owner, 'mayMake', args),
    write: (owner, ...args) => hands.ask(owner, 'write', args),
    readMarks: (owner, ...args) => hands.ask(owner, 'readMarks', args),
    revoke: (owner, ...args) => hands.ask(owner, 'revoke', args),
    removeSpool: (owner, ...args) => hands.ask(owner, 'removeSpool', args),
    read: (owner, ...args) => hands.ask(owner, 'read', args),
    removeTree: (owner, ...args) => hands.ask(owner, 'removeTree', args),
    async listSpool(owner, directory) {
      if (!directory.includes('\n')) return listerOf(owner).list(directory);
      const reason = `cannot list ${JSON.stringify(directory)}: its name holds a line break; choose another runs.dir`;
      return { kind: 'failed', reason };
    },
    close() {
      hands.close();
      for (const lister of listers.values()) lister.rest();
    },
  };
}

class Hands {
  private readonly options: OwnersFilesOptions;
  private readonly hands = new Map<number, Hand>();
  private readonly waiting: (() => void)[] = [];

  constructor(options: OwnersFilesOptions) {
    this.options = options;
  }

  async ask<W extends Work>(owner: Owner, work: W, args: ArgumentsOf<W>): Promise<AnswerOf<W>> {
    while (!this.hands.has(owner.uid) && this.hands.size >= (this.options.maxHands ?? 16)) {
      this.makeRoom();
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    const hand = this.handOf(owner);
    const answer = await hand.ask(work, args);
    if (this.waiting.length > 0 && !hand.isBusy) hand.rest();
    return answer;
  }

  close(): void {
    for (const hand of this.hands.values()) hand.rest();
  }

  private handOf(owner: Owner): Hand {
    const known = this.hands.get(owner.uid);
    if (known !== undefined) return known;
    const hand = new Hand(owner, {
      program: this.options.program,
      idleMs: this.options.idleMs ?? 10_000,
      onRest: () => {
        if (!hand.isBusy) this.hands.delete(owner.uid);
        this.waiting.shift()?.();
      },
    });
    this.hands.set(owner.uid, hand);
    return hand;
  }

  /** One that only waits for its idle time to pass goes at once. */
  private makeRoom(): void {
    for (const hand of this.hands.values()) {
      if (!hand.isBusy) return hand.rest();
    }
  }
}
