/**
 * A scheduler that is nowhere installed: a fake cluster in the time of the wall whose jobs are real processes. It
 * knows what a scheduler's daemon knows; what its commands understand and print is the business of a face.
 */
import type { AbortManner, Blocked, EndReport, Tag } from '../../backends/backend.ts';
import { FakeCluster } from '../sim/fake-cluster.ts';
import { FakeFiles } from '../sim/fake-files.ts';
import { type ClusterJob, isListed } from '../sim/fake-job.ts';
import { Transcript } from '../sim/transcript.ts';
import { Weather } from '../sim/weather.ts';
import { CALM } from './calm.ts';
import { JobProcesses, type Launch } from './job-processes.ts';
import { NO_CHANCE, startRealTime } from './real-time.ts';
import type { ToldEnd, ToldJob } from './told-job.ts';

/** What a submit command asks for. */
export interface Order {
  readonly name: string;
  readonly user: ToldJob['user'];
  /** Indices of an array; absent: a plain job. */
  readonly elements?: readonly number[];
  readonly held?: Blocked;
  launch(place: Place): Launch;
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
  private readonly processes = new JobProcesses({
    held: (job) => this.ticketOf(job).order.held,
    launch: (job) => this.launch(job),
  });
  private readonly cluster = new FakeCluster({
    name: 'fake',
    time: this.clock.time,
    random: NO_CHANCE,
    files: new FakeFiles(this.clock.time, NO_CHANCE, new Weather([]), { markLagMs: 0, claims: true }),
    habits: CALM,
    transcript: new Transcript(this.clock.time),
    witness: { executionStarts: () => undefined },
    player: this.processes,
  });
  /** By the tag that a job has in the cluster; the name that a user gave it need not be unique. */
  private readonly tickets = new Map<string, Ticket>();

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
    return this.cluster.jobs.filter((job) => isListed(job, trueMs)).map((job) => this.tell(job));
  }

  /** Of an array without an element: all of them. False where there is none. */
  ask({ id, element }: Place, manner: AbortManner): boolean {
    const jobs = this.cluster.jobs.filter((job) => {
      const ticket = this.ticketOf(job);
      return ticket.id === id && (element === undefined || ticket.element === element);
    });
    for (const job of jobs) if (job.state !== 'ended') this.cluster.abort(job, manner);
    return jobs.length > 0;
  }

  close(): void {
    this.clock.stop();
    this.processes.close();
  }

  private create(order: Order, element: number | undefined): ClusterJob {
    const tag = `ticket${this.tickets.size}` as Tag;
    this.tickets.set(tag, {
      order,
      id: 0,
      ...(element !== undefined && { element }),
      submittedMs: Date.now(),
    });
    return this.cluster.create(tag, { ...order.user, gid: 0, home: '/', shell: '/bin/sh' });
  }

  private launch(job: ClusterJob): Launch {
    const ticket = this.ticketOf(job);
    ticket.startedMs = Date.now();
    return ticket.order.launch(ticket);
  }

  private tell(job: ClusterJob): ToldJob {
    const { order, id, element, submittedMs, startedMs } = this.ticketOf(job);
    const { name, user } = order;
    const waitsFor = job.blocked?.reason;
    const strange = this.troubles.has('strangeStates') && job.end === undefined ? 'HIBERNATING' : undefined;
    return {
      ...{ id, name, user, submittedMs },
      ...(element !== undefined && { element }),
      ...(strange !== undefined && { strange }),
      ...(waitsFor !== undefined && { waitsFor }),
      ...(startedMs !== undefined && { startedMs, node: NODE }),
      ...this.howItIs(job),
    };
  }

  private howItIs(job: ClusterJob): Pick<ToldJob, 'state' | 'end' | 'endedMs'> {
    const { end } = job;
    if (end === undefined) return { state: job.state === 'running' ? 'running' : 'waiting' };
    const endedMs = Date.now() - (this.clock.time.trueMs - end.atMs);
    return { state: 'ended', end: toldEnd(end.report, job.owner.uid), endedMs };
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
  startedMs?: number;
}

function toldEnd({ kind, exitCode = 0, signal = 9 }: EndReport, byUid: number): ToldEnd {
  switch (kind) {
    case 'Succeeded':
    case 'NonZeroExit':
      return { kind: 'exited', code: exitCode };
    case 'Signaled':
      return { kind: 'signaled', signal };
    case 'Cancelled':
      return { kind: 'cancelled', byUid };
    case 'LaunchFailure':
      return { kind: 'notLaunched' };
    default:
      throw new Error(`no job of real processes ends as ${kind}`);
  }
}
