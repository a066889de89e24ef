/**
 * The tables. What people search for has a column of its own; nested variants are JSON text. Columns that
 * hold a status are plain text without a list of allowed words: such a list could only be widened by
 * rebuilding the table, and TypeScript keeps it already.
 *
 * Property names are those of the model where the shapes agree (see rows.ts for the rest). Ids of runs and
 * events are AUTOINCREMENT, so that no id is ever given out twice, even after rows have been deleted: a
 * migration that rebuilds one of these two tables must carry its line of `sqlite_sequence` over.
 */
import { sql } from 'drizzle-orm';
import {
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import type { NativeId, Owner, Tag } from '../../backends/backend.ts';
import type {
  Attempt,
  AttemptState,
  Call,
  Ending,
  Outcome,
  Problem,
  Run,
  RunStatus,
  Submission,
} from '../engine/model.ts';
import type { Cause, FailureMode, ReadResult, WorkflowBundle } from '../workflow/language.ts';

export const runs = sqliteTable(
  'runs',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    uuid: text('uuid').notNull().unique(),
    name: text('name').notNull(),
    ownerUid: integer('owner_uid').notNull(),
    ownerGid: integer('owner_gid').notNull(),
    ownerName: text('owner_name').notNull(),
    ownerHome: text('owner_home').notNull(),
    ownerShell: text('owner_shell').notNull(),
    status: text('status').$type<RunStatus>().notNull(),
    failing: integer('failing', { mode: 'boolean' }).notNull(),
    held: text('held', { mode: 'json' }).$type<NonNullable<Run['held']>>(),
    failureMode: text('failure_mode').$type<FailureMode>().notNull(),
    backend: text('backend').notNull(),
    labels: text('labels', { mode: 'json' }).$type<Run['labels']>().notNull(),
    submitDir: text('submit_dir').notNull(),
    directory: text('directory').notNull(),
    umask: integer('umask').notNull(),
    token: text('token'),
    submittedAtMs: integer('submitted_at_ms').notNull(),
    startedAtMs: integer('started_at_ms'),
    endedAtMs: integer('ended_at_ms'),
    abort: text('abort', { mode: 'json' }).$type<NonNullable<Run['abort']>>(),
    finalization: text('finalization', { mode: 'json' }).$type<NonNullable<Run['finalization']>>(),
    problems: text('problems', { mode: 'json' }).$type<readonly Problem[]>().notNull(),
    outputs: text('outputs', { mode: 'json' }).$type<NonNullable<Run['outputs']>>(),
  },
  (run) => [
    index('runs_by_status').on(run.status),
    index('runs_by_owner').on(run.ownerName, run.id),
    // A repeated submit makes one run. Runs without a token do not collide: NULLs are distinct in SQLite.
    uniqueIndex('runs_by_token').on(run.ownerUid, run.token),
  ],
);

/** Apart from the run: long, written once, and in no list. */
export const bundles = sqliteTable('bundles', {
  runId: integer('run_id')
    .primaryKey()
    .references(() => runs.id, { onDelete: 'cascade' }),
  bundle: text('bundle', { mode: 'json' }).$type<WorkflowBundle>().notNull(),
});

export const calls = sqliteTable(
  'calls',
  {
    runId: integer('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    key: text('key').notNull(),
    task: text('task').notNull(),
    index: integer('scatter_index'),
    role: text('role').$type<Call['role']>().notNull(),
    position: integer('position').notNull(),
    status: text('status').$type<Call['status']>().notNull(),
    reason: text('reason'),
    benign: integer('benign', { mode: 'boolean' }),
    attempts: integer('attempts').notNull(),
    userRetries: integer('user_retries').notNull(),
    infraRetries: integer('infra_retries').notNull(),
    retryAtMs: integer('retry_at_ms'),
    abort: text('abort', { mode: 'json' }).$type<NonNullable<Call['abort']>>(),
    outputs: text('outputs', { mode: 'json' }).$type<NonNullable<Call['outputs']>>(),
  },
  (call) => [
    primaryKey({ columns: [call.runId, call.key] }),
    // Counting the calls of a run per status reads this index alone.
    index('calls_by_status').on(call.runId, call.role, call.status),
  ],
);

export const submissions = sqliteTable(
  'submissions',
  {
    tag: text('tag').$type<Tag>().primaryKey(),
    runId: integer('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    backend: text('backend').notNull(),
    elements: text('elements', { mode: 'json' }).$type<Submission['elements']>().notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    status: text('status').$type<Submission['status']>().notNull(),
    nativeId: text('native_id').$type<NativeId>(),
  },
  (submission) => [index('submissions_by_run').on(submission.runId)],
);

export const attempts = sqliteTable(
  'attempts',
  {
    runId: integer('run_id').notNull(),
    call: text('call').notNull(),
    number: integer('number').notNull(),
    backend: text('backend').notNull(),
    state: text('state').$type<AttemptState['kind']>().notNull(),
    nativeId: text('native_id').$type<NativeId>(),
    runCount: integer('run_count'),
    outcome: text('outcome', { mode: 'json' }).$type<Outcome>(),
    // Copies from the outcome, for people who search; never read back.
    cause: text('cause').$type<Cause>(),
    exitCode: integer('exit_code'),
    tag: text('tag').$type<Tag>(),
    element: integer('element'),
    directory: text('directory').notNull(),
    backendStatus: text('backend_status'),
    blocked: text('blocked', { mode: 'json' }).$type<NonNullable<Attempt['blocked']>>(),
    unblockedAtMs: integer('unblocked_at_ms'),
    ending: text('ending', { mode: 'json' }).$type<Ending>(),
    queuedAtMs: integer('queued_at_ms'),
    startedAtMs: integer('started_at_ms'),
    endedAtMs: integer('ended_at_ms'),
  },
  (attempt) => [
    // Its first column also finds all attempts of a run.
    primaryKey({ columns: [attempt.runId, attempt.call, attempt.number] }),
    foreignKey({ columns: [attempt.runId, attempt.call], foreignColumns: [calls.runId, calls.key] }).onDelete(
      'cascade',
    ),
  ],
);

export const reads = sqliteTable(
  'reads',
  {
    runId: integer('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    result: text('result', { mode: 'json' }).$type<ReadResult>().notNull(),
  },
  (read) => [primaryKey({ columns: [read.runId, read.id] })],
);

/** Without a foreign key: a job is hunted even when its run's rows are gone. */
export const orphans = sqliteTable(
  'orphans',
  {
    tag: text('tag').$type<Tag>().notNull(),
    call: text('call').notNull(),
    runId: integer('run_id').notNull(),
    backend: text('backend').notNull(),
    owner: text('owner', { mode: 'json' }).$type<Owner>().notNull(),
    nativeId: text('native_id').$type<NativeId>(),
    directory: text('directory'),
    host: text('host').notNull(),
    sinceMs: integer('since_ms').notNull(),
    goneAtMs: integer('gone_at_ms'),
  },
  (orphan) => [
    // One submission may carry many attempts, each of them an orphan.
    primaryKey({ columns: [orphan.tag, orphan.call] }),
    index('orphans_by_run').on(orphan.runId),
    index('orphans_open').on(orphan.sinceMs).where(sql`"gone_at_ms" is null`),
  ],
);

export const settings = sqliteTable('settings', {
  name: text('name').primaryKey(),
  value: text('value', { mode: 'json' }).$type<unknown>().notNull(),
});

/** For people; never replayed. */
export const events = sqliteTable(
  'events',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    runId: integer('run_id').references(() => runs.id, { onDelete: 'cascade' }),
    atMs: integer('at_ms').notNull(),
    type: text('type').notNull(),
    call: text('call'),
    attempt: integer('attempt'),
    text: text('text').notNull(),
  },
  (event) => [index('events_by_run').on(event.runId, event.seq)],
);
