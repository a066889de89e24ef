/** The driver around a scheduler made of `sh` lines: pieces, bounds, environment, counts. */
import { describe, expect, test } from 'vitest';
import type {
  NativeId,
  Owner,
  RequestReply,
  Snapshot,
  SubmitReply,
  SubmitRequest,
  Tag,
} from '../../backends/backend.ts';
import { type BatchScheduler, type BatchSettings, createBatchBackend } from '../../backends/batch-driver.ts';
import type { CommandLine, CommandResult } from '../../backends/run-command.ts';

const owner: Owner = {
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
  name: 'me',
  home: '/',
  shell: '/bin/sh',
};
const settings: BatchSettings = {
  settleMs: 100,
  commandTimeoutMs: 20_000,
  pollMs: 100,
  maxActive: 10,
  maxSubmitting: 2,
  env: { SITE: 'set by the site', PATH: '/usr/local/bin:/usr/bin:/bin:/site/bin' },
};
const request: SubmitRequest = {
  tag: 'align.17.abc' as Tag,
  owner,
  umask: 0o027,
  resources: {},
  workdir: '/',
  script: '/s/job',
  log: '/s/log',
  elements: 1,
};

const sh = (text: string, ...args: readonly string[]): CommandLine => ({
  program: 'sh',
  args: ['-c', text, 'sh', ...args],
});
const said = (result: CommandResult): Snapshot =>
  result.exitCode === 0
    ? { kind: 'complete', jobs: lines(result.stdout).map((id) => job(id)) }
    : { kind: 'unavailable', reason: result.stderr.trim() };
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
const job = (id: string) =>
  ({ tag: 'x' as Tag, index: 0, nativeId: id as NativeId, state: 'queued', backendStatus: 'Q' }) as const;
const ids = (count: number): readonly NativeId[] =>
  Array.from({ length: count }, (_, i) => String(i + 1) as NativeId);

const known = (count: number) => ids(count).map((nativeId) => ({ tag: `t${nativeId}` as Tag, nativeId }));

function scheduler(changes: Partial<BatchScheduler> = {}): BatchScheduler {
  return {
    kind: 'test',
    capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
    environmentNames: [],
    parseEnvironment: { LC_ALL: 'C' },
    preamble: () => 'wf_native=1',
    check: () => undefined,
    async probe(ask) {
      const results = await Promise.all([ask(sh('echo one')), ask(sh('echo two'))]);
      const summary = results.map((each) => each.stdout.trim()).join('+');
      return { reachable: true, summary, hasAccounting: true };
    },
    submit: async (_request, ask) => accepted(await ask(sh('echo 12'))),
    observe: async (_owner, _known, ask) => said(await ask(sh('echo 7'))),
    account: async ({ jobs }, ask) =>
      said(await ask(sh('printf "%s\\n" "$@"', ...jobs.map(({ tag, nativeId }) => nativeId ?? tag)))),
    abort: async (nativeIds, _manner, ask) => sent(await ask(sh('test $# -le 1000', ...nativeIds))),
    unblock: async (nativeIds, ask) => sent(await ask(sh('test $# -le 1000', ...nativeIds))),
    causeInLog: () => undefined,
    ...changes,
  };
}
const accepted = ({ stdout }: CommandResult): SubmitReply => ({
  kind: 'accepted',
  nativeId: stdout.trim() as NativeId,
});
const sent = ({ exitCode }: CommandResult): RequestReply =>
  exitCode === 0 ? { kind: 'sent' } : { kind: 'failed', reason: 'too many' };
const backend = (changes: Partial<BatchScheduler> = {}) =>
  createBatchBackend('site', scheduler(changes), settings);

describe('pieces', () => {
  test('many ids are aborted in pieces, none in no command at all', async () => {
    const site = backend();
    expect(await site.abort(owner, ids(2_001), { kind: 'kill' })).toEqual({ kind: 'sent' });
    expect(site.commandUse().total.abort).toBe(3);
    expect(await site.abort(owner, [], { kind: 'kill' })).toEqual({ kind: 'sent' });
    expect(site.commandUse().total.abort).toBe(3);
  });

  test('one piece that failed makes the whole abort failed', async () => {
    const site = backend({
      abort: async (nativeIds, _manner, ask) => sent(await ask(sh('test "$1" != 1001', ...nativeIds))),
    });
    expect(await site.abort(owner, ids(1_500), { kind: 'kill' })).toEqual({
      kind: 'failed',
      reason: 'too many',
    });
  });

  test('many jobs are unblocked in pieces, where the scheduler knows how', async () => {
    const site = backend();
    expect(await site.unblock?.(owner, ids(1_001))).toEqual({ kind: 'sent' });
    expect(site.commandUse().total.unblock).toBe(2);
    const { unblock, ...without } = scheduler();
    expect(createBatchBackend('site', without, settings).unblock).toBeUndefined();
  });

  test('accounting is asked in pieces, and the answers are put together', async () => {
    const site = backend();
    const answer = await site.account({ owner, jobs: [...known(2_001), { tag: 't' as Tag }], sinceMs: 0 });
    expect(answer).toMatchObject({ kind: 'complete' });
    expect(answer.kind === 'complete' && answer.jobs.length).toBe(2_002);
    expect(site.commandUse().total.account).toBe(3);
  });

  test('asking accounting about nothing asks nobody', async () => {
    const site = backend();
    expect(await site.account({ owner, jobs: [], sinceMs: 0 })).toEqual({
      kind: 'complete',
      jobs: [],
    });
    expect(site.commandUse().total.account).toBe(0);
  });

  test('half an answer is none', async () => {
    const site = backend({
      account: async ({ jobs }, ask) =>
        said(await ask(jobs.length < 1_000 ? sh('echo "no answer" >&2; exit 1') : sh('echo 1'))),
    });
    const answer = await site.account({ owner, jobs: known(1_001), sinceMs: 0 });
    expect(answer).toEqual({ kind: 'unavailable', reason: 'no answer' });
  });
});

describe('commands', () => {
  test('a submit carries the umask and the site environment, but not the language of the parsers', async () => {
    const site = backend({
      submit: async (_request, ask) =>
        accepted(
          await ask(
            sh('echo "$(umask) $SITE $(printenv LC_ALL || echo no) $USER $(echo $PATH | cut -d: -f4)"'),
          ),
        ),
    });
    expect(await site.submit(request)).toEqual({
      kind: 'accepted',
      nativeId: '0027 set by the site no me /site/bin',
    });
  });

  test('a listing is asked for in the language of the parsers', async () => {
    const site = backend({
      observe: async (_owner, _known, ask) => said(await ask(sh('echo "$LC_ALL $SITE"'))),
    });
    expect(await site.observe(owner, [])).toEqual({ kind: 'complete', jobs: [job('C set by the site')] });
  });

  test('a request the adapter refuses is rejected and starts nothing', async () => {
    const site = backend({ check: () => 'no such thing here' });
    expect(await site.submit(request)).toEqual({ kind: 'rejected', reason: 'no such thing here' });
    expect(site.commandUse().total.submit).toBe(0);
  });

  test.each([
    [{ queue: '' }, 'queue is empty; leave it out for what the site has set'],
    [{ account: 'a\0b' }, 'account contains a NUL character, and no process can be given one'],
    [{ gpus: { count: 1, type: '\ud83e' } }, /^the type of gpus contains half a character/],
    [{ options: { test: ['-x', 'y\0'] } }, /^a word of options contains a NUL/],
    [{ constraint: 'x'.repeat(200_000) }, /^constraint is 200000 bytes long/],
  ])('what no command can carry is refused before the adapter is asked: %#', async (resources, reason) => {
    const site = backend({ check: () => 'the adapter was asked' });
    expect(site.check(resources)).toMatch(reason);
    expect(await site.submit({ ...request, resources })).toMatchObject({ kind: 'rejected' });
    expect(site.check({ queue: 'x' })).toBe('the adapter was asked');
  });

  test('several elements are not put to a scheduler without arrays', async () => {
    const site = backend({ capabilities: { ...scheduler().capabilities, arrays: false } });
    expect(await site.submit({ ...request, elements: 2 })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('no arrays'),
    });
    expect(site.commandUse().total.submit).toBe(0);
    expect((await site.submit(request)).kind).toBe('accepted');
  });

  test('no more submits at once than the site wants, and all of them in the end', async () => {
    const site = backend({
      submit: async (_request, ask) => accepted(await ask(sh('sleep 0.05; echo 12'))),
    });
    const replies = Array.from({ length: 7 }, () => site.submit(request));
    expect(site.commandUse().total.submit).toBe(2);
    expect(await Promise.all(replies)).toEqual(Array(7).fill({ kind: 'accepted', nativeId: '12' }));
    expect(site.commandUse().total.submit).toBe(7);
  });

  test('the probe runs all its commands and keeps their order', async () => {
    const site = backend();
    expect(await site.probe()).toMatchObject({ summary: 'one+two' });
    expect(site.commandUse().total.probe).toBe(2);
  });
});
