/**
 * What housekeeping asks of the open store, beside the loop and the API. It never touches what is in progress:
 * it copies, and it removes the rows of runs that ended long ago.
 */
import type { Run, RunId } from '../engine/model.ts';

/** Rows of each table. */
export type RowCounts = Readonly<Record<string, number>>;

export type Copied =
  | { readonly kind: 'copied'; readonly rows: RowCounts }
  | { readonly kind: 'refused'; readonly reason: string };

export type Removed =
  /** `isAll: false`: a part of its rows is gone, and the rest wants to be asked for. */
  | { readonly kind: 'removed'; readonly isAll: boolean }
  | { readonly kind: 'refused'; readonly reason: string };

export interface StoreCare {
  /** What a copy would take, in bytes. */
  size(): Promise<number>;
  /**
   * Copies the database into a new file while commits go on, and counts the rows of the moment that it shows. The
   * file is not yet a backup: see `completeCopy`.
   */
  copyTo(file: string): Promise<Copied>;
  /** Folds the write-ahead log into the database where nothing has been committed since it was last asked. */
  checkpoint(): Promise<void>;
  /** Runs that ended before this time, by id; without those of which a job may still be running. */
  listOldRuns(filter: {
    readonly endedBeforeMs: number;
    readonly afterId: RunId;
    readonly limit: number;
  }): Promise<readonly Run[]>;
  countOldRuns(endedBeforeMs: number): Promise<number>;
  /** A slice at a time, the run's own row last, so that a run is taken up again wherever it was left. */
  removeOldRun(id: RunId, endedBeforeMs: number): Promise<Removed>;
}
