/** SEMANTICS 6, evidence: when a job's absence counts, and which job is the attempt's. */
import { describe, expect, test } from 'vitest';
import { newEvidence, noteOutage, noteSnapshot } from '../../../daemon/engine/evidence.ts';
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
    const known = evidence(vanished, marked(131_000));
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
