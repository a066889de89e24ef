/** SEMANTICS 2 and 4: what people may ask of a run, when it is answered, and what a refusal says. */

import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../daemon/api/engine-door.ts';
import { RESTORED } from '../../../daemon/engine/model.ts';
import { DaemonStory, manyCalls, ONE_CALL, submitWish } from './daemon-story.ts';

const errorOf = (answer: Answer<unknown>) => (answer.ok ? undefined : answer.error);
const hold = (story: DaemonStory) =>
  story.ask((loop) => loop.desk.hold({ runId: 1, by: 'ada', reason: 'wait' }));
const release = (story: DaemonStory) => story.ask((loop) => loop.desk.release({ runId: 1, by: 'ada' }));

describe('2: submit, hold, release', () => {
  test('release of a run that a backup brought back drops what was to be checked before', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    const restored = { key: RESTORED, text: 'check first', sinceMs: 1 };
    const state = story.loop.set.runs.get(1);
    state?.setRun({ ...state.run, held: { by: 'wfd', reason: 'restored' }, problems: [restored] });
    await story.goOn();
    expect((await story.run()).problems).toEqual([restored]);
    await release(story);
    expect((await story.run()).problems).toEqual([]);
    expect(await story.run()).not.toHaveProperty('held');
  });

  test('OnHold waits for release, before its first attempt', async () => {
    const story = await DaemonStory.begin();
    await story.submit(ONE_CALL, { hold: true });
    await story.later(30);
    expect((await story.run()).status).toBe('OnHold');
    expect(story.backend.submits).toEqual([]);
    await release(story);
    expect(story.backend.submits).toHaveLength(1);
    expect((await story.run()).status).toBe('Running');
  });

  test('held after its first attempt it is Running (held), and says by whom', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    await hold(story);
    expect(await story.run()).toMatchObject({ status: 'Running', held: { by: 'ada', reason: 'wait' } });
    expect(await hold(story)).toMatchObject({ ok: true });
    await release(story);
    expect(await story.run()).not.toHaveProperty('held');
  });

  test('an Aborting run is never held', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    await story.abort();
    expect(errorOf(await hold(story))?.code).toBe('WRONG_STATE');
  });

  test('repeated submits with one token make one run, across restarts', async () => {
    const story = await DaemonStory.begin();
    const again = () => story.ask((loop) => loop.desk.submit(submitWish(ONE_CALL, { token: 'once' })));
    expect(await again()).toMatchObject({ ok: true, value: { run: { id: 1 }, repeated: false } });
    expect(await again()).toMatchObject({ ok: true, value: { run: { id: 1 }, repeated: true } });
    await story.restart();
    expect(await again()).toMatchObject({ ok: true, value: { run: { id: 1 }, repeated: true } });
  });

  test('3: the failure mode: submit option, workflow, configuration, in this order', async () => {
    const story = await DaemonStory.begin({ failureMode: 'ContinueWhilePossible' });
    const named = `failureMode: NoNewCalls\n${ONE_CALL}`;
    expect((await story.submit(ONE_CALL)).failureMode).toBe('ContinueWhilePossible');
    expect((await story.submit(named)).failureMode).toBe('NoNewCalls');
    const option = await story.submit(named, { failureMode: 'ContinueWhilePossible' });
    expect(option.failureMode).toBe('ContinueWhilePossible');
  });

  test('mistakes are all named, with their places; nothing is submitted', async () => {
    const story = await DaemonStory.begin();
    const answer = await story.ask((loop) =>
      loop.desk.submit(submitWish('name: x\ntasks: { A: { rnu: 1 } }')),
    );
    expect(errorOf(answer)).toMatchObject({ code: 'INVALID_WORKFLOW' });
    expect(errorOf(answer)?.details?.[0]).toMatch(/^w\.yaml:2:\d+: /);
    expect(story.loop.set.runs.size).toBe(0);
  });
});

describe('4: abort', () => {
  test('is on disk before the reply', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    const answer = story.loop.desk.abort({ runId: 1, by: 'ada', force: false, reason: 'wrong input' });
    await story.loop.desk.serve(undefined);
    expect(await answer).toMatchObject({ ok: true, value: { status: 'Aborting' } });
    expect(await story.run()).toMatchObject({
      status: 'Aborting',
      abort: { by: 'ada', reason: 'wrong input', force: false },
    });
  });

  test('repeating it is harmless and changes nothing', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    await story.abort();
    const before = await story.run();
    await story.later(1);
    expect(await story.abort()).toMatchObject({ ok: true, value: { status: 'Aborting' } });
    expect(await story.run()).toEqual(before);
  });

  test('a run that has ended: an error that names its end', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.exits('A', 0);
    await story.later(5);
    for (const force of [false, true]) {
      expect(errorOf(await story.abort({ force }))).toEqual({
        code: 'RUN_ALREADY_ENDED',
        message: 'run 1 has already ended: Succeeded; it cannot be aborted',
      });
    }
  });

  test('OnHold: Aborted at once, and its record is written', async () => {
    const story = await DaemonStory.begin();
    await story.submit(ONE_CALL, { hold: true });
    expect(await story.abort()).toMatchObject({ ok: true, value: { status: 'Aborted' } });
    await story.later(1);
    expect((await story.run()).status).toBe('Aborted');
    expect(story.parts.files.written.map(({ path }) => path)).toContainEqual(
      expect.stringMatching(/\/run\.json$/),
    );
  });

  test('abort: ignore: recorded, and answered with what helps; force overrides it', async () => {
    const story = await DaemonStory.withRun(`abort: ignore\n${ONE_CALL}`);
    expect(errorOf(await story.abort())).toEqual({
      code: 'ABORT_IGNORED',
      message: 'this workflow ignores abort; use --force',
    });
    expect((await story.run()).status).toBe('Running');
    expect(await story.events()).toContain('abort asked for by ada; this workflow ignores it');
    expect(await story.abort({ force: true })).toMatchObject({
      ok: true,
      value: { status: 'ForceAborting' },
    });
  });

  test('a call that is not there, or has ended, is refused', async () => {
    const story = await DaemonStory.withRun("name: two\ntasks: { A: { run: 'true' }, B: { run: 'true' } }\n");
    expect(errorOf(await story.abort({ call: 'C' }))?.code).toBe('CALL_NOT_FOUND');
    story.exits('A', 0);
    await story.later(5);
    expect(errorOf(await story.abort({ call: 'A' }))).toMatchObject({
      code: 'CALL_ALREADY_ENDED',
      message: 'call A of run 1 has already ended: Succeeded',
    });
  });

  test('a thousand jobs are one request', async () => {
    const story = await DaemonStory.withRun(manyCalls(40));
    await story.abort();
    expect(story.backend.endRequests).toHaveLength(1);
    expect(story.backend.endRequests[0]?.nativeIds).toHaveLength(40);
  });
});

describe('6: our own troubles', () => {
  test('degraded: submits are refused with the reason, and nothing has changed', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.parts.store.commit = async () => ({ kind: 'refused', reason: 'no space left on device' });
    const submit = await story.ask((loop) => loop.desk.submit(submitWish(ONE_CALL)));
    expect(errorOf(submit)).toMatchObject({
      code: 'DEGRADED',
      message: expect.stringContaining('no space left on device'),
    });
    expect(errorOf(await story.abort())?.code).toBe('DEGRADED');
    expect(story.state.run.status).toBe('Running');
    expect(story.backend.endRequests).toEqual([]);
  });
});

describe('5: the record of the run', () => {
  test('is written into its directory before it ends', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.exits('A', 0);
    await story.later(5);
    const record = story.parts.files.written.find(({ path }) => path.endsWith('/run.json'));
    expect(JSON.parse(record?.content ?? '{}')).toMatchObject({ id: 1, status: 'Succeeded' });
  });

  test('one that cannot be written is a problem, and does not change the end', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.parts.files.trouble = 'disk quota exceeded';
    story.exits('A', 0);
    await story.later(5);
    expect(await story.run()).toMatchObject({
      status: 'Succeeded',
      problems: [{ key: 'record', text: 'the record of the run could not be written: disk quota exceeded' }],
    });
  });

  test('a file system that hangs does not keep the run from ending', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.parts.files.gate = new Promise(() => undefined);
    story.exits('A', 0);
    await story.later(30);
    expect((await story.run()).status).toBe('Running');
    await story.later(40);
    expect((await story.run()).status).toBe('Succeeded');
  });
});
