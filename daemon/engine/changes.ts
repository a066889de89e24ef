/** What one commit changes: rows of the model, all or nothing. The store takes it, the engine makes it. */
import type { WorkflowBundle } from '../workflow/language.ts';
import type { Attempt, Call, EventRow, Orphan, Run, RunId, StoredRead, Submission } from './model.ts';

/** Stored switches by name: `drain`, `pause:slurm`. A value of `null` removes one. */
export type Settings = Readonly<Record<string, unknown>>;

/** Rows are replaced whole by their keys: run id, (run id, call), (run id, call, number), tag, (run id, read id); orphans by (tag, call). */
export interface Changes {
  readonly runs: readonly Run[];
  /** Of runs that are new. */
  readonly bundles: readonly { readonly runId: RunId; readonly bundle: WorkflowBundle }[];
  readonly calls: readonly Call[];
  readonly attempts: readonly Attempt[];
  readonly submissions: readonly Submission[];
  readonly reads: readonly StoredRead[];
  readonly orphans: readonly Orphan[];
  readonly settings: Settings;
  readonly events: readonly EventRow[];
}

export const NO_CHANGES: Changes = {
  runs: [],
  bundles: [],
  calls: [],
  attempts: [],
  submissions: [],
  reads: [],
  orphans: [],
  settings: {},
  events: [],
};
