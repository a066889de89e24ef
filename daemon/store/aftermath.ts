/**
 * What a copy that takes the place of the database does not know: runs and jobs of the time since it was made, as
 * far as the database that is put aside can still be read.
 */
import type Database from 'better-sqlite3';

export interface UnknownRun {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly status: string;
  readonly directory: string;
}

/** A job that may be with its scheduler, or on its way there. */
export interface UnknownJob {
  readonly runId: number;
  readonly call: string;
  readonly backend: string;
  /** Its name there. */
  readonly tag: string;
  readonly nativeId: string | null;
}

export interface Aftermath {
  readonly runs: readonly UnknownRun[];
  readonly jobs: readonly UnknownJob[];
}

export function aftermathOf(copy: Database.Database, putAside: Database.Database): Aftermath {
  const knownRuns = new Set(copy.prepare('select uuid from runs').pluck().all());
  const knownTags = new Set(copy.prepare('select tag from submissions').pluck().all());
  const runs = putAside.prepare(RUNS).all() as readonly (UnknownRun & { readonly uuid: string })[];
  const jobs = putAside.prepare(JOBS).all() as readonly UnknownJob[];
  return {
    runs: runs.filter(({ uuid }) => !knownRuns.has(uuid)).map(({ uuid, ...run }) => run),
    jobs: jobs.filter(({ tag }) => !knownTags.has(tag)),
  };
}

const RUNS = 'select uuid, id, name, owner_name as owner, status, directory from runs order by id';

/** Of runs in progress, and those that a forced abort left behind. */
const JOBS = `
  select run_id as runId, call, backend, tag, native_id as nativeId
    from attempts where state in ('submitting', 'queued', 'running') and tag is not null
  union
  select run_id, call, backend, tag, native_id from orphans where gone_at_ms is null
  order by runId, call`;
