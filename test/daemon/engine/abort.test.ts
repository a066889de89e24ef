/** SEMANTICS 4: aborting a run, a call; what is asked of jobs, and what is concluded when nobody answers. */
import { describe, expect, test } from 'vitest';
import { abortedRun, dueRequest } from '../../../daemon/engine/abort.ts';
import { sendBack } from '../../../daemon/engine/advance.ts';
import { newEvidence } from '../../../daemon/engine/evidence.ts';
import type { AbortRequest, Attempt } from '../../../daemon/engine/model.ts';
import { id } from '../loop/scripted-parts.ts';
import { FOUR_CALLS, failed, runOf, Story, SUCCEEDED } from './four-calls.ts';

const request = (force = false): AbortRequest => ({ by: 'ada', atMs: 5, force, reason: 'wrong input' });
const one = (task: string, more = '') => `
name: one
tasks:
  A: { run: 'true', ${task} }
  A1: { run: 'true', needs: A }
${more}
`;

/** What is asked of A's job now, counted as the loop counts it. */
function ask(story: Story, attempt: Attempt = story.attempt('A')) {
  const due = dueRequest(story.state, attempt, { ...newEvidence(0), isUnlisted: true }, story.moment);
  if (due !== undefined) story.state.putAttempt(due.attempt);
  return due?.request;
}

describe('4: the run’s row', () => {
  test('becomes Aborting; who asked, when and why is kept', () => {
    expect(abortedRun(runOf({ status: 'Running' }), request())).toMatchObject({
      status: 'Aborting',
      abort: { by: 'ada', atMs: 5, reason: 'wrong input', force: false },
    });
  });

  test('forced, also when it is Aborting already, it becomes ForceAborting', () => {
    const aborting = runOf({ status: 'Aborting', abort: request() });
    expect(abortedRun(aborting, request(true))?.status).toBe('ForceAborting');
    expect(abortedRun(runOf({ status: 'Running' }), request(true))?.status).toBe('ForceAborting');
  });

  test('repeating the request changes nothing', () => {
    const aborting = runOf({ status: 'Aborting', abort: request() });
    const forced = runOf({ status: 'ForceAborting', abort: request(true) });
    expect(abortedRun(aborting, request())).toBeUndefined();
    expect(abortedRun(forced, request())).toBeUndefined();
    expect(abortedRun(forced, request(true))).toBeUndefined();
  });

  test.each(['Submitted', 'OnHold'] as const)('%s has no jobs: Aborted at once', (status) => {
    expect(abortedRun(runOf({ status }), request())).toMatchObject({ status: 'Aborted', endedAtMs: 5 });
  });

  test('2: an Aborting run is never held', () => {
    const held = runOf({ status: 'Running', held: { by: 'ada', reason: 'wait' } });
    expect(abortedRun(held, request())).not.toHaveProperty('held');
  });
});

describe('4: standard abort', () => {
  test('no new call starts; what never had a job is Skipped; the run waits for every job', () => {
    const story = new Story(FOUR_CALLS);
    story.abort();
    expect(story.run.status).toBe('Aborting');
    story.ends('A', SUCCEEDED);
    expect(story.statuses).toMatchObject({ A: 'Succeeded', B: 'Active', A1: 'Skipped' });
    story.later(3_600_000);
    expect(story.run.status).toBe('Aborting');
    story.ends('B', { cause: 'AbortedByUser' });
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Succeeded', B: 'Aborted', A1: 'Skipped', B1: 'Skipped' });
    expect(story.run.status).toBe('Aborted');
  });

  test('Aborted also if it was failing, and if everything succeeded meanwhile', () => {
    const failing = new Story(FOUR_CALLS);
    failing.ends('B', failed());
    failing.abort();
    failing.ends('A', SUCCEEDED);
    failing.recordIsWritten();
    expect(failing.run).toMatchObject({ status: 'Aborted', failing: false });
    const last = new Story(FOUR_CALLS);
    for (const call of ['A', 'B', 'A1']) last.ends(call, SUCCEEDED);
    last.abort();
    last.ends('B1', SUCCEEDED);
    last.recordIsWritten();
    expect(new Set(Object.values(last.statuses))).toEqual(new Set(['Succeeded']));
    expect(last.run.status).toBe('Aborted');
  });

  test('a run that is held is aborted as any other', () => {
    const story = new Story(FOUR_CALLS);
    story.hold();
    story.abort();
    for (const call of ['A', 'B']) story.ends(call, { cause: 'AbortedByUser' });
    story.recordIsWritten();
    expect(story.run.status).toBe('Aborted');
  });

  test('kill is the default; it is repeated with backoff until the job is gone', () => {
    const story = new Story(one(''));
    story.abort();
    expect(ask(story)).toEqual({ backend: 'local', manner: { kind: 'kill' }, nativeIds: ['101'] });
    expect(ask(story)).toBeUndefined();
    story.later(5_000);
    expect(ask(story)?.manner).toEqual({ kind: 'kill' });
    story.later(9_999);
    expect(ask(story)).toBeUndefined();
    story.later(1);
    expect(ask(story)?.manner).toEqual({ kind: 'kill' });
    expect(story.attempt('A').ending).toMatchObject({ why: 'user', tries: 3 });
  });

  test('a signal and its grace first, then kill', () => {
    const story = new Story(one('abort: { signal: USR1, grace: 2m }'));
    story.abort();
    expect(ask(story)?.manner).toEqual({ kind: 'signal', signal: 'USR1' });
    story.later(119_999);
    expect(ask(story)).toBeUndefined();
    story.later(1);
    expect(ask(story)?.manner).toEqual({ kind: 'kill' });
  });

  test('finish: the job is let run to its end, and its end is reported', () => {
    const story = new Story(one('abort: finish'));
    story.abort();
    expect(story.attempt('A').ending).toBeUndefined();
    expect(ask(story)).toBeUndefined();
    story.ends('A', SUCCEEDED);
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Succeeded', A1: 'Skipped' });
    expect(story.run.status).toBe('Aborted');
  });

  test('6: ids wrap: only jobs listed alive under the attempt’s tag are asked', () => {
    const story = new Story(one(''));
    story.abort();
    const tag = story.attempt('A').tag;
    if (tag === undefined) throw new Error('A has no tag');
    const shown = (nativeId: string, state: 'running' | 'ended') => ({
      tag,
      index: 0,
      nativeId: id(nativeId),
      state,
      backendStatus: state,
    });
    const known = newEvidence(0);
    known.listed = [shown('102', 'running'), shown('103', 'ended')];
    known.marks = { claim: { nativeId: id('104'), runCount: 0, atMs: 1 }, duplicates: [], log: '' };
    const due = dueRequest(story.state, story.attempt('A'), known, story.moment);
    expect(due?.request.nativeIds).toEqual(['102']);
    const gone = { ...newEvidence(0), isUnlisted: false };
    expect(dueRequest(story.state, story.attempt('A'), gone, story.moment)).toBeUndefined();
  });
});

describe('4: attempts in doubt are looked up first', () => {
  function inDoubt(): Story {
    const story = new Story(one(''));
    story.state.putAttempt({ ...story.attempt('A'), state: { kind: 'submitting' } });
    story.abort();
    return story;
  }

  test('nobody is asked while nothing is known', () => {
    const story = inDoubt();
    expect(story.attempt('A').ending).toMatchObject({ why: 'user', tries: 0 });
    expect(ask(story)).toBeUndefined();
    expect(story.run.status).toBe('Aborting');
  });

  test('found: the job is asked', () => {
    const story = inDoubt();
    const found = { kind: 'queued', nativeId: id('105'), runCount: 0 } as const;
    story.state.putAttempt({ ...story.attempt('A'), state: found });
    expect(ask(story)?.nativeIds).toEqual(['105']);
  });

  test('6: proven absent: NeverStarted, reported Failed with an explanation and marked benign', () => {
    const story = inDoubt();
    sendBack(story.state, 'A', 'its submission never reached the scheduler', story.moment);
    story.goOn();
    story.recordIsWritten();
    expect(story.attempt('A').state).toMatchObject({ kind: 'ended', outcome: { cause: 'NeverStarted' } });
    expect(story.call('A')).toMatchObject({
      status: 'Failed',
      benign: true,
      reason: 'never started: its submission never reached the scheduler',
    });
    expect(story.run.status).toBe('Aborted');
  });

  test('refused for the moment: it never had a job, so it is Skipped', () => {
    const story = inDoubt();
    sendBack(story.state, 'A', 'too many jobs', story.moment, 'certain');
    story.goOn();
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Skipped', A1: 'Skipped' });
    expect(story.run.status).toBe('Aborted');
  });

  test('6: proven absent in a Running run: it is submitted again under a new tag, the old one superseded', () => {
    const story = new Story(one(''));
    const { tag } = story.attempt('A');
    if (tag === undefined) throw new Error('A has no tag');
    story.state.putAttempt({ ...story.attempt('A'), state: { kind: 'submitting' } });
    sendBack(story.state, 'A', 'its submission never reached the scheduler', story.moment);
    story.goOn();
    expect(story.started).toEqual(['A#1', 'A#1']);
    expect(story.attempt('A').tag).not.toBe(tag);
    expect(story.state.submissions.get(tag)?.status).toBe('superseded');
  });
});

describe('4: force', () => {
  test('the hardest means, whatever the task wants and whatever was asked before', () => {
    for (const task of ['abort: finish', 'abort: { signal: USR1, grace: 2m }', '']) {
      const story = new Story(one(task));
      story.abort();
      ask(story);
      story.abort({ force: true });
      expect(ask(story)?.manner).toEqual({ kind: 'force' });
    }
  });

  test('nothing is waited for beyond the grace; what is not confirmed dead is an orphan', () => {
    const story = new Story(FOUR_CALLS);
    const { tag } = story.attempt('A');
    story.state.putAttempt({ ...story.attempt('B'), state: { kind: 'submitting' } });
    story.abort({ force: true });
    story.later(9_999);
    expect(story.run.status).toBe('ForceAborting');
    expect(story.orphans).toEqual([]);
    story.later(1);
    expect(story.run.status).toBe('Aborted');
    expect(story.orphans).toMatchObject([
      { call: 'A', tag, nativeId: '101', host: 'login1', runId: 17 },
      { call: 'B', tag: story.attempt('B').tag },
    ]);
    expect(story.orphans[1]).not.toHaveProperty('nativeId');
    expect(story.statuses).toEqual({ A: 'Aborted', B: 'Aborted', A1: 'Skipped', B1: 'Skipped' });
  });

  test('jobs that end within the grace are no orphans, and the run does not wait longer', () => {
    const story = new Story(FOUR_CALLS);
    story.abort({ force: true });
    story.ends('A', SUCCEEDED);
    story.ends('B', { cause: 'AbortedByUser' });
    expect(story.run.status).toBe('Aborted');
    expect(story.orphans).toEqual([]);
    expect(story.statuses).toMatchObject({ A: 'Succeeded', B: 'Aborted' });
  });

  test('jobs found under a tag that had been given up are orphans, too', () => {
    const story = new Story(one(''));
    const { tag } = story.attempt('A');
    if (tag === undefined) throw new Error('A has no tag');
    story.ends('A', SUCCEEDED);
    story.state.strays.set(id('107'), { tag, evidence: newEvidence(0) });
    story.abort({ force: true });
    story.later(10_000);
    expect(story.orphans.map(({ nativeId }) => nativeId)).toContain('107');
    expect(story.run.status).toBe('Aborted');
  });

  test('no step of finalization starts', () => {
    const story = new Story(one('', `onAbort: { run: 'true' }\nfinally: { run: 'true' }`));
    story.abort({ force: true });
    story.ends('A', { cause: 'AbortedByUser' });
    expect(story.started).toEqual(['A#1']);
    expect(story.run.status).toBe('Aborted');
  });

  test('a step that runs is killed', () => {
    const story = new Story(one('', `onAbort: { run: 'true' }\nfinally: { run: 'true' }`));
    story.abort();
    story.ends('A', { cause: 'AbortedByUser' });
    expect(story.active).toEqual(['onAbort']);
    expect(story.attempt('onAbort').ending).toBeUndefined();
    story.abort({ force: true });
    expect(ask(story, story.attempt('onAbort'))?.manner).toEqual({ kind: 'force' });
    story.ends('onAbort', { cause: 'AbortedByUser' });
    expect(story.started).toEqual(['A#1', 'onAbort#1']);
    expect(story.run.status).toBe('Aborted');
  });
});

describe('4: one call alone', () => {
  test('ends Aborted, its dependents Skipped; NoNewCalls is not set off, and the run ends Failed', () => {
    const story = new Story(FOUR_CALLS);
    story.abort({ call: 'A' });
    expect(story.call('A').status).toBe('Active');
    expect(ask(story)?.manner).toEqual({ kind: 'kill' });
    story.ends('A', { cause: 'AbortedByUser' });
    expect(story.run).toMatchObject({ status: 'Running', failing: false });
    story.ends('B', SUCCEEDED);
    expect(story.active).toEqual(['B1']);
    story.ends('B1', SUCCEEDED);
    story.recordIsWritten();
    expect(story.statuses).toEqual({ A: 'Aborted', B: 'Succeeded', A1: 'Skipped', B1: 'Succeeded' });
    expect(story.run.status).toBe('Failed');
  });

  test.each([
    ['one that was never started', (story: Story) => story.call('A1').status],
    ['one that waits for room', (story: Story) => story.call('A1').status],
  ])('at once where there is no job: %s', (name) => {
    const story = new Story(FOUR_CALLS);
    if (name.includes('room')) {
      story.hold();
      story.ends('A', SUCCEEDED);
    }
    story.abort({ call: 'A1' });
    expect(story.call('A1').status).toBe('Aborted');
  });

  test('one that waits for its retry is not tried again', () => {
    const story = new Story(FOUR_CALLS);
    story.ends('B', failed(75));
    story.abort({ call: 'B' });
    story.later(3_600_000);
    expect(story.started).toEqual(['A#1', 'B#1']);
    expect(story.statuses).toMatchObject({ B: 'Aborted', B1: 'Skipped' });
  });

  test('one in doubt that proves absent is not submitted again', () => {
    const story = new Story(FOUR_CALLS);
    story.state.putAttempt({ ...story.attempt('A'), state: { kind: 'submitting' } });
    story.abort({ call: 'A' });
    story.state.revoked.add('A'); // the daemon has taken its claim
    sendBack(story.state, 'A', 'its submission never reached the scheduler', story.moment);
    story.goOn();
    expect(story.statuses).toMatchObject({ A: 'Aborted', A1: 'Skipped' });
    expect(story.started).toEqual(['A#1', 'B#1']);
  });

  test('a job that had already succeeded is reported as just that', () => {
    const story = new Story(FOUR_CALLS);
    story.abort({ call: 'A' });
    story.ends('A', SUCCEEDED);
    expect(story.statuses).toMatchObject({ A: 'Succeeded', A1: 'Active' });
  });
});
