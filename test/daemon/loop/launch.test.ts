/** SEMANTICS 6, exactly once: intent first, then the command; and what each reply means. */
import { describe, expect, test } from 'vitest';
import { newTag } from '../../../daemon/loop/launch.ts';
import { DaemonStory, manyCalls, ONE_CALL } from './daemon-story.ts';
import { ScriptedBackend } from './scripted-parts.ts';

describe('1: tags', () => {
  const tagOf = (task: string) => newTag(task, 17, () => 0.5);

  test('task, run, ten random base-32 characters', () => {
    expect(tagOf('align')).toMatch(/^align\.17\.[a-z2-7]{10}$/);
  });

  test('24 characters of the task at most, a letter first, only what every scheduler allows', () => {
    expect(tagOf('a'.repeat(40)).split('.')[0]).toHaveLength(24);
    expect(tagOf('3-way merge/é')).toMatch(/^t3-way_merge__\.17\./);
    expect(tagOf(`3${'x'.repeat(40)}`).split('.')[0]).toHaveLength(24);
  });
});

describe('6: the intent is on disk before the submit command runs', () => {
  test('attempt submitting, with tag and elements', async () => {
    const backend = new ScriptedBackend();
    const story = await DaemonStory.begin({}, backend);
    const seen: unknown[] = [];
    const submit = backend.submit.bind(backend);
    backend.submit = async (request) => {
      const [attempt] = await story.parts.store.listAttempts(1, 'A');
      const stored = await story.parts.store.load();
      seen.push([attempt?.state, attempt?.tag === request.tag, stored.runs[0]?.submissions[0]?.elements]);
      return submit(request);
    };
    await story.submit(ONE_CALL);
    expect(seen).toEqual([[{ kind: 'submitting' }, true, [{ call: 'A', number: 1 }]]]);
  });

  test('what cannot be stored is not submitted', async () => {
    const story = await DaemonStory.begin();
    const commit = story.parts.store.commit;
    story.loop.isStopping = true; // stored, but not started yet
    await story.submit(ONE_CALL);
    story.loop.isStopping = false;
    story.parts.store.commit = async () => ({ kind: 'refused', reason: 'no space left on device' });
    await story.later(5);
    expect(story.loop.degraded).toBe('no space left on device');
    expect(story.backend.submits).toEqual([]);
    story.parts.store.commit = commit;
    await story.later(5);
    expect(story.loop.degraded).toBeUndefined();
    expect(story.backend.submits).toHaveLength(1);
  });
});

describe('6: replies', () => {
  async function answered(reply: Awaited<ReturnType<ScriptedBackend['submit']>>): Promise<DaemonStory> {
    const backend = new ScriptedBackend();
    backend.replies.push(reply);
    return DaemonStory.withRun(ONE_CALL, {}, backend);
  }

  test('accepted: queued', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    expect(story.attempt('A').state).toEqual({ kind: 'queued', nativeId: '4711', runCount: 0 });
  });

  test('rejected: never as it is', async () => {
    const story = await answered({ kind: 'rejected', reason: 'invalid account' });
    await story.later(60);
    expect(await story.causes('A')).toEqual(['Rejected']);
    expect(await story.call('A')).toMatchObject({
      status: 'Failed',
      reason: 'was refused by the scheduler: invalid account',
    });
    expect(story.backend.submits).toHaveLength(1);
  });

  test('throttled: later, under a new tag, however often; never a failure', async () => {
    const backend = new ScriptedBackend();
    for (let round = 0; round < 20; round += 1)
      backend.replies.push({ kind: 'throttled', reason: 'too many jobs' });
    const story = await DaemonStory.withRun(ONE_CALL, {}, backend);
    expect(story.attempt('A').state.kind).toBe('ready');
    await story.later(1_095);
    expect(story.attempt('A')).toMatchObject({ number: 1, state: { kind: 'queued' } });
    expect(new Set(backend.submits.map(({ tag }) => tag)).size).toBe(21);
  });

  test('throttled: the backend is left alone for a while, for all of its calls', async () => {
    const backend = new ScriptedBackend();
    for (let round = 0; round < 3; round += 1)
      backend.replies.push({ kind: 'throttled', reason: 'too many jobs' });
    const story = await DaemonStory.withRun(manyCalls(3), {}, backend);
    await story.later(9);
    expect(backend.submits).toHaveLength(3);
    await story.later(3);
    expect(backend.submits).toHaveLength(6);
  });

  test('ambiguous: changes nothing until the job is seen, or proved absent', async () => {
    const story = await answered({ kind: 'ambiguous', reason: 'timed out' });
    await story.later(25);
    expect(story.attempt('A').state.kind).toBe('submitting');
    expect(story.backend.submits).toHaveLength(1);
    await story.later(30);
    expect(story.backend.submits).toHaveLength(2);
    expect(story.attempt('A')).toMatchObject({ number: 1, state: { kind: 'queued' } });
  });

  test('ambiguous, and the job is there: adopted', async () => {
    const story = await answered({ kind: 'ambiguous', reason: 'timed out' });
    story.backend.shows(story.jobOf('A', { state: 'queued' }));
    await story.later(60);
    expect(story.attempt('A').state.kind).toBe('queued');
    expect(story.backend.submits).toHaveLength(1);
  });

  test('3: files that cannot be written are a LaunchFailure, retried from the infrastructure’s budget', async () => {
    const story = await DaemonStory.begin();
    story.parts.files.trouble = 'disk quota exceeded';
    await story.submit(ONE_CALL);
    story.parts.files.trouble = undefined;
    await story.later(20);
    expect(await story.causes('A')).toEqual(['LaunchFailure', undefined]);
    expect(story.backend.submits).toHaveLength(1);
  });
});

describe('the last look before the command', () => {
  /** The run's files are being written when this happens to it. */
  async function meanwhile(
    what: (story: DaemonStory) => Promise<unknown>,
    source = ONE_CALL,
  ): Promise<DaemonStory> {
    const story = await DaemonStory.begin();
    let open = (): void => undefined;
    story.parts.files.gate = new Promise((resolve) => {
      open = resolve;
    });
    await story.submit(source);
    await what(story);
    story.parts.files.gate = undefined;
    open();
    await story.goOn();
    return story;
  }

  test.each(['', ', abort: finish'])('4: aborted meanwhile: no new call starts (%s)', async (how) => {
    const story = await meanwhile((one) => one.abort(), `name: one\ntasks:\n  A: { run: 'true'${how} }\n`);
    await story.later(3);
    expect(story.backend.submits).toEqual([]);
    expect(await story.call('A')).toMatchObject({ status: 'Skipped' });
    expect((await story.run()).status).toBe('Aborted');
  });

  test('2: held meanwhile: it is submitted once the run is released', async () => {
    const story = await meanwhile((one) =>
      one.ask((loop) => loop.desk.hold({ runId: 1, by: 'ada', reason: 'wait' })),
    );
    await story.later(30);
    expect(story.backend.submits).toEqual([]);
    expect(await story.call('A')).toMatchObject({ status: 'Ready' });
    await story.ask((loop) => loop.desk.release({ runId: 1, by: 'ada' }));
    expect(story.backend.submits).toHaveLength(1);
  });

  test('4: its call aborted meanwhile: it ends Aborted', async () => {
    const story = await meanwhile((one) => one.abort({ call: 'A' }));
    await story.later(3);
    expect(story.backend.submits).toEqual([]);
    expect(await story.call('A')).toMatchObject({ status: 'Aborted' });
  });
});

describe('limits', () => {
  test('of a backend: its jobs, and its submit commands at once', async () => {
    const backend = new ScriptedBackend();
    backend.maxActive = 3;
    backend.maxSubmitting = 2;
    const hanging = new Promise<never>(() => undefined);
    backend.replies.push(hanging, hanging);
    const story = await DaemonStory.withRun(manyCalls(9), {}, backend);
    expect(backend.submits).toHaveLength(2);
    const calm = new ScriptedBackend();
    calm.maxActive = 3;
    await DaemonStory.withRun(manyCalls(9), {}, calm);
    expect(calm.submits).toHaveLength(3);
    expect(story.state.active.size).toBe(2);
  });

  test('of an owner: jobs with all schedulers together', async () => {
    const story = await DaemonStory.withRun(manyCalls(9), { maxActivePerOwner: 4 });
    await story.later(5);
    expect(story.backend.submits).toHaveLength(4);
  });

  test('7: a drained daemon and a paused backend dispatch nothing; resumed they do', async () => {
    for (const name of ['drain', 'pause:local']) {
      const story = await DaemonStory.begin();
      await story.ask((loop) => loop.desk.store(name, true, 'maintenance'));
      await story.submit(ONE_CALL);
      await story.later(30);
      expect(story.backend.submits).toEqual([]);
      await story.restart();
      expect(story.backend.submits).toEqual([]);
      await story.ask((loop) => loop.desk.store(name, null, 'done'));
      await story.later(2);
      expect(story.backend.submits).toHaveLength(1);
    }
  });

  test('a backend that is configured no more is named in the reason', async () => {
    const story = await DaemonStory.begin();
    const { backends } = story.parts;
    story.parts = { ...story.parts, backends: new Map([...backends, ['lsf', new ScriptedBackend('lsf')]]) };
    await story.restart();
    await story.submit("name: one\ntasks:\n  A: { run: 'true', backend: lsf }\n", { hold: true });
    story.parts = { ...story.parts, backends };
    await story.restart();
    await story.ask((loop) => loop.desk.release({ runId: 1, by: 'ada' }));
    await story.later(3);
    expect(await story.call('A')).toMatchObject({
      status: 'Failed',
      reason: expect.stringContaining('no backend named lsf is configured'),
    });
  });
});
