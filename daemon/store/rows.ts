/**
 * Between the objects of the model and the rows of the tables. What is absent in an object is NULL in its
 * row and absent again when read. Decides nothing and asks nothing of the database.
 */
import type {
  Attempt,
  AttemptState,
  Call,
  EventRow,
  Orphan,
  Outcome,
  Run,
  StoredRead,
  Submission,
} from '../engine/model.ts';
import type { attempts, calls, events, orphans, reads, runs, submissions } from './schema.ts';
import type { EventRecord } from './store.ts';

export function rowOfRun({ owner, ...run }: Run): Kept<Omit<Run, 'owner'>, typeof runs.$inferInsert> {
  return {
    ...run,
    ownerUid: owner.uid,
    ownerGid: owner.gid,
    ownerName: owner.name,
    ownerHome: owner.home,
    ownerShell: owner.shell,
  };
}

export function runOfRow(row: typeof runs.$inferSelect): Run {
  const { ownerUid, ownerGid, ownerName, ownerHome, ownerShell, ...run } = present(row);
  return {
    ...run,
    owner: { uid: ownerUid, gid: ownerGid, name: ownerName, home: ownerHome, shell: ownerShell },
  };
}

export function rowOfCall(call: Call): Kept<Call, typeof calls.$inferInsert> {
  return call;
}

export function callOfRow(row: typeof calls.$inferSelect): Call {
  return present(row);
}

export function rowOfAttempt({
  state,
  ...attempt
}: Attempt): Kept<Omit<Attempt, 'state'>, typeof attempts.$inferInsert> {
  return { ...attempt, ...columnsOfState(state) };
}

export function attemptOfRow(row: typeof attempts.$inferSelect): Attempt {
  const {
    state: _,
    nativeId: _id,
    runCount: _count,
    outcome: _outcome,
    cause: _cause,
    exitCode: _code,
    ...attempt
  } = present(row);
  return { ...attempt, state: stateOfRow(row) };
}

export function rowOfSubmission(submission: Submission): Kept<Submission, typeof submissions.$inferInsert> {
  return submission;
}

export function submissionOfRow(row: typeof submissions.$inferSelect): Submission {
  return present(row);
}

export function rowOfRead(read: StoredRead): Kept<StoredRead, typeof reads.$inferInsert> {
  return read;
}

export function rowOfOrphan(orphan: Orphan): Kept<Orphan, typeof orphans.$inferInsert> {
  return orphan;
}

export function orphanOfRow(row: typeof orphans.$inferSelect): Orphan {
  return present(row);
}

export function rowOfEvent(event: EventRow): Kept<EventRow, typeof events.$inferInsert> {
  return event;
}

export function eventOfRow(row: typeof events.$inferSelect): EventRecord {
  return present(row);
}

/** The row; nothing, hence a compile error, where the model has a property that no column keeps. */
type Kept<Model, Row> = Exclude<keyof Model, keyof Row> extends never ? Row : never;

type AttemptRow = typeof attempts.$inferSelect;
type StateColumns = Pick<
  typeof attempts.$inferInsert,
  'state' | 'nativeId' | 'runCount' | 'outcome' | 'cause' | 'exitCode'
>;

function columnsOfState(state: AttemptState): StateColumns {
  switch (state.kind) {
    case 'ready':
    case 'submitting':
      return { state: state.kind };
    case 'queued':
    case 'running':
      return { state: state.kind, nativeId: state.nativeId, runCount: state.runCount };
    case 'ended':
      return {
        state: state.kind,
        nativeId: state.nativeId,
        outcome: state.outcome,
        ...searchable(state.outcome),
      };
    default:
      return state satisfies never;
  }
}

function stateOfRow(row: AttemptRow): AttemptState {
  switch (row.state) {
    case 'ready':
    case 'submitting':
      return { kind: row.state };
    case 'queued':
    case 'running':
      return { kind: row.state, nativeId: needed(row, 'nativeId'), runCount: needed(row, 'runCount') };
    case 'ended':
      return { kind: row.state, outcome: needed(row, 'outcome'), ...present({ nativeId: row.nativeId }) };
    default:
      return row.state satisfies never;
  }
}

function searchable(outcome: Outcome): Pick<StateColumns, 'cause' | 'exitCode'> {
  return { cause: outcome.cause, exitCode: 'exitCode' in outcome ? outcome.exitCode : undefined };
}

/** A row that lacks what its state promises was not written by this program. */
function needed<K extends keyof AttemptRow>(row: AttemptRow, column: K): NonNullable<AttemptRow[K]> {
  const value = row[column];
  if (value === null || value === undefined) {
    throw new Error(
      `attempt ${row.runId}/${row.call}#${row.number} is stored as ${row.state} without its ${column}`,
    );
  }
  return value;
}

type Present<T> = {
  [K in keyof T as null extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as null extends T[K] ? K : never]?: NonNullable<T[K]>;
};

/** The row without its NULLs. */
function present<T extends object>(row: T): Present<T> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) if (value !== null) kept[name] = value;
  return kept as Present<T>;
}
