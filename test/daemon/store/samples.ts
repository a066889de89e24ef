/** Objects of the model for the tests of the store: plain ones, and generated ones with every property. */
import fc, { type Arbitrary } from 'fast-check';
import type { NativeId, Owner, Tag } from '../../../backends/backend.ts';
import { type Changes, NO_CHANGES } from '../../../daemon/engine/changes.ts';
import type {
  AbortRequest,
  Attempt,
  AttemptState,
  Call,
  EventRow,
  Orphan,
  Outcome,
  Run,
  StoredRead,
  Submission,
} from '../../../daemon/engine/model.ts';
import type { ReadResult, WorkflowBundle } from '../../../daemon/workflow/language.ts';

const OWNER: Owner = { uid: 1000, gid: 1000, name: 'ada', home: '/home/ada', shell: '/bin/bash' };

export function sampleRun(id: number, change: Partial<Run> = {}): Run {
  return {
    id,
    uuid: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    name: 'align',
    owner: OWNER,
    status: 'Running',
    failing: false,
    failureMode: 'NoNewCalls',
    backend: 'slurm',
    labels: {},
    submitDir: '/home/ada',
    directory: `/home/ada/wf-runs/${id}`,
    umask: 0o022,
    submittedAtMs: 1_000 * id,
    problems: [],
    ...change,
  };
}

export function sampleCall(runId: number, key: string, change: Partial<Call> = {}): Call {
  return {
    runId,
    key,
    task: key,
    role: 'call',
    position: 0,
    status: 'NotStarted',
    attempts: 0,
    userRetries: 0,
    infraRetries: 0,
    ...change,
  };
}

export function sampleAttempt(runId: number, call: string, number: number): Attempt {
  return {
    runId,
    call,
    number,
    backend: 'slurm',
    state: { kind: 'ready' },
    directory: `/runs/${runId}/${call}/${number}`,
  };
}

export function sampleSubmission(runId: number, tag: string, call: string): Submission {
  const elements = [{ call, number: 1 }];
  return { tag: tag as Tag, runId, backend: 'slurm', elements, createdAtMs: 5, status: 'open' };
}

export function sampleOrphan(runId: number, tag: string, call: string): Orphan {
  return { runId, tag: tag as Tag, backend: 'slurm', owner: OWNER, call, host: 'login1', sinceMs: 7 };
}

export const BUNDLE: WorkflowBundle = {
  language: 'native',
  fileName: 'w.yaml',
  source: 'tasks: {}',
  files: {},
  inputs: {},
};

/** A run that can be stored: with its workflow. */
export function newRun(run: Run, rest: Partial<Changes> = {}): Changes {
  return { ...NO_CHANGES, runs: [run], bundles: [{ runId: run.id, bundle: BUNDLE }], ...rest };
}

/** Every property of the type, so that a new one cannot be forgotten; those not required may be absent. */
function complete<T>(
  properties: { readonly [K in keyof Required<T>]: Arbitrary<Required<T>[K]> },
  requiredKeys: readonly (keyof T)[],
): Arbitrary<T> {
  const model = properties as Record<string, Arbitrary<unknown>>;
  return fc.record(model, { requiredKeys: requiredKeys.map(String), noNullPrototype: true }) as Arbitrary<T>;
}

/** All properties there, and the prototype that JSON gives. */
function object<T>(properties: { readonly [K in keyof T]: Arbitrary<T[K]> }): Arbitrary<T> {
  return fc.record(properties, { noNullPrototype: true });
}

const words = fc.string({ unit: 'binary', maxLength: 12 });
const count = fc.nat(1_000_000);
const timeMs = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const flag = fc.boolean();
const nativeId = words.map((word) => word as NativeId);
const few = { maxKeys: 3, noNullPrototype: true };
const strings = fc.dictionary(words, words, few);
const owner = object({ uid: count, gid: count, name: words, home: words, shell: words });
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

const abortRequest = complete<AbortRequest>({ by: words, atMs: timeMs, reason: words, force: flag }, [
  'by',
  'atMs',
  'force',
]);

type OtherOutcome = Exclude<Outcome, { cause: 'NonZeroExit' | 'Signaled' | 'MissingOutput' | 'Lost' }>;

const outcome: Arbitrary<Outcome> = fc.oneof(
  complete<Extract<Outcome, { cause: 'NonZeroExit' }>>(
    { cause: fc.constant('NonZeroExit'), exitCode: fc.nat(255), detail: words },
    ['cause'],
  ),
  complete<Extract<Outcome, { cause: 'Signaled' }>>(
    { cause: fc.constant('Signaled'), signal: words, exitCode: fc.nat(255), detail: words },
    ['cause', 'signal'],
  ),
  complete<Extract<Outcome, { cause: 'MissingOutput' }>>(
    { cause: fc.constant('MissingOutput'), missing: fc.array(words), detail: words },
    ['cause', 'missing'],
  ),
  complete<Extract<Outcome, { cause: 'Lost' }>>(
    { cause: fc.constant('Lost'), claimed: flag, exitCode: fc.nat(255), detail: words },
    ['cause', 'claimed'],
  ),
  complete<OtherOutcome>(
    {
      cause: fc.constantFrom('Succeeded', 'TimeLimit', 'NeverStarted'),
      exitCode: fc.nat(255),
      detail: words,
    },
    ['cause'],
  ),
);

const attemptState: Arbitrary<AttemptState> = fc.oneof(
  object({ kind: fc.constantFrom('ready', 'submitting') }),
  object({ kind: fc.constantFrom('queued', 'running'), nativeId, runCount: count }),
  complete<Extract<AttemptState, { kind: 'ended' }>>({ kind: fc.constant('ended'), outcome, nativeId }, [
    'kind',
    'outcome',
  ]),
);

export function anyRun(id: number): Arbitrary<Run> {
  return complete<Run>(
    {
      id: fc.constant(id),
      uuid: fc.uuid(),
      name: words,
      owner,
      status: fc.constantFrom('Submitted', 'OnHold', 'Running', 'Aborting', 'ForceAborting'),
      failing: flag,
      held: object({ by: words, reason: words }),
      failureMode: fc.constantFrom('NoNewCalls', 'ContinueWhilePossible'),
      backend: words,
      labels: strings,
      submitDir: words,
      directory: words,
      umask: fc.nat(0o777),
      token: words,
      submittedAtMs: timeMs,
      startedAtMs: timeMs,
      endedAtMs: timeMs,
      abort: abortRequest,
      finalization: object({
        end: fc.constantFrom('Succeeded', 'Failed', 'Aborted'),
        stage: fc.constantFrom('onEnd', 'finally', 'record'),
      }),
      problems: fc.array(object({ key: words, text: words, sinceMs: timeMs }), { maxLength: 3 }),
      outputs: fc.dictionary(words, json, few),
    },
    [
      ...['id', 'uuid', 'name', 'owner', 'status', 'failing', 'failureMode', 'backend', 'labels'],
      ...['submitDir', 'directory', 'umask', 'submittedAtMs', 'problems'],
    ] as (keyof Run)[],
  );
}

export function anyCall(runId: number, key: string, position: number): Arbitrary<Call> {
  return complete<Call>(
    {
      runId: fc.constant(runId),
      key: fc.constant(key),
      task: words,
      index: count,
      role: fc.constantFrom('call', 'onAbort', 'onFailure', 'finally'),
      position: fc.constant(position),
      status: fc.constantFrom('NotStarted', 'Ready', 'Active', 'Succeeded', 'Failed', 'Aborted', 'Skipped'),
      reason: words,
      benign: flag,
      attempts: count,
      userRetries: count,
      infraRetries: count,
      retryAtMs: timeMs,
      abort: complete<NonNullable<Call['abort']>>({ by: words, atMs: timeMs, reason: words }, ['by', 'atMs']),
      outputs: strings,
    },
    ['runId', 'key', 'task', 'role', 'position', 'status', 'attempts', 'userRetries', 'infraRetries'],
  );
}

export function anyAttempt(runId: number, call: string, number: number): Arbitrary<Attempt> {
  return complete<Attempt>(
    {
      runId: fc.constant(runId),
      call: fc.constant(call),
      number: fc.constant(number),
      backend: words,
      state: attemptState,
      tag: words.map((word) => word as Tag),
      element: count,
      directory: words,
      backendStatus: words,
      blocked: object({ reason: words, plain: words, forever: flag, sinceMs: timeMs }),
      ending: complete<NonNullable<Attempt['ending']>>(
        {
          why: fc.constantFrom('user', 'force', 'unsatisfiable'),
          atMs: timeMs,
          detail: words,
          signalledAtMs: timeMs,
          tries: count,
          nextAtMs: timeMs,
        },
        ['why', 'atMs', 'tries', 'nextAtMs'],
      ),
      unblockedAtMs: timeMs,
      queuedAtMs: timeMs,
      startedAtMs: timeMs,
      endedAtMs: timeMs,
    },
    ['runId', 'call', 'number', 'backend', 'state', 'directory'],
  );
}

export function anySubmission(runId: number, tag: string): Arbitrary<Submission> {
  return complete<Submission>(
    {
      tag: fc.constant(tag as Tag),
      runId: fc.constant(runId),
      backend: words,
      elements: fc.array(object({ call: words, number: count }), { maxLength: 3 }),
      createdAtMs: timeMs,
      status: fc.constantFrom('open', 'superseded', 'void'),
      nativeId,
    },
    ['tag', 'runId', 'backend', 'elements', 'createdAtMs', 'status'],
  );
}

export function anyRead(runId: number, id: string): Arbitrary<StoredRead> {
  const result: Arbitrary<ReadResult> = fc.oneof(
    object({ kind: fc.constant('lines' as const), lines: fc.array(words) }),
    object({ kind: fc.constant('size' as const), bytes: timeMs }),
    object({ kind: fc.constant('glob' as const), paths: fc.array(words) }),
    object({ kind: fc.constant('failed' as const), reason: words }),
  );
  return complete<StoredRead>({ runId: fc.constant(runId), id: fc.constant(id), result }, [
    'runId',
    'id',
    'result',
  ]);
}

export function anyOrphan(runId: number, tag: string): Arbitrary<Orphan> {
  return complete<Orphan>(
    {
      runId: fc.constant(runId),
      tag: fc.constant(tag as Tag),
      backend: words,
      owner,
      nativeId,
      call: words,
      directory: words,
      host: words,
      sinceMs: timeMs,
      goneAtMs: timeMs,
    },
    ['runId', 'tag', 'backend', 'owner', 'call', 'host', 'sinceMs'],
  );
}

export function anyEvent(runId: number): Arbitrary<EventRow> {
  return complete<EventRow>(
    { runId: fc.constant(runId), atMs: timeMs, type: words, call: words, attempt: count, text: words },
    ['atMs', 'type', 'text'],
  );
}

export const anyBundle: Arbitrary<WorkflowBundle> = object({
  language: fc.constant('native' as const),
  fileName: words,
  source: words,
  files: strings,
  inputs: fc.dictionary(words, fc.oneof(words, flag, count, fc.constant(null), fc.array(words)), few),
});

export const anySettings: Arbitrary<Record<string, unknown>> = fc.dictionary(
  words,
  json.filter((value) => value !== null),
  few,
);
