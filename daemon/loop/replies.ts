/** What came of a submit command becomes rows: accepted, refused, later, or in doubt (SEMANTICS 6, exactly once). */
import type { Tag } from '../../backends/backend.ts';
import { sendBack } from '../engine/advance.ts';
import { endAttempt } from '../engine/ends.ts';
import type { Attempt } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { LaunchReply } from './inputs.ts';
import type { SettleContext } from './settle.ts';

/** What a submit command (or what came before it) answered. `ambiguous` changes nothing but the clock. */
export function takeReply(context: SettleContext, tag: Tag, reply: LaunchReply, at: number): void {
  const { set, moment } = context;
  const state = set.tags.get(tag);
  const submission = state?.submissions.get(tag);
  if (state === undefined || submission === undefined) return;
  for (const element of submission.elements) {
    const attempt = state.attempts.get(element.call);
    if (attempt?.tag !== submission.tag || attempt.number !== element.number) continue;
    if (state.active.has(attempt.call)) {
      const evidence = set.evidenceOf(attempt);
      evidence.countsFrom = at;
      evidence.isUnlisted = reply.kind === 'accepted';
    }
    takeReplyFor(context, state, attempt, reply);
  }
  if (reply.kind === 'accepted') state.putSubmission({ ...submission, nativeId: reply.nativeId });
  if (reply.kind === 'ambiguous') {
    state.addEvent(
      moment.nowMs,
      'submission.inDoubt',
      `submission ${tag} is in doubt (${reply.reason}); it is looked up`,
    );
  }
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
      set.forget(attempt);
      return endAttempt(state, attempt, { cause: 'Rejected', detail: reply.reason }, moment);
    case 'notPrepared':
      set.forget(attempt);
      return endAttempt(state, attempt, { cause: 'LaunchFailure', detail: reply.reason }, moment);
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
