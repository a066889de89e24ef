/**
 * The shared file system: what jobs leave in it at once, what the daemon sees of it late.
 *
 * The file server's truth is immediate and claims are atomic there; the daemon's node caches, so that it
 * sees a mark only after the mark's own lag. Quota troubles stop jobs and daemon alike.
 */
import type { NativeId, Owner, Tag } from '../../backends/backend.ts';
import type { FileToWrite } from '../../backends/job-script.ts';
import type { ExitMark, Marks, SpoolEntry } from '../../backends/marks.ts';
import type { FileAnswer, OwnerFiles } from '../../daemon/files/owner-files.ts';
import type { ReadRequest, ReadResult } from '../../daemon/workflow/language.ts';
import { type Life, silence } from './life.ts';
import { hash, type Random } from './random.ts';
import type { VirtualTime } from './virtual-clock.ts';
import type { Weather } from './weather.ts';

/** Who a job is to the wrapper: `nativeId.runCount`. */
export interface JobIdentity {
  readonly nativeId: NativeId;
  readonly runCount: number;
}

/** `exited`: an exit mark exists already. `full`: the link cannot be made. */
export type ClaimAnswer = 'claimed' | 'duplicate' | 'exited' | 'full';

export interface FilesHabits {
  readonly markLagMs: number;
  /** The wrapper of a broken variant takes no claim. */
  readonly claims: boolean;
}

export class FakeFiles {
  private readonly directories = new Map<string, Directory>();
  private readonly spools = new Map<string, Map<string, Late<SpoolEntry>>>();
  private readonly written = new Set<string>();
  private readonly time: VirtualTime;
  private readonly random: Random;
  private readonly weather: Weather;
  private readonly habits: FilesHabits;

  constructor(time: VirtualTime, random: Random, weather: Weather, habits: FilesHabits) {
    this.time = time;
    this.random = random;
    this.weather = weather;
    this.habits = habits;
  }

  exists(path: string): boolean {
    return this.written.has(path);
  }

  claim(path: string, job: JobIdentity): ClaimAnswer {
    const directory = this.directory(path);
    if (directory.exit !== undefined && directory.exit.value.nativeId === job.nativeId) return 'exited';
    if (directory.revoked) return 'duplicate';
    const holder = directory.claim?.value;
    if (this.habits.claims && holder !== undefined && holder.nativeId !== job.nativeId) return 'duplicate';
    if (this.isFull()) return 'full';
    const { nativeId, runCount } = job;
    directory.claim = this.late({ nativeId, runCount, atMs: this.time.wallMs() }, directory.claim);
    return 'claimed';
  }

  holderOf(path: string): NativeId | undefined {
    return this.directory(path).claim?.value.nativeId;
  }

  exitOf(path: string): ExitMark | undefined {
    return this.directory(path).exit?.value;
  }

  leaveDuplicate(path: string, nativeId: NativeId): void {
    if (!this.isFull()) this.directory(path).duplicates.push(this.late(nativeId));
  }

  /** False where the quota forbids it: then only the scheduler knows how the job ended. */
  leaveExit(path: string, mark: Omit<ExitMark, 'atMs'>): boolean {
    if (this.isFull()) return false;
    this.directory(path).exit = this.late({ ...mark, atMs: this.time.wallMs() });
    return true;
  }

  writeLog(path: string, text: string): void {
    this.directory(path).log = this.late(text);
  }

  spool(
    path: string,
    tag: Tag,
    { nativeId, runCount }: JobIdentity,
    end?: Pick<ExitMark, 'exitCode' | 'succeeded'>,
  ): void {
    if (this.isFull()) return;
    const kind = end === undefined ? 'started' : 'ended';
    const fileName = `${tag}.0.${nativeId}.${runCount}.${kind}`;
    const ended = end === undefined ? {} : { exitCode: end.exitCode, succeeded: end.succeeded };
    const entry: SpoolEntry = {
      fileName,
      kind,
      tag,
      index: 0,
      nativeId,
      runCount,
      ...ended,
      atMs: this.time.wallMs(),
    };
    this.spoolOf(path).set(fileName, this.late(entry));
  }

  /** What one life of the daemon can do with files. */
  ownerFiles(life: Life): OwnerFiles {
    return {
      mayMake: () => this.look(life, () => undefined),
      write: (_owner, _umask, files) => this.write(life, files),
      readMarks: (_owner, path, logPath) => this.look(life, () => this.marksSeen(path, logPath)),
      revoke: (_owner, path, logPath) => this.look(life, () => this.revoke(path, logPath)),
      listSpool: (_owner, path) => this.look(life, () => this.spoolSeen(path)),
      removeSpool: (_owner, path, names) =>
        this.look(life, () => {
          for (const name of names) this.spoolOf(path).delete(name);
        }),
      read: (_owner: Owner, request: ReadRequest) =>
        life.answer(this.delayMs(), () => readAnswer(request, this.random)),
      removeTree: () => this.look(life, () => 'absent'),
    };
  }

  isFull(): boolean {
    return this.weather.isOn('quota', this.time.trueMs);
  }

  private write(life: Life, files: readonly FileToWrite[]): Promise<FileAnswer<void>> {
    if (!life.alive) return silence();
    return life.answer<FileAnswer<void>>(this.delayMs(), () => {
      if (this.isFull()) return { kind: 'failed', reason: `${files[0]?.path}: Disk quota exceeded` };
      for (const file of files) this.written.add(file.path);
      return { kind: 'ok', value: undefined };
    });
  }

  private look<T>(life: Life, see: () => T): Promise<FileAnswer<T>> {
    return life.answer<FileAnswer<T>>(this.delayMs(), () =>
      this.weather.isOn('filesFail', this.time.trueMs)
        ? { kind: 'failed', reason: 'Stale file handle' }
        : { kind: 'ok', value: see() },
    );
  }

  private delayMs(): number {
    const slow = this.weather.isOn('filesSlow', this.time.trueMs);
    return slow ? this.random.between(500, 20_000) : this.random.between(1, 40);
  }

  private marksSeen(path: string, logPath: string): Marks {
    const directory = this.directory(path);
    const claim = this.seen(directory.claim);
    const exit = this.seen(directory.exit);
    return {
      ...(claim === undefined ? {} : { claim }),
      ...(directory.revoked ? { revoked: true } : {}),
      ...(exit === undefined ? {} : { exit }),
      duplicates: directory.duplicates.flatMap((mark) => this.seen(mark) ?? []),
      log: this.seen(this.directory(logPath).log) ?? '',
    };
  }

  /** Atomic at the file server, and what the daemon itself has made it sees at once. */
  private revoke(path: string, logPath: string): Marks {
    const directory = this.directory(path);
    if (directory.claim === undefined) directory.revoked = true;
    return this.marksSeen(path, logPath);
  }

  private spoolSeen(path: string): readonly SpoolEntry[] {
    return [...this.spoolOf(path).values()].flatMap((entry) => this.seen(entry) ?? []);
  }

  private seen<T>(late: Late<T> | undefined): T | undefined {
    if (late === undefined) return undefined;
    return late.fromMs <= this.time.trueMs ? late.value : late.before;
  }

  private late<T>(value: T, replaced?: Late<T>): Late<T> {
    const lagMs = this.random.chance(0.5) ? 0 : this.random.between(0, this.habits.markLagMs);
    return { value, fromMs: this.time.trueMs + lagMs, before: replaced?.value };
  }

  private directory(path: string): Directory {
    const known = this.directories.get(path);
    if (known !== undefined) return known;
    const made: Directory = { duplicates: [] };
    this.directories.set(path, made);
    return made;
  }

  private spoolOf(path: string): Map<string, Late<SpoolEntry>> {
    const known = this.spools.get(path);
    if (known !== undefined) return known;
    const made = new Map<string, Late<SpoolEntry>>();
    this.spools.set(path, made);
    return made;
  }
}

/** A list found in a job's output: what it holds follows from its name alone, so it never changes. */
export function linesIn(path: string): readonly string[] {
  return Array.from({ length: hash(path) % 5 }, (_, line) => `item${line}`);
}

interface Late<T> {
  readonly value: T;
  readonly fromMs: number;
  readonly before: T | undefined;
}

interface Directory {
  revoked?: true;
  claim?: Late<JobIdentity & { readonly atMs: number }>;
  exit?: Late<ExitMark>;
  log?: Late<string>;
  readonly duplicates: Late<NativeId>[];
}

function readAnswer(request: ReadRequest, random: Random): ReadResult {
  switch (request.kind) {
    case 'lines':
      return { kind: 'lines', lines: linesIn(request.path) };
    case 'size':
      return { kind: 'size', bytes: random.int(0, 4096) };
    case 'glob':
      return { kind: 'glob', paths: linesIn(request.path).map((name) => `/data/${name}`) };
    default:
      throw new Error(`unknown read ${JSON.stringify(request.kind satisfies never)}`);
  }
}
