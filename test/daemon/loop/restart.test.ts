/** SEMANTICS 6: what a restarted daemon does with what it finds on disk, and what it does not conclude. */
import { describe, expect, test } from 'vitest';
import { DaemonStory, ONE_CALL } from './daemon-story.ts';
import { id, ScriptedBackend } from './scripted-parts.ts';

const TWO = "name: two\ntasks:\n  A: { run: 'true' }\n  A1: { run: 'true', needs: A }\n";

/** A submit command whose answer nobody hears: the daemon is killed meanwhile. */
async function killedWhileSubmitting(backend = new ScriptedBackend()): Promise<DaemonStory> {
  backend.replies.push(new Promise(() => undefined));
  return DaemonStory.withRun(ONE_CALL, {}, backend);
}

describe('6: attempts with a native id', () => {
  test('are reconnected to; nothing is submitted again', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    await story.restart();
    story.backend.shows(story.jobOf('A'));
    await story.later(60);
    expect(story.backend.submits).toHaveLength(1);
    expect(story.attempt('A').state).toMatchObject({ kind: 'running', nativeId: '4711' });
    story.exits('A', 0);
    await story.later(5);
    expect((await story.run()).status).toBe('Succeeded');
  });

  test('listings before the restart prove nothing: the series begins anew', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    await story.later(25);
    await story.restart();
    await story.later(25);
    expect(await story.causes('A')).toEqual([undefined]);
    await story.later(30);
    expect(await story.causes('A')).toEqual(['CancelledOutside']);
  });
});

describe('6: attempts in submitting', () => {
  test('found by tag: adopted as if the reply had come', async () => {
    const story = await killedWhileSubmitting();
    await story.restart();
    story.backend.shows(story.jobOf('A', { nativeId: id('815'), state: 'queued' }));
    await story.later(15);
    expect(story.attempt('A').state).toMatchObject({ kind: 'queued', nativeId: '815' });
    expect(story.backend.submits).toHaveLength(1);
  });

  test('the submit command of the earlier daemon may still be under way: absence counts after its time limit', async () => {
    const story = await killedWhileSubmitting();
    await story.restart();
    await story.later(60 + 29);
    expect(story.attempt('A').state.kind).toBe('submitting');
    expect(story.backend.submits).toHaveLength(1);
    await story.later(60);
    expect(story.backend.submits).toHaveLength(2);
    expect(story.backend.submits[1]?.tag).not.toBe(story.backend.submits[0]?.tag);
  });

  test('a job that appears later under the old tag is ended', async () => {
    const story = await killedWhileSubmitting();
    const old = story.jobOf('A', { nativeId: id('815'), state: 'queued' });
    await story.restart();
    await story.later(100);
    expect(story.backend.submits).toHaveLength(2);
    story.backend.shows(old, story.jobOf('A', { state: 'queued' }));
    await story.later(15);
    expect(story.backend.endRequests).toContainEqual({ nativeIds: ['815'], manner: { kind: 'kill' } });
  });

  test('unless it holds the claim: then it is the attempt’s job', async () => {
    const story = await killedWhileSubmitting();
    const old = story.jobOf('A', { nativeId: id('815') });
    await story.restart();
    await story.later(100);
    story.claims('A', id('815'), old.tag);
    story.backend.shows(old, story.jobOf('A', { nativeId: id('4711'), state: 'queued' }));
    await story.later(30);
    expect(story.attempt('A').state).toMatchObject({ kind: 'running', nativeId: '815' });
    expect(story.backend.endRequests.flatMap(({ nativeIds }) => nativeIds)).not.toContain('815');
  });
});

describe('6: a backend that cannot reconnect', () => {
  test('loses its attempts: Failed with an explanation, backend status Unknown', async () => {
    const backend = new ScriptedBackend();
    backend.capabilities = { ...backend.capabilities, reconnect: false };
    const story = await DaemonStory.withRun(TWO, {}, backend);
    await story.restart();
    await story.later(5);
    expect(await story.causes('A')).toEqual(['Lost']);
    expect((await story.parts.store.listAttempts(1, 'A'))[0]).toMatchObject({ backendStatus: 'Unknown' });
    expect(await story.call('A')).toMatchObject({
      status: 'Failed',
      reason: expect.stringContaining('cannot find its jobs again'),
    });
    expect((await story.run()).status).toBe('Failed');
  });
});

describe('6: an owner who has no account any more', () => {
  const goneOwners = async (uids: readonly number[]) => new Set(uids);

  test('his run is held with that reason, until a start at which he has one again', async () => {
    const story = await DaemonStory.withRun(TWO);
    story.parts = { ...story.parts, goneOwners };
    await story.restart();
    const reason = expect.stringMatching(/^its owner has no account on this node \(ada, uid 1000\)/);
    expect(await story.run()).toMatchObject({ status: 'Running', held: { by: 'wfd', reason } });
    story.exits('A', 0);
    await story.later(60);
    expect(await story.call('A')).toMatchObject({ status: 'Succeeded' });
    expect(story.backend.submits).toHaveLength(1);
    story.parts = { ...story.parts, goneOwners: async () => new Set<number>() };
    await story.restart();
    await story.later(5);
    expect(await story.run()).not.toHaveProperty('held');
    expect(story.backend.submits).toHaveLength(2);
  });

  test('one that had not begun waits on hold, and begins later', async () => {
    const story = await DaemonStory.begin();
    story.loop.isStopping = true;
    await story.submit(TWO);
    expect(await story.run()).toMatchObject({ status: 'Submitted' });
    story.parts = { ...story.parts, goneOwners };
    await story.restart();
    await story.later(60);
    expect(await story.run()).toMatchObject({ status: 'OnHold', held: { by: 'wfd' } });
    expect(story.backend.submits).toEqual([]);
    story.parts = { ...story.parts, goneOwners: async () => new Set<number>() };
    await story.restart();
    await story.later(5);
    expect(story.backend.submits).toHaveLength(1);
  });

  test('a run that somebody holds stays held by him', async () => {
    const story = await DaemonStory.withRun(TWO);
    await story.ask((loop) => loop.desk.hold({ runId: 1, by: 'ada', reason: 'wait' }));
    story.parts = { ...story.parts, goneOwners };
    await story.restart();
    story.parts = { ...story.parts, goneOwners: async () => new Set<number>() };
    await story.restart();
    expect(await story.run()).toMatchObject({ held: { by: 'ada', reason: 'wait' } });
  });
});

describe('6: restart.resume: false', () => {
  test('runs in progress become held with the reason; nothing is lost, release resumes them', async () => {
    const story = await DaemonStory.withRun(TWO);
    await story.restart({ resume: false });
    expect(await story.run()).toMatchObject({
      status: 'Running',
      held: { by: 'wfd', reason: expect.stringContaining('restart.resume: false') },
    });
    story.exits('A', 0);
    await story.later(5);
    expect(await story.call('A')).toMatchObject({ status: 'Succeeded' });
    expect(story.backend.submits).toHaveLength(1);
    await story.ask((loop) => loop.desk.release({ runId: 1, by: 'ada' }));
    expect(story.backend.submits).toHaveLength(2);
    expect(await story.run()).not.toHaveProperty('held');
  });

  test('2: an Aborting run is never held', async () => {
    const story = await DaemonStory.withRun(TWO);
    await story.abort();
    await story.restart({ resume: false });
    expect(await story.run()).toMatchObject({ status: 'Aborting' });
    expect(await story.run()).not.toHaveProperty('held');
  });
});

describe('4 and 6: requests to end a job', () => {
  test('an Aborting run asks all its jobs again, and starts nothing', async () => {
    const story = await DaemonStory.withRun(TWO);
    await story.abort();
    const before = story.backend.endRequests.length;
    story.backend.shows(story.jobOf('A', { state: 'running' }));
    await story.restart();
    await story.later(60);
    expect(story.backend.endRequests.length).toBeGreaterThan(before);
    expect(story.backend.submits).toHaveLength(1);
  });

  test('the abort of one call survives, even where nothing but the request was on disk', async () => {
    const story = await DaemonStory.withRun(TWO);
    const aborting = story.loop.desk.abort({ runId: 1, by: 'ada', force: false, call: 'A' });
    await story.loop.desk.serve(undefined); // the daemon is killed right after this commit
    expect(await aborting).toMatchObject({ ok: true });
    expect(story.backend.endRequests).toEqual([]);
    story.backend.shows(story.jobOf('A', { state: 'running' }));
    await story.restart();
    await story.later(2);
    expect(story.backend.endRequests).toContainEqual({ nativeIds: ['4711'], manner: { kind: 'kill' } });
  });

  test('and so does that of a call without a job', async () => {
    const story = await DaemonStory.withRun(TWO);
    void story.loop.desk.abort({ runId: 1, by: 'ada', force: false, call: 'A1' });
    await story.loop.desk.serve(undefined);
    await story.restart();
    expect(await story.call('A1')).toMatchObject({ status: 'Aborted' });
  });
});

describe('5: finalization survives a restart', () => {
  const STEPS =
    "name: s\ntasks:\n  A: { run: 'true' }\nonFailure: { run: 'true' }\nfinally: { run: 'true' }\n";

  test('it is resumed at its stage, not begun anew', async () => {
    const story = await DaemonStory.withRun(STEPS);
    story.exits('A', 1);
    story.backend.shows(story.jobOf('A', { state: 'ended', end: { kind: 'NonZeroExit', exitCode: 1 } }));
    await story.later(5);
    expect(story.state.run.finalization?.stage).toBe('onEnd');
    story.exits('onFailure', 0);
    await story.later(5);
    expect(story.state.run.finalization?.stage).toBe('finally');
    await story.restart();
    await story.later(5);
    expect(story.backend.submits.map(({ tag }) => tag.split('.')[0])).toEqual(['A', 'onFailure', 'finally']);
    story.exits('finally', 0);
    await story.later(5);
    expect(await story.run()).toMatchObject({ status: 'Failed' });
  });
});
