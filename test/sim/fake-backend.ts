/**
 * What the daemon is told of a fake cluster, through the real contract: late, wrongly, or not at all.
 *
 * Every command is a process of its own, as `sbatch` is: one that has been started goes on when the daemon
 * is killed. None outlives `commandTimeoutMs`; then its reply is ambiguous.
 */
import type {
  AbortManner,
  AccountingQuery,
  Backend,
  CommandPurpose,
  JobObservation,
  KnownJob,
  NativeId,
  Owner,
  RequestReply,
  Snapshot,
  SubmitReply,
  SubmitRequest,
} from '../../backends/backend.ts';
import { CommandMeter } from '../../backends/command-meter.ts';
import { type FakeCluster, OUT_OF_MEMORY_TEXT } from './fake-cluster.ts';
import { type ClusterJob, isListed, listed, recorded, type Work } from './fake-job.ts';
import { type Life, silence } from './life.ts';
import { hash, type Random } from './random.ts';
import type { Transcript } from './transcript.ts';
import type { VirtualTime } from './virtual-clock.ts';
import type { SchedulerTrouble, Weather } from './weather.ts';

export interface BackendHabits {
  readonly canReconnect: boolean;
  /** If not, a listing shows only jobs that are asked for by their ids. */
  readonly canLookUp: boolean;
  readonly settleMs: number;
  readonly commandTimeoutMs: number;
  readonly maxActive: number;
  readonly maxSubmitting: number;
  readonly pollMs: number;
  readonly accounting: boolean;
  /** The site's own limit: submits beyond it are throttled. */
  readonly queueLimit: number;
  readonly rejects: number;
  /** Submits that arrive later than any rule allows for. */
  readonly tooLate: number;
  /** Queries that answer after long, with what was true at their end. */
  readonly strange: number;
}

export interface BackendWitness {
  /** A submit command begins; says what the job is for. */
  submitStarts(backend: string, request: SubmitRequest, inFlight: number): Work | undefined;
  abortArrives(backend: string, job: ClusterJob, manner: AbortManner): void;
  unblocked(job: ClusterJob): void;
  /** Does the daemon's disk say that this job is there, and is it at work? */
  isTracked(backend: string, job: ClusterJob): boolean;
}

export interface BackendParts {
  readonly cluster: FakeCluster;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly weather: Weather;
  readonly habits: BackendHabits;
  readonly transcript: Transcript;
  readonly witness: BackendWitness;
}

/** The backend as one life of the daemon holds it. */
export function backendOf(parts: BackendParts, life: Life): Backend {
  const { habits, cluster } = parts;
  const door = new Door(parts, life);
  const meter = new CommandMeter(() => parts.time.trueMs);
  const counted = (purpose: CommandPurpose, asked: readonly unknown[] = [purpose]): Door => {
    if (asked.length > 0) meter.count(purpose);
    return door;
  };
  return {
    name: cluster.name,
    kind: 'fake',
    capabilities: { reconnect: habits.canReconnect, lookUp: habits.canLookUp, arrays: false, signals: true },
    settleMs: habits.settleMs,
    commandTimeoutMs: habits.commandTimeoutMs,
    maxActive: habits.maxActive,
    maxSubmitting: habits.maxSubmitting,
    pollMs: habits.pollMs,
    preamble: () => 'wf_native=${FAKE_JOB_ID:-} wf_count=0 wf_index=0',
    check: () => undefined,
    commandUse: () => meter.use(),
    probe: () =>
      life.answer(20, () => ({
        reachable: !counted('probe').isOn('down'),
        summary: 'a fake scheduler',
        hasAccounting: habits.accounting,
      })),
    submit: (request) => counted('submit').submit(request),
    observe: (owner, known) => counted('observe').observe(owner, known),
    account: (query) => counted('account', query.jobs).account(query),
    abort: (_owner, nativeIds, manner) => counted('abort', nativeIds).abort(nativeIds, manner),
    unblock: (_owner, nativeIds) => counted('unblock').unblock(nativeIds),
    causeInLog: (log) => (log.includes(OUT_OF_MEMORY_TEXT) ? 'OutOfMemory' : undefined),
  };
}

class Door {
  private readonly parts: BackendParts;
  private readonly life: Life;
  private submitting = 0;

  constructor(parts: BackendParts, life: Life) {
    this.parts = parts;
    this.life = life;
  }

  isOn(trouble: SchedulerTrouble): boolean {
    return this.parts.weather.isOn(trouble, this.parts.time.trueMs);
  }

  submit(request: SubmitRequest): Promise<SubmitReply> {
    if (!this.life.alive) return silence();
    const { time, random, habits, witness, cluster } = this.parts;
    this.submitting++;
    const work = witness.submitStarts(cluster.name, request, this.submitting);
    const arrivesMs = this.submitTakesMs();
    const diesWithDaemon = random.chance(0.5);
    this.say(`submit ${request.tag}`);
    return new Promise((resolve) => {
      const reply = (answer: SubmitReply): void => {
        if (!this.life.alive) return;
        this.submitting--;
        this.say(
          `submit ${request.tag} → ${answer.kind}${answer.kind === 'accepted' ? ` ${answer.nativeId}` : ''}`,
        );
        resolve(answer);
      };
      const isInTime = arrivesMs < habits.commandTimeoutMs;
      time.after(arrivesMs, () => {
        if (!this.life.alive && diesWithDaemon && isInTime) return;
        const answer = this.arrive(request, work, !isInTime);
        if (isInTime) reply(answer);
      });
      if (!isInTime) time.after(habits.commandTimeoutMs, () => reply(TIMED_OUT));
    });
  }

  observe(owner: Owner, known: readonly KnownJob[]): Promise<Snapshot> {
    const { random, cluster } = this.parts;
    if (this.isOn('hanging')) return this.timedOutQuery();
    if (this.isOn('down')) return this.life.answer(300, () => DOWN);
    const takesMs = this.isOn('slow') ? random.between(1_000, 40_000) : random.between(20, 400);
    const sampledAtOnce = random.chance(0.5) ? this.listing(owner, known) : undefined;
    return this.life.answer(takesMs, () => {
      const sample = sampledAtOnce ?? this.listing(owner, known);
      sample.shown.forEach((job, index) => {
        job.reportedMs ??= this.parts.time.trueMs;
        if (sample.jobs[index]?.end === undefined || job.endReported) return;
        job.endReported = true;
        this.say(`listing shows the end of job ${job.nativeId}: ${sample.jobs[index]?.backendStatus}`);
      });
      if (sample.lie !== undefined) this.say(`listing lies (${sample.lie}): ${sample.jobs.length} jobs`);
      return { kind: 'complete', jobs: shuffled(sample.jobs, random, cluster.name) };
    });
  }

  account(query: AccountingQuery): Promise<Snapshot> {
    const { random, habits, cluster, time } = this.parts;
    if (!habits.accounting) return this.life.answer(5, () => ({ kind: 'complete', jobs: [] }));
    if (this.isOn('accountingDown')) return this.life.answer(random.between(50, 20_000), () => DOWN);
    return this.life.answer(random.between(50, 2_000), () => {
      const stale = this.isOn('accountingStale');
      const jobs = cluster.jobs.filter(
        (job) =>
          job.owner.uid === query.owner.uid && isAskedFor(job, query) && time.trueMs >= job.createdMs + 2_000,
      );
      return { kind: 'complete', jobs: jobs.map((job) => recorded(job, time.trueMs, stale)) };
    });
  }

  abort(nativeIds: readonly NativeId[], manner: AbortManner): Promise<RequestReply> {
    if (!this.life.alive) return silence();
    const { random, habits, time } = this.parts;
    this.say(`abort (${manner.kind}) ${nativeIds.join(' ')}`);
    if (this.isOn('hanging'))
      return this.life.answer(habits.commandTimeoutMs, () => ({ kind: 'failed', reason: 'timed out' }));
    if (this.isOn('down')) {
      return this.life.answer(300, () =>
        random.chance(0.3) ? { kind: 'sent' } : { kind: 'failed', reason: DOWN.reason },
      );
    }
    time.after(random.between(10, 1_000), () => this.abortArrives(nativeIds, manner));
    return this.life.answer(1_000, () => ({ kind: 'sent' }));
  }

  unblock(nativeIds: readonly NativeId[]): Promise<RequestReply> {
    if (!this.life.alive) return silence();
    const { time, random, cluster, witness } = this.parts;
    if (this.isOn('down') || this.isOn('hanging'))
      return this.life.answer(300, () => ({ kind: 'failed', reason: DOWN.reason }));
    time.after(random.between(10, 1_000), () => {
      for (const job of nativeIds.flatMap((nativeId) => cluster.find(nativeId) ?? [])) {
        cluster.unblock(job);
        witness.unblocked(job);
      }
    });
    return this.life.answer(1_000, () => ({ kind: 'sent' }));
  }

  private abortArrives(nativeIds: readonly NativeId[], manner: AbortManner): void {
    const { cluster, witness, random } = this.parts;
    for (const nativeId of nativeIds) {
      const job = cluster.find(nativeId);
      if (job === undefined) continue;
      witness.abortArrives(cluster.name, job, manner);
      if (!(this.isOn('abortsLost') && random.chance(0.7))) cluster.abort(job, manner);
    }
  }

  private submitTakesMs(): number {
    const { random, habits } = this.parts;
    if (random.chance(habits.tooLate)) return habits.commandTimeoutMs + random.between(0, 300_000);
    if (this.isOn('hanging') || this.isOn('lateSubmits'))
      return random.between(0, habits.commandTimeoutMs * 0.99);
    return random.between(20, 600);
  }

  /** The command has reached the controller: from here on its effect and its reply are two things. */
  private arrive(request: SubmitRequest, work: Work | undefined, late: boolean): SubmitReply {
    const { cluster, random, habits } = this.parts;
    if (this.isOn('down')) return { kind: 'ambiguous', reason: DOWN.reason };
    if (this.isOn('throttling') || cluster.alive().length >= habits.queueLimit) {
      return { kind: 'throttled', reason: 'too many jobs: QOSMaxSubmitJobPerUserLimit' };
    }
    if (random.chance(habits.rejects)) return { kind: 'rejected', reason: 'invalid account or partition' };
    if (request.elements > 1) return { kind: 'rejected', reason: 'no arrays here' };
    if (this.isOn('lostReplies') && random.chance(0.3)) return LOST_REPLY;
    const job = cluster.create(request.tag, request.owner, work, late);
    if (this.isOn('lostReplies') && random.chance(0.7)) return LOST_REPLY;
    return { kind: 'accepted', nativeId: job.nativeId };
  }

  private listing(owner: Owner, known: readonly KnownJob[]): Listing {
    const { cluster, time, random, habits } = this.parts;
    const ids = new Set(known.map(({ nativeId }) => nativeId));
    const shown = cluster.jobs.filter(
      (job) =>
        job.owner.uid === owner.uid &&
        isListed(job, time.trueMs) &&
        (habits.canLookUp || ids.has(job.nativeId)),
    );
    const lie = this.lie(shown);
    const told =
      lie === undefined ? shown : shown.filter((job) => lie === 'partial' && hash(job.tag) % 3 === 0);
    const jobs = told.map((job) => listed(job, time.trueMs, random.chance(habits.strange)));
    return { shown: told, jobs, lie };
  }

  /** The long lie is told only where a daemon can see through it: enough known jobs vanish at once. */
  private lie(shown: readonly ClusterJob[]): Listing['lie'] {
    if (this.isOn('emptyListing')) return 'empty';
    if (this.isOn('partialListing')) return 'partial';
    const { witness, cluster } = this.parts;
    const known = this.isOn('massLie') ? shown.filter((job) => witness.isTracked(cluster.name, job)) : [];
    return known.length >= 14 ? 'mass' : undefined;
  }

  private timedOutQuery(): Promise<Snapshot> {
    const afterMs = this.parts.habits.commandTimeoutMs;
    return this.life.answer(afterMs, () => ({ kind: 'unavailable', reason: `no answer for ${afterMs} ms` }));
  }

  private say(what: string): void {
    this.parts.transcript.say(this.parts.cluster.name, what);
  }
}

interface Listing {
  readonly shown: readonly ClusterJob[];
  readonly jobs: readonly JobObservation[];
  readonly lie: 'empty' | 'partial' | 'mass' | undefined;
}

const DOWN = { kind: 'unavailable', reason: 'Unable to contact slurm controller (connect failure)' } as const;
const TIMED_OUT: SubmitReply = { kind: 'ambiguous', reason: 'no answer within the time limit; killed' };
const LOST_REPLY: SubmitReply = { kind: 'ambiguous', reason: 'Socket timed out on send/recv operation' };

function isAskedFor(job: ClusterJob, query: AccountingQuery): boolean {
  return query.jobs.some(({ tag, nativeId }) =>
    nativeId === undefined ? tag === job.tag : nativeId === job.nativeId,
  );
}

/** No scheduler promises an order. */
function shuffled(jobs: readonly JobObservation[], random: Random, salt: string): readonly JobObservation[] {
  const by = `${salt}${random.int(0, 3)}`;
  return jobs.toSorted((a, b) => hash(by + a.nativeId) - hash(by + b.nativeId));
}
