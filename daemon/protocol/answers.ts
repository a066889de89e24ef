/**
 * What the daemon answers. Keys are stable: a value that is absent is `null`, never a missing key. Times are
 * ISO 8601 in UTC.
 */
import { z } from 'zod';
import { ATTEMPT_STATES, CALL_STATUSES, CAUSES, FAILURE_MODES, RUN_STATUSES } from './words.ts';

const time = z.iso.datetime();
const text = z.string();
const labels = z.record(text, text);

const problem = z.strictObject({ key: text, text, since: time });

const orphan = z.strictObject({
  call: text,
  nativeId: text.nullable(),
  tag: text.meta({ description: 'Name of the job at its scheduler' }),
  backend: text,
  host: text.meta({ description: 'Host of the daemon that submitted the job' }),
  since: time,
});

const attempt = z.strictObject({
  number: z.int(),
  state: z.enum(ATTEMPT_STATES),
  cause: z.enum(CAUSES).nullable(),
  backend: text,
  nativeId: text.nullable(),
  backendStatus: text.nullable().meta({ description: "The scheduler's own words" }),
  exitCode: z.int().nullable(),
  signal: text.nullable(),
  detail: text.nullable(),
  blocked: text.nullable().meta({ description: 'Why the scheduler does not start the job' }),
  tag: text.nullable(),
  queuedAt: time.nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  directory: text,
});

const call = z.strictObject({
  call: text,
  task: text,
  index: z.int().nullable(),
  status: z.enum(CALL_STATUSES),
  reason: text.nullable(),
  benign: z.boolean(),
  retryAt: time.nullable(),
  outputs: z.record(text, text).nullable(),
  attempts: z.array(attempt),
});

const counts = z.strictObject({
  NotStarted: z.int(),
  Ready: z.int(),
  Active: z.int(),
  Succeeded: z.int(),
  Failed: z.int(),
  Aborted: z.int(),
  Skipped: z.int(),
} satisfies Record<(typeof CALL_STATUSES)[number], z.ZodInt>);

const abort = z.strictObject({ by: text, at: time, reason: text.nullable(), force: z.boolean() });

export const run = z.strictObject({
  id: z.int(),
  uuid: text,
  name: text,
  owner: text,
  status: z.enum(RUN_STATUSES),
  failing: z.boolean(),
  held: z.strictObject({ by: text, reason: text }).nullable(),
  failureMode: z.enum(FAILURE_MODES),
  backend: text,
  labels,
  submittedAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  calls: counts,
  orphans: z.array(orphan).meta({ description: 'Jobs that may still be running' }),
  problems: z.array(problem),
  abort: abort.nullable(),
  outputs: z.record(text, z.unknown()).nullable(),
  submitDir: text,
  directory: text,
  callList: z.array(call).exactOptional().meta({ description: 'Only when asked for' }),
  stepList: z.array(call).exactOptional().meta({ description: 'Steps of finalization; only with callList' }),
});

export const submitted = z.strictObject({
  run,
  repeated: z.boolean().meta({ description: 'An earlier submit with the same token had made it' }),
});

export const runPage = z.strictObject({
  runs: z.array(run),
  next: z.int().nullable().meta({ description: 'Value of `before` for the next page' }),
});

export const bulkAbort = z.strictObject({
  ids: z.array(z.int()).meta({ description: 'Aborted, or to be aborted where only counted' }),
  refused: z.array(z.strictObject({ id: z.int(), code: text, message: text })),
});

export const event = z.strictObject({
  seq: z.int(),
  runId: z.int().nullable(),
  at: time,
  type: text,
  call: text.nullable(),
  attempt: z.int().nullable(),
  text,
});

export const eventPage = z.strictObject({ events: z.array(event) });

export const logs = z.strictObject({
  logs: z.array(
    z.strictObject({
      call: text,
      attempt: z.int(),
      state: z.enum(ATTEMPT_STATES),
      stdout: text,
      stderr: text,
      schedulerLog: text.nullable().meta({ description: 'What the scheduler itself wrote' }),
    }),
  ),
});

export const why = z.strictObject({ lines: z.array(text) });

const flag = z.boolean();
const count = z.int();

export const backend = z.strictObject({
  name: text.meta({ description: 'As the configuration calls it' }),
  kind: text.meta({ description: 'The adapter: slurm, local, …' }),
  reachable: flag.nullable().meta({ description: 'By the newest answer; null: not asked yet' }),
  since: time.nullable().meta({ description: 'Since when `reachable` is what it is' }),
  summary: text.meta({ description: 'One line: what was found, or why it cannot be reached' }),
  version: text.nullable().meta({ description: 'What the newest probe that reached it has found' }),
  probedAt: time.nullable().meta({ description: 'When it was last asked what it is' }),
  askedAt: time
    .nullable()
    .meta({ description: 'When it was last asked anything; an idle daemon asks nothing' }),
  accounting: flag.nullable().meta({ description: 'Is there a second source? null: not known yet' }),
  capabilities: z
    .strictObject({ reconnect: flag, lookUp: flag, arrays: flag, signals: flag })
    .meta({ description: 'What the adapter can do at all' }),
  paused: z
    .strictObject({ by: text, reason: text, since: time })
    .nullable()
    .meta({ description: 'null: it takes jobs' }),
  active: count.meta({ description: 'Jobs of ours with the scheduler' }),
  maxActive: count.meta({ description: 'At most so many' }),
  submitting: count.meta({ description: 'Submit commands under way' }),
  maxSubmitting: count.meta({ description: 'At most so many at once' }),
  pollMs: count.meta({ description: 'Between two listings while jobs are active' }),
  settleMs: count.meta({ description: 'Absence counts only over at least this long' }),
  commandTimeoutMs: count.meta({ description: 'No command outlives this' }),
  commands: z
    .strictObject({
      lastMinute: count,
      total: z
        .strictObject({
          probe: count,
          submit: count,
          observe: count,
          account: count,
          abort: count,
          unblock: count,
        })
        .meta({ description: 'Since the daemon began, by what they were for' }),
    })
    .meta({ description: 'Commands of the scheduler that were started' }),
});

export const backendList = z.strictObject({ backends: z.array(backend) });

const stateFacts = {
  bytes: z.int(),
  schemaVersion: z.int(),
  rows: z.record(text, z.int()).meta({ description: 'By table' }),
};

export const backup = z.strictObject({ file: text, at: time, ...stateFacts });

export const stateCheck = z.strictObject({
  findings: z.array(text).meta({ description: 'What is wrong; none: the state is sound' }),
  ...stateFacts,
});

export const retention = z.strictObject({
  configured: z.strictObject({
    olderThan: z.int().nullable().meta({ description: 'Milliseconds; null: runs are kept for ever' }),
    directories: z.enum(['keep', 'remove']),
  }),
  endedBefore: time.nullable(),
  count: z.int(),
  runs: z
    .array(
      z.strictObject({
        id: z.int(),
        name: text,
        owner: text,
        status: z.enum(RUN_STATUSES),
        endedAt: time.nullable(),
        directory: text,
      }),
    )
    .meta({ description: 'The oldest of them' }),
});

const care = z.strictObject({
  newestBackup: z.strictObject({ file: text, at: time }).nullable(),
  problems: z.array(text),
});

export const daemon = z.strictObject({
  name: text,
  version: text,
  host: text,
  pid: z.int(),
  startedAt: time,
  state: z.enum(['serving', 'degraded', 'draining', 'stopping']),
  reason: text.nullable(),
  backends: z.array(backend),
  care: care.nullable().meta({ description: "Of the state; only for root and the daemon's own user" }),
});

export const reloaded = z.strictObject({
  file: text.nullable(),
  inForce: z.array(text).meta({ description: 'Keys that have changed and count from now on' }),
  afterRestart: z
    .array(text)
    .meta({ description: 'Keys that have changed since the start and wait for a restart' }),
});

export type RunAnswer = z.infer<typeof run>;
export type CallAnswer = z.infer<typeof call>;
export type AttemptAnswer = z.infer<typeof attempt>;
export type OrphanAnswer = z.infer<typeof orphan>;
export type EventAnswer = z.infer<typeof event>;
export type LogAnswer = z.infer<typeof logs>['logs'][number];
export type BackendAnswer = z.infer<typeof backend>;
export type BackupAnswer = z.infer<typeof backup>;
export type StateCheckAnswer = z.infer<typeof stateCheck>;
export type RetentionAnswer = z.infer<typeof retention>;
export type ReloadedAnswer = z.infer<typeof reloaded>;
export type DaemonAnswer = z.infer<typeof daemon>;
