/**
 * A scheduler that is nowhere installed: a fake cluster in the time of the wall whose jobs are real processes. It
 * knows what a scheduler's daemon knows; what its commands understand and print is the business of a face.
 */
import type { AbortManner, Blocked, EndReport, Tag } from '../../backends/backend.ts';
import { FakeCluster } from '../sim/fake-cluster.ts';
import { FakeFiles } from '../sim/fake-files.ts';
import { type ClusterJob, isListed, type JobPlayer } from '../sim/fake-job.ts';
import { Transcript } from '../sim/transcript.ts';
import { Weather } from '../sim/weather.ts';
import { CALM } from './calm.ts';
import { type Exit, JobProcesses, type Launch, reportOf } from './job-processes.ts';
import { NO_CHANCE, startRealTime } from './real-time.ts';
import type { ToldEnd, ToldJob, ToldRun } from './told-job.ts';

/** What a submit command asks for. */
export interface Order {
  readonly name: string;
  readonly user: ToldJob['user'];
  /** Numbers of an array's elements; absent: a plain job. */
  readonly elements?: readonly number[];
  readonly held?: Blocked;
  /** Exit codes that are orders to the scheduler. */
  readonly orderedBy?: Readonly<Record<number, 'runAgain' | 'stayInError'>>;
  /** `again`: it has run before. */
  launch(place: Place, again: boolean): Launch;
}

/** Which job of an order. */
export interface Place {
  /** That of the array where the job is an element. */
  readonly id: number;
  readonly element?: number;
}

/** What a test may do to it. */
export type Trouble = 'down' | 'hanging' | 'lostReplies' | 'emptyListing' | 'strangeStates';

const NODE = 'node1';

export class FakeScheduler {
  readonly troubles = new Set<Trouble>();
  private readonly clock = startRealTime();
  private readonly processes = new JobProcesses();
  private readonly cluster: FakeCluster;
  /** By the tag that a job has in the cluster; the name that a user gave it need not be unique. */
  private readonly tickets = new Map<string, Ticket>();

  constructor() {
    const { time } = this.clock;
    const player: JobPlayer = {
      holds: (job) => this.ticketOf(job).order.held,
      play: (job, ends) => this.play(job, ends),
      tell: (job, manner) => this.processes.tell(job, manner),
    };
    this.cluster = new FakeCluster({
      name: 'fake',
      time,
      random: NO_CHANCE,
      files: new FakeFiles(time, NO_CHANCE, new Weather([]), { markLagMs: 0, claims: true }),
      habits: CALM,
      transcript: new Transcript(time),
      witness: { executionStarts: () => undefined },
      player,
    });
  }

  /** Answers with the id. */
  submit(order: Order): number {
    const jobs = (order.elements ?? [undefined]).map((element) => this.create(order, element));
    const id = Number(jobs[0]?.nativeId);
    for (const job of jobs) this.ticketOf(job).id = id;
    return id;
  }

  /** All that it has not forgotten, in the order of submission. */
  jobs(): readonly ToldJob[] {
    if (this.troubles.has('emptyListing')) return [];
    const { trueMs } = this.clock.time;
    return this.cluster.jobs.filter((job) => isListed(job, trueMs)).map((job) => this.told(job));
  }

  /** Of an array without an element: all of them. */
  ask(place: Place, manner: AbortManner): void {
    for (const job of this.jobsAt(place)) this.cluster.abort(job, manner);
  }

  /** Tries again to start what is in error. */
  clear(place: Place): void {
    for (const job of this.jobsAt(place)) this.cluster.unblock(job);
  }

  close(): void {
    this.clock.stop();
    this.processes.close();
  }

  private create(order: Order, element: number | undefined): ClusterJob {
    const tag = `ticket${this.tickets.size}` as Tag;
    const submittedMs = Date.now();
    this.tickets.set(tag, { order, id: 0, ...(element !== undefined && { element }), submittedMs, runs: [] });
    return this.cluster.create(tag, { ...order.user, gid: 0, home: '/', shell: '/bin/sh' });
  }

  private jobsAt({ id, element }: Place): readonly ClusterJob[] {
    return this.cluster.jobs.filter((job) => {
      const ticket = this.ticketOf(job);
      return job.state !== 'ended' && ticket.id === id && (element ?? ticket.element) === ticket.element;
    });
  }

  private play(job: ClusterJob, ends: (report: EndReport) => void): void {
    const ticket = this.ticketOf(job);
    const startedMs = Date.now();
    ticket.now = { startedMs };
    this.processes.run(
      job,
      ticket.order.launch(
        ticket,
        ticket.runs.some(({ how }) => how === 'asked'),
      ),
      (exit) => {
        const ordered = exit.cancelled ? undefined : ticket.order.orderedBy?.[exit.code ?? 0];
        if (ordered === undefined) {
          ticket.now = { startedMs, exit };
          return ends(reportOf(exit));
        }
        const how = ordered === 'runAgain' ? 'asked' : 'error';
        ticket.runs.push({ how, startedMs, endedMs: Date.now(), node: NODE });
        delete ticket.now;
        this.cluster.requeue(job, how, ordered === 'runAgain' ? undefined : IN_ERROR);
      },
    );
  }

  private told(job: ClusterJob): ToldJob {
    const { order, id, element, submittedMs, runs, now } = this.ticketOf(job);
    const { name, user } = order;
    const { blocked } = job;
    return {
      ...{ id, name, user, submittedMs, state: this.stateOf(job) },
      ...(element !== undefined && { element }),
      ...(this.troubles.has('strangeStates') && job.end === undefined && { strange: true as const }),
      ...(blocked !== undefined && { waitsFor: blocked.reason }),
      ...(blocked?.clearable === true && { error: blocked.plain }),
      ...(runs.length > 0 && { earlierRuns: runs }),
      ...(now !== undefined && { startedMs: now.startedMs, node: NODE }),
      ...this.endOf(job, now?.exit),
    };
  }

  private stateOf(job: ClusterJob): ToldJob['state'] {
    if (job.state === 'pending') return 'waiting';
    return this.processes.isEnding(job) ? 'ending' : job.state;
  }

  private endOf({ end, owner }: ClusterJob, exit: Exit | undefined): Pick<ToldJob, 'end' | 'endedMs'> {
    if (end === undefined) return {};
    const endedMs = Date.now() - (this.clock.time.trueMs - end.atMs);
    return { end: toldEnd(exit, owner.uid), endedMs };
  }

  private ticketOf({ tag }: ClusterJob): Ticket {
    const ticket = this.tickets.get(tag);
    if (ticket === undefined) throw new Error(`nobody has submitted ${tag}`);
    return ticket;
  }
}

interface Ticket {
  readonly order: Order;
  id: number;
  readonly element?: number;
  readonly submittedMs: number;
  /** Those that were not its end. */
  readonly runs: ToldRun[];
  now?: { readonly startedMs: number; readonly exit?: Exit };
}

const IN_ERROR: Blocked = {
  reason: 'Eqw',
  plain: 'exit_status of job start = 100',
  forever: true,
  clearable: true,
};

/** A job without an exit was ended before it started. */
function toldEnd(exit: Exit | undefined, byUid: number): ToldEnd {
  if (exit === undefined) return { kind: 'cancelled', byUid };
  const { launched, code = 0, signal, cancelled } = exit;
  if (!launched) return { kind: 'notLaunched' };
  if (cancelled) return { kind: 'cancelled', byUid, ...(signal === undefined ? { code } : { signal }) };
  return signal === undefined ? { kind: 'exited', code } : { kind: 'signaled', signal };
}
