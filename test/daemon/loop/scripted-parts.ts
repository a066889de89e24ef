/** The parts of a loop that a test writes by hand: a clock that stands still, a scheduler and files that say what they are told. */
import type {
  AbortManner,
  Backend,
  CommandUse,
  JobObservation,
  NativeId,
  Owner,
  RequestReply,
  Snapshot,
  SubmitReply,
  SubmitRequest,
  Tag,
} from '../../../backends/backend.ts';
import { NO_COMMANDS } from '../../../backends/command-meter.ts';
import type { FileToWrite } from '../../../backends/job-script.ts';
import type { Marks, SpoolEntry } from '../../../backends/marks.ts';
import { DEFAULT_SETTINGS, type EngineSettings } from '../../../daemon/engine/settings.ts';
import type { FileAnswer, OwnerFiles } from '../../../daemon/files/owner-files.ts';
import type { Clock, LoopParts } from '../../../daemon/loop/parts.ts';
import type { Store } from '../../../daemon/store/store.ts';
import type { ReadRequest, ReadResult } from '../../../daemon/workflow/language.ts';
import { openNative } from '../../../daemon/workflow/native/open.ts';
import { createMemoryStore } from '../../sim/memory-store.ts';

export const ADA: Owner = { uid: 1000, gid: 1000, name: 'ada', home: '/home/ada', shell: '/bin/bash' };

export const id = (text: string): NativeId => text as NativeId;
export const tagged = (text: string): Tag => text as Tag;

export class StandingClock implements Clock {
  private passedMs = 1_000_000;
  nowMs(): number {
    return Date.UTC(2030, 0, 1) + this.passedMs;
  }
  monotonicMs(): number {
    return this.passedMs;
  }
  pass(ms: number): void {
    this.passedMs += ms;
  }
}

interface AskedToEnd {
  readonly nativeIds: readonly NativeId[];
  readonly manner: AbortManner;
}

/** A scheduler that runs nothing: jobs are in its listing when a test puts them there. */
export class ScriptedBackend implements Backend {
  readonly kind = 'scripted';
  capabilities = { reconnect: true, lookUp: true, arrays: true, signals: true };
  settleMs = 30_000;
  commandTimeoutMs = 60_000;
  maxActive = 1_000;
  maxSubmitting = 1_000;
  pollMs = 10_000;
  hasAccounting = true;
  readonly submits: SubmitRequest[] = [];
  readonly endRequests: AskedToEnd[] = [];
  listing: Snapshot = { kind: 'complete', jobs: [] };
  accounting: Snapshot = { kind: 'complete', jobs: [] };
  /** What the next submits answer; accepted, with a new id, when nothing is said. */
  readonly replies: (SubmitReply | Promise<SubmitReply>)[] = [];
  readonly name: string;
  private lastId = 4710;

  constructor(name = 'local') {
    this.name = name;
  }

  async probe() {
    return { reachable: true, summary: 'scripted', hasAccounting: this.hasAccounting };
  }
  async submit(request: SubmitRequest): Promise<SubmitReply> {
    this.submits.push(request);
    const scripted = this.replies.shift();
    if (scripted !== undefined) return scripted;
    this.lastId += 1;
    return { kind: 'accepted', nativeId: id(String(this.lastId)) };
  }
  async observe(): Promise<Snapshot> {
    return this.listing;
  }
  async account(): Promise<Snapshot> {
    return this.accounting;
  }
  async abort(_owner: Owner, nativeIds: readonly NativeId[], manner: AbortManner): Promise<RequestReply> {
    this.endRequests.push({ nativeIds, manner });
    return { kind: 'sent' };
  }
  /** Every request to try jobs again. */
  readonly unblocked: (readonly NativeId[])[] = [];
  async unblock(_owner: Owner, nativeIds: readonly NativeId[]): Promise<RequestReply> {
    this.unblocked.push(nativeIds);
    return { kind: 'sent' };
  }
  causeInLog(): undefined {
    return undefined;
  }
  preamble(): string {
    return 'wf_native=1 wf_count=0 wf_index=0';
  }
  /** What `check` answers. */
  objection: string | undefined;
  check(): string | undefined {
    return this.objection;
  }
  commandUse(): CommandUse {
    return NO_COMMANDS;
  }

  shows(...jobs: readonly JobObservation[]): void {
    this.listing = { kind: 'complete', jobs };
  }
  isDown(reason = 'timed out'): void {
    this.listing = { kind: 'unavailable', reason };
  }
}

const NO_MARKS: Marks = { duplicates: [], log: '' };

export class ScriptedFiles implements OwnerFiles {
  readonly marks = new Map<string, Marks>();
  readonly spool = new Map<string, readonly SpoolEntry[]>();
  readonly written: FileToWrite[] = [];
  /** Writing anything answers this. */
  trouble: string | undefined;
  /** Reading marks answers this. */
  unreadable: string | undefined;
  /** Held back until a test lets it go. */
  gate: Promise<void> | undefined;

  async mayMake(): Promise<FileAnswer<void>> {
    return { kind: 'ok', value: undefined };
  }
  async write(_owner: Owner, _umask: number, files: readonly FileToWrite[]): Promise<FileAnswer<void>> {
    await this.gate;
    if (this.trouble !== undefined) return { kind: 'failed', reason: this.trouble };
    this.written.push(...files);
    return { kind: 'ok', value: undefined };
  }
  async readMarks(_owner: Owner, directory: string): Promise<FileAnswer<Marks>> {
    if (this.unreadable !== undefined) return { kind: 'failed', reason: this.unreadable };
    return { kind: 'ok', value: this.marks.get(directory) ?? NO_MARKS };
  }
  async revoke(owner: Owner, directory: string): Promise<FileAnswer<Marks>> {
    const marks = this.marks.get(directory) ?? NO_MARKS;
    if (this.unreadable === undefined && marks.claim === undefined)
      this.marks.set(directory, { ...marks, revoked: true });
    return this.readMarks(owner, directory);
  }
  async listSpool(_owner: Owner, directory: string): Promise<FileAnswer<readonly SpoolEntry[]>> {
    return { kind: 'ok', value: this.spool.get(directory) ?? [] };
  }
  async removeSpool(_owner: Owner, directory: string): Promise<FileAnswer<void>> {
    this.spool.delete(directory);
    return { kind: 'ok', value: undefined };
  }
  async read(_owner: Owner, request: ReadRequest): Promise<ReadResult> {
    return { kind: 'failed', reason: `nothing is to be read at ${request.path}` };
  }
  async removeTree(): Promise<FileAnswer<'absent'>> {
    return { kind: 'ok', value: 'absent' };
  }
}

export interface ScriptedParts extends LoopParts {
  readonly clock: StandingClock;
  readonly files: ScriptedFiles;
}

export function scriptedParts(
  given: {
    readonly backends?: readonly Backend[];
    readonly settings?: Partial<EngineSettings>;
    readonly store?: Store;
  } = {},
): ScriptedParts {
  const backends = given.backends ?? [new ScriptedBackend()];
  return {
    store: given.store ?? createMemoryStore(),
    backends: new Map(backends.map((backend) => [backend.name, backend])),
    files: new ScriptedFiles(),
    clock: new StandingClock(),
    random: countingRandom(),
    open: openNative,
    settings: { ...DEFAULT_SETTINGS, ...given.settings },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    host: 'login1',
  };
}

/** Chance without chance: tags differ from each other, and a test tells the same story each time. */
function countingRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647; // Lehmer's generator, with the factor of C++ minstd_rand
    return state / 2_147_483_647;
  };
}
