/** Asking is not ending: a request is sent, and the listing tells when the job is over. */
import { expect, test } from 'vitest';
import type { NativeId } from '../../../backends/backend.ts';
import {
  hasEnded,
  isRunning,
  jobsOf,
  lately,
  type Submission,
  success,
  until,
  type World,
  whileAsking,
} from '../world.ts';

export function jobsAreAborted(world: () => World): void {
  test.each(['kill', 'force'] as const)(
    '%s ends a running job, and nobody’s ids are no trouble',
    async (kind) => {
      const { backend, habitat, submit } = world();
      const { owner, killed } = habitat;
      const job = await submit('exec sleep 600');
      await job.seen(isRunning);
      const ask = (ids: readonly NativeId[]) => backend.abort(owner, ids, { kind });
      expect(await ask([job.nativeId, NOBODYS])).toEqual({ kind: 'sent' });
      const { end } = await whileAsking(() => ask([job.nativeId]), job.seen(hasEnded));
      expect(end).toMatchObject({ kind: killed, started: true });
      expect(await ask([job.nativeId])).toEqual({ kind: 'sent' });
    },
  );

  test('a warning reaches the job, which goes on; where there are no signals, the request fails', async () => {
    const { backend, habitat, submit } = world();
    const warning = { signal: 'USR1', graceMs: 5_000 };
    const job = await submit(WAITS_FOR_USR1, { warning });
    await until(() => job.read('ready') !== '');
    const warn = () => backend.abort(habitat.owner, [job.nativeId], { kind: 'signal', signal: 'USR1' });
    if (!backend.capabilities.signals) {
      expect(await warn()).toEqual({ kind: 'failed', reason: WORDS });
      expect(await job.seen(isRunning)).toMatchObject(job.known);
      return;
    }
    expect(await warn()).toEqual({ kind: 'sent' });
    expect((await job.seen(hasEnded)).end).toMatchObject({ kind: 'NonZeroExit', exitCode: 5 });
    expect(job.read('signal')).toBe('caught\n');
  });

  test('a job that waits says so, and aborted it never starts', async () => {
    const { backend, habitat, submit } = world();
    const { owner, waiting } = habitat;
    const before = waiting.behind && (await submit('exec sleep 600', { resources: waiting.behind }));
    await before?.seen(isRunning);
    const job = await submit('echo > started', { resources: waiting.resources });
    const waits = await job.seen(({ blocked }) => (blocked !== undefined) === waiting.blocked);
    expect(waits.state).toBe('queued');
    if (waiting.blocked) expect(waits.blocked).toMatchObject({ forever: false, plain: expect.any(String) });
    expect(await backend.abort(owner, [job.nativeId], { kind: 'kill' })).toEqual({ kind: 'sent' });
    await endsUnstarted(world(), job);
    expect(job.read('started')).toBe('');
    if (before !== undefined) await backend.abort(owner, [before.nativeId], { kind: 'kill' });
  });

  test('a job that the scheduler gave up on is tried again when it is told to, where there is such a thing', async () => {
    const { backend, habitat, submit } = world();
    const { owner, stuck } = habitat;
    if (stuck === undefined) return expect(backend.unblock).toBeUndefined();
    const job = await submit(stuck.script, { resources: stuck.resources ?? {} });
    const { blocked } = await job.seen((each) => each.blocked !== undefined);
    expect(blocked).toMatchObject({ forever: true, clearable: true, plain: WORDS });
    expect(await backend.unblock?.(owner, [job.nativeId, NOBODYS])).toEqual({ kind: 'sent' });
    expect((await job.seen(hasEnded)).end).toMatchObject(success(habitat));
    expect(await backend.unblock?.(owner, [job.nativeId])).toEqual({ kind: 'sent' });
  });
}

const NOBODYS = '99999999' as NativeId;
const WORDS = expect.stringMatching(/\w+ \w+/);
const WAITS_FOR_USR1 = 'trap "echo caught > signal; exit 5" USR1; echo > ready; while :; do sleep 0.2; done';

/** Where no trace is left, nothing may be made up either. */
async function endsUnstarted({ backend, habitat }: World, { seen, known }: Submission): Promise<void> {
  const { owner, forgetsUnstarted } = habitat;
  if (!forgetsUnstarted) {
    expect((await seen(hasEnded)).end).toMatchObject({ kind: 'Cancelled', started: false });
    return;
  }
  await until(async () => {
    const listing = await backend.observe(owner, [known]);
    return listing.kind === 'complete' && !listing.jobs.some(({ tag }) => tag === known.tag);
  });
  const { tag, nativeId } = known;
  const records = await backend.account({ owner, jobs: [{ tag, nativeId }], sinceMs: lately() });
  expect(jobsOf(records).filter(hasEnded)).toEqual([]);
}
