/**
 * What the daemon asks of its memory on disk. One writer (the loop), many readers (the API).
 *
 * `commit` is all or nothing: `committed` means on disk (full sync), `refused` means nothing of it is, and
 * nobody may act on it. Where trying again cannot help (a rule of the database was broken, its file is damaged,
 * its thread died) the promise is rejected with `StoreBrokenError` (broken.ts): the daemon stops. The interface
 * is asynchronous so that fsync, checkpoint and backup never block the loop, and so that a shared database can
 * stand behind it one day.
 */
import type { Changes, Settings } from '../engine/changes.ts';
import type {
  Attempt,
  Call,
  EventRow,
  Orphan,
  Run,
  RunId,
  RunStatus,
  StoredRead,
  Submission,
} from '../engine/model.ts';
import type { WorkflowBundle } from '../workflow/language.ts';

/** Everything about one run in progress. */
export interface StoredRun {
  readonly run: Run;
  readonly bundle: WorkflowBundle;
  readonly calls: readonly Call[];
  readonly attempts: readonly Attempt[];
  readonly submissions: readonly Submission[];
  readonly reads: readonly StoredRead[];
}

export interface Loaded {
  /** Runs that have not ended. */
  readonly runs: readonly StoredRun[];
  /** Orphans not yet confirmed gone. */
  readonly orphans: readonly Orphan[];
  readonly settings: Settings;
  /** Larger than the id of any run there ever was. */
  readonly nextRunId: RunId;
}

export type CommitResult =
  | { readonly kind: 'committed' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface RunFilter {
  readonly owner?: string;
  readonly ownerUid?: number;
  readonly statuses?: readonly RunStatus[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly submittedAfterMs?: number;
  /** Newest first; at most this many. */
  readonly limit: number;
  /** Only runs with a smaller id: the next page. */
  readonly beforeId?: RunId;
}

/** A run as lists show it. */
export interface RunOverview {
  readonly run: Run;
  /** Calls per status; steps of finalization are not calls and are not counted. */
  readonly counts: Readonly<Record<Call['status'], number>>;
  readonly orphans: readonly Orphan[];
}

export interface EventRecord extends EventRow {
  /** Increases over the life of the database. */
  readonly seq: number;
}

export interface Store {
  load(): Promise<Loaded>;
  commit(changes: Changes): Promise<CommitResult>;

  findRun(id: RunId): Promise<RunOverview | undefined>;
  findRunByToken(ownerUid: number, token: string): Promise<Run | undefined>;
  listRuns(filter: RunFilter): Promise<readonly RunOverview[]>;
  /** In the order of `position`; steps included. */
  listCalls(id: RunId): Promise<readonly Call[]>;
  listAttempts(id: RunId, call?: string): Promise<readonly Attempt[]>;
  findBundle(id: RunId): Promise<WorkflowBundle | undefined>;
  listEvents(filter: {
    readonly runId?: RunId;
    /** Only of runs of this user. */
    readonly ownerUid?: number;
    readonly afterSeq: number;
    readonly limit: number;
  }): Promise<readonly EventRecord[]>;

  /** Checkpoints and closes; commits after it are refused. */
  close(): Promise<void>;
}
