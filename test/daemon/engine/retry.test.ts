/** SEMANTICS 3: which failures are retried, on whose budget, and when. */
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../daemon/engine/model.ts';
import { backoffMs, decideRetry } from '../../../daemon/engine/retry.ts';
import { DEFAULT_SETTINGS } from '../../../daemon/engine/settings.ts';
import { FOUR_CALLS, failed, runOf, Story, SUCCEEDED } from './four-calls.ts';

const one = (retries: string) => `
name: one
tasks:
  A: { run: 'true', ${retries} }
`;

const LOST: Outcome = { cause: 'Lost', claimed: false };
const CLAIMED: Outcome = { cause: 'Lost', claimed: true };
const OF_INFRASTRUCTURE: readonly Outcome[] = [
  { cause: 'Preempted' },
  { cause: 'NodeFailure' },
  { cause: 'LaunchFailure' },
  LOST,
];
const OF_THE_TASK: readonly Outcome[] = [
  failed(),
  { cause: 'Signaled', signal: 'TERM', exitCode: 143 },
  { cause: 'OutOfMemory' },
  { cause: 'TimeLimit' },
];
const ONLY_WHEN_NAMED: readonly Outcome[] = [
  { cause: 'MissingOutput', missing: ['out'] },
  { cause: 'CancelledOutside' },
  CLAIMED,
];
const NEVER: readonly Outcome[] = [
  { cause: 'Rejected' },
  { cause: 'Unsatisfiable' },
  { cause: 'AbortedByUser' },
  { cause: 'NeverStarted' },
];

/** Ends A so, and tells whether it is tried again. */
function isRetried(retries: string, outcome: Outcome): boolean {
  const story = new Story(one(retries));
  story.ends('A', outcome);
  return story.call('A').retryAtMs !== undefined;
}

describe('3: causes', () => {
  test.each(OF_INFRASTRUCTURE)(
    '$cause (no claim) is retried although the task asks for nothing',
    (outcome) => {
      expect(isRetried('retries: 0', outcome)).toBe(true);
    },
  );

  test.each([...OF_THE_TASK, ...ONLY_WHEN_NAMED, ...NEVER])('$cause is not retried unasked', (outcome) => {
    expect(isRetried('retries: 0', outcome)).toBe(false);
  });

  test.each(OF_THE_TASK)('$cause is covered by a bare number', (outcome) => {
    expect(isRetried('retries: 1', outcome)).toBe(true);
  });

  test.each(ONLY_WHEN_NAMED)('$cause is covered where it is named', (outcome) => {
    expect(isRetried('retries: 1', outcome)).toBe(false);
    expect(isRetried(`retries: { max: 1, on: [${outcome.cause}] }`, outcome)).toBe(true);
  });

  test.each(NEVER)('$cause is never retried', (outcome) => {
    expect(isRetried('retries: 3', outcome)).toBe(false);
  });

  test('`on` narrows: to a cause, to an exit code', () => {
    const narrow = 'retries: { max: 1, on: [OutOfMemory, 75] }';
    expect(isRetried(narrow, { cause: 'OutOfMemory' })).toBe(true);
    expect(isRetried(narrow, failed(75))).toBe(true);
    expect(isRetried(narrow, failed(76))).toBe(false);
    expect(isRetried(narrow, { cause: 'TimeLimit' })).toBe(false);
  });

  test('the exit code of a signal may be named, too', () => {
    const killed: Outcome = { cause: 'Signaled', signal: 'KILL', exitCode: 137 };
    expect(isRetried('retries: { max: 1, on: [137] }', killed)).toBe(true);
  });
});

describe('3: budgets', () => {
  test('the infrastructure has one of its own (3) that does not touch the user’s', () => {
    const story = new Story(one('retries: 1'));
    for (let round = 1; round <= 3; round += 1) {
      story.ends('A', { cause: 'NodeFailure' });
      expect(story.call('A')).toMatchObject({ infraRetries: round, userRetries: 0 });
      story.later(3_600_000);
    }
    story.ends('A', failed());
    expect(story.call('A')).toMatchObject({ infraRetries: 3, userRetries: 1 });
    story.later(3_600_000);
    story.ends('A', { cause: 'NodeFailure' });
    expect(story.call('A')).toMatchObject({ status: 'Failed', reason: 'lost its node', attempts: 5 });
  });

  test('a cause of the infrastructure that the task names goes on with the user’s budget', () => {
    const story = new Story(one('retries: { max: 1, on: [NodeFailure] }'), { settings: { infraRetries: 1 } });
    story.ends('A', { cause: 'NodeFailure' });
    story.later(3_600_000);
    story.ends('A', { cause: 'NodeFailure' });
    expect(story.call('A')).toMatchObject({ infraRetries: 1, userRetries: 1 });
  });

  test('only the user’s retries ask for more memory or time', () => {
    const story = new Story(one('retries: { max: 2, grow: { memory: 2 } }, resources: { memory: 100M }'));
    const memory = () => {
      const rendered = story.state.program.render('A', story.state.renderContext(story.attempt('A')));
      return rendered.kind === 'job' ? rendered.job.resources.memoryMiB : undefined;
    };
    const first = memory();
    story.ends('A', { cause: 'NodeFailure' });
    story.later(3_600_000);
    expect(memory()).toBe(first);
    story.ends('A', { cause: 'OutOfMemory' });
    story.later(3_600_000);
    expect(memory()).toBe((first ?? 0) * 2);
  });
});

describe('3: a retry waits', () => {
  test('it doubles from try to try up to a ceiling, with 10 % of jitter either way', () => {
    expect([0, 1, 2, 3].map((tries) => backoffMs(tries, 15_000, 100_000, 0.5))).toEqual([
      15_000, 30_000, 60_000, 100_000,
    ]);
    expect(backoffMs(0, 15_000, 100_000, 0)).toBe(13_500);
    expect(backoffMs(0, 15_000, 100_000, 1)).toBe(16_500);
    expect(backoffMs(10_000, 15_000, 100_000, 0.5)).toBe(100_000);
  });

  test('the due time is stored, the task’s own delay first; before it nothing starts', () => {
    const story = new Story(one('retries: { max: 2, delay: 5m }'));
    story.ends('A', failed());
    expect(story.call('A')).toMatchObject({
      status: 'NotStarted',
      retryAtMs: story.moment.nowMs + 300_000,
      reason: 'exited with code 1',
    });
    expect(story.rows.callsOf(17)).toContainEqual(story.call('A'));
    story.later(299_999);
    expect(story.started).toEqual(['A#1']);
    story.later(1);
    expect(story.started).toEqual(['A#1', 'A#2']);
    story.ends('A', failed());
    expect(story.call('A').retryAtMs).toBe(story.moment.nowMs + 600_000);
  });

  test('a later hard failure under NoNewCalls drops it: Failed with its last cause', () => {
    const story = new Story(FOUR_CALLS);
    story.ends('B', failed(75));
    story.ends('A', failed());
    story.recordIsWritten();
    expect(story.call('B')).toMatchObject({ status: 'Failed', reason: 'exited with code 75' });
    expect(story.call('B')).not.toHaveProperty('retryAtMs');
    expect(story.run.status).toBe('Failed');
  });

  test('a later hard failure under ContinueWhilePossible does not', () => {
    const story = new Story(FOUR_CALLS, { failureMode: 'ContinueWhilePossible' });
    story.ends('B', failed(75));
    story.ends('A', failed());
    story.later(60_000);
    expect(story.active).toEqual(['B']);
  });

  test('an abort drops it: Failed with its last cause', () => {
    const story = new Story(FOUR_CALLS);
    story.ends('B', failed(75));
    story.abort();
    expect(story.call('B')).toMatchObject({ status: 'Failed', reason: 'exited with code 75' });
    story.ends('A', { cause: 'AbortedByUser' });
    story.recordIsWritten();
    expect(story.run.status).toBe('Aborted');
  });

  test('one whose time has come, but which waits for room, is dropped likewise', () => {
    const story = new Story(FOUR_CALLS, { settings: { maxActivePerOwner: 2 } });
    story.ends('B', failed(75));
    story.hold();
    story.later(60_000);
    expect(story.call('B').status).toBe('Ready');
    story.ends('A', failed());
    expect(story.call('B')).toMatchObject({ status: 'Failed', reason: 'exited with code 75' });
  });

  test('a held run does not start it', () => {
    const story = new Story(FOUR_CALLS);
    story.ends('B', failed(75));
    story.hold();
    story.later(3_600_000);
    expect(story.started).toEqual(['A#1', 'B#1']);
  });

  test('a success after a retry says nothing of the failure before it', () => {
    const story = new Story(FOUR_CALLS);
    story.ends('B', failed(75));
    story.later(60_000);
    story.ends('B', SUCCEEDED);
    expect(story.call('B')).toMatchObject({ status: 'Succeeded', outputs: {} });
    expect(story.call('B')).not.toHaveProperty('reason');
  });
});

describe('3: not retried', () => {
  const call = new Story(FOUR_CALLS).call('A');
  const question = {
    call,
    outcome: failed(),
    policy: { max: 5, causes: ['NonZeroExit'], exitCodes: [] },
    settings: DEFAULT_SETTINGS,
    random: 0.5,
  } as const;
  const abort = { by: 'ada', atMs: 1, force: false };

  test.each([
    ['while the run is Aborting', runOf({ status: 'Aborting', abort })],
    ['while the run is ForceAborting', runOf({ status: 'ForceAborting', abort })],
    ['under NoNewCalls once another call has failed', runOf({ status: 'Running', failing: true })],
  ])('%s', (_when, run) => {
    expect(decideRetry({ ...question, run })).toEqual({ kind: 'none' });
    expect(decideRetry({ ...question, run, outcome: { cause: 'NodeFailure' } })).toEqual({ kind: 'none' });
  });

  test('but it is under ContinueWhilePossible', () => {
    const run = runOf({ status: 'Running', failing: true, failureMode: 'ContinueWhilePossible' });
    expect(decideRetry({ ...question, run })).toMatchObject({ kind: 'retry', budget: 'user' });
  });

  test('nor a call that was aborted alone, nor a step of finalization', () => {
    const run = runOf({ status: 'Running' });
    const aborted = { ...call, abort: { by: 'ada', atMs: 1 } };
    expect(decideRetry({ ...question, run, call: aborted })).toEqual({ kind: 'none' });
    expect(decideRetry({ ...question, run, call: { ...call, role: 'finally' } })).toEqual({ kind: 'none' });
  });
});
