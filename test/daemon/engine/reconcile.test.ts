/** SEMANTICS 6, evidence: how an end is decided by exit mark, listing and accounting. */
import { describe, expect, test } from 'vitest';
import type { EndReport } from '../../../backends/backend.ts';
import { noteSpool } from '../../../daemon/engine/evidence.ts';
import { judge } from '../../../daemon/engine/reconcile.ts';
import { tagged } from '../loop/scripted-parts.ts';
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
  marked,
  OTHER,
  OWN,
  QUEUED,
  RUNNING,
  recorded,
} from './evidence-fixture.ts';

describe('6: the exit mark', () => {
  test('ends the attempt at once, although the listing still shows the job running', () => {
    const known = evidence(listed(1, job('running')), marked(2, { claim: CLAIM, exit: exitMark(0) }));
    expect(judge(attemptIn(RUNNING), known, facts(3))).toEqual({
      kind: 'ended',
      outcome: { cause: 'Succeeded', exitCode: 0 },
      nativeId: OWN,
    });
  });

  test('its code wins over the scheduler’s word', () => {
    const known = evidence(
      listed(1, endedJob({ kind: 'NodeFailure' })),
      marked(2, { claim: CLAIM, exit: exitMark(0) }),
    );
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(3)))).toMatchObject({ cause: 'Succeeded' });
  });

  test.each<[string, number, EndReport, object]>([
    ['143 and TIMEOUT', 143, { kind: 'TimeLimit' }, { cause: 'TimeLimit', exitCode: 143 }],
    ['137 and OUT_OF_MEMORY', 137, { kind: 'OutOfMemory' }, { cause: 'OutOfMemory', exitCode: 137 }],
    ['143 and PREEMPTED', 143, { kind: 'Preempted' }, { cause: 'Preempted', exitCode: 143 }],
    ['143 and CANCELLED', 143, { kind: 'Cancelled' }, { cause: 'CancelledOutside', exitCode: 143 }],
    ['3 and FAILED', 3, { kind: 'NonZeroExit', exitCode: 3 }, { cause: 'NonZeroExit', exitCode: 3 }],
    ['143 and FAILED', 143, { kind: 'NonZeroExit' }, { cause: 'Signaled', signal: 'TERM', exitCode: 143 }],
  ])('the scheduler only refines a code that is not 0: %s', (_name, code, end, outcome) => {
    const known = evidence(listed(1, endedJob(end)), marked(2, { claim: CLAIM, exit: exitMark(code) }));
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(3)))).toEqual(outcome);
  });

  test('143 after our own request is AbortedByUser; where nobody was asked yet it is not', () => {
    const ending = { why: 'user', atMs: 1, tries: 1, nextAtMs: 9 } as const;
    const known = evidence(
      listed(1, endedJob({ kind: 'Cancelled' })),
      marked(2, { claim: CLAIM, exit: exitMark(143) }),
    );
    expect(causeOf(judge(attemptIn(RUNNING, { ending }), known, facts(3)))).toMatchObject({
      cause: 'AbortedByUser',
    });
    const unasked = attemptIn(RUNNING, { ending: { ...ending, tries: 0 } });
    expect(causeOf(judge(unasked, known, facts(3)))).toMatchObject({ cause: 'CancelledOutside' });
  });

  test('a code that is not 0 waits for the finer cause, and gives up after refineMs', () => {
    const known = evidence(listed(1, job('running')), marked(1_000, { claim: CLAIM, exit: exitMark(1) }));
    expect(judge(attemptIn(RUNNING), known, facts(2_000))).toEqual({
      kind: 'wait',
      wants: ['snapshot'],
      until: 16_000,
    });
    expect(judge(attemptIn(RUNNING), known, facts(15_999)).kind).toBe('wait');
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(16_000)))).toEqual({
      cause: 'NonZeroExit',
      exitCode: 1,
    });
  });

  test('a job that no listing shows any more is refined by accounting', () => {
    const known = evidence(marked(1_000, { claim: CLAIM, exit: exitMark(143) }), listed(1_500));
    expect(judge(attemptIn(RUNNING), known, facts(2_000))).toMatchObject({
      wants: ['snapshot', 'accounting'],
    });
    recorded(2_000, endedJob({ kind: 'TimeLimit' }))(known);
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(2_001)))).toMatchObject({ cause: 'TimeLimit' });
  });

  test('missing outputs and a command that was not run need no finer cause', () => {
    const missing = exitMark(0, { succeeded: false, missing: ['table'] });
    expect(
      causeOf(judge(attemptIn(RUNNING), evidence(marked(1, { claim: CLAIM, exit: missing })), facts(2))),
    ).toEqual({ cause: 'MissingOutput', missing: ['table'] });
    const launch = exitMark(1, { launchFailure: 'no such directory' });
    expect(
      causeOf(judge(attemptIn(RUNNING), evidence(marked(1, { claim: CLAIM, exit: launch })), facts(2))),
    ).toEqual({ cause: 'LaunchFailure', detail: 'no such directory' });
  });

  test('of an earlier run count is void: the same id runs again', () => {
    const known = evidence(
      listed(1, job('running', { runCount: 1 })),
      marked(2, { claim: { ...CLAIM, runCount: 1 }, exit: exitMark(1) }),
    );
    expect(judge(attemptIn(RUNNING), known, facts(60_000))).toMatchObject({
      kind: 'alive',
      state: { kind: 'running', runCount: 1 },
    });
  });

  test('a failure that the scheduler has queued again was preempted', () => {
    const known = evidence(
      listed(1, job('queued', { runCount: 1 })),
      marked(2, { claim: CLAIM, exit: exitMark(143) }),
    );
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(3)))).toMatchObject({ cause: 'Preempted' });
  });

  test('a spool entry says so earlier than the directory', () => {
    const known = evidence(listed(1, job('running')));
    const entry = { fileName: 'E', kind: 'ended', tag: tagged('A.17.abc'), index: 0 } as const;
    noteSpool(known, { ...entry, nativeId: OWN, runCount: 0, exitCode: 0, succeeded: true }, 2);
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(3)))).toMatchObject({ cause: 'Succeeded' });
  });

  test('a spool entry of a job that holds no claim decides nothing', () => {
    const known = evidence(listed(1, job('running')), marked(1, { claim: CLAIM }));
    const entry = { fileName: 'E', kind: 'ended', tag: tagged('A.17.abc'), index: 0 } as const;
    noteSpool(known, { ...entry, nativeId: OTHER, runCount: 0, exitCode: 0, succeeded: true }, 2);
    expect(judge(attemptIn(RUNNING), known, facts(3)).kind).toBe('alive');
  });
});

describe('6: the listing says ended and there is no mark', () => {
  const gone = endedJob({ kind: 'NonZeroExit' });

  test('the marks are looked at first', () => {
    const known = evidence(marked(500, { claim: CLAIM }), listed(1_000, gone));
    expect(judge(attemptIn(RUNNING), known, facts(1_001))).toEqual({ kind: 'wait', wants: ['marks'] });
  });

  test('a mark may be late: it is waited for, and looked for once more', () => {
    const known = evidence(listed(1_000, gone), marked(1_001, { claim: CLAIM }));
    expect(judge(attemptIn(RUNNING), known, facts(1_002))).toEqual({ kind: 'wait', wants: [], until: 6_000 });
    expect(judge(attemptIn(RUNNING), known, facts(6_000))).toEqual({ kind: 'wait', wants: ['marks'] });
    marked(6_001, { claim: CLAIM, exit: exitMark(0) })(known);
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(6_002)))).toMatchObject({ cause: 'Succeeded' });
  });

  test('but not by a forced abort, whose grace is hardly longer', () => {
    const ending = { why: 'force', atMs: 1, tries: 1, nextAtMs: 9_000 } as const;
    const attempt = attemptIn(RUNNING, { ending });
    const known = evidence(listed(1_000, endedJob({ kind: 'Signaled', signal: 9 })));
    expect(judge(attempt, known, facts(1_001))).toEqual({ kind: 'wait', wants: ['marks'] });
    marked(1_001, { claim: CLAIM })(known);
    expect(causeOf(judge(attempt, known, facts(1_002)))).toMatchObject({ cause: 'AbortedByUser' });
  });

  test('then accounting is asked about what the listing leaves open', () => {
    const known = evidence(listed(1_000, gone), marked(6_001, { claim: CLAIM }));
    expect(judge(attemptIn(RUNNING), known, facts(6_002))).toEqual({
      kind: 'wait',
      wants: ['accounting'],
      until: 21_000,
    });
    recorded(7_000, endedJob({ kind: 'NonZeroExit', exitCode: 3 }))(known);
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(7_001)))).toEqual({
      cause: 'NonZeroExit',
      exitCode: 3,
    });
  });

  test('then the scheduler’s word decides', () => {
    const known = evidence(listed(1_000, gone), marked(6_001, { claim: CLAIM }));
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(21_000)))).toEqual({ cause: 'NonZeroExit' });
    const out = evidence(listed(1_000, endedJob({ kind: 'OutOfMemory' })), marked(6_001, { claim: CLAIM }));
    expect(causeOf(judge(attemptIn(RUNNING), out, facts(6_002)))).toEqual({ cause: 'OutOfMemory' });
  });

  test('without a claim the command was never run: LaunchFailure', () => {
    const known = evidence(listed(1_000, endedJob({ kind: 'NonZeroExit', exitCode: 1 })), marked(6_001));
    expect(causeOf(judge(attemptIn(RUNNING), known, facts(6_002)))).toMatchObject({ cause: 'LaunchFailure' });
  });

  test('Cancelled: by us, outside, or because its submission had been given up', () => {
    const known = evidence(listed(1_000, endedJob({ kind: 'Cancelled' })), marked(6_001, { claim: CLAIM }));
    const ending = { why: 'user', atMs: 1, tries: 2, nextAtMs: 9 } as const;
    expect(causeOf(judge(attemptIn(QUEUED), known, facts(6_002)))).toEqual({ cause: 'CancelledOutside' });
    expect(causeOf(judge(attemptIn(QUEUED, { ending }), known, facts(6_002)))).toEqual({
      cause: 'AbortedByUser',
    });
    const blocked = { ...ending, why: 'unsatisfiable' } as const;
    expect(causeOf(judge(attemptIn(QUEUED, { ending: blocked }), known, facts(6_002)))).toEqual({
      cause: 'Unsatisfiable',
    });
    const superseded = facts(6_002, { isSuperseded: () => true });
    expect(causeOf(judge(attemptIn(QUEUED), known, superseded))).toMatchObject({ cause: 'LaunchFailure' });
  });

  test('a job that had already succeeded is reported as just that, although it was asked to end', () => {
    const ending = { why: 'user', atMs: 1, tries: 1, nextAtMs: 9 } as const;
    const known = evidence(
      listed(1_000, endedJob({ kind: 'Succeeded', exitCode: 0 })),
      marked(6_001, { claim: CLAIM }),
    );
    expect(causeOf(judge(attemptIn(RUNNING, { ending }), known, facts(6_002)))).toMatchObject({
      cause: 'Succeeded',
    });
  });
});
