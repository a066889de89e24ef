/** SEMANTICS 3, blocked jobs that the scheduler can be told to try again: once, and never twice. */
import { expect, test } from 'vitest';
import { DaemonStory } from './daemon-story.ts';

const ONE_CALL = 'tasks: { A: { run: "true" } }\n';
const FAILED_START = {
  reason: 'Eqw',
  plain: 'can’t chdir to /scratch/x',
  forever: true,
  clearable: true,
} as const;

async function blocked(): Promise<DaemonStory> {
  const story = await DaemonStory.withRun(ONE_CALL);
  story.backend.shows(story.jobOf('A', { state: 'queued', backendStatus: 'Eqw', blocked: FAILED_START }));
  await story.later(15);
  return story;
}

test('the scheduler is told to try once more', async () => {
  const story = await blocked();
  expect(story.backend.unblocked).toEqual([['4711']]);
  await story.later(300);
  expect(story.backend.unblocked).toHaveLength(1);
});

test('that was done survives a restart', async () => {
  const story = await blocked();
  await story.restart();
  await story.later(60);
  expect(story.backend.unblocked).toHaveLength(1);
});

test('where that helps, the job goes on', async () => {
  const story = await blocked();
  story.backend.shows(story.jobOf('A'));
  await story.later(1_200);
  expect(story.attempt('A').state.kind).toBe('running');
  expect(story.backend.endRequests).toEqual([]);
  expect((await story.run()).problems).toEqual([]);
});

test('where it does not, the job is ended after 10 minutes as Unsatisfiable, with the scheduler’s words', async () => {
  const story = await blocked();
  await story.later(620);
  expect(story.backend.endRequests).toContainEqual({ nativeIds: ['4711'], manner: { kind: 'kill' } });
  story.backend.shows();
  await story.later(60);
  expect(await story.outcomes('A')).toEqual([
    { cause: 'Unsatisfiable', detail: 'can’t chdir to /scratch/x (Eqw)' },
  ]);
});

test('a job that is to be ended is not tried again', async () => {
  const story = await DaemonStory.withRun(ONE_CALL);
  await story.abort();
  story.backend.shows(story.jobOf('A', { state: 'queued', blocked: FAILED_START }));
  await story.later(30);
  expect(story.backend.unblocked).toEqual([]);
});
