/** Jobs that a forced abort left behind: watched, in every listing, until they are confirmed gone. */
import type { JobObservation } from '../../backends/backend.ts';
import type { Marks } from '../../backends/marks.ts';
import { isAbsent, REVOKE_AGAIN_MS } from '../engine/evidence.ts';
import type { FileAnswer } from '../files/owner-files.ts';
import type { Inbox } from './inputs.ts';
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
    // One that is absent may still arrive, unless its attempt is taken; one whose end is shown has been.
    const patienceMs = settleMs * (orphan.claim.kind === 'taken' ? 1 : CLAIM_SETTLES);
    if (ended || isAbsent(orphan.evidence, patienceMs)) confirmGone(set, orphan);
  }
}

/** A file system that gives no claim for so many settle times keeps nothing waiting. */
const CLAIM_SETTLES = 10;

/** What has not begun to run never will: the daemon takes the claim, or learns which job has it. */
export function claimOrphans(set: WorkingSet, inbox: Inbox, now: number): void {
  for (const orphan of set.orphans.values()) {
    const { row, claim } = orphan;
    if (claim.kind === 'taken' && claim.by !== undefined && row.nativeId === undefined) {
      orphan.row = { ...row, nativeId: claim.by };
      set.changes.putOrphan(orphan.row);
    }
    if (claim.kind !== 'free' || row.directory === undefined || now < orphan.nextClaimAt) continue;
    orphan.claim = { kind: 'asked' };
    orphan.nextClaimAt = now + REVOKE_AGAIN_MS;
    void set.parts.files.revoke(row.owner, row.directory, '').then((answer) => {
      orphan.claim = claimIn(answer);
      inbox.wake();
    });
  }
}

function claimIn(answer: FileAnswer<Marks>): HuntedOrphan['claim'] {
  if (answer.kind === 'failed') return { kind: 'free' };
  const { claim, revoked } = answer.value;
  if (claim !== undefined) return { kind: 'taken', by: claim.nativeId };
  return { kind: revoked ? 'taken' : 'free' };
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
