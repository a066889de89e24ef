/** A job is found again, by its id, by its name, by the next daemon, and never mistaken for another. */
import { expect, test } from 'vitest';
import type { Backend, JobObservation, NativeId, Tag } from '../../../backends/backend.ts';
import { hasEnded, isRunning, jobsOf, lately, newTag, success, until, type World } from '../world.ts';

export function jobsAreFound(world: () => World): void {
  test('the second source knows ended jobs by id and by tag, where there is one', async () => {
    const { backend, habitat, submit } = world();
    const { hasAccounting } = await backend.probe();
    const job = await submit('exit 0');
    await job.seen(hasEnded);
    const { tag, nativeId } = job;
    const ask = (asked: { tag: Tag; nativeId?: NativeId }) => recordOf(backend, habitat.owner, asked);
    if (!hasAccounting) return expect(await ask({ tag, nativeId })).toBeUndefined();
    await until(async () => (await ask({ tag, nativeId }))?.state === 'ended');
    await until(async () => (await ask({ tag }))?.state === 'ended');
    expect(await ask({ tag })).toMatchObject({ nativeId, end: success(habitat) });
  });

  test('about jobs that never were the second source says nothing', async () => {
    const { backend, habitat } = world();
    const nobody = { tag: newTag(), nativeId: '99999999' as NativeId };
    const query = { owner: habitat.owner, jobs: [nobody, { tag: newTag() }], sinceMs: lately() };
    expect(await backend.account(query)).toEqual({ kind: 'complete', jobs: [] });
  });

  test('names that are almost the same are told apart', async () => {
    const { backend, habitat, submit } = world();
    const tag = newTag();
    // Longer, and as a pattern would take the first one.
    const tags = [tag, `${tag}x` as Tag, tag.replaceAll('.', '-') as Tag];
    const jobs = await Promise.all(tags.map((each, code) => submit(`exit ${code + 1}`, { tag: each })));
    expect(new Set(jobs.map(({ nativeId }) => nativeId)).size).toBe(tags.length);
    for (const [at, job] of jobs.entries()) {
      const { nativeId, end } = await job.seen(hasEnded);
      expect({ nativeId, exitCode: end?.exitCode }).toEqual({ nativeId: job.nativeId, exitCode: at + 1 });
    }
    const { hasAccounting } = await backend.probe();
    for (const job of hasAccounting ? jobs : [])
      await until(async () => (await recordOf(backend, habitat.owner, job))?.nativeId === job.nativeId);
  });

  test('the next daemon finds a job again, or at least does not call it ended', async () => {
    const { habitat, submit } = world();
    const { owner } = habitat;
    const job = await submit('exec sleep 600');
    await job.seen(isRunning);
    const next = habitat.again();
    const find = async (known = [job.known]): Promise<JobObservation | undefined> =>
      jobsOf(await next.observe(owner, known)).find(({ tag }) => tag === job.tag);
    if (next.capabilities.reconnect) expect(await find()).toMatchObject({ ...job.known, state: 'running' });
    else expect((await find())?.state).not.toBe('ended');
    const byName = await find([]);
    if (next.capabilities.lookUp) expect(byName).toMatchObject(job.known);
    else expect(byName).toBeUndefined();
    await next.abort(owner, [job.nativeId], { kind: 'kill' });
  });

  test('the elements of one submission are told apart; where there are none, it is refused', async () => {
    const { backend, habitat, submit } = world();
    const script = 'echo "$wf_native" > "element$wf_index"; exit $wf_index';
    const job = await submit(script, { elements: 3 });
    if (!backend.capabilities.arrays) {
      expect(job.reply).toEqual({ kind: 'rejected', reason: expect.stringMatching(/\w+ \w+/) });
      return;
    }
    const elements = await Promise.all([0, 1, 2].map((index) => job.seen(hasEnded, index)));
    expect(elements.map(({ end }) => end?.kind)).toEqual([
      success(habitat).kind,
      'NonZeroExit',
      'NonZeroExit',
    ]);
    expect(elements.map(({ nativeId }) => `${nativeId}\n`)).toEqual(
      [0, 1, 2].map((i) => job.read(`element${i}`)),
    );
  });
}

async function recordOf(
  backend: Backend,
  owner: World['habitat']['owner'],
  { tag, nativeId }: { readonly tag: Tag; readonly nativeId?: NativeId },
): Promise<JobObservation | undefined> {
  const jobs = [{ tag, ...(nativeId === undefined ? {} : { nativeId }) }];
  return jobsOf(await backend.account({ owner, jobs, sinceMs: lately() })).find((each) => each.tag === tag);
}
