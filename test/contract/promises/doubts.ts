/** What is not known for certain is said to be so: no answer is made up, and no job is lost by it. */
import { expect, test } from 'vitest';
import type { Snapshot, SubmitReply } from '../../../backends/backend.ts';
import type { Spoiler } from '../habitat.ts';
import { hasEnded, isRunning, jobsOf, lately, type Submission, until, type World } from '../world.ts';

export function doubtsAreSaid(world: () => World): void {
  test.each(['killed', 'mute', 'garbled'] as const)(
    'a submit whose command was %s is in doubt, and its job is found by its tag',
    async (how) => {
      const { habitat, submit } = world();
      const spoiler = spoilerOf(world());
      if (spoiler === undefined) return;
      const job = await spoiler.spoil('submit', how, () => submit('echo "$wf_native" > native'));
      expect(job.reply).toEqual(DOUBT);
      await isFoundByTag(habitat.again(), world(), job);
    },
  );

  test('a submit that takes too long is in doubt, and its job is found by its tag', async () => {
    const { habitat, submit } = world();
    const spoiler = spoilerOf(world());
    if (spoiler === undefined) return;
    const through = habitat.again({ commandTimeoutMs: 2_000 });
    const script = 'echo "$wf_native" > native';
    const job = await spoiler.spoil('submit', 'hanging', () => submit(script, { through }));
    expect(job.reply).toEqual(DOUBT);
    await isFoundByTag(through, world(), job);
  });

  test.each(['killed', 'garbled', 'cut', 'failed', 'hanging'] as const)(
    'a listing or a record that was %s is none',
    async (how) => {
      const { backend, habitat, submit } = world();
      const { owner } = habitat;
      const spoiler = spoilerOf(world());
      if (spoiler === undefined) return;
      const running = await submit('exec sleep 600');
      const over = await submit('exit 0');
      await running.seen(isRunning);
      await over.seen(hasEnded);
      const hasty = how === 'hanging' ? habitat.again({ commandTimeoutMs: 1_000 }) : backend;
      const known = [running.known, over.known];
      expect(await spoiler.spoil('observe', how, () => hasty.observe(owner, known))).toEqual(NO_ANSWER);
      if ((await backend.probe()).hasAccounting) {
        const query = { owner, jobs: [over.known], sinceMs: lately() };
        await until(async () => jobsOf(await backend.account(query)).some(hasEnded));
        expect(await spoiler.spoil('account', how, () => hasty.account(query))).toEqual(NO_ANSWER);
      }
      await backend.abort(owner, [running.nativeId], { kind: 'kill' });
    },
  );

  test('a request to end that nobody took has failed, and a probe without an answer reaches nobody', async () => {
    const { backend, habitat, submit } = world();
    const spoiler = spoilerOf(world());
    if (spoiler === undefined) return;
    const job = await submit('exec sleep 600');
    const ask = () => backend.abort(habitat.owner, [job.nativeId], { kind: 'kill' });
    expect(await spoiler.spoil('abort', 'failed', ask)).toEqual({ kind: 'failed', reason: WORDS });
    expect(await spoiler.spoil('probe', 'failed', () => backend.probe())).toMatchObject({
      reachable: false,
      summary: expect.stringMatching(/^[^\n]*\w \w[^\n]*$/),
    });
    await ask();
  });
}

const WORDS = expect.stringMatching(/\w+ \w+/);
const DOUBT: SubmitReply = { kind: 'ambiguous', reason: WORDS };
const NO_ANSWER: Snapshot = { kind: 'unavailable', reason: WORDS };

/** A backend that runs no commands has no answers to lose: then it may not have run any. */
function spoilerOf({ backend, habitat: { spoiler } }: World): Spoiler | undefined {
  if (spoiler !== 'runs no commands') return spoiler;
  expect(Object.values(backend.commandUse().total)).toEqual([0, 0, 0, 0, 0, 0]);
  return undefined;
}

/** Where nothing can be looked up, nothing may be found either. */
async function isFoundByTag(backend: World['backend'], { habitat }: World, job: Submission): Promise<void> {
  const { owner } = habitat;
  const find = async () => {
    const listed = jobsOf(await backend.observe(owner, []));
    const query = { owner, jobs: [{ tag: job.tag }], sinceMs: lately() };
    return [...listed, ...jobsOf(await backend.account(query))].find(({ tag }) => tag === job.tag);
  };
  await until(() => job.read('native') !== '');
  if (!backend.capabilities.lookUp) return expect(await find()).toBeUndefined();
  await until(async () => (await find()) !== undefined);
  expect(`${(await find())?.nativeId}\n`).toBe(job.read('native'));
}
