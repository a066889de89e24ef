/** What the databases in fixtures/ contain, one for each version of the schema (programs/make-fixture.ts). */
import { type Changes, NO_CHANGES } from '../../../daemon/engine/changes.ts';
import { newRun, sampleAttempt, sampleCall, sampleOrphan, sampleRun, sampleSubmission } from './samples.ts';

export const FIXTURE_CHANGES: Changes = {
  ...newRun(sampleRun(12, { labels: { project: 'x' }, token: 't', startedAtMs: 13_000 })),
  calls: [
    sampleCall(12, 'a', { status: 'Active', attempts: 1 }),
    sampleCall(12, 'b', { position: 1, benign: true }),
  ],
  attempts: [
    {
      ...sampleAttempt(12, 'a', 1),
      state: { kind: 'ended', outcome: { cause: 'NonZeroExit', exitCode: 3 } },
      element: 0,
    },
  ],
  submissions: [sampleSubmission(12, 'a.12.tag', 'a')],
  reads: [{ runId: 12, id: 'r', result: { kind: 'lines', lines: ['x', 'y'] } }],
  orphans: [sampleOrphan(11, 'z.11.tag', 'z')],
  settings: { ...NO_CHANGES.settings, drain: true },
  events: [{ runId: 12, atMs: 1, type: 'run.submitted', text: 'Run 12 was submitted.' }],
};
