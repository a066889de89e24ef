/** The driver around a scheduler made of `sh` lines: pieces, bounds, environment, counts. */
import { describe, expect, test } from 'vitest';
import type { NativeId, Owner, Snapshot, SubmitRequest, Tag } from '../../backends/backend.ts';
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

function scheduler(changes: Partial<BatchScheduler> = {}): BatchScheduler {
  return {
    kind: 'test',
    identity: 'wf_native=1',
    environmentNames: [],
    parseEnvironment: { LC_ALL: 'C' },
    probeCommands: [sh('echo one'), sh('echo two')],
    readProbe: (results) => ({
      reachable: true,
      summary: results.map((each) => each.stdout.trim()).join('+'),
      hasAccounting: true,
    }),
    submitCommand: () => sh('echo 12'),
    readSubmitReply: (result) => ({ kind: 'accepted', nativeId: result.stdout.trim() as NativeId }),
    observeCommand: () => sh('echo 7'),
    readObservations: said,
    accountCommands: (query) => [sh('printf "%s\\n" "$@"', ...query.nativeIds, ...query.tags)],
    readAccounting: said,
    abortCommand: (nativeIds) => sh('test $# -le 1000', ...nativeIds),
    readAbortReply: (result) =>
      result.exitCode === 0 ? { kind: 'sent' } : { kind: 'failed', reason: 'too many' },
    causeInLog: () => undefined,
    ...changes,
  };
}
const backend = (changes: Partial<BatchScheduler> = {}) =>
  createBatchBackend('site', scheduler(changes), settings);

describe('pieces', () => {
  test('many ids are aborted in pieces, none in no command at all', async () => {
    const site = backend();
    expect(await site.abort(owner, ids(2_001), { kind: 'kill' })).toEqual({ kind: 'sent' });
    expect(site.commandCounts.abort).toBe(3);
    expect(await site.abort(owner, [], { kind: 'kill' })).toEqual({ kind: 'sent' });
    expect(site.commandCounts.abort).toBe(3);
  });

  test('one piece that failed makes the whole abort failed', async () => {
    const site = backend({ abortCommand: (nativeIds) => sh('test "$1" != 1001', ...nativeIds) });
    expect(await site.abort(owner, ids(1_500), { kind: 'kill' })).toEqual({
      kind: 'failed',
      reason: 'too many',
    });
  });

  test('accounting is asked by id and by tag, and the answers are put together', async () => {
    const site = backend();
    const answer = await site.account({ owner, nativeIds: ids(1_001), tags: ['t' as Tag], sinceMs: 0 });
    expect(answer).toMatchObject({ kind: 'complete' });
    expect(answer.kind === 'complete' && answer.jobs.length).toBe(1_002);
    expect(site.commandCounts.account).toBe(3);
  });

  test('asking accounting about nothing asks nobody', async () => {
    const site = backend();
    expect(await site.account({ owner, nativeIds: [], tags: [], sinceMs: 0 })).toEqual({
      kind: 'complete',
      jobs: [],
    });
    expect(site.commandCounts.account).toBe(0);
  });

  test('half an answer is none', async () => {
    const site = backend({
      accountCommands: ({ tags }) => [tags.length > 0 ? sh('echo "no answer" >&2; exit 1') : sh('echo 1')],
    });
    const answer = await site.account({ owner, nativeIds: ids(1), tags: ['t' as Tag], sinceMs: 0 });
    expect(answer).toEqual({ kind: 'unavailable', reason: 'no answer' });
  });
});

describe('commands', () => {
  test('a submit carries the umask and the site environment, but not the language of the parsers', async () => {
    const site = backend({
      submitCommand: () =>
        sh('echo "$(umask) $SITE $(printenv LC_ALL || echo no) $USER $(echo $PATH | cut -d: -f4)"'),
    });
    expect(await site.submit(request)).toEqual({
      kind: 'accepted',
      nativeId: '0027 set by the site no me /site/bin',
    });
  });

  test('a listing is asked for in the language of the parsers', async () => {
    const site = backend({ observeCommand: () => sh('echo "$LC_ALL $SITE"') });
    expect(await site.observe(owner)).toEqual({ kind: 'complete', jobs: [job('C set by the site')] });
  });

  test('a request the adapter refuses is rejected and starts nothing', async () => {
    const site = backend({ submitCommand: () => ({ refused: 'no such thing here' }) });
    expect(await site.submit(request)).toEqual({ kind: 'rejected', reason: 'no such thing here' });
    expect(site.commandCounts.submit).toBe(0);
  });

  test('no more submits at once than the site wants, and all of them in the end', async () => {
    const site = backend({ submitCommand: () => sh('sleep 0.05; echo 12') });
    const replies = Array.from({ length: 7 }, () => site.submit(request));
    expect(site.commandCounts.submit).toBe(2);
    expect(await Promise.all(replies)).toEqual(Array(7).fill({ kind: 'accepted', nativeId: '12' }));
    expect(site.commandCounts.submit).toBe(7);
  });

  test('the probe runs all its commands and keeps their order', async () => {
    const site = backend();
    expect(await site.probe()).toMatchObject({ summary: 'one+two' });
    expect(site.commandCounts.probe).toBe(2);
  });
});
