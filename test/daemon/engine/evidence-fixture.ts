/** What is known of one attempt, written down in a line or two: listings, marks, accounting. */
import type { EndReport, JobObservation } from '../../../backends/backend.ts';
import type { ExitMark, Marks } from '../../../backends/marks.ts';
import { type Evidence, newEvidence, noteMarks, noteSnapshot } from '../../../daemon/engine/evidence.ts';
import type { Attempt, AttemptState } from '../../../daemon/engine/model.ts';
import type { Facts, Verdict } from '../../../daemon/engine/reconcile.ts';
import { id, tagged } from '../loop/scripted-parts.ts';

export const OWN = id('4711');
export const OTHER = id('4712');
export const SETTLE = 30_000;
export const QUEUED: AttemptState = { kind: 'queued', nativeId: OWN, runCount: 0 };
export const RUNNING: AttemptState = { kind: 'running', nativeId: OWN, runCount: 0 };
export const SUBMITTING: AttemptState = { kind: 'submitting' };
export const NO_MARKS: Marks = { duplicates: [], log: '' };
export const CLAIM = { nativeId: OWN, runCount: 0, atMs: 1 };

export const attemptIn = (state: AttemptState, change: Partial<Attempt> = {}): Attempt => ({
  runId: 17,
  call: 'A',
  number: 1,
  backend: 'local',
  state,
  tag: tagged('A.17.abc'),
  directory: '/runs/A/0/1',
  ...change,
});

export const job = (
  state: JobObservation['state'],
  change: Partial<JobObservation> = {},
): JobObservation => ({
  tag: tagged('A.17.abc'),
  index: 0,
  nativeId: OWN,
  state,
  backendStatus: state.toUpperCase(),
  ...change,
});
export const endedJob = (end: EndReport, change: Partial<JobObservation> = {}) =>
  job('ended', { end, ...change });

export const exitMark = (exitCode: number, change: Partial<ExitMark> = {}): ExitMark => ({
  nativeId: OWN,
  runCount: 0,
  exitCode,
  succeeded: exitCode === 0,
  missing: [],
  atMs: 2,
  ...change,
});

export const facts = (now: number, change: Partial<Facts> = {}): Facts => ({
  now,
  settleMs: SETTLE,
  refineMs: 15_000,
  lateMarkMs: 5_000,
  hasAccounting: true,
  canLookUp: true,
  isSubmittedAgain: true,
  mayStillCome: false,
  causeInLog: () => undefined,
  isSuperseded: () => false,
  ...change,
});

/** The submit command ended at 0. */
export function evidence(...steps: readonly ((known: Evidence) => void)[]): Evidence {
  const known = newEvidence(0);
  for (const step of steps) step(known);
  return known;
}
export const listed =
  (at: number, ...jobs: readonly JobObservation[]) =>
  (known: Evidence) =>
    noteSnapshot(known, jobs, { begunAt: at, at });
export const marked =
  (at: number, marks: Partial<Marks> = {}) =>
  (known: Evidence) =>
    noteMarks(known, { ...NO_MARKS, ...marks }, at, at);
export const recorded =
  (at: number, ...jobs: readonly JobObservation[]) =>
  (known: Evidence) => {
    known.records = { at, jobs };
  };
/** Three listings that lack the job, the last one `SETTLE` after the first. */
export const vanished = (known: Evidence) => {
  for (const at of [100_000, 115_000, 130_000]) noteSnapshot(known, [], { begunAt: at, at });
};
/** Everything was asked afterwards, and the claim is the daemon's own. */
export const looked = [vanished, marked(131_000, { revoked: true }), recorded(131_000)] as const;

export const causeOf = (verdict: Verdict) => (verdict.kind === 'ended' ? verdict.outcome : verdict);
