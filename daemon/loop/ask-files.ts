/**
 * What the loop asks of users' file systems: marks, spools, and what a program wants to read. Bounded, none
 * of it awaited; answers go to the inbox. A server that hangs holds up the questions asked of it, nobody else.
 */
import { logPath } from '../../backends/job-script.ts';
import { type Attempt, attemptKey, type RunId } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { Inbox } from './inputs.ts';
import { spoolDirectory, submissionDirectory, type WorkingSet } from './working-set.ts';

const MARKS_AT_ONCE = 64;
const SPOOL_MS = 1_000;
/** DESIGN: within 200 looks a second per node. */
const SPOOLS_AT_ONCE = 50;

interface Wanted {
  readonly state: RunState;
  readonly attempt: Attempt;
}

export class FileAsker {
  /** By attempt key: being read, and waiting for their turn. */
  private readonly readingMarks = new Set<string>();
  private readonly wantedMarks = new Map<string, Wanted>();
  /** Attempts whose claim is taken by us with the next look. */
  private readonly wantedRevokes = new Set<string>();
  private readonly reads = new Set<string>();
  private readonly spools = new Map<RunId, { busy: boolean; next: number }>();
  private readonly set: WorkingSet;
  private readonly inbox: Inbox;

  constructor(set: WorkingSet, inbox: Inbox) {
    this.set = set;
    this.inbox = inbox;
  }

  /** Starts every look that is due; answers when (monotonic) the next one will be. */
  ask(now: number): number {
    this.askReads();
    return this.askSpools(now);
  }

  wantMarks(state: RunState, attempt: Attempt): void {
    this.wantedMarks.set(attemptKey(attempt), { state, attempt });
    this.readNextMarks();
  }

  wantRevoke(state: RunState, attempt: Attempt): void {
    this.wantedRevokes.add(attemptKey(attempt));
    this.wantMarks(state, attempt);
  }

  private readNextMarks(): void {
    for (const [key, { state, attempt }] of this.wantedMarks) {
      if (this.readingMarks.size >= MARKS_AT_ONCE) return;
      if (this.readingMarks.has(key)) continue; // what is being read may be older than the wish: read again
      this.wantedMarks.delete(key);
      void this.readMarks(key, state, attempt);
    }
  }

  private async readMarks(key: string, state: RunState, attempt: Attempt): Promise<void> {
    if (attempt.tag === undefined) return;
    const { files, clock } = this.set.parts;
    this.readingMarks.add(key);
    const begunAt = clock.monotonicMs();
    const log = logPath(submissionDirectory(state.run.directory, attempt.tag));
    const isRevoking = this.wantedRevokes.delete(key);
    const { owner } = state.run;
    const answer = await (isRevoking
      ? files.revoke(owner, attempt.directory, log)
      : files.readMarks(owner, attempt.directory, log));
    this.readingMarks.delete(key);
    this.inbox.put({ kind: 'marks', attempt: key, answer, isRevoking, begunAt, at: clock.monotonicMs() });
    this.readNextMarks();
  }

  /** Only of runs with jobs: the others cannot have news. */
  private askSpools(now: number): number {
    let busy = [...this.spools.values()].filter((spool) => spool.busy).length;
    let next = Number.POSITIVE_INFINITY;
    for (const state of this.set.runs.values()) {
      if (state.active.size === 0) continue;
      const spool = this.spools.get(state.run.id) ?? { busy: false, next: 0 };
      this.spools.set(state.run.id, spool);
      if (!spool.busy && now >= spool.next && busy < SPOOLS_AT_ONCE) {
        busy += 1;
        void this.listSpool(state, spool, now);
      }
      if (!spool.busy) next = Math.min(next, spool.next);
    }
    return next;
  }

  private async listSpool(
    state: RunState,
    spool: { busy: boolean; next: number },
    now: number,
  ): Promise<void> {
    const { files, clock } = this.set.parts;
    const { id: runId, owner, directory } = state.run;
    spool.busy = true;
    spool.next = now + SPOOL_MS;
    const answer = await files.listSpool(owner, spoolDirectory(directory));
    spool.busy = false;
    if (!this.set.runs.has(runId)) this.spools.delete(runId);
    const entries = answer.kind === 'ok' ? answer.value : [];
    if (entries.length > 0) this.inbox.put({ kind: 'spool', runId, entries, at: clock.monotonicMs() });
  }

  private askReads(): void {
    for (const state of this.set.runs.values()) {
      for (const [id, request] of state.openReads) {
        const key = `${state.run.id}/${id}`;
        if (this.reads.has(key)) continue;
        this.reads.add(key);
        void this.set.parts.files.read(state.run.owner, request).then((result) => {
          this.reads.delete(key);
          this.inbox.put({ kind: 'read', runId: state.run.id, id, result });
        });
      }
    }
  }
}
