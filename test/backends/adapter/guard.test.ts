/** Whatever an adapter does wrong becomes "I do not know", never an exception and never an answer. */
import { expect, test } from 'vitest';
import { guarded } from '../../../backends/adapter/guard.ts';
import type { Owner, Snapshot, SubmitRequest, Tag } from '../../../backends/backend.ts';
import type { Ask, BatchScheduler } from '../../../backends/batch-driver.ts';

const tag = 'align.17.abcdefghij' as Tag;
const owner: Owner = { uid: 1, gid: 1, name: 'ada', home: '/', shell: '/bin/sh' };
const job = { tag, index: 0, nativeId: '7', state: 'running', backendStatus: 'R' };
const ask: Ask = async () => ({ exitCode: 0, stdout: '', stderr: '', timedOut: false, durationMs: 1 });

const ANSWERS = {
  probe: { reachable: true, summary: 'toy 1.0', hasAccounting: false },
  submit: { kind: 'accepted', nativeId: '7' },
  observe: { kind: 'complete', jobs: [job] },
  account: { kind: 'unavailable', reason: 'not now' },
  abort: { kind: 'sent' },
  unblock: { kind: 'failed', reason: 'not now' },
};
type Name = keyof typeof ANSWERS;
const UNKNOWN: Record<Name, (text: unknown) => object> = {
  probe: (summary) => ({ reachable: false, summary, hasAccounting: true }),
  submit: (reason) => ({ kind: 'ambiguous', reason }),
  observe: (reason) => ({ kind: 'unavailable', reason }),
  account: (reason) => ({ kind: 'unavailable', reason }),
  abort: (reason) => ({ kind: 'failed', reason }),
  unblock: (reason) => ({ kind: 'failed', reason }),
};
const names = Object.keys(ANSWERS) as Name[];

/** One that answers `given` wherever it is asked for something. */
function scheduler(given: (name: Name) => unknown): BatchScheduler {
  const asked = Object.fromEntries(names.map((name) => [name, () => given(name)]));
  return {
    kind: 'toy',
    capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
    environmentNames: [],
    parseEnvironment: {},
    preamble: () => 'wf_native=1',
    check: () => undefined,
    causeInLog: () => undefined,
    ...asked,
  } as unknown as BatchScheduler;
}

function answerOf(name: Name, given: (name: Name) => unknown): Promise<unknown> {
  const safe = guarded(scheduler(given), 50);
  const asked: Record<Name, () => Promise<unknown> | undefined> = {
    probe: () => safe.probe(ask),
    submit: () => safe.submit({ tag } as SubmitRequest, ask),
    observe: () => safe.observe(owner, [], ask),
    account: () => safe.account({ owner, jobs: [], sinceMs: 0 }, ask),
    abort: () => safe.abort([], { kind: 'kill' }, ask, owner),
    unblock: () => safe.unblock?.([], ask),
  };
  return asked[name]() ?? Promise.reject(new Error('not offered'));
}

test.each(names)('%s: a right answer passes, whatever else does not', async (name) => {
  expect(await answerOf(name, async () => ANSWERS[name])).toEqual(ANSWERS[name]);
  const failure = (text: string) => UNKNOWN[name](expect.stringContaining(`the adapter's ${name}() ${text}`));
  const thrown = () => {
    throw new TypeError('x is not\n a function');
  };
  expect(await answerOf(name, thrown)).toEqual(failure('failed: TypeError: x is not; a function'));
  expect(await answerOf(name, async () => thrown())).toEqual(failure('failed: TypeError'));
  expect(await answerOf(name, () => new Promise(() => undefined))).toEqual(
    failure('failed: no answer within'),
  );
  expect(await answerOf(name, async () => undefined)).toEqual(failure('answered wrongly'));
  expect(await answerOf(name, async () => ({ kind: 'perhaps' }))).toEqual(failure('answered wrongly: '));
});

test.each([
  [{ ...job, state: 'ended' }, 'jobs.0.end: must be there exactly when the state is `ended`'],
  [{ ...job, end: { kind: 'Succeeded' } }, 'jobs.0.end: must be there exactly when the state is `ended`'],
  [{ ...job, state: 'ended', end: { kind: 'Done' } }, 'jobs.0.end.kind: '],
  [{ ...job, nativeId: 7 }, 'jobs.0.nativeId: '],
  [
    { ...job, nativeId: '4711,1' },
    'jobs.0.nativeId: must have 1 to 200 characters, no blanks, commas or slashes',
  ],
  [{ ...job, blocked: { reason: 'Eqw', plain: 'it failed' } }, 'jobs.0.blocked.forever: '],
  [{ ...job, tag: undefined }, 'jobs.0.tag: '],
])('one job that cannot be read makes the whole listing none: %j', async (wrong, why) => {
  const snapshot = (await answerOf('observe', async () => ({
    kind: 'complete',
    jobs: [job, wrong].toReversed(),
  }))) as Snapshot;
  expect(snapshot).toEqual({ kind: 'unavailable', reason: expect.stringContaining(why) });
});

test('what is absent may be written as undefined', async () => {
  const jobs = [{ ...job, nativeId: '4711[3]', end: undefined, blocked: undefined, runCount: undefined }];
  expect(await answerOf('observe', async () => ({ kind: 'complete', jobs }))).toMatchObject({
    kind: 'complete',
  });
});

test('what a scheduler says it cannot do it is not asked for', async () => {
  const asked: string[] = [];
  const able = scheduler(async (name) => {
    asked.push(name);
    return ANSWERS[name];
  });
  const safe = guarded(
    { ...able, capabilities: { ...able.capabilities, arrays: false, signals: false } },
    50,
  );
  const words = expect.stringMatching(/^toy \w+/);
  const submit = (elements: number) => safe.submit({ tag, elements } as SubmitRequest, ask);
  expect(await submit(2)).toEqual({ kind: 'rejected', reason: words });
  expect(await safe.abort([], { kind: 'signal', signal: 'USR1' }, ask, owner)).toEqual({
    kind: 'failed',
    reason: words,
  });
  expect(asked).toEqual([]);
  await submit(1);
  await safe.abort([], { kind: 'kill' }, ask, owner);
  expect(asked).toEqual(['submit', 'abort']);
});

test('without unblock there is none', () => {
  const { unblock, ...without } = scheduler(async () => undefined);
  expect(guarded(without, 50)).not.toHaveProperty('unblock');
});

test('a preamble, a check and a cause that fail are said where people look', () => {
  const broken = () => {
    throw new Error("can't");
  };
  const safe = guarded(
    { ...scheduler(async () => undefined), preamble: broken, check: broken, causeInLog: broken },
    50,
  );
  const head = { log: '/l', umask: 0, elements: 1 };
  expect(safe.preamble(head)).toBe(
    `printf '%s\\n' 'wfd: the adapter'\\''s preamble() failed: can'\\''t; the command was not run' >&2; exit 1`,
  );
  expect(safe.check({})).toBe("the adapter's check() failed: can't");
  expect(safe.causeInLog('')).toBeUndefined();
});
