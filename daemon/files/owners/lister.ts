/**
 * Lists the spools of one owner's runs with his rights: the one look that is taken every second, for every run with
 * jobs. A shell of 0.1 MB of its own does it, so that a hundred owners with running jobs cost next to nothing.
 */
import type { Owner } from '../../../backends/backend.ts';
import { parseSpoolName, type SpoolEntry } from '../../../backends/marks.ts';
import type { FileAnswer } from '../owner-files.ts';
import { type Child, startChild } from './child.ts';

/**
 * POSIX sh. A directory a line in; out come lines `seconds,name`, closed by `.`, or by `!` where it cannot be
 * listed. One that is not there is empty. Only where there is news another program is started (stat, for the times).
 */
export const LISTER = `
LC_ALL=C
while IFS= read -r dir; do
  if cd -P -- "$dir" 2>/dev/null; then
    set -- [SE],*
    if [ "$1" != '[SE],*' ]; then
      stat -c %Y,%n -- "$@" 2>/dev/null || printf '0,%s\\n' "$@"
    fi
    echo .
  elif [ -e "$dir" ]; then echo !
  else echo .
  fi
  cd /
done
`;

type Answer = FileAnswer<readonly SpoolEntry[]>;

export class Lister {
  private readonly owner: Owner;
  private readonly idleMs: number;
  private readonly onRest: () => void;
  /** Answered in the order they were asked. */
  private readonly waiting: { readonly directory: string; readonly resolve: (answer: Answer) => void }[] = [];
  private entries: SpoolEntry[] = [];
  private child: Child | undefined;
  private idle: NodeJS.Timeout | undefined;

  constructor(owner: Owner, idleMs: number, onRest: () => void) {
    this.owner = owner;
    this.idleMs = idleMs;
    this.onRest = onRest;
  }

  /** Never rejects. The directory's name must hold no newline. */
  list(directory: string): Promise<Answer> {
    clearTimeout(this.idle);
    return new Promise((resolve) => {
      this.waiting.push({ directory, resolve });
      this.child ??= this.start();
      this.child.send(directory);
    });
  }

  /** Its process answers what it was asked, and goes; a new question gets a new one. */
  rest(): void {
    clearTimeout(this.idle);
    this.child?.end();
    if (this.waiting.length === 0) this.child = undefined;
  }

  private start(): Child {
    const child: Child = startChild(this.owner, '/bin/sh', ['-c', LISTER, 'wfd-lister'], {
      onLine: (line) => this.take(line),
      onEnd: (why) => {
        if (this.child === child) this.failAll(why);
        if (this.child === undefined) this.onRest();
      },
    });
    return child;
  }

  private failAll(why: string): void {
    this.child = undefined;
    this.entries = [];
    const reason = `the process that lists files for ${this.owner.name} has gone: ${why}`;
    for (const { resolve } of this.waiting.splice(0)) resolve({ kind: 'failed', reason });
  }

  private take(line: string): void {
    if (line !== '.' && line !== '!') {
      const entry = readLine(line);
      if (entry !== undefined && this.entries.length < MAX_ENTRIES) this.entries.push(entry);
      return;
    }
    const first = this.waiting.shift();
    const value = this.entries;
    this.entries = [];
    if (first === undefined) return this.child?.kill();
    const reason = `cannot list ${first.directory}: permission denied, or no directory`;
    first.resolve(line === '.' ? { kind: 'ok', value } : { kind: 'failed', reason });
    if (this.waiting.length > 0) return;
    this.idle = setTimeout(() => this.rest(), this.idleMs);
    this.idle.unref();
  }
}

/** What is beyond this is seen with the next look: entries are removed once they are used. */
const MAX_ENTRIES = 100_000;

function readLine(line: string): SpoolEntry | undefined {
  const comma = line.indexOf(',');
  const seconds = Number(line.slice(0, comma));
  const entry = parseSpoolName(line.slice(comma + 1));
  if (entry === undefined || !Number.isSafeInteger(seconds)) return undefined;
  return seconds > 0 ? { ...entry, atMs: seconds * 1000 } : entry;
}
