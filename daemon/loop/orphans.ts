/** Jobs that a forced abort left behind: watched, in every listing, until they are confirmed gone. */
import type { JobObservation } from '../../backends/backend.ts';
import { isAbsent } from '../engine/evidence.ts';
import type { Note, Watch } from './watch.ts';
import { type HuntedOrphan, orphanKey, type WorkingSet, watchKey } from './working-set.ts';

export function* watchedOrphans(set: WorkingSet, watch: Watch): Generator<HuntedOrphan> {
  for (const orphan of set.orphans.values()) {
    if (watchKey(orphan.row.backend, orphan.row.owner) === watch.key) yield orphan;
  }
}

export function noteOrphans(
  set: WorkingSet,
  watch: Watch,
  jobs: readonly JobObservation[],
  note: Note,
): void {
  for (const orphan of [...watchedOrphans(set, watch)]) {
    const own = jobs.filter((job) => job.tag === orphan.row.tag);
    note(orphan.evidence, own);
    const settleMs = set.backend(orphan.row.backend)?.settleMs ?? 0;
    const ended = own.length > 0 && own.every((job) => job.state === 'ended');
    if (ended || isAbsent(orphan.evidence, settleMs)) confirmGone(set, orphan);
  }
}

function confirmGone(set: WorkingSet, orphan: HuntedOrphan): void {
  const atMs = set.parts.clock.nowMs();
  set.changes.putOrphan({ ...orphan.row, goneAtMs: atMs });
  set.changes.addEvent({
    runId: orphan.row.runId,
    atMs,
    type: 'orphan.gone',
    call: orphan.row.call,
    text: `the orphaned job ${orphan.row.nativeId ?? orphan.row.tag} of ${orphan.row.call} is confirmed gone`,
  });
  set.orphans.delete(orphanKey(orphan.row));
}
