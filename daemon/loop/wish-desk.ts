/** Where wishes wait for the tick that fulfils them: one commit for all of a tick, then every answer. */

import type { Answer } from '../api/engine-door.ts';
import { ChangeSet } from '../engine/change-set.ts';
import type { EventRow, Run, RunId } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { Inbox } from './inputs.ts';
import type { AbortWish, SubmitWish } from './parts.ts';
import {
  type Preparation,
  type Prepared,
  prepareAbort,
  prepareHold,
  prepareRelease,
  prepareSubmit,
  refuse,
  refuseEnded,
  runsParent,
} from './wishes.ts';
import type { WorkingSet } from './working-set.ts';

interface Waiting {
  /** Two wishes about one thing go into two ticks: the second sees what the first did. */
  readonly about: string;
  readonly prepare: () => Preparation<unknown>;
  readonly answer: (answer: Answer<unknown>) => void;
}

/** Goes to disk with the others of its tick; `done` is what follows once it is there. */
interface Staged {
  readonly stage: Prepared<unknown>['stage'];
  readonly answer: Waiting['answer'];
  readonly done: () => Answer<unknown>;
}

/** Tokens of runs that may have left memory since; enough for any client that still repeats itself. */
const TOKENS_MAX = 10_000;

export class WishDesk {
  private queue: Waiting[] = [];
  private readonly tokens = new Map<string, Run>();
  private readonly set: WorkingSet;
  private readonly inbox: Inbox;

  constructor(set: WorkingSet, inbox: Inbox) {
    this.set = set;
    this.inbox = inbox;
  }

  async submit(wish: SubmitWish): Promise<Answer<{ readonly run: Run; readonly repeated: boolean }>> {
    const token = wish.token === undefined ? undefined : `${wish.owner.uid}/${wish.token}`;
    if (wish.token !== undefined && token !== undefined && !this.tokens.has(token)) {
      const stored = await this.set.parts.store.findRunByToken(wish.owner.uid, wish.token);
      if (stored !== undefined) this.remember(token, stored);
    }
    const opened = this.set.parts.open(wish.bundle);
    const obstacle = await this.obstacle(wish);
    if (obstacle !== undefined) return { ok: false, error: { code: 'INVALID_REQUEST', message: obstacle } };
    const answer = await this.wait(
      `token:${token ?? this.queue.length}`,
      (): Preparation<{ run: Run; repeated: boolean }> => {
        const known = token === undefined ? undefined : this.tokens.get(token);
        if (known !== undefined)
          return { kind: 'settled', answer: { ok: true, value: { run: known, repeated: true } } };
        const id = this.set.nextRunId;
        const preparation = prepareSubmit(this.set, wish, opened, id, newUuid(this.set.parts.random));
        if (preparation.kind !== 'prepared') return preparation as Preparation<never>;
        this.set.nextRunId = id + 1;
        const { prepared } = preparation;
        const apply = () => {
          prepared.apply();
          if (token !== undefined) this.remember(token, prepared.value);
        };
        return {
          kind: 'prepared',
          prepared: { ...prepared, apply, value: { run: prepared.value, repeated: false } },
        };
      },
    );
    return answer;
  }

  abort(wish: AbortWish): Promise<Answer<Run>> {
    return this.ofRun(wish.runId, 'aborted', (state) => prepareAbort(this.set, state, wish));
  }

  hold({
    runId,
    by,
    reason,
  }: {
    readonly runId: RunId;
    readonly by: string;
    readonly reason?: string;
  }): Promise<Answer<Run>> {
    return this.ofRun(runId, 'held', (state) =>
      prepareHold(this.set, state, by, reason ?? 'no reason given'),
    );
  }

  release({ runId, by }: { readonly runId: RunId; readonly by: string }): Promise<Answer<Run>> {
    return this.ofRun(runId, 'released', (state) => prepareRelease(this.set, state, by));
  }

  /** Stores a switch (`drain`, `pause:slurm`); `null` removes it. */
  store(name: string, value: unknown, text: string): Promise<Answer<void>> {
    return this.wait(
      `setting:${name}`,
      (): Preparation<void> => ({
        kind: 'prepared',
        prepared: {
          value: undefined,
          stage: (changes) => {
            changes.putSetting(name, value);
            changes.addEvent({ atMs: this.set.parts.clock.nowMs(), type: 'daemon.setting', text });
          },
          apply: () => {
            if (value === null) this.set.settings.delete(name);
            else this.set.settings.set(name, value);
          },
        },
      }),
    );
  }

  /**
   * Fulfils what waits, and answers the events that are on disk now. `degraded`: why nothing can be stored;
   * then everything is refused.
   */
  async serve(degraded: string | undefined): Promise<readonly EventRow[]> {
    const waiting = this.queue.splice(0);
    if (waiting.length === 0) return [];
    if (degraded !== undefined) {
      for (const { answer } of waiting) answer(notStored(degraded));
      return [];
    }
    const batch = this.prepareAll(waiting);
    if (batch.length === 0) return [];
    const set = new ChangeSet();
    for (const { stage } of batch) stage(set);
    const changes = set.toChanges();
    const result = await this.set.parts.store.commit(changes);
    for (const { answer, done } of batch) {
      if (result.kind === 'refused') answer(notStored(result.reason));
      else answer(done());
    }
    return result.kind === 'refused' ? [] : changes.events;
  }

  /** The run's directory must be possible before there is a run. */
  private async obstacle(wish: SubmitWish): Promise<string | undefined> {
    const parent = wish.directory ?? runsParent(this.set, wish);
    const answer = await this.set.parts.files.mayMake(wish.owner, parent);
    return answer.kind === 'ok' ? undefined : `nothing was submitted: ${answer.reason}`;
  }

  private prepareAll(waiting: readonly Waiting[]): readonly Staged[] {
    const batch: Staged[] = [];
    const touched = new Set<string>();
    for (const wish of waiting) {
      if (touched.has(wish.about)) {
        this.queue.push(wish);
        this.inbox.wake();
        continue;
      }
      const preparation = wish.prepare();
      if (preparation.kind === 'settled') wish.answer(preparation.answer);
      else {
        touched.add(wish.about);
        batch.push(stagedOf(preparation, wish.answer));
      }
    }
    return batch;
  }

  private async ofRun(
    runId: RunId,
    verb: string,
    prepare: (state: RunState) => Preparation<Run>,
  ): Promise<Answer<Run>> {
    if (this.set.runs.has(runId)) {
      const inProgress = await this.wait<Run>(`run:${runId}`, () => {
        const state = this.set.runs.get(runId);
        return state === undefined ? noRun(runId) : prepare(state);
      });
      if (inProgress.ok || inProgress.error.code !== 'RUN_NOT_FOUND') return inProgress;
    }
    const stored = await this.set.parts.store.findRun(runId); // it may have ended a moment ago
    return ((stored && refuseEnded<Run>(stored.run, verb)) ?? noRun<Run>(runId)).answer;
  }

  private wait<T>(about: string, prepare: () => Preparation<T>): Promise<Answer<T>> {
    return new Promise((resolve) => {
      this.queue.push({ about, prepare, answer: (answer) => resolve(answer as Answer<T>) });
      this.inbox.wake();
    });
  }

  private remember(token: string, run: Run): void {
    this.tokens.set(token, run);
    if (this.tokens.size > TOKENS_MAX) this.tokens.delete(this.tokens.keys().next().value ?? '');
  }
}

function stagedOf(
  preparation: Exclude<Preparation<unknown>, { kind: 'settled' }>,
  answer: Waiting['answer'],
): Staged {
  if (preparation.kind === 'refused')
    return { stage: preparation.stage, answer, done: () => preparation.answer };
  const { stage, apply, value } = preparation.prepared;
  const done = (): Answer<unknown> => {
    apply();
    return { ok: true, value };
  };
  return { stage, answer, done };
}

function noRun<T>(runId: RunId): { readonly kind: 'settled'; readonly answer: Answer<T> } {
  return refuse<T>('RUN_NOT_FOUND', `there is no run ${runId}; wfctl list shows your runs`);
}

function notStored(reason: string): Answer<never> {
  const message = `the daemon cannot store anything at the moment (${reason}); nothing was changed. Free space in its state directory, then try again`;
  return { ok: false, error: { code: 'DEGRADED', message } };
}

/** RFC 9562, version 4. */
function newUuid(random: () => number): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
