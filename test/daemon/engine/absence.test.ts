/** SEMANTICS 6, evidence: when a job's absence counts, and which job is the attempt's. */
import { describe, expect, test } from 'vitest';
import { newEvidence, noteOutage, noteSnapshot, noteSpool } from '../../../daemon/engine/evidence.ts';
import { judge } from '../../../daemon/engine/reconcile.ts';
import {
  attemptIn,
  CLAIM,
  causeOf,
  endedJob,
  evidence,
  exitMark,
  facts,
  job,
  listed,
  looked,
  marked,
  OTHER,
  OWN,
  QUEUED,
  RUNNING,
  recorded,
  SUBMITTING,
  vanished,
} from './evidence-fixture.ts';

/** The claim was seen long before the job vanished. */
const claimed = marked(90_000, { claim: CLAIM });

describe('6: absence', () => {
  test('two listings are not enough, however far apart', () => {
    const known = evidence(listed(100_000), listed(900_000), marked(900_001), recorded(900_001));
    expect(judge(attemptIn(QUEUED), known, facts(900_002)).kind).toBe('wait');
  });

  test('nor are many within the settle time', () => {
    const known = evidence(
      ...[0, 5, 10, 15, 20, 25, 29].map((s) => listed(100_000 + s * 1_000)),
      marked(129_500),
      recorded(129_500),
    );
    expect(judge(attemptIn(QUEUED), known, facts(129_999)).kind).toBe('wait');
  });

  test('three, with the first and the last a settle time apart, count', () => {
    expect(judge(attemptIn(QUEUED), evidence(...looked), facts(131_001)).kind).toBe('ended');
  });

  test('listings begun before the submit command had ended do not', () => {
    const known = evidence(...looked);
    const early = newEvidence(115_001);
    for (const at of [100_000, 115_000, 130_000]) noteSnapshot(early, [], { begunAt: at, at });
    expect(known.lacking).toMatchObject({ count: 3 });
    expect(early.lacking).toEqual({ count: 1, first: 130_000, last: 130_000 });
  });

  test('an outage, and a sighting, begin the series anew', () => {
    const outage = evidence(listed(100_000), listed(115_000), noteOutage, listed(130_000));
    expect(outage.lacking).toMatchObject({ count: 1 });
    const sighting = evidence(listed(100_000), listed(115_000, job('queued')), listed(130_000));
    expect(sighting.lacking).toMatchObject({ count: 1 });
  });

  test('the marks are looked at after the proof, then accounting', () => {
    const known = evidence(vanished);
    expect(judge(attemptIn(QUEUED), known, facts(130_001))).toEqual({ kind: 'wait', wants: ['marks'] });
    marked(129_999)(known);
    expect(judge(attemptIn(QUEUED), known, facts(130_001))).toEqual({ kind: 'wait', wants: ['marks'] });
    marked(130_002)(known);
    expect(judge(attemptIn(QUEUED), known, facts(130_003))).toEqual({ kind: 'wait', wants: ['accounting'] });
    recorded(129_999)(known);
    expect(judge(attemptIn(QUEUED), known, facts(130_003))).toEqual({ kind: 'wait', wants: ['accounting'] });
  });

  test('accounting that does not answer is waited for, for ever', () => {
    const known = evidence(vanished, marked(131_000));
    expect(judge(attemptIn(QUEUED), known, facts(1e9))).toEqual({ kind: 'wait', wants: ['accounting'] });
  });

  test('a site without accounting goes on without it', () => {
    const known = evidence(vanished, marked(131_000, { revoked: true }));
    expect(judge(attemptIn(QUEUED), known, facts(131_001, { hasAccounting: false })).kind).toBe('ended');
  });

  test('what accounting knows decides', () => {
    const known = evidence(claimed, vanished, marked(131_000, { claim: CLAIM }));
    recorded(131_000, endedJob({ kind: 'TimeLimit' }))(known);
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(131_001)))).toEqual({ cause: 'TimeLimit' });
  });

  test('a record that calls it running is waited for, and is stale after ten settle times', () => {
    const known = evidence(
      claimed,
      vanished,
      marked(131_000, { claim: CLAIM }),
      recorded(131_000, job('running')),
    );
    expect(judge(attemptIn(RUNNING), known, facts(131_001))).toEqual({ kind: 'wait', wants: ['accounting'] });
    listed(400_000)(known);
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(400_001)))).toMatchObject({ cause: 'Lost' });
  });

  test('queued and vanished without a record: CancelledOutside, and it says that this is assumed', () => {
    expect(causeOf(judge(attemptIn(QUEUED), evidence(...looked), facts(131_001)))).toMatchObject({
      cause: 'CancelledOutside',
      detail: expect.stringContaining('assumed'),
    });
  });

  test('had left its claim and vanished: Lost, claimed', () => {
    const known = evidence(claimed, vanished, marked(131_000, { claim: CLAIM }), recorded(131_000));
    for (const state of [QUEUED, RUNNING, SUBMITTING]) {
      expect(causeOf(judge(attemptIn(state), known, facts(131_001)))).toEqual({
        cause: 'Lost',
        claimed: true,
      });
    }
  });

  test('was seen running and left no claim: Lost, not claimed', () => {
    expect(causeOf(judge(attemptIn(RUNNING), evidence(...looked), facts(131_001)))).toEqual({
      cause: 'Lost',
      claimed: false,
    });
  });

  test('was asked to end and vanished: as was asked', () => {
    const ending = { why: 'user', atMs: 1, tries: 1, nextAtMs: 9 } as const;
    for (const state of [QUEUED, RUNNING]) {
      const verdict = judge(attemptIn(state, { ending }), evidence(...looked), facts(131_001));
      expect(causeOf(verdict)).toEqual({ cause: 'AbortedByUser' });
    }
  });

  test('in doubt and vanished: it never arrived', () => {
    expect(judge(attemptIn(SUBMITTING), evidence(...looked), facts(131_001))).toEqual({
      kind: 'neverArrived',
    });
  });
});

describe('6: who the attempt’s job is', () => {
  test('a state nobody has met means "still there"', () => {
    expect(judge(attemptIn(QUEUED), evidence(listed(1, job('unknown'))), facts(1e9)).kind).toBe('alive');
  });

  test('in doubt and found in the listing: adopted, as if the reply had come', () => {
    const known = evidence(listed(1, job('queued')));
    expect(judge(attemptIn(SUBMITTING), known, facts(2))).toMatchObject({ kind: 'alive', state: QUEUED });
  });

  test('in doubt and claimed before any listing shows it: adopted', () => {
    const known = evidence(marked(1, { claim: CLAIM }));
    expect(judge(attemptIn(SUBMITTING), known, facts(2))).toMatchObject({ kind: 'alive', state: RUNNING });
  });

  test('a claim is newer than a listing that still says queued', () => {
    const known = evidence(listed(1, job('queued')), marked(1, { claim: CLAIM }));
    expect(judge(attemptIn(QUEUED), known, facts(2))).toMatchObject({ state: { kind: 'running' } });
  });

  test('the claim’s holder, even if another native id was recorded', () => {
    const holder = { ...CLAIM, nativeId: OTHER };
    const known = evidence(
      marked(1, { claim: holder }),
      listed(1, job('queued'), job('running', { nativeId: OTHER })),
    );
    expect(judge(attemptIn(QUEUED), known, facts(2))).toMatchObject({
      kind: 'alive',
      state: { kind: 'running', nativeId: OTHER },
    });
  });

  test('a duplicate’s end decides nothing: the holder runs on', () => {
    const duplicate = endedJob({ kind: 'Succeeded', exitCode: 0 }, { nativeId: OTHER });
    const known = evidence(
      marked(1, { claim: CLAIM, duplicates: [OTHER] }),
      listed(1, job('running'), duplicate),
    );
    expect(judge(attemptIn(RUNNING), known, facts(60_000))).toMatchObject({
      kind: 'alive',
      state: { nativeId: OWN },
    });
  });

  test('nor where the holder is not listed, or the claim is not visible yet', () => {
    const duplicate = endedJob({ kind: 'Succeeded', exitCode: 0 }, { nativeId: OTHER });
    const holderUnlisted = evidence(marked(1, { claim: CLAIM, duplicates: [OTHER] }), listed(1, duplicate));
    expect(judge(attemptIn(RUNNING), holderUnlisted, facts(2)).kind).toBe('wait');
    const noClaim = evidence(marked(1, { duplicates: [OTHER] }), listed(1, duplicate));
    expect(judge(attemptIn(RUNNING), noClaim, facts(2)).kind).toBe('wait');
  });

  test('an exit mark of a job that does not hold the claim decides nothing', () => {
    const known = evidence(
      listed(1, job('running')),
      marked(1, { claim: CLAIM, exit: exitMark(0, { nativeId: OTHER }) }),
    );
    expect(judge(attemptIn(RUNNING), known, facts(2)).kind).toBe('alive');
  });
});

describe('6: what is given up without a claim can never run later', () => {
  const unclaimed = [vanished, marked(131_000), recorded(131_000)] as const;
  const wantsRevoke = { kind: 'wait', wants: ['revoke'] };

  test('the claim is taken before an absent job is called gone', () => {
    for (const state of [QUEUED, RUNNING])
      expect(judge(attemptIn(state), evidence(...unclaimed), facts(131_001))).toEqual(wantsRevoke);
  });

  test('that is tried again, but not at once', () => {
    const known = evidence(...unclaimed);
    known.revokeAt = 131_000;
    expect(judge(attemptIn(QUEUED), known, facts(131_001))).toEqual({
      kind: 'wait',
      wants: [],
      until: 133_000,
    });
    expect(judge(attemptIn(QUEUED), known, facts(133_000))).toEqual(wantsRevoke);
  });

  test('a job that was quicker is waited for', () => {
    const known = evidence(...unclaimed, marked(131_100, { claim: CLAIM }));
    expect(judge(attemptIn(QUEUED), known, facts(131_101)).kind).toBe('alive');
  });

  test('a file system that takes no link for ten settle times holds nobody up', () => {
    const known = evidence(...unclaimed, listed(400_000), marked(400_001), recorded(400_001));
    expect(judge(attemptIn(QUEUED), known, facts(400_002)).kind).toBe('ended');
  });

  test('an attempt in doubt goes back as it is, unless that is its end', () => {
    const known = evidence(...unclaimed);
    expect(judge(attemptIn(SUBMITTING), known, facts(131_001))).toEqual({ kind: 'neverArrived' });
    expect(judge(attemptIn(SUBMITTING), known, facts(131_001, { isSubmittedAgain: false }))).toEqual(
      wantsRevoke,
    );
  });

  test('a scheduler that knows of no claim is believed, unless another submission may still come', () => {
    const cancelled = evidence(
      listed(100_000, endedJob({ kind: 'Cancelled', started: false })),
      marked(106_000),
    );
    expect(causeOf(judge(attemptIn(QUEUED), cancelled, facts(106_001)))).toEqual({
      cause: 'CancelledOutside',
    });
    expect(judge(attemptIn(QUEUED), cancelled, facts(106_001, { mayStillCome: true }))).toEqual(wantsRevoke);
  });

  test('whatever the listing or a record shows under a revoked attempt is not its job', () => {
    const known = evidence(...looked, listed(132_000, job('queued')));
    expect(judge(attemptIn(QUEUED), known, facts(132_001)).kind).toBe('ended');
    const succeeded = recorded(132_001, endedJob({ kind: 'Succeeded' }));
    const early = evidence(marked(99_000, { revoked: true }), listed(100_000), succeeded);
    expect(judge(attemptIn(QUEUED), early, facts(132_002)).kind).toBe('wait');
    expect(causeOf(judge(attemptIn(QUEUED), evidence(...looked, succeeded), facts(132_002)))).toMatchObject({
      cause: 'CancelledOutside',
    });
  });
});

describe('6: a backend that cannot look jobs up by their tags', () => {
  const blind = { canLookUp: false };

  test('a submit in doubt without a claim is Lost, and says why', () => {
    const known = evidence(vanished, marked(131_000), recorded(131_000));
    expect(judge(attemptIn(SUBMITTING), known, facts(131_001, blind))).toEqual({
      kind: 'wait',
      wants: ['revoke'],
    });
    marked(131_002, { revoked: true })(known);
    expect(causeOf(judge(attemptIn(SUBMITTING), known, facts(131_003, blind)))).toEqual({
      cause: 'Lost',
      claimed: false,
      detail: expect.stringContaining('cannot look a job up'),
    });
  });

  test('one that was to be ended anyway never started', () => {
    const ending = { why: 'user', atMs: 1, tries: 0, nextAtMs: 9 } as const;
    expect(
      judge(
        attemptIn(SUBMITTING, { ending }),
        evidence(...looked),
        facts(131_001, { ...blind, isSubmittedAgain: false }),
      ),
    ).toEqual({ kind: 'neverArrived' });
  });
});

describe('6: a listing that knows only the living', () => {
  const gone = listed(100_000);

  test('accounting is asked as soon as the job is gone, once for every listing', () => {
    const known = evidence(claimed, gone);
    const ask = { kind: 'wait', wants: ['accounting'] };
    expect(judge(attemptIn(RUNNING), known, facts(100_001))).toEqual(ask);
    recorded(100_001)(known);
    expect(judge(attemptIn(RUNNING), known, facts(100_002))).toEqual({ kind: 'wait', wants: [] });
    listed(105_000)(known);
    expect(judge(attemptIn(RUNNING), known, facts(105_001))).toEqual(ask);
  });

  test('its record is an end, after the marks have had their time', () => {
    const known = evidence(claimed, gone, recorded(100_001, endedJob({ kind: 'TimeLimit' })));
    expect(judge(attemptIn(RUNNING), known, facts(100_002))).toEqual({ kind: 'wait', wants: ['marks'] });
    marked(106_000, { claim: CLAIM })(known);
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(106_001)))).toEqual({ cause: 'TimeLimit' });
  });

  test('a record asked for before the job was gone is none', () => {
    const known = evidence(claimed, recorded(99_000, endedJob({ kind: 'TimeLimit' })), gone);
    expect(judge(attemptIn(RUNNING), known, facts(100_001))).toEqual({ kind: 'wait', wants: ['accounting'] });
  });

  test('nor is one of an earlier run of the same job, or of another job', () => {
    const second = marked(90_000, { claim: { ...CLAIM, runCount: 1 } });
    const first = endedJob({ kind: 'NodeFailure' }, { runCount: 0 });
    expect(
      judge(attemptIn(RUNNING), evidence(second, gone, recorded(100_001, first)), facts(100_002)).kind,
    ).toBe('wait');
    const other = endedJob({ kind: 'TimeLimit' }, { nativeId: OTHER });
    expect(
      judge(attemptIn(RUNNING), evidence(claimed, gone, recorded(100_001, other)), facts(100_002)),
    ).toEqual({
      kind: 'wait',
      wants: [],
    });
  });

  test('without accounting the settle time decides', () => {
    const known = evidence(claimed, gone);
    expect(judge(attemptIn(RUNNING), known, facts(100_001, { hasAccounting: false }))).toEqual({
      kind: 'wait',
      wants: [],
    });
  });
});

test('6: an exit mark that was read before the claim of its run counts from when the claim is seen', () => {
  const rerun = { ...CLAIM, runCount: 1 };
  const known = evidence(marked(100_000, { claim: CLAIM, exit: exitMark(143, { runCount: 1 }) }));
  expect(known.exitSince).toBeUndefined();
  const started = { fileName: 'S', kind: 'started', tag: job('running').tag, index: 0, ...rerun } as const;
  noteSpool(known, started, 101_000);
  expect(known.exitSince).toBe(101_000);
  expect(judge(attemptIn(RUNNING), known, facts(116_000)).kind).toBe('ended');
});
