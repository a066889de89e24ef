/** "In bulk" is a promise that is counted: so many commands for so many jobs. */
import { expect, test } from 'vitest';
import type { JobObservation, NativeId } from '../../../backends/backend.ts';
import type { Costs } from '../habitat.ts';
import { commandsFor, jobsOf, lately, type Submission, until, type World, whileAsking } from '../world.ts';

const MANY = 100;
const AT_ONCE = 4;

export function manyAreHandledAtOnce(world: () => World): void {
  test('a hundred jobs are listed, accounted for and ended in bulk', async () => {
    const { backend, habitat, submit } = world();
    const { owner, costs, spoiler } = habitat;
    const jobs: Submission[] = [];
    const submits = await commandsFor(backend, 'submit', async () => {
      while (jobs.length < MANY)
        jobs.push(...(await Promise.all(times(AT_ONCE, () => submit('exec sleep 600')))));
    });
    expect(submits).toBe(spoiler === 'runs no commands' ? 0 : MANY);
    const known = jobs.map((job) => job.known);
    const ids = known.map(({ nativeId }) => nativeId);
    expect(new Set(ids).size).toBe(MANY);

    const listed = async () => alive(jobsOf(await backend.observe(owner, known)), jobs);
    await until(async () => (await listed()).length === MANY);
    expect((await listed()).map(({ tag, nativeId }) => ({ tag, index: 0, nativeId }))).toEqual(known);
    expect(await commandsFor(backend, 'observe', listed)).toBeLessThanOrEqual(allowed(costs.observe, MANY));

    const account = () => backend.account({ owner, jobs: [...known, ...tagsOf(jobs)], sinceMs: lately() });
    expect(await commandsFor(backend, 'account', account)).toBeLessThanOrEqual(
      allowed(costs.account, 2 * MANY),
    );
    const abort = () => backend.abort(owner, ids, { kind: 'kill' });
    // What people are shown (`wfctl backends`).
    expect(backend.commandUse().lastMinute > 0).toBe(spoiler !== 'runs no commands');
    expect(await commandsFor(backend, 'abort', abort)).toBeLessThanOrEqual(allowed(costs.abort, MANY));
    await whileAsking(
      abort,
      until(async () => (await listed()).length === 0),
    );
  });

  test('ids of jobs that are gone may be asked to end, a thousand with each command', async () => {
    const { backend, habitat } = world();
    const { owner, costs } = habitat;
    const count = costs.abort === 'each' ? 3 : 2_500;
    const ids = times(count, (at) => String(90_000_000 + at) as NativeId);
    const abort = async () =>
      expect(await backend.abort(owner, ids, { kind: 'kill' })).toEqual({ kind: 'sent' });
    expect(await commandsFor(backend, 'abort', abort)).toBeLessThanOrEqual(allowed(costs.abort, count));
  });

  // `sacct --jobs=` without an id answers with all jobs of the day, `qdel` and `scancel` with their usage.
  test('a question about no jobs is not asked', async () => {
    const { backend, habitat } = world();
    const { owner } = habitat;
    const abort = async () =>
      expect(await backend.abort(owner, [], { kind: 'kill' })).toEqual({ kind: 'sent' });
    const account = async () =>
      expect(await backend.account({ owner, jobs: [], sinceMs: lately() })).toEqual({
        kind: 'complete',
        jobs: [],
      });
    expect(await commandsFor(backend, 'abort', abort)).toBe(0);
    expect(await commandsFor(backend, 'account', account)).toBe(0);
  });
}

function allowed(cost: Costs[keyof Costs], jobs: number): number {
  return cost === 'each' ? jobs : cost * Math.ceil(jobs / 1_000);
}

function times<T>(count: number, make: (at: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

/** Those of ours that are not over, in the order in which they were submitted. */
function alive(listing: readonly JobObservation[], jobs: readonly Submission[]): readonly JobObservation[] {
  const byTag = new Map(listing.filter(({ state }) => state !== 'ended').map((job) => [job.tag, job]));
  return jobs.flatMap(({ tag }) => byTag.get(tag) ?? []);
}

function tagsOf(jobs: readonly Submission[]): readonly Pick<Submission, 'tag'>[] {
  return jobs.map(({ tag }) => ({ tag }));
}
