/** SEMANTICS 6, exactly once: what is given up without a claim has its claim taken, so that it never runs later. */
import { expect, test } from 'vitest';
import { DaemonStory } from './daemon-story.ts';
import { id, ScriptedBackend } from './scripted-parts.ts';

const ONE_CALL = 'tasks: { A: { run: "true" } }\n';
const IN_DOUBT = { kind: 'ambiguous', reason: 'timed out' } as const;
const REFUSED = { kind: 'rejected', reason: 'no such queue' } as const;

async function answered(...replies: ScriptedBackend['replies']): Promise<DaemonStory> {
  const backend = new ScriptedBackend();
  backend.replies.push(...replies);
  return DaemonStory.withRun(ONE_CALL, {}, backend);
}

test('a job that vanished unclaimed is revoked before its attempt ends', async () => {
  const story = await answered();
  const { directory } = story.attempt('A');
  await story.later(120);
  expect(await story.causes('A')).toEqual(['CancelledOutside']);
  expect(story.parts.files.marks.get(directory)).toMatchObject({ revoked: true });
});

test('while its directory cannot be written, nothing is concluded', async () => {
  const story = await answered();
  story.parts.files.unreadable = 'Stale file handle';
  await story.later(120);
  expect(await story.causes('A')).toEqual([undefined]);
});

test('one sent back keeps its claim free for its next submission', async () => {
  const story = await answered(IN_DOUBT);
  await story.later(60);
  expect(story.backend.submits).toHaveLength(2);
  expect(story.parts.files.marks.get(story.attempt('A').directory)?.revoked).toBeUndefined();
});

test('a refusal ends an attempt at once', async () => {
  const story = await answered(REFUSED);
  expect(await story.outcomes('A')).toEqual([{ cause: 'Rejected', detail: 'no such queue' }]);
});

test('unless an earlier submission of it may still arrive: then it is revoked first', async () => {
  const story = await answered(IN_DOUBT, REFUSED);
  const { directory } = story.attempt('A');
  await story.later(60);
  expect(await story.causes('A')).toEqual(['Rejected']);
  expect(story.parts.files.marks.get(directory)).toMatchObject({ revoked: true });
});

test('and if that one has claimed it meanwhile, it is the attempt’s job', async () => {
  const story = await answered(IN_DOUBT, REFUSED);
  const [{ tag } = { tag: undefined }] = story.backend.submits;
  if (tag === undefined) throw new Error('nothing was submitted');
  story.claims('A', id('815'), tag);
  story.backend.shows({ tag, index: 0, nativeId: id('815'), state: 'running', backendStatus: 'R' });
  await story.later(60);
  expect(story.attempt('A').state).toMatchObject({ kind: 'running', nativeId: '815' });
});

test('a forced abort takes every claim that is free, at once', async () => {
  const story = await answered(new Promise(() => undefined));
  const { directory } = story.attempt('A');
  await story.abort({ force: true });
  await story.later(2);
  expect(story.parts.files.marks.get(directory)).toMatchObject({ revoked: true });
});
