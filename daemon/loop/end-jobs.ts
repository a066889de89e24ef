/**
 * Requests that jobs end, of attempts with a wish, of strays, of orphans; and that the scheduler try again what
 * it could not start. Noted in a row first, sent in bulk after the commit. The former are repeated with backoff
 * until the scheduler shows the job gone (SEMANTICS 4), the latter are made once.
 */
import type { AbortManner, NativeId, Owner, RequestReply } from '../../backends/backend.ts';
import { dueRequest, wish } from '../engine/abort.ts';
import type { Moment } from '../engine/ends.ts';
import { livingIds, REVOKE_AGAIN_MS } from '../engine/evidence.ts';
import type { Attempt } from '../engine/model.ts';
import { nativeIdOf } from '../engine/reconcile.ts';
import { backoffMs } from '../engine/retry.ts';
import type { RunState } from '../engine/run-state.ts';
import { isDue } from '../engine/times.ts';
import type { Asker } from './ask.ts';
import type { Wanted } from './settle.ts';
import type { HuntedOrphan, WorkingSet } from './working-set.ts';

type Manner = AbortManner | { readonly kind: 'unblock' };

interface Bulk {
  readonly backend: string;
  readonly owner: Owner;
  readonly manner: Manner;
  readonly nativeIds: Set<NativeId>;
}

/** One bulk per backend, owner and manner: a thousand jobs are one request. */
export class JobRequests {
  private readonly bulks = new Map<string, Bulk>();

  add(backend: string, owner: Owner, manner: Manner, nativeIds: readonly NativeId[]): void {
    const signal = manner.kind === 'signal' ? manner.signal : '';
    const key = `${backend}/${owner.uid}/${manner.kind}/${signal}`;
    const bulk = this.bulks.get(key) ?? { backend, owner, manner, nativeIds: new Set<NativeId>() };
    for (const id of nativeIds) bulk.nativeIds.add(id);
    this.bulks.set(key, bulk);
  }

  /** Sends after the commit; the listing that will show the effect is asked for soon. */
  send(set: WorkingSet, asker: Asker): void {
    for (const { backend, owner, manner, nativeIds } of this.bulks.values()) {
      set.afterCommit(() => void sendBulk(set, asker, backend, owner, manner, [...nativeIds]));
    }
  }
}

async function sendBulk(
  set: WorkingSet,
  asker: Asker,
  backend: string,
  owner: Owner,
  manner: Manner,
  ids: readonly NativeId[],
): Promise<void> {
  set.commandsUnderWay += 1;
  const reply = await requestOf(set, backend, owner, manner, ids);
  set.commandsUnderWay -= 1;
  asker.hurry(backend, owner);
  if (reply?.kind !== 'failed') return;
  const what =
    manner.kind === 'unblock'
      ? `the scheduler could not be told to try jobs again: ${reply.reason}`
      : `jobs could not be asked to end: ${reply.reason}; it is tried again`;
  set.parts.log.warn({ backend, jobs: ids.length }, what);
}

function requestOf(
  set: WorkingSet,
  backend: string,
  owner: Owner,
  manner: Manner,
  ids: readonly NativeId[],
): Promise<RequestReply> | undefined {
  if (manner.kind === 'unblock') return set.backend(backend)?.unblock?.(owner, ids);
  return set.backend(backend)?.abort(owner, ids, manner);
}

export function requestEnds(
  set: WorkingSet,
  requests: JobRequests,
  moment: Moment,
  isUnreachable: (backend: string) => boolean,
): void {
  for (const state of set.runs.values()) {
    tryBlockedAgain(state, requests, moment);
    giveUpBlocked(state, moment, isUnreachable);
    for (const key of state.endings) {
      const attempt = state.attempts.get(key);
      if (attempt === undefined) continue;
      const due = dueRequest(state, attempt, set.evidenceOf(attempt), moment);
      if (due === undefined) continue;
      state.putAttempt(due.attempt);
      requests.add(due.request.backend, state.run.owner, due.request.manner, due.request.nativeIds);
    }
  }
  for (const orphan of set.orphans.values()) hunt(orphan, requests, moment);
}

/** What the scheduler could not start and is told to try again, once per attempt (SEMANTICS 3, blocked jobs). */
function tryBlockedAgain(state: RunState, requests: JobRequests, moment: Moment): void {
  for (const key of state.blocked) {
    const attempt = state.attempts.get(key);
    const nativeId = attempt && nativeIdOf(attempt);
    if (attempt?.blocked?.clearable !== true || nativeId === undefined) continue;
    if (attempt.unblockedAtMs !== undefined || attempt.ending !== undefined) continue;
    state.putAttempt({ ...attempt, unblockedAtMs: moment.nowMs });
    state.addEvent(
      moment.nowMs,
      'attempt.unblocked',
      `${key} could not be started (${attempt.blocked.plain}); the scheduler is told to try once more`,
      attempt,
    );
    requests.add(attempt.backend, state.run.owner, { kind: 'unblock' }, [nativeId]);
  }
}

/**
 * A job that nobody can unblock is ended after a while; `onBlocked: {failAfter}` widens that to any. While its
 * scheduler cannot be asked the clock stands still.
 */
function giveUpBlocked(state: RunState, moment: Moment, isUnreachable: (backend: string) => boolean): void {
  for (const key of state.blocked) {
    const attempt = state.attempts.get(key);
    if (attempt?.blocked === undefined || attempt.ending !== undefined) continue;
    if (isUnreachable(attempt.backend)) continue;
    if (attempt.blocked.sinceMs > moment.nowMs) {
      // The clock was set back: the waiting is counted from now.
      state.putAttempt({ ...attempt, blocked: { ...attempt.blocked, sinceMs: moment.nowMs } });
      continue;
    }
    const limitMs = blockedLimitMs(state, attempt.blocked.forever, moment);
    if (limitMs !== undefined && moment.nowMs - attempt.blocked.sinceMs >= limitMs)
      wish(state, attempt, 'unsatisfiable', moment, whyNever(attempt.blocked));
  }
}

/** Plain words first, then the scheduler's own, which a person can search for. */
function whyNever({ plain, reason }: NonNullable<Attempt['blocked']>): string {
  return plain.includes(reason) ? plain : `${plain} (${reason})`;
}

function blockedLimitMs(state: RunState, forever: boolean, moment: Moment): number | undefined {
  const ofWorkflow = state.program.blockedFailAfterMs;
  if (!forever) return ofWorkflow;
  return Math.min(ofWorkflow ?? Number.POSITIVE_INFINITY, moment.settings.blockedForeverMs);
}

function hunt(orphan: HuntedOrphan, requests: JobRequests, moment: Moment): void {
  if (!isDue(orphan.nextAskMs, moment.nowMs, moment.settings.abortRetryMaxMs)) return;
  const { row } = orphan;
  const ids = livingIds(orphan.evidence);
  if (ids.length === 0) return; // ids wrap: it is ended once a listing shows it under its tag
  const { abortRetryMs, abortRetryMaxMs } = moment.settings;
  orphan.nextAskMs = moment.nowMs + backoffMs(orphan.tries, abortRetryMs, abortRetryMaxMs, moment.random());
  orphan.tries += 1;
  requests.add(row.backend, row.owner, { kind: 'force' }, ids);
}

/** Under force the daemon takes every claim that no job has taken: what has not begun never will. */
export function claimsToTake(set: WorkingSet, now: number): readonly Wanted[] {
  return [...set.runs.values()]
    .filter(({ run }) => run.status === 'ForceAborting')
    .flatMap((state) =>
      [...state.active].flatMap((key) => {
        const attempt = state.attempts.get(key);
        if (attempt === undefined) return [];
        const evidence = set.evidenceOf(attempt);
        if (evidence.marks?.claim || evidence.marks?.revoked) return [];
        if (now < evidence.revokeAt + REVOKE_AGAIN_MS) return [];
        evidence.revokeAt = now;
        return [{ state, attempt, wants: ['revoke'] as const }];
      }),
    );
}
