/**
 * Runs that ended long ago leave: their directories first, where that is asked for, then their rows, a few at a
 * time, so that the loop's commits never wait for long. A run whose directory cannot be removed keeps its rows and
 * is tried again; so is one that was cut off.
 */
import type { Run } from '../engine/model.ts';
import type { OwnerFiles } from '../files/owner-files.ts';
import type { StoreCare } from '../store/store-care.ts';

export interface RetentionSettings {
  /** Absent: runs are kept for ever. */
  readonly runsMs?: number;
  readonly directories: 'keep' | 'remove';
}

export interface RetentionParts {
  readonly store: StoreCare;
  readonly files: Pick<OwnerFiles, 'removeTree'>;
  readonly nowMs: () => number;
}

/** What a sweep would remove. */
export interface OldRuns {
  readonly endedBeforeMs: number;
  readonly count: number;
  /** The oldest of them. */
  readonly runs: readonly Run[];
}

export interface Swept {
  readonly removed: number;
  /** Directories that carried no record of their run any more. */
  readonly left: number;
  /** Runs that stay for now, and why. */
  readonly kept: readonly { readonly run: Run; readonly reason: string }[];
}

/** As many as a person would read. */
const SHOWN_MAX = 1_000;

export async function findOldRuns({ store, nowMs }: RetentionParts, runsMs: number): Promise<OldRuns> {
  const endedBeforeMs = nowMs() - runsMs;
  const [count, runs] = await Promise.all([
    store.countOldRuns(endedBeforeMs),
    store.listOldRuns({ endedBeforeMs, afterId: 0, limit: SHOWN_MAX }),
  ]);
  return { endedBeforeMs, count, runs };
}

const RUNS_AT_ONCE = 100;

/** `isStopping` is asked before each run and each slice. */
export async function sweep(
  parts: RetentionParts,
  { runsMs, directories }: RetentionSettings,
  isStopping: () => boolean,
): Promise<Swept> {
  const swept = { removed: 0, left: 0, kept: [] as { run: Run; reason: string }[] };
  if (runsMs === undefined) return swept;
  const endedBeforeMs = parts.nowMs() - runsMs;
  for (let afterId = 0; ; ) {
    const runs = await parts.store.listOldRuns({ endedBeforeMs, afterId, limit: RUNS_AT_ONCE });
    for (const run of runs) {
      if (isStopping()) return swept;
      const tree = directories === 'remove' ? await removeDirectory(parts, run) : 'kept';
      const reason =
        typeof tree === 'object' ? tree.reason : await removeRows(parts, run, endedBeforeMs, isStopping);
      if (reason !== undefined) swept.kept.push({ run, reason });
      else swept.removed += 1;
      if (tree === 'foreign') swept.left += 1;
    }
    const last = runs.at(-1);
    if (last === undefined) return swept;
    afterId = last.id;
  }
}

type Tree = 'kept' | 'removed' | 'absent' | 'foreign' | { readonly reason: string };

async function removeDirectory({ files }: RetentionParts, run: Run): Promise<Tree> {
  const answer = await files.removeTree(run.owner, run.directory, run.uuid);
  return answer.kind === 'ok' ? answer.value : { reason: answer.reason };
}

/** Answers why they are still there. */
async function removeRows(
  { store }: RetentionParts,
  { id }: Run,
  endedBeforeMs: number,
  isStopping: () => boolean,
): Promise<string | undefined> {
  while (!isStopping()) {
    const slice = await store.removeOldRun(id, endedBeforeMs);
    if (slice.kind === 'refused') return slice.reason;
    if (slice.isAll) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return 'the daemon is stopping';
}

/** A commit that waits has its turn between two slices. */
const PAUSE_MS = 5;
