/**
 * What the loop asks of schedulers: listings, accounting, probes. Each question has a bound and none is
 * awaited; answers go to the inbox. An idle daemon asks nobody anything.
 */
import type { KnownJob, Owner, Probe } from '../../backends/backend.ts';
import { type Attempt, attemptKey } from '../engine/model.ts';
import { nativeIdOf } from '../engine/reconcile.ts';
import { FileAsker } from './ask-files.ts';
import type { Inbox } from './inputs.ts';
import { type Wanted, watchOf } from './settle.ts';
import type { Watch } from './watch.ts';
import { type WorkingSet, watchKey } from './working-set.ts';

/** The least time between two listings, however urgent. */
const URGENT_MS = 1_000;
const ACCOUNTING_MS = 3_000;
const PROBE_MS = 60_000;

interface Poll {
  readonly watch: Watch;
  readonly owner: Owner;
  readonly backend: string;
  isListing: boolean;
  nextListing: number;
  lastListing: number;
  isAccounting: boolean;
  nextAccounting: number;
  /** Attempt keys accounting is wanted for. */
  readonly account: Set<string>;
}

/** What a backend last said of itself, and when. */
export interface Probed extends Probe {
  readonly atMs: number;
}

export class Asker {
  private readonly polls = new Map<string, Poll>();
  private readonly probes = new Map<string, Probed>();
  /** When (monotonic) a backend may be probed next. */
  private readonly nextProbe = new Map<string, number>();
  private readonly files: FileAsker;
  private readonly set: WorkingSet;
  private readonly inbox: Inbox;

  constructor(set: WorkingSet, inbox: Inbox) {
    this.set = set;
    this.inbox = inbox;
    this.files = new FileAsker(set, inbox);
  }

  watch(key: string): Watch | undefined {
    return this.polls.get(key)?.watch;
  }

  /** Not known yet means asking it: a backend without accounting answers that it knows nothing. */
  hasAccounting(backend: string): boolean {
    return this.probes.get(backend)?.hasAccounting ?? true;
  }

  /** What is known of a backend as a whole, for people. */
  health(backend: string): { readonly watch?: Watch; readonly probe?: Probed } {
    const watches = [...this.polls.values()]
      .filter((poll) => poll.backend === backend)
      .map(({ watch }) => watch);
    const watch = watches.find(({ reachable }) => reachable === 'no') ?? watches[0];
    const probe = this.probes.get(backend);
    return { ...(watch && { watch }), ...(probe && { probe }) };
  }

  /** Asks every backend what it is; nothing waits for the answers. */
  probeAll(): void {
    for (const name of this.set.parts.backends.keys()) this.probe(name, this.set.parts.clock.monotonicMs());
  }

  /** The newest answer of a scheduler was none. */
  isUnreachable(backend: string): boolean {
    return [...this.polls.values()].some((poll) => poll.backend === backend && poll.watch.reachable === 'no');
  }

  /** Starts every question that is due; answers when (monotonic) the next one will be. */
  ask(now: number): number {
    return Math.min(this.askSchedulers(now), this.files.ask(now));
  }

  /** Something wants to know soon: an end to be refined, a job asked to end. */
  hurry(backend: string, owner: Owner): void {
    const poll = this.polls.get(watchKey(backend, owner));
    if (poll !== undefined) poll.nextListing = Math.min(poll.nextListing, poll.lastListing + URGENT_MS);
  }

  want({ state, attempt, wants }: Wanted): void {
    if (wants.includes('marks')) this.files.wantMarks(state, attempt);
    if (wants.includes('revoke')) this.files.wantRevoke(state, attempt);
    if (wants.includes('accounting'))
      this.polls.get(watchOf(state, attempt))?.account.add(attemptKey(attempt));
    if (wants.includes('snapshot')) this.hurry(attempt.backend, state.run.owner);
  }

  wantAccounting(watch: string, keys: readonly string[]): void {
    for (const key of keys) this.polls.get(watch)?.account.add(key);
  }

  private askSchedulers(now: number): number {
    const wanted = this.wantedPolls();
    let next = Number.POSITIVE_INFINITY;
    for (const poll of wanted) {
      if (now >= (this.nextProbe.get(poll.backend) ?? 0)) this.probe(poll.backend, now);
      if (!poll.isListing && now >= poll.nextListing) this.list(poll, now);
      if (!poll.isAccounting && poll.account.size > 0 && now >= poll.nextAccounting) this.account(poll, now);
      if (!poll.isListing) next = Math.min(next, poll.nextListing);
      if (!poll.isAccounting && poll.account.size > 0) next = Math.min(next, poll.nextAccounting);
    }
    return next;
  }

  /** Only where something of ours may be: an idle daemon asks nobody anything. */
  private wantedPolls(): readonly Poll[] {
    const wanted = new Set<Poll>();
    for (const { state, attempt } of this.set.activeAttempts())
      wanted.add(this.pollOf(attempt.backend, state.run.owner));
    for (const state of this.set.runs.values()) {
      for (const backend of state.unlisted) wanted.add(this.pollOf(backend, state.run.owner));
      for (const { tag } of state.strays.values()) {
        const backend = state.submissions.get(tag)?.backend;
        if (backend !== undefined) wanted.add(this.pollOf(backend, state.run.owner));
      }
    }
    for (const { row } of this.set.orphans.values()) wanted.add(this.pollOf(row.backend, row.owner));
    // Nothing is submitted to a scheduler that cannot be asked: it is asked until it answers.
    if (this.set.runs.size > 0) {
      for (const poll of this.polls.values()) if (poll.watch.reachable === 'no') wanted.add(poll);
    }
    return [...wanted];
  }

  private pollOf(backend: string, owner: Owner): Poll {
    const key = watchKey(backend, owner);
    const known = this.polls.get(key);
    if (known !== undefined) return known;
    const poll: Poll = {
      watch: {
        key,
        backend,
        reachable: 'unknown',
        reason: '',
        sinceMs: this.set.parts.clock.nowMs(),
        outageSince: undefined,
        suspectSince: undefined,
        suspicionCleared: false,
      },
      owner,
      backend,
      isListing: false,
      nextListing: 0,
      lastListing: Number.NEGATIVE_INFINITY,
      isAccounting: false,
      nextAccounting: 0,
      account: new Set(),
    };
    this.polls.set(key, poll);
    return poll;
  }

  private probe(name: string, now: number): void {
    this.nextProbe.set(name, now + PROBE_MS);
    void this.set
      .backend(name)
      ?.probe()
      .then((probe) => {
        // Once seen it stays: a probe that fails later says only that it cannot be asked now.
        const hadAccounting = this.probes.get(name)?.hasAccounting ?? false;
        const atMs = this.set.parts.clock.nowMs();
        this.probes.set(name, { ...probe, hasAccounting: probe.hasAccounting || hadAccounting, atMs });
        if (probe.reachable) this.nextProbe.set(name, Number.POSITIVE_INFINITY);
        this.inbox.wake();
      });
  }

  private list(poll: Poll, now: number): void {
    const backend = this.set.backend(poll.backend);
    if (backend === undefined) return;
    poll.isListing = true;
    poll.lastListing = now;
    poll.nextListing = now + backend.pollMs;
    void backend.observe(poll.owner, this.knownJobs(poll.watch)).then((snapshot) => {
      poll.isListing = false;
      const at = this.set.parts.clock.monotonicMs();
      poll.nextListing = Math.max(poll.nextListing, at);
      this.inbox.put({ kind: 'snapshot', watch: poll.watch.key, snapshot, begunAt: now, at });
    });
  }

  private account(poll: Poll, now: number): void {
    const backend = this.set.backend(poll.backend);
    if (backend === undefined) return;
    const asked = [...poll.account];
    poll.account.clear();
    const query = this.accountingQuery(asked);
    if (query.jobs.length === 0) return;
    poll.isAccounting = true;
    poll.nextAccounting = now + ACCOUNTING_MS;
    void backend.account({ owner: poll.owner, ...query }).then((snapshot) => {
      poll.isAccounting = false;
      this.inbox.put({ kind: 'accounting', watch: poll.watch.key, asked, snapshot, begunAt: now });
    });
  }

  /** By id where it is known, and by tag where it is not: the reply to the submit may have been lost. */
  private accountingQuery(asked: readonly string[]) {
    const wanted = new Set(asked);
    const attempts = [...this.set.activeAttempts()]
      .map(({ attempt }) => attempt)
      .filter((attempt) => wanted.has(attemptKey(attempt)));
    return {
      jobs: attempts.flatMap((attempt) => {
        const nativeId = nativeIdOf(attempt);
        return attempt.tag === undefined ? [] : [{ tag: attempt.tag, ...(nativeId && { nativeId }) }];
      }),
      sinceMs: Math.min(...attempts.map((attempt) => this.submittedAtMs(attempt))),
    };
  }

  /** For schedulers that can only be asked job by job. */
  private knownJobs(watch: Watch): readonly KnownJob[] {
    const known: KnownJob[] = [];
    for (const { state, attempt } of this.set.activeAttempts()) {
      const nativeId = nativeIdOf(attempt);
      const { tag, element = 0 } = attempt;
      if (watchOf(state, attempt) !== watch.key || tag === undefined || nativeId === undefined) continue;
      known.push({ tag, index: element, nativeId });
    }
    for (const state of this.set.runs.values()) {
      for (const [nativeId, { tag }] of state.strays) {
        const backend = state.submissions.get(tag)?.backend;
        if (backend !== undefined && watchKey(backend, state.run.owner) === watch.key)
          known.push({ tag, index: 0, nativeId });
      }
    }
    for (const { row } of this.set.orphans.values()) {
      const { tag, nativeId } = row;
      if (watchKey(row.backend, row.owner) === watch.key && nativeId !== undefined)
        known.push({ tag, index: 0, nativeId });
    }
    return known;
  }

  private submittedAtMs(attempt: Attempt): number {
    const state = this.set.runs.get(attempt.runId);
    return (attempt.tag && state?.submissions.get(attempt.tag)?.createdAtMs) ?? this.set.parts.clock.nowMs();
  }
}
