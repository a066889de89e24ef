/** SEMANTICS 3: the four-call picture, row by row, under both failure modes; and when a run fails at all. */
import { describe, expect, test } from 'vitest';
import { FOUR_CALLS, failed, Story, SUCCEEDED } from './four-calls.ts';

const four = (failureMode: 'NoNewCalls' | 'ContinueWhilePossible') => new Story(FOUR_CALLS, { failureMode });

describe('3: B fails while A runs; A then succeeds', () => {
  test('NoNewCalls: A1, B1 Skipped; run Failed after A ended', () => {
    const story = four('NoNewCalls');
    story.ends('B', failed());
    expect(story.run).toMatchObject({ status: 'Running', failing: true });
    expect(story.active).toEqual(['A']);
    story.ends('A', SUCCEEDED);
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Succeeded', B: 'Failed', A1: 'Skipped', B1: 'Skipped' });
    expect(story.run.status).toBe('Failed');
  });

  test('ContinueWhilePossible: A1 runs; B1 Skipped; run Failed after A1 ended', () => {
    const story = four('ContinueWhilePossible');
    story.ends('B', failed());
    story.ends('A', SUCCEEDED);
    expect(story.active).toEqual(['A1']);
    expect(story.run).toMatchObject({ status: 'Running', failing: true });
    story.ends('A1', SUCCEEDED);
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Succeeded', B: 'Failed', A1: 'Succeeded', B1: 'Skipped' });
    expect(story.run.status).toBe('Failed');
  });
});

describe('3: B fails retryably, its retry succeeds', () => {
  test.each(['NoNewCalls', 'ContinueWhilePossible'] as const)('%s: all run; Succeeded', (mode) => {
    const story = four(mode);
    story.ends('B', failed(75));
    expect(story.run.failing).toBe(false);
    story.ends('A', SUCCEEDED);
    story.later(60_000);
    story.ends('B', SUCCEEDED);
    story.ends('A1', SUCCEEDED);
    story.ends('B1', SUCCEEDED);
    story.recordIsWritten();
    expect(new Set(Object.values(story.statuses))).toEqual(new Set(['Succeeded']));
    expect(story.run).toMatchObject({ status: 'Succeeded', failing: false });
    expect(story.started).toEqual(['A#1', 'B#1', 'A1#1', 'B#2', 'B1#1']);
  });
});

/** The row has A fail retryably, so here A has the retries. */
const A_RETRIES = `
name: four
tasks:
  A:  { run: 'true', retries: { max: 1, delay: 60s } }
  B:  { run: 'true' }
  A1: { run: 'true', needs: A }
  B1: { run: 'true', needs: B }
`;

describe('3: B fails for good, then A fails retryably', () => {
  test('NoNewCalls: A is not retried; A1, B1 Skipped; Failed', () => {
    const story = new Story(A_RETRIES, { failureMode: 'NoNewCalls' });
    story.ends('B', failed());
    story.ends('A', failed());
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Failed', B: 'Failed', A1: 'Skipped', B1: 'Skipped' });
    expect(story.run.status).toBe('Failed');
    expect(story.started).toEqual(['A#1', 'B#1']);
  });

  test('ContinueWhilePossible: A is retried, A1 runs if it succeeds; Failed', () => {
    const story = new Story(A_RETRIES, { failureMode: 'ContinueWhilePossible' });
    story.ends('B', failed());
    story.ends('A', failed());
    story.later(60_000);
    expect(story.active).toEqual(['A']);
    story.ends('A', SUCCEEDED);
    story.ends('A1', SUCCEEDED);
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Succeeded', B: 'Failed', A1: 'Succeeded', B1: 'Skipped' });
    expect(story.run.status).toBe('Failed');
  });
});

describe('3: abort while A and B run, A fails retryably', () => {
  test.each(['NoNewCalls', 'ContinueWhilePossible'] as const)('%s: A not retried; Aborted', (mode) => {
    const story = new Story(A_RETRIES, { failureMode: mode });
    story.abort();
    story.ends('A', failed());
    expect(story.run.status).toBe('Aborting');
    story.ends('B', { cause: 'AbortedByUser' });
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Failed', B: 'Aborted', A1: 'Skipped', B1: 'Skipped' });
    expect(story.run).toMatchObject({ status: 'Aborted', failing: false });
    expect(story.started).toEqual(['A#1', 'B#1']);
  });
});

describe('3: what makes a run fail', () => {
  test('NoNewCalls: a call that was ready but not yet started is Skipped, with the reason', () => {
    const story = new Story(
      `
name: narrow
tasks:
  wide: { run: 'true', scatter: { n: [1, 2, 3] }, maxParallel: 2 }
`,
    );
    expect(story.active).toEqual(['wide[0]', 'wide[1]']);
    story.ends('wide[0]', failed());
    expect(story.call('wide[2]')).toMatchObject({
      status: 'Skipped',
      reason: 'not started: another call failed, and the failure mode is NoNewCalls',
    });
    expect(story.active).toEqual(['wide[1]']);
  });

  test('a call that failed for good never lets its run succeed', () => {
    const story = new Story(FOUR_CALLS, { failureMode: 'ContinueWhilePossible' });
    for (const call of ['A', 'B', 'A1']) story.ends(call, SUCCEEDED);
    story.ends('B1', failed());
    story.recordIsWritten();
    expect(story.run.status).toBe('Failed');
  });

  test('a failure marked benign does not count', () => {
    const story = new Story(FOUR_CALLS);
    for (const call of ['A', 'B', 'A1']) story.ends(call, SUCCEEDED);
    story.ends('B1', { cause: 'NeverStarted', detail: 'it was never there' });
    story.recordIsWritten();
    expect(story.call('B1')).toMatchObject({ status: 'Failed', benign: true });
    expect(story.run.status).toBe('Succeeded');
  });

  test('2: a held run starts nothing, and its jobs are watched to their end', () => {
    const story = new Story(FOUR_CALLS);
    story.hold();
    story.ends('A', SUCCEEDED);
    expect(story.statuses).toMatchObject({ A: 'Succeeded', A1: 'Ready' });
    expect(story.active).toEqual(['B']);
  });
});
