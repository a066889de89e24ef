/** SEMANTICS 6: what a listing proves and what not: mass disappearance, outages, strays, orphans. */
import { describe, expect, test } from 'vitest';
import { DaemonStory, manyCalls, ONE_CALL } from './daemon-story.ts';
import { id, ScriptedBackend } from './scripted-parts.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => `many[${index}]`);

async function manyRunning(count: number, backend = new ScriptedBackend()): Promise<DaemonStory> {
  const story = await DaemonStory.withRun(manyCalls(count), {}, backend);
  backend.shows(...many(count).map((call) => story.jobOf(call, { state: 'queued' })));
  await story.later(15);
  return story;
}
const endedOf = async (story: DaemonStory, count: number) =>
  (await Promise.all(many(count).map((call) => story.causes(call)))).filter(([cause]) => cause !== undefined);

describe('6: the listing, then the marks, before an end is decided', () => {
  test('marks that cannot be read are a problem, and no end is decided without them', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.parts.files.unreadable = 'stale file handle';
    story.backend.shows(story.jobOf('A', { state: 'ended', end: { kind: 'Succeeded' } }));
    await story.later(120);
    expect(story.state.run.problems).toMatchObject([
      { key: 'files', text: expect.stringContaining('stale file handle') },
    ]);
    story.parts.files.unreadable = undefined;
    await story.later(15);
    expect(await story.run()).toMatchObject({ status: 'Succeeded', problems: [] });
  });
});

describe('6: ten or more, and more than half, vanish at once', () => {
  test('the listing counts for nothing until a second source answers', async () => {
    const story = await manyRunning(12);
    story.backend.accounting = { kind: 'unavailable', reason: 'slurmdbd is down' };
    story.backend.shows();
    await story.later(600);
    expect(await endedOf(story, 12)).toEqual([]);
    story.backend.accounting = { kind: 'complete', jobs: [] };
    await story.later(120);
    expect(story.loop.set.runs.size).toBe(0);
    expect(await endedOf(story, 12)).toHaveLength(12);
  });

  test('nor does it prove that a submission in doubt never arrived', async () => {
    const story = await manyRunning(12);
    story.backend.replies.push({ kind: 'ambiguous', reason: 'timed out' });
    await story.submit(ONE_CALL);
    story.backend.accounting = { kind: 'unavailable', reason: 'slurmdbd is down' };
    story.backend.shows();
    const submits = story.backend.submits.length;
    await story.later(600);
    expect(story.backend.submits).toHaveLength(submits);
  });

  test.each([
    ['nine of nine', 9, 0],
    ['ten of twenty', 20, 10],
  ])('fewer are believed: %s', async (_name, count, left) => {
    const story = await manyRunning(count);
    story.backend.shows(
      ...many(count)
        .slice(0, left)
        .map((call) => story.jobOf(call, { state: 'queued' })),
    );
    await story.later(60);
    expect(await endedOf(story, count)).toHaveLength(count - left);
  });

  test('a site without a second source believes it when the listing has said so for long', async () => {
    const backend = new ScriptedBackend();
    backend.hasAccounting = false;
    const story = await manyRunning(12, backend);
    backend.shows();
    await story.later(120);
    expect(await endedOf(story, 12)).toEqual([]);
    await story.later(60);
    expect(await endedOf(story, 12)).toHaveLength(12);
  });
});

describe('6: a scheduler that cannot be reached', () => {
  test('nothing fails, and the series of listings begins anew after it', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    await story.later(25);
    story.backend.isDown();
    await story.later(600);
    expect(await story.causes('A')).toEqual([undefined]);
    story.backend.shows();
    await story.later(25);
    expect(await story.causes('A')).toEqual([undefined]);
    await story.later(30);
    expect(await story.causes('A')).toEqual(['CancelledOutside']);
  });

  test('a state nobody has met means "still there"', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.backend.shows(story.jobOf('A', { state: 'unknown', backendStatus: 'POWERING_SIDEWAYS' }));
    await story.later(600);
    expect(story.attempt('A').backendStatus).toBe('POWERING_SIDEWAYS');
    expect(await story.causes('A')).toEqual([undefined]);
  });
});

describe('3: blocked jobs', () => {
  const forever = { reason: 'BadConstraints', plain: 'no node has these features', forever: true };
  const held = { reason: 'JobHeldUser', plain: 'it is held', forever: false };

  test('one that a person can free stays queued, and the run shows a problem', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.backend.shows(story.jobOf('A', { state: 'queued', blocked: held }));
    await story.later(1_200);
    expect(story.attempt('A').state.kind).toBe('queued');
    expect((await story.run()).problems).toMatchObject([{ text: 'A waits: it is held' }]);
    expect(story.backend.endRequests).toEqual([]);
    story.backend.shows(story.jobOf('A', { state: 'queued' }));
    await story.later(15);
    expect((await story.run()).problems).toEqual([]);
  });

  test('one that no person can free is ended after 10 minutes, as Unsatisfiable', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    const job = story.jobOf('A', { state: 'queued', blocked: forever });
    story.backend.shows(job);
    await story.later(590);
    expect(story.backend.endRequests).toEqual([]);
    await story.later(30);
    expect(story.backend.endRequests).toContainEqual({ nativeIds: ['4711'], manner: { kind: 'kill' } });
    const { blocked, ...rest } = job;
    story.backend.shows({ ...rest, state: 'ended', end: { kind: 'Cancelled' } });
    await story.later(30);
    expect(await story.causes('A')).toEqual(['Unsatisfiable']);
  });

  test('6: while the scheduler cannot be reached that clock stands still', async () => {
    const story = await DaemonStory.withRun(ONE_CALL);
    story.backend.shows(story.jobOf('A', { state: 'queued', blocked: forever }));
    await story.later(300);
    story.backend.isDown();
    await story.later(900);
    story.backend.shows(story.jobOf('A', { state: 'queued', blocked: forever }));
    await story.later(240);
    expect(story.backend.endRequests).toEqual([]);
    await story.later(90);
    expect(story.backend.endRequests.length).toBeGreaterThan(0);
  });

  test('`onBlocked: {failAfter}` widens that to jobs that are held', async () => {
    const story = await DaemonStory.withRun(`${ONE_CALL}onBlocked: { failAfter: 1h }\n`);
    story.backend.shows(story.jobOf('A', { state: 'queued', blocked: held }));
    await story.later(3_500);
    expect(story.backend.endRequests).toEqual([]);
    await story.later(200);
    expect(story.backend.endRequests.length).toBeGreaterThan(0);
  });
});

describe('6: jobs that belong to no attempt', () => {
  /** The run's only call has succeeded, and a second job of its tag is still queued. */
  async function withStray(): Promise<DaemonStory> {
    const story = await DaemonStory.withRun(ONE_CALL);
    const stray = story.jobOf('A', { nativeId: id('815'), state: 'queued' });
    story.backend.shows(story.jobOf('A'), stray);
    story.claims('A', id('4711'));
    await story.later(15);
    story.exits('A', 0);
    story.backend.shows(stray);
    await story.later(15);
    return story;
  }

  test('are ended, and the run does not end before they have', async () => {
    const story = await withStray();
    expect(await story.causes('A')).toEqual(['Succeeded']);
    expect(story.backend.endRequests).toContainEqual({ nativeIds: ['815'], manner: { kind: 'kill' } });
    expect((await story.run()).status).toBe('Running');
  });

  test('by one listing that lacks them they are not proved gone', async () => {
    const story = await withStray();
    story.backend.shows();
    await story.later(15);
    expect((await story.run()).status).toBe('Running');
    await story.later(40);
    expect((await story.run()).status).toBe('Succeeded');
  });
});

describe('4: orphans', () => {
  async function forced(reply?: 'ambiguous'): Promise<DaemonStory> {
    const backend = new ScriptedBackend();
    if (reply !== undefined) backend.replies.push(new Promise(() => undefined));
    const story = await DaemonStory.withRun(ONE_CALL, {}, backend);
    if (reply === undefined) backend.shows(story.jobOf('A'));
    await story.abort({ force: true });
    await story.later(12);
    return story;
  }

  test('are on the run’s record with native id, tag and host; the run is Aborted', async () => {
    const story = await forced();
    expect((await story.run()).status).toBe('Aborted');
    expect(await story.events()).not.toContainEqual(expect.stringContaining('no job of it is left'));
    const [{ tag } = { tag: undefined }] = story.backend.submits;
    expect(await story.orphans()).toMatchObject([{ nativeId: '4711', tag, host: 'login1', call: 'A' }]);
  });

  test('are hunted with the hardest means, across restarts, until they are confirmed gone', async () => {
    const story = await forced();
    await story.restart();
    const before = story.backend.endRequests.length;
    await story.later(60);
    expect(story.backend.endRequests.slice(before)).toContainEqual({
      nativeIds: ['4711'],
      manner: { kind: 'force' },
    });
    expect((await story.orphans())[0]).not.toHaveProperty('goneAtMs');
    story.backend.shows();
    await story.later(60);
    expect((await story.orphans())[0]).toHaveProperty('goneAtMs');
    const after = story.backend.endRequests.length;
    await story.later(120);
    expect(story.backend.endRequests).toHaveLength(after);
  });

  test('known by the tag alone: not called gone while the submit command may be under way', async () => {
    const story = await forced('ambiguous');
    expect((await story.orphans())[0]).not.toHaveProperty('nativeId');
    await story.later(60);
    expect((await story.orphans())[0]).not.toHaveProperty('goneAtMs');
    const [{ tag } = { tag: undefined }] = story.backend.submits;
    if (tag === undefined) throw new Error('nothing was submitted');
    story.backend.shows({ tag, index: 0, nativeId: id('815'), state: 'running', backendStatus: 'RUNNING' });
    await story.later(60);
    expect(story.backend.endRequests).toContainEqual({ nativeIds: ['815'], manner: { kind: 'force' } });
  });
});
