/**
 * What every backend must do, run against the real thing. A test file names the backend and its habitat: where
 * its jobs may live, who owns them, and what this scheduler cannot do.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobObservation, NativeId, Tag } from '../../backends/backend.ts';
import {
  createWorld,
  type Habitat,
  hasEnded,
  jobsOf,
  newTag,
  until,
  type World,
  withEnvironment,
  withOpenFiles,
} from './world.ts';

interface ContractOptions {
  /** Why the suite cannot run here. */
  readonly skip?: string;
}

export function describeBackend(
  name: string,
  open: () => Promise<Habitat>,
  { skip }: ContractOptions = {},
): void {
  describe.skipIf(skip !== undefined)(skip === undefined ? name : `${name} (left out: ${skip})`, () => {
    let habitat: Habitat;
    beforeAll(async () => {
      habitat = await open();
    });
    afterAll(async () => {
      await habitat?.close();
    });
    const world = (): World => createWorld(habitat);

    endsAreToldApart(world);
    jobsAreAborted(world);
    jobsAreFound(world);
    jobsStartClean(world);
  });
}

function endsAreToldApart(world: () => World): void {
  test('a probe finds the scheduler and says so in one line', async () => {
    const probe = await world().backend.probe();
    expect(probe).toMatchObject({ reachable: true, summary: expect.stringMatching(/^[^\n]+$/) });
  });

  test('a job that succeeds knows its own id, and ends Succeeded', async () => {
    const job = await world().submit('echo "$wf_native $wf_count $wf_index" > identity');
    expect(job.reply.kind).toBe('accepted');
    const { end } = await job.seen(hasEnded);
    expect(end).toMatchObject({ kind: 'Succeeded', exitCode: 0 });
    expect(job.read('identity')).toBe(`${job.nativeId} 0 0\n`);
  });

  // 137 may be the shell's word for a signal: that is for the adapter to say, the code is the code.
  test.each([3, 137, 255])('exit code %i comes back as it is', async (code) => {
    const { end } = await (await world().submit(`exit ${code}`)).seen(hasEnded);
    expect(end).toMatchObject({ kind: expect.stringMatching(/^(NonZeroExit|Signaled)$/), exitCode: code });
  });

  test('a job that runs is seen running', async () => {
    const job = await world().submit('while [ ! -e go ]; do sleep 0.2; done');
    expect(await job.seen((each) => each.state === 'running')).toMatchObject({
      tag: job.tag,
      index: 0,
      nativeId: job.nativeId,
    });
    writeFileSync(`${job.place}/go`, '');
    expect((await job.seen(hasEnded)).end?.kind).toBe('Succeeded');
  });

  test('a request that can never be met is rejected, with words', async () => {
    const { refused } = world().habitat;
    if (refused === undefined) return expect(refused).toBeUndefined();
    const { reply } = await world().submit('true', { resources: refused });
    expect(reply).toEqual({ kind: 'rejected', reason: expect.stringMatching(/\w+ \w+/) });
  });
}

function jobsAreAborted(world: () => World): void {
  test.each(['kill', 'force'] as const)(
    '%s ends a running job, and the ids of nobody are no trouble',
    async (kind) => {
      const { backend, habitat, submit } = world();
      const job = await submit('sleep 600');
      await job.seen((each) => each.state === 'running');
      expect(await backend.abort(habitat.owner, [job.nativeId, '99999999' as NativeId], { kind })).toEqual({
        kind: 'sent',
      });
      // Asked is not ended: a job that is just starting may miss the request, and the engine repeats it.
      const asking = setInterval(() => void backend.abort(habitat.owner, [job.nativeId], { kind }), 2_000);
      const ended = await job.seen(hasEnded).finally(() => clearInterval(asking));
      expect(ended.end).toMatchObject({ kind: 'Cancelled', started: true });
      expect(await backend.abort(habitat.owner, [job.nativeId], { kind })).toEqual({ kind: 'sent' });
    },
  );

  test('a signal reaches the job, which goes on', async () => {
    const { backend, habitat, submit } = world();
    const job = await submit(
      'trap "echo caught > signal; exit 5" USR1; echo > ready; while :; do sleep 0.2; done',
    );
    await until(() => job.read('ready') !== '');
    await backend.abort(habitat.owner, [job.nativeId], { kind: 'signal', signal: 'USR1' });
    expect((await job.seen(hasEnded)).end).toMatchObject({ kind: 'NonZeroExit', exitCode: 5 });
    expect(job.read('signal')).toBe('caught\n');
  });

  test('a held job says why it waits, and aborted it never started', async () => {
    const { backend, habitat, submit } = world();
    if (habitat.held === undefined) return expect(habitat.held).toBeUndefined();
    const job = await submit('true', { resources: habitat.held });
    const held = await job.seen((each) => each.blocked !== undefined);
    expect(held).toMatchObject({ state: 'queued', blocked: { forever: false } });
    await backend.abort(habitat.owner, [job.nativeId], { kind: 'kill' });
    expect((await job.seen(hasEnded)).end).toMatchObject({ kind: 'Cancelled', started: false });
  });
}

function jobsAreFound(world: () => World): void {
  test('the second source knows ended jobs by id and by tag, where there is one', async () => {
    const { backend, habitat, submit } = world();
    const { hasAccounting } = await backend.probe();
    const job = await submit('exit 0');
    await job.seen(hasEnded);
    const since = { owner: habitat.owner, sinceMs: Date.now() - 3_600_000 };
    const { tag, nativeId } = job;
    const ask = async (asked: { tag: Tag; nativeId?: NativeId }): Promise<JobObservation | undefined> =>
      jobsOf(await backend.account({ ...since, jobs: [asked] })).find((each) => each.tag === tag);
    if (!hasAccounting) return expect(await ask({ tag, nativeId })).toBeUndefined();
    await until(async () => (await ask({ tag, nativeId }))?.state === 'ended');
    await until(async () => (await ask({ tag }))?.state === 'ended');
    expect(await ask({ tag })).toMatchObject({
      nativeId: job.nativeId,
      end: { kind: 'Succeeded' },
    });
  });

  test('about jobs that never were the second source says nothing', async () => {
    const { backend, habitat } = world();
    const nobody = { tag: newTag(), nativeId: '99999999' as NativeId };
    const query = { owner: habitat.owner, jobs: [nobody, { tag: newTag() }], sinceMs: Date.now() };
    expect(await backend.account(query)).toEqual({ kind: 'complete', jobs: [] });
    expect(await backend.account({ ...query, jobs: [] })).toEqual({ kind: 'complete', jobs: [] });
  });

  test('the elements of one submission are told apart', async () => {
    const job = await world().submit('echo "$wf_native" > "element$wf_index"; exit $wf_index', {
      elements: 3,
    });
    const elements = await Promise.all([0, 1, 2].map((index) => job.seen(hasEnded, index)));
    expect(elements.map(({ end }) => end?.kind)).toEqual(['Succeeded', 'NonZeroExit', 'NonZeroExit']);
    expect(elements.map(({ nativeId }) => `${nativeId}\n`)).toEqual(
      [0, 1, 2].map((i) => job.read(`element${i}`)),
    );
  });
}

function jobsStartClean(world: () => World): void {
  test.each([
    "sp ace and 'quotes'",
    'per cent 100%j %',
    'dollar $HOME "double" *',
    'back\\slash',
    'ünï-cødé',
  ])('a place named %s', async (odd) => {
    const job = await world().submit('pwd > where; echo "to the log"', { place: odd });
    expect((await job.seen(hasEnded)).end?.kind).toBe('Succeeded');
    expect(job.read('where')).toBe(`${job.place}\n`);
    await until(() => job.read('log').includes('to the log'));
    expect(job.read('log')).toContain('to the log');
  });

  test('the umask arrives, and nothing of the service does', async () => {
    const ours = {
      NOTIFY_SOCKET: '/n',
      LISTEN_FDS: '1',
      WATCHDOG_USEC: '1',
      INVOCATION_ID: '1',
      JOURNAL_STREAM: '1',
      WFD_SOCKET: '/s',
    };
    const job = await withEnvironment(ours, () =>
      world().submit('umask > umask; env > environment', { umask: 0o027 }),
    );
    await job.seen(hasEnded);
    expect(job.read('umask')).toBe('0027\n');
    const environment = job.read('environment');
    for (const variable of Object.keys(ours)) expect(environment).not.toContain(`${variable}=`);
    const { name, home } = world().habitat.owner;
    expect(environment.split('\n')).toEqual(
      expect.arrayContaining([`HOME=${home}`, `USER=${name}`, `LOGNAME=${name}`]),
    );
  });

  test('the job belongs to its owner, with all groups', async () => {
    const { owner } = world().habitat;
    const job = await world().submit('id -u > uid; id -G > groups');
    await job.seen(hasEnded);
    expect(job.read('uid')).toBe(`${owner.uid}\n`);
    const groups = execFileSync('id', ['-G', owner.name], { encoding: 'utf8' });
    expect(job.read('groups').trim().split(' ').sort()).toEqual(groups.trim().split(' ').sort());
  });

  test('our own limits stay with us', async () => {
    if (!world().habitat.dropsLimits) return expect(world().habitat.dropsLimits).toBe(false);
    const job = await withOpenFiles(777, () => world().submit('ulimit -n > limit'));
    await job.seen(hasEnded);
    expect(job.read('limit')).toMatch(/^(?!777\n)\w+\n$/);
  });
}
