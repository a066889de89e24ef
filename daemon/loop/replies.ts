/** What came of a submit command becomes rows: accepted, refused, later, or in doubt (SEMANTICS 6, exactly once). */
import type { Tag } from '../../backends/backend.ts';
import { sendBack } from '../engine/advance.ts';
import { endAttempt } from '../engine/ends.ts';
import { type Attempt, attemptKey, type Outcome } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { LaunchReply } from './inputs.ts';
import type { SettleContext } from './settle.ts';
import type { Watched } from './watch.ts';

/**
 * What a submit command (or what came before it) answered. `ambiguous` changes nothing but the clock. The
 * attempts that have to be judged now are answered.
 */
export function takeReply(
  context: SettleContext,
  tag: Tag,
  reply: LaunchReply,
  at: number,
): readonly Watched[] {
  const { set, moment } = context;
  const state = set.tags.get(tag);
  const submission = state?.submissions.get(tag);
  if (state === undefined || submission === undefined) return [];
  const judge: Watched[] = [];
  for (const element of submission.elements) {
    const attempt = state.attempts.get(element.call);
    if (attempt?.tag !== submission.tag || attempt.number !== element.number) continue;
    if (state.active.has(attempt.call)) {
      const evidence = set.evidenceOf(attempt);
      evidence.countsFrom = at;
      evidence.isUnlisted = reply.kind === 'accepted';
    }
    takeReplyFor(context, state, attempt, reply);
    if (set.evidence.get(attemptKey(attempt))?.refusal !== undefined) judge.push({ state, attempt });
  }
  if (reply.kind === 'accepted') state.putSubmission({ ...submission, nativeId: reply.nativeId });
  if (reply.kind === 'ambiguous') {
    state.addEvent(
      moment.nowMs,
      'submission.inDoubt',
      `submission ${tag} is in doubt (${reply.reason}); it is looked up`,
    );
  }
  return judge;
}

function takeReplyFor(context: SettleContext, state: RunState, attempt: Attempt, reply: LaunchReply): void {
  const { moment, set } = context;
  if (attempt.state.kind !== 'submitting') return; // a listing or a mark was quicker
  switch (reply.kind) {
    case 'accepted': {
      const queued: Attempt = {
        ...attempt,
        state: { kind: 'queued', nativeId: reply.nativeId, runCount: 0 },
        queuedAtMs: moment.nowMs,
      };
      state.putAttempt(queued);
      return state.addEvent(
        moment.nowMs,
        'attempt.queued',
        `${attempt.call} is queued as job ${reply.nativeId}`,
        queued,
      );
    }
    case 'rejected':
    case 'notRendered':
      return refuse(context, state, attempt, { cause: 'Rejected', detail: reply.reason });
    case 'notPrepared':
      return refuse(context, state, attempt, { cause: 'LaunchFailure', detail: reply.reason });
    case 'throttled':
    case 'withheld':
      set.forget(attempt);
      return sendBack(state, attempt.call, reply.reason, moment, 'certain');
    case 'ambiguous':
      return;
    default:
      return reply satisfies never;
  }
}

/** An end, at once: unless an earlier submission of the attempt may still arrive. Then its claim is taken first. */
function refuse({ set, moment }: SettleContext, state: RunState, attempt: Attempt, outcome: Outcome): void {
  if (state.givenUp.has(attempt.call)) {
    set.evidenceOf(attempt).refusal = outcome;
    return;
  }
  set.forget(attempt);
  endAttempt(state, attempt, outcome, moment);
}
