/** A described scheduler at work: what it says of itself, its jobs' first lines, listings and requests. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Backend, NativeId, Tag } from '../../../backends/backend.ts';
import type { TemplateSettings } from '../../../backends/template/settings.ts';
import { createTemplate } from '../../../backends/template/template.ts';
import { known, owner, SITE } from './site.ts';

const site = (more: Partial<TemplateSettings> = {}): Backend => createTemplate('site', { ...SITE, ...more });
const ids = (...all: string[]) => all as NativeId[];
const query = (...jobs: { tag: Tag; nativeId?: NativeId }[]) => ({ owner, jobs, sinceMs: 0 });

describe('what it says of itself', () => {
  test('a bare description can do little', async () => {
    expect(site()).toMatchObject({
      kind: 'template',
      capabilities: { reconnect: true, lookUp: false, arrays: false, signals: false },
      settleMs: 60_000,
    });
    expect(await site().probe()).toEqual({
      reachable: true,
      summary:
        'version 7; no accounting: ends are known by listing and marks only; no look-up: a submit in doubt that leaves no claim ends Lost',
      hasAccounting: false,
    });
    expect(await site().account(query(known('1')))).toEqual({ kind: 'complete', jobs: [] });
    expect(site().causeInLog('anything')).toBeUndefined();
  });

  test('what the site adds it can, and what the site denies it cannot', async () => {
    const job = { ...SITE.job, index: 'INDEX' };
    const more = { job, lookUp: true, reconnect: false, signal: ['true', '{nativeId}'], account: {} };
    expect(site(more).capabilities).toEqual({ reconnect: false, lookUp: true, arrays: true, signals: true });
    expect(await site(more).probe()).toEqual({
      reachable: true,
      summary: 'version 7; no reconnect: its jobs end Lost when the daemon is restarted',
      hasAccounting: true,
    });
  });

  test('a probe that fails reaches nobody', async () => {
    expect(await site({ probe: ['false'] }).probe()).toEqual({
      reachable: false,
      summary: 'false ended with exit code 1 and said nothing',
      hasAccounting: false,
    });
  });
});

describe('the first lines of a job', () => {
  const head = { log: '/dev/null', umask: 0o027, elements: 1 };
  const said = (job: Partial<TemplateSettings['job']>, env: Record<string, string>, elements = 1) => {
    const lines = site({ job: { ...SITE.job, log: 'scheduler', ...job } }).preamble({ ...head, elements });
    const show = 'echo "$wf_native,$wf_index,$wf_count,$wf_reserved,$(umask)"';
    return execFileSync('sh', ['-euc', `wf_tag=t.9\n${lines}\n${show}`], { env, encoding: 'utf8' }).trim();
  };

  test.each([
    [{}, { JOB_ID: '12.site' }, '12.site,0,0,  ,0027'],
    [{}, {}, ',0,0,  ,0027'],
    [{ id: { variable: 'JOB_ID', cutAt: '.' } }, { JOB_ID: '12.site.x' }, '12,0,0,  ,0027'],
    [{ id: { variable: 'JOB_ID', cutAt: '*' } }, { JOB_ID: '12*3' }, '12,0,0,  ,0027'],
    [{ id: 'tag' }, { JOB_ID: '12' }, 't.9,0,0,  ,0027'],
    [{ count: 'RUNS', reservedExitCodes: [99, 100] }, { JOB_ID: '1', RUNS: '4' }, '1,0,4, 99 100 ,0027'],
    [{ index: 'INDEX' }, { JOB_ID: '1', INDEX: '7' }, '1,0,0,  ,0027'],
  ] as const)('%j in %j: %s', (job, env, expected) => {
    expect(said(job, env)).toBe(expected);
  });

  test('an element of an array has its index', () => {
    expect(said({ index: 'INDEX' }, { JOB_ID: '1[7]', INDEX: '7' }, 9)).toBe('1[7],7,0,  ,0027');
  });

  test('open the log, unless the scheduler does', () => {
    expect(site().preamble({ ...head, log: '/some/log' })).toContain("exec >>'/some/log' 2>&1");
    const byScheduler = site({ job: { ...SITE.job, log: 'scheduler' } });
    expect(byScheduler.preamble({ ...head, log: '/some/log' })).not.toContain('/some/log');
  });
});

describe('a listing', () => {
  test('with {nativeIds} asks for all known jobs at once', async () => {
    const backend = site();
    const many = Array.from({ length: 1_500 }, (_, at) => known(String(at)));
    const snapshot = await backend.observe(owner, many);
    expect(snapshot).toMatchObject({
      kind: 'complete',
      jobs: many.map((job) => ({ ...job, state: 'queued' })),
    });
    expect(backend.commandUse().total.observe).toBe(2);
    expect(await backend.observe(owner, [])).toEqual({ kind: 'complete', jobs: [] });
    expect(backend.commandUse().total.observe).toBe(2);
  });

  test('with {nativeId} asks for each, and one that does not answer makes the whole unknown', async () => {
    const each = 'case $1 in 8) echo 8 is not there >&2; exit 1 ;; 9) exit 1 ;; *) echo "$1 wait" ;; esac';
    const backend = site({ status: { command: ['sh', '-c', each, 'sh', '{nativeId}'] } });
    const listed = await backend.observe(owner, [known('7'), known('8')]);
    expect(listed).toMatchObject({ kind: 'complete', jobs: [known('7')] });
    expect(backend.commandUse().total.observe).toBe(2);
    expect(await backend.observe(owner, [known('7'), known('9')])).toMatchObject({ kind: 'unavailable' });
  });

  test('with neither is asked once, for the owner', async () => {
    const backend = site({ status: { command: ['printf', '1 wait {user}\\n2 done {uid}\\n'] } });
    const snapshot = await backend.observe(owner, []);
    expect(snapshot).toMatchObject({
      jobs: [{ tag: owner.name }, { tag: String(owner.uid), state: 'ended' }],
    });
  });
});

describe('accounting', () => {
  const account = {
    byId: ['printf', '%s done\\n', '{nativeIds}'],
    byTag: ['printf', '77 done %s\\n', '{tags}'],
  };
  const nameless = { tag: 't.x' as Tag };

  test('asks by id where it is known, else by tag', async () => {
    const backend = site({ account });
    const records = await backend.account(query(known('1'), nameless, known('2')));
    expect(records).toMatchObject({
      kind: 'complete',
      jobs: [{ tag: 't.1', nativeId: '1' }, { tag: 't.2' }, { tag: 't.x', nativeId: '77', state: 'ended' }],
    });
    expect(backend.commandUse().total.account).toBe(2);
  });

  test('asks by tag alone, or by id alone', async () => {
    const byTag = await site({ account: { byTag: account.byTag } }).account(query(known('1')));
    expect(byTag).toMatchObject({ jobs: [{ tag: 't.1', nativeId: '77' }] });
    const byId = site({ account: { byId: account.byId } });
    expect(await byId.account(query(nameless))).toEqual({ kind: 'complete', jobs: [] });
  });

  test('believes no record of an id that belongs to another job', async () => {
    const backend = site({ account: { byId: ['printf', '%s done other\\n', '{nativeIds}'] } });
    expect(await backend.account(query(known('1')))).toEqual({ kind: 'complete', jobs: [] });
  });

  test('without an answer is unknown', async () => {
    const backend = site({ account: { ...account, byTag: ['false', '{tag}'] } });
    expect(await backend.account(query(known('1'), nameless))).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a request to end jobs', () => {
  const kill = { kind: 'kill' } as const;

  test('goes out once for all, or once for each', async () => {
    const together = site();
    expect(await together.abort(owner, ids('1', '2', '3'), kill)).toEqual({ kind: 'sent' });
    expect(together.commandUse().total.abort).toBe(1);
    const each = site({ abort: ['true', '{nativeId}'] });
    expect(await each.abort(owner, ids('1', '2', '3'), kill)).toEqual({ kind: 'sent' });
    expect(each.commandUse().total.abort).toBe(3);
  });

  test.each([
    ['echo 1 is not there >&2; exit 1', 'sent'],
    ['echo 1 is not there; exit 1', 'sent'],
    ['echo 1 is not there >&2; echo no rights >&2; exit 1', 'failed'],
    ['echo 1 is not there >&2; kill -9 $$', 'failed'],
    ['exit 1', 'failed'],
    ['kill -9 $$', 'failed'],
  ])('that was answered by `%s`: %s', async (text, kind) => {
    const abort = ['sh', '-c', text, 'sh', '{nativeIds}'];
    expect((await site({ abort }).abort(owner, ids('1'), kill)).kind).toBe(kind);
  });

  test('by the hardest means, where the site knows one', async () => {
    const force = { kind: 'force' } as const;
    expect(await site().abort(owner, ids('1'), force)).toEqual({ kind: 'sent' });
    const harder = site({ force: ['sh', '-c', 'echo harder >&2; exit 1', 'sh', '{nativeIds}'] });
    expect(await harder.abort(owner, ids('1'), force)).toMatchObject({ reason: 'sh: harder' });
  });

  test('by a signal, where the site knows how', async () => {
    const usr1 = { kind: 'signal', signal: 'USR1' } as const;
    const words = expect.stringMatching(/does not say how/);
    expect(await site().abort(owner, ids('1'), usr1)).toEqual({ kind: 'failed', reason: words });
    const signal = ['sh', '-c', 'echo "$@" >&2; exit 1', 'sh', '{signal}', '{nativeIds}'];
    expect(await site({ signal }).abort(owner, ids('1', '2'), usr1)).toMatchObject({
      reason: 'sh: USR1 1 2',
    });
  });

  test('names by the id of the listing what the listing shows now, and nothing else', async () => {
    const status = { command: ['printf', '1 wait t.a\\n2 done t.b\\n3 wait other\\n'] };
    const abort = ['sh', '-c', 'echo "$@" >&2; exit 1', 'sh', '{listedIds}'];
    const backend = site({ status, abort, job: { ...SITE.job, id: 'tag' } });
    expect(await backend.abort(owner, ids('t.a', 't.b', 't.c'), kill)).toMatchObject({ reason: 'sh: 1' });
    expect(await backend.abort(owner, ids('t.b', 't.c'), kill)).toEqual({ kind: 'sent' });
    const blind = site({ status: { command: ['false'] }, abort });
    expect(await blind.abort(owner, ids('t.a'), kill)).toMatchObject({ kind: 'failed' });
  });
});
