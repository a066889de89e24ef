/**
 * The loop: the whole story in one place. A tick takes what has arrived, decides, commits, and only then
 * acts. It awaits nothing but its own store: commands and users' files answer in a later tick.
 */

import { giveUpWaiting, wishEnds } from './engine/abort.ts';
import { advance, sendBack } from './engine/advance.ts';
import { dispatch } from './engine/dispatch.ts';
import type { Moment } from './engine/ends.ts';
import { type Attempt, attemptKey, type EventRow, hasEnded } from './engine/model.ts';
import type { RunState } from './engine/run-state.ts';
import { Asker } from './loop/ask.ts';
import { roomOf, runQueues } from './loop/dispatch-room.ts';
import { claimsToTake, JobRequests, requestEnds } from './loop/end-jobs.ts';
import { Inbox, type Input } from './loop/inputs.ts';
import { intend, launch } from './loop/launch.ts';
import { claimOrphans } from './loop/orphans.ts';
import type { LoopParts } from './loop/parts.ts';
import { Recorder } from './loop/record.ts';
import { takeReply } from './loop/replies.ts';
import { restore } from './loop/restore.ts';
import { noteInput, type SettleContext, settle, type Wanted } from './loop/settle.ts';
import { takeSnapshot } from './loop/snapshots.ts';
import { Throttle } from './loop/throttle.ts';
import { WishDesk } from './loop/wish-desk.ts';
import { spoolDirectory, WorkingSet } from './loop/working-set.ts';

/** Even when nothing arrives, time itself may have something due. */
const HEARTBEAT_MS = 500;
const IDLE_MS = 60_000;
const DEGRADED_RETRY_MS = 2_000;
const ASK_AGAIN_MS = 1_000;
/** A job that belongs to no attempt is asked to end again after so long. */
const STRAY_MS = 10_000;

/** Reads the store; asks nobody anything before the first tick. */
export async function createLoop(parts: LoopParts): Promise<Loop> {
  const set = new WorkingSet(parts);
  const loaded = await parts.store.load();
  const owners = [...new Set(loaded.runs.map(({ run }) => run.owner.uid))];
  restore(set, loaded, await parts.goneOwners?.(owners));
  return new Loop(set);
}

export class Loop {
  readonly set: WorkingSet;
  readonly asker: Asker;
  readonly desk: WishDesk;
  /** Why nothing can be stored at the moment. */
  degraded: string | undefined;
  /** No new attempt is dispatched and no run started: the daemon is stopping. */
  isStopping = false;
  private readonly inbox = new Inbox();
  private readonly recorder: Recorder;
  /** Submit commands under way, per backend. */
  private readonly submitting = new Map<string, number>();
  private readonly throttle: Throttle;
  /** Attempts that want to be judged again though nothing arrives, and when. */
  private readonly judgeAt = new Map<
    string,
    { readonly state: RunState; readonly call: string; readonly at: number }
  >();
  /** Chosen, and not yet on disk. What cannot be stored is not kept: it may be wrong by then. */
  private readonly intended: { readonly state: RunState; readonly call: string }[] = [];
  private readonly strayAsked = new Map<string, number>();
  private readonly eventListeners = new Set<() => void>();
  private wakeAt = 0;

  constructor(set: WorkingSet) {
    this.set = set;
    this.asker = new Asker(set, this.inbox);
    this.desk = new WishDesk(set, this.inbox);
    this.recorder = new Recorder(set, this.inbox);
    this.throttle = new Throttle(set.parts.settings);
  }

  async tick(): Promise<void> {
    this.tellEvents(await this.desk.serve(this.degraded));
    const { clock } = this.set.parts;
    const now = clock.monotonicMs();
    const moment = this.set.moment();
    const requests = new JobRequests();
    const wanted = this.takeInputs(now, moment, requests);
    this.advanceRuns(now, moment);
    requestEnds(this.set, requests, moment, (backend) => this.asker.isUnreachable(backend));
    requests.send(this.set, this.asker);
    claimOrphans(this.set, this.inbox, now);
    this.dispatchCalls(now, moment);
    await this.commit();
    for (const want of [...wanted, ...claimsToTake(this.set, now)]) this.asker.want(want);
    this.wakeAt = this.nextWake(now, this.asker.ask(now));
  }

  /** Monotonic time by which another tick is due even if nothing arrives. */
  nextWakeMs(): number {
    return this.wakeAt;
  }

  /** Called whenever something has arrived: tick soon. */
  onInput(listener: () => void): void {
    this.inbox.onInput(listener);
  }

  /** Called after each commit that wrote events. */
  onEvents(listener: () => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  /** Submit and abort commands whose answer is not stored yet. */
  commandsUnderWay(): number {
    return [...this.submitting.values()].reduce((sum, count) => sum + count, this.set.commandsUnderWay);
  }

  /** Submit commands under way to one backend. */
  submittingTo(backend: string): number {
    return this.submitting.get(backend) ?? 0;
  }

  isPaused(backend: string): boolean {
    return this.set.settings.has(`pause:${backend}`);
  }

  isDispatching(): boolean {
    return !this.isStopping && this.degraded === undefined && !this.set.settings.has('drain');
  }

  private takeInputs(now: number, moment: Moment, requests: JobRequests): readonly Wanted[] {
    const context: SettleContext = {
      set: this.set,
      moment,
      now,
      hasAccounting: (backend) => this.asker.hasAccounting(backend),
    };
    const judge = new Map<string, { readonly state: RunState; readonly attempt: Attempt }>();
    for (const input of this.inbox.take()) {
      for (const item of this.takeInput(input, context, requests)) judge.set(attemptKey(item.attempt), item);
    }
    for (const [key, { state, call, at }] of this.judgeAt) {
      if (at > now) continue;
      this.judgeAt.delete(key);
      const attempt = state.attempts.get(call);
      if (attempt !== undefined && attemptKey(attempt) === key) judge.set(key, { state, attempt });
    }
    return [...judge.values()].flatMap(({ state, attempt }) => this.judgeOne(context, state, attempt));
  }

  private judgeOne(context: SettleContext, state: RunState, attempt: Attempt): readonly Wanted[] {
    const newest = state.attempts.get(attempt.call);
    if (newest === undefined || newest.number !== attempt.number) return [];
    const wasActive = state.active.has(newest.call);
    const { wanted, until } = settle(context, state, newest);
    if (wasActive && !state.active.has(newest.call)) this.throttle.noteJobEnded(newest.backend, context.now);
    const key = attemptKey(newest);
    // A question that gets no answer is asked again.
    const askAgain = wanted === undefined ? undefined : context.now + ASK_AGAIN_MS;
    const again =
      until === undefined || askAgain === undefined ? (until ?? askAgain) : Math.min(until, askAgain);
    if (again === undefined) this.judgeAt.delete(key);
    else this.judgeAt.set(key, { state, call: newest.call, at: again });
    return wanted === undefined ? [] : [wanted];
  }

  private takeInput(
    input: Input,
    context: SettleContext,
    requests: JobRequests,
  ): Iterable<{ readonly state: RunState; readonly attempt: Attempt }> {
    switch (input.kind) {
      case 'reply': {
        const { backend } = input;
        this.submitting.set(backend, (this.submitting.get(backend) ?? 1) - 1);
        this.throttle.note(backend, input.reply.kind, context.now);
        return takeReply(context, input.tag, input.reply, input.at);
      }
      case 'snapshot':
        return this.takeListing(input, context, requests);
      case 'read': {
        const state = this.set.runs.get(input.runId);
        if (state?.openReads.has(input.id))
          state.putRead({ runId: input.runId, id: input.id, result: input.result });
        return [];
      }
      case 'record':
        this.recorder.take(input, context.moment);
        return [];
      default:
        if (input.kind === 'spool') this.clearSpool(input);
        return noteInput(this.set, input).flatMap((key) => this.attemptOf(key) ?? []);
    }
  }

  private takeListing(
    input: Extract<Input, { kind: 'snapshot' }>,
    context: SettleContext,
    requests: JobRequests,
  ) {
    const watch = this.asker.watch(input.watch);
    if (watch === undefined) return [];
    const hasAccounting = this.asker.hasAccounting(watch.backend);
    const taken = takeSnapshot(this.set, watch, { ...input, hasAccounting });
    this.asker.wantAccounting(input.watch, taken.doubted);
    for (const { nativeId, backend, owner } of taken.strays) {
      if ((this.strayAsked.get(nativeId) ?? Number.NEGATIVE_INFINITY) + STRAY_MS > context.now) continue;
      this.strayAsked.set(nativeId, context.now);
      requests.add(backend, owner, { kind: 'kill' }, [nativeId]);
    }
    for (const item of taken.look) this.asker.want({ ...item, wants: ['marks'] });
    if (taken.strays.length === 0) this.strayAsked.clear();
    return taken.judge;
  }

  private attemptOf(key: string): { readonly state: RunState; readonly attempt: Attempt } | undefined {
    const state = this.set.runs.get(Number.parseInt(key, 10));
    const call = key.slice(key.indexOf('/') + 1, key.lastIndexOf('#'));
    const attempt = state?.attempts.get(call);
    return state === undefined || attempt === undefined ? undefined : { state, attempt };
  }

  /** Entries are removed after the commit that used them; a failed end is read from its exit mark. */
  private clearSpool({ runId, entries }: Extract<Input, { kind: 'spool' }>): void {
    const state = this.set.runs.get(runId);
    if (state === undefined || this.degraded !== undefined) return;
    const names = entries.map(({ fileName }) => fileName);
    const { owner, directory } = state.run;
    this.set.afterCommit(
      () => void this.set.parts.files.removeSpool(owner, spoolDirectory(directory), names),
    );
    for (const entry of entries) {
      const element = state.submissions.get(entry.tag)?.elements[entry.index];
      const attempt = element && state.attempts.get(element.call);
      if (entry.kind === 'ended' && !entry.succeeded && attempt)
        this.asker.want({ state, attempt, wants: ['marks'] });
    }
  }

  private advanceRuns(now: number, moment: Moment): void {
    for (const state of this.set.runs.values()) {
      if (state.run.status === 'Submitted' && !this.isDispatching()) continue;
      const isTimed = state.waiting.size > 0 || state.run.status === 'ForceAborting';
      for (let round = 0; round < 8 && (state.touched || (isTimed && round === 0)); round += 1) {
        state.touched = false;
        wishEnds(state, moment);
        for (const orphan of giveUpWaiting(state, this.set.parts.host, moment)) this.set.addOrphan(orphan);
        advance(state, moment);
      }
      this.recorder.watch(state, now);
      if (hasEnded(state.run)) this.retire(state);
    }
  }

  /** Leaves memory once its end is on disk. */
  private retire(state: RunState): void {
    const isRecorded = state.record === 'done';
    state.record = 'done';
    state.touched = false;
    this.set.afterCommit(() => {
      if (!isRecorded) this.recorder.write(state);
      this.set.removeRun(state);
      for (const attempt of state.attempts.values()) this.set.forget(attempt);
    });
  }

  private dispatchCalls(now: number, moment: Moment): void {
    if (!this.isDispatching()) return;
    const queues = runQueues(this.set);
    if (queues.length === 0) return;
    const isClosed = (backend: string) =>
      this.isPaused(backend) || this.asker.isUnreachable(backend) || this.throttle.isClosed(backend, now);
    const isProbed = (backend: string) => this.throttle.isProbed(backend);
    const room = roomOf(this.set, { isClosed, isProbed, submitting: this.submitting });
    for (const choice of dispatch(queues, room)) {
      const submission = intend(this.set, choice, moment);
      const state = this.set.runs.get(choice.runId);
      if (state === undefined) continue;
      this.submitting.set(choice.backend, (this.submitting.get(choice.backend) ?? 0) + 1);
      this.intended.push({ state, call: choice.call });
      this.set.afterCommit(() => void launch(this.set, this.inbox, state, submission));
    }
  }

  /** What cannot be stored is acted upon by nobody; it is kept, and tried again. */
  private async commit(): Promise<void> {
    if (!this.set.changes.isEmpty()) {
      const changes = this.set.changes.toChanges();
      const result = await this.set.parts.store.commit(changes);
      if (result.kind === 'refused') return this.degrade(result.reason);
      this.set.committed();
      this.intended.length = 0;
      this.tellEvents(changes.events);
    }
    if (this.degraded !== undefined) this.set.parts.log.info({}, 'state can be stored again');
    this.degraded = undefined;
    for (const effect of this.set.takeEffects()) effect();
  }

  /** People follow the stream; the log has what concerns whole runs. */
  private tellEvents(events: readonly EventRow[]): void {
    for (const { runId, type, text } of events) {
      if (type.startsWith('run.')) this.set.parts.log.info({ runId, type }, `run ${runId}: ${text}`);
    }
    if (events.length > 0) for (const listener of this.eventListeners) listener();
  }

  private degrade(reason: string): void {
    if (this.degraded === undefined) {
      this.set.parts.log.error(
        { reason },
        'degraded: state cannot be stored; nothing is dispatched and submits are refused until it can',
      );
    }
    this.degraded = reason;
    const moment = this.set.moment();
    for (const { state, call } of this.intended.splice(0))
      sendBack(state, call, 'the intention could not be stored', moment, 'certain');
  }

  private nextWake(now: number, nextQuestion: number): number {
    if (this.degraded !== undefined) return now + DEGRADED_RETRY_MS;
    if (this.set.runs.size === 0 && this.set.orphans.size === 0) return now + IDLE_MS;
    let next = Math.min(now + HEARTBEAT_MS, Math.max(nextQuestion, now));
    for (const { at } of this.judgeAt.values()) next = Math.min(next, at);
    return next;
  }
}
