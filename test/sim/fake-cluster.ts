/**
 * The truth of one scheduler: which jobs there are, what they do, how they end.
 *
 * It knows nothing of the daemon. It never lies either; what is told of it (late, wrongly, not at all) is
 * the business of fake-backend.ts.
 */
import type {
  AbortManner,
  Blocked,
  EndKind,
  EndReport,
  NativeId,
  Owner,
  Tag,
} from '../../backends/backend.ts';
import type { ClusterHabits } from './cluster-habits.ts';
import type { FakeFiles } from './fake-files.ts';
import {
  type ClusterJob,
  describeEnd,
  type Execution,
  type ExecutionEnd,
  endOf,
  FAILURES,
  type Fate,
  type JobPlayer,
  type Work,
} from './fake-job.ts';
import { NativeIds } from './native-ids.ts';
import type { Random } from './random.ts';
import type { Transcript } from './transcript.ts';
import type { VirtualTime } from './virtual-clock.ts';

export interface ClusterWitness {
  executionStarts(execution: Execution): void;
}

export interface ClusterParts {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly files: FakeFiles;
  readonly habits: ClusterHabits;
  readonly transcript: Transcript;
  readonly witness: ClusterWitness;
  readonly player?: JobPlayer;
}

export class FakeCluster {
  readonly jobs: ClusterJob[] = [];
  readonly executions: Execution[] = [];
  readonly name: string;
  private readonly parts: ClusterParts;
  private readonly ids: NativeIds;
  private calm = false;

  constructor(parts: ClusterParts) {
    this.parts = parts;
    this.name = parts.name;
    this.ids = new NativeIds(parts.habits.idWrap);
  }

  create(tag: Tag, owner: Owner, work?: Work, late = false): ClusterJob {
    const { time, random, habits } = this.parts;
    const job: ClusterJob = {
      nativeId: this.ids.next(this.jobs, time.trueMs),
      tag,
      owner,
      ...(work === undefined ? {} : { work }),
      createdMs: time.trueMs,
      listedFromMs: time.trueMs + (random.chance(0.5) ? 0 : random.between(0, habits.listingLagMs)),
      saysRunCount: habits.saysRunCount,
      state: 'pending',
      runCount: 0,
      hasStarted: false,
      turn: 0,
      endReported: false,
      late,
      unblocked: 0,
    };
    this.jobs.push(job);
    this.say(
      job,
      `created${work === undefined ? ' (not ours)' : ` for ${work.call}#${work.number}`}${late ? ', too late' : ''}`,
    );
    const held = this.parts.player?.holds(job);
    if (held !== undefined) job.blocked = held;
    else if (work !== undefined && !this.calm && random.chance(habits.blocked)) this.block(job);
    else this.startLater(job);
    return job;
  }

  /** Only a job that is still with the scheduler can be found by its id. */
  find(nativeId: NativeId): ClusterJob | undefined {
    return this.jobs.findLast((job) => job.nativeId === nativeId && job.state !== 'ended');
  }

  alive(): readonly ClusterJob[] {
    return this.jobs.filter((job) => job.work !== undefined && job.state !== 'ended');
  }

  abort(job: ClusterJob, manner: AbortManner): void {
    this.say(job, `is told to end (${manner.kind})`);
    if (this.parts.player?.tell(job, manner)) return;
    switch (manner.kind) {
      case 'signal':
        this.signal(job);
        return;
      case 'kill':
        this.soon(job, this.parts.random.chance(0.8) ? 3_000 : 40_000, () =>
          this.kill(job, 'Cancelled', 0.6),
        );
        return;
      case 'force':
        this.soon(job, 2_000, () => this.kill(job, 'Cancelled', 0));
        return;
      default:
        throw new Error(`unknown manner ${JSON.stringify(manner satisfies never)}`);
    }
  }

  cancelFromOutside(): void {
    const jobs = this.alive();
    if (jobs.length === 0) return;
    const job = this.parts.random.pick(jobs);
    this.say(job, 'is cancelled by its owner with the scheduler’s own command');
    this.kill(job, 'Cancelled', 0.5);
  }

  /** Tries again to start a job; half of them fail again. */
  unblock(job: ClusterJob): void {
    if (job.blocked?.clearable !== true || job.state !== 'pending') return;
    job.unblocked += 1;
    this.say(job, 'is tried again by the scheduler');
    if (this.parts.random.chance(0.5)) return;
    delete job.blocked;
    this.startLater(job);
  }

  /** People lift their holds; nothing goes wrong any more. */
  heal(): void {
    this.calm = true;
    for (const job of this.jobs) {
      if (job.blocked !== undefined && !job.blocked.forever && job.state === 'pending') {
        delete job.blocked;
        this.startLater(job);
      }
    }
  }

  /** A new daemon has been shown nothing yet. */
  forgetReports(): void {
    for (const job of this.jobs) {
      job.endReported = false;
      delete job.reportedMs;
    }
  }

  private block(job: ClusterJob): void {
    const { random } = this.parts;
    const forever = random.chance(0.5);
    const clearable = forever && random.chance(0.5);
    const reason = clearable ? 'Eqw' : forever ? 'DependencyNeverSatisfied' : 'JobHeldUser';
    const plain = `the scheduler does not start it: ${reason}`;
    job.blocked = { reason, plain, forever, ...(clearable && { clearable }) };
  }

  private startLater(job: ClusterJob): void {
    this.soon(job, this.parts.habits.queueMs, () => this.start(job));
  }

  private start(job: ClusterJob): void {
    const { random, habits } = this.parts;
    job.turn++;
    job.state = 'running';
    job.hasStarted = true;
    this.say(job, `starts (run count ${job.runCount})`);
    if (!this.calm && random.chance(habits.infraTrouble / 4)) {
      this.soon(job, 500, () => this.end(job, { kind: 'LaunchFailure', started: false }));
      return;
    }
    this.soon(job, random.chance(0.9) ? 200 : 5_000, () => this.wrapper(job));
    if (!this.calm && random.chance(habits.infraTrouble)) this.infraTrouble(job);
  }

  /** The protocol of the wrapper: claim, run, leave the exit mark (SEMANTICS 6, exactly once). */
  private wrapper(job: ClusterJob): void {
    const { files, player } = this.parts;
    const { turn } = job;
    if (player !== undefined) return player.play(job, (report) => job.turn === turn && this.end(job, report));
    if (job.work === undefined) {
      this.soon(job, this.parts.habits.runMs, () => this.end(job, endOf(0)));
      return;
    }
    const claim = files.claim(job.work.directory, job);
    this.say(job, `claim: ${claim}`);
    switch (claim) {
      case 'claimed':
        this.execute(job, job.work);
        return;
      case 'duplicate':
        files.leaveDuplicate(job.work.directory, job.nativeId);
        this.soon(job, 50, () => this.end(job, endOf(0)));
        return;
      case 'exited':
        this.soon(job, 50, () => this.end(job, endOf(0)));
        return;
      case 'full':
        files.writeLog(job.work.logPath, 'wfd: the claim could not be made: Disk quota exceeded');
        this.soon(job, 50, () => this.end(job, endOf(WRAPPER_CANNOT_START)));
        return;
      default:
        throw new Error(`unknown claim ${JSON.stringify(claim satisfies never)}`);
    }
  }

  private execute(job: ClusterJob, work: Work): void {
    const { files, random, habits, time, witness } = this.parts;
    const execution: Execution = { job, work, runCount: job.runCount, startMs: time.trueMs };
    job.execution = execution;
    this.executions.push(execution);
    witness.executionStarts(execution);
    files.spool(work.spoolDirectory, job.tag, job);
    const runMs = random.between(0.2, 1.8) * habits.runMs;
    const fate = random.chance(habits.failing) ? random.pick(FAILURES) : 'success';
    this.soon(job, runMs, () => this.meetFate(job, fate), 1);
  }

  private meetFate(job: ClusterJob, fate: Fate): void {
    switch (fate) {
      case 'success':
        this.complete(job, 0, []);
        return;
      case 'exit':
        this.complete(job, this.parts.random.pick([1, 2, 75]), []);
        return;
      case 'segfault':
        this.complete(job, 139, []);
        return;
      case 'missing':
        this.complete(job, 0, ['out']);
        return;
      case 'timeLimit':
        this.kill(job, 'TimeLimit', 0.5);
        return;
      case 'memory':
        if (job.work !== undefined) this.parts.files.writeLog(job.work.logPath, OUT_OF_MEMORY_TEXT);
        return this.kill(job, 'OutOfMemory', 0.3);
      default:
        throw new Error(`unknown fate ${JSON.stringify(fate satisfies never)}`);
    }
  }

  private complete(job: ClusterJob, exitCode: number, missing: readonly string[]): void {
    this.stopExecution(job, exitCode, missing);
    const code = exitCode === 0 && missing.length > 0 ? 1 : exitCode;
    this.soon(job, 300, () => this.end(job, endOf(code)));
  }

  private infraTrouble(job: ClusterJob): void {
    const { random, habits } = this.parts;
    const kind = random.pick<EndKind>(['Preempted', 'NodeFailure']);
    const turn = job.turn;
    this.parts.time.after(random.between(0, 1.5) * habits.runMs, () => {
      if (job.turn !== turn || job.state !== 'running') return;
      this.kill(job, kind, kind === 'Preempted' ? 0.3 : 0, random.chance(habits.requeues));
    });
  }

  private signal(job: ClusterJob): void {
    if (job.execution === undefined || job.execution.end !== undefined) return;
    if (this.parts.random.chance(0.5)) this.soon(job, 2_000, () => this.complete(job, 0, []));
  }

  private kill(job: ClusterJob, kind: EndKind, markChance: number, requeued = false): void {
    if (job.state === 'ended') return;
    this.parts.player?.tell(job, { kind: 'force' });
    const running = job.execution !== undefined && job.execution.end === undefined;
    if (running && this.parts.random.chance(markChance))
      this.stopExecution(job, kind === 'OutOfMemory' ? 137 : 143, []);
    else if (running) this.stopExecution(job);
    if (requeued) this.requeue(job, kind);
    else this.end(job, { kind, started: job.hasStarted });
  }

  /** `blocked`: it stays in the queue. */
  requeue(job: ClusterJob, why: string, blocked?: Blocked): void {
    job.turn++;
    job.state = 'pending';
    job.runCount++;
    delete job.execution;
    this.say(job, `is requeued by the scheduler (${why})`);
    if (blocked === undefined) this.startLater(job);
    else job.blocked = blocked;
  }

  private stopExecution(job: ClusterJob, exitCode?: number, missing: readonly string[] = []): void {
    const execution = job.execution;
    if (execution === undefined || execution.end !== undefined) return;
    execution.endMs = this.parts.time.trueMs;
    execution.end =
      exitCode === undefined ? { kind: 'killed' } : this.marked(job, execution.work, exitCode, missing);
    this.say(job, `command ends: ${describeEnd(execution.end)}`);
  }

  private marked(job: ClusterJob, work: Work, exitCode: number, missing: readonly string[]): ExecutionEnd {
    const { files } = this.parts;
    const identity = { nativeId: job.nativeId, runCount: job.runCount };
    const succeeded = exitCode === 0 && missing.length === 0;
    const marked = files.leaveExit(work.directory, { ...identity, exitCode, succeeded, missing });
    if (marked) files.spool(work.spoolDirectory, job.tag, identity, { exitCode, succeeded });
    return { kind: 'completed', exitCode, missing, marked };
  }

  private end(job: ClusterJob, report: EndReport): void {
    const { time, random, habits } = this.parts;
    job.turn++;
    job.state = 'ended';
    const shownFromMs = time.trueMs + random.between(0, habits.endLagMs);
    job.end = {
      report,
      atMs: time.trueMs,
      shownFromMs,
      purgedFromMs: shownFromMs + habits.keepMs,
      recordedFromMs: time.trueMs + random.between(0, habits.recordLagMs),
    };
    this.say(job, `ended: ${report.kind}${report.exitCode === undefined ? '' : ` ${report.exitCode}`}`);
  }

  /** Void when anything else happens to the job first. */
  private soon(job: ClusterJob, withinMs: number, run: () => void, least = 0): void {
    const turn = job.turn;
    this.parts.time.after(withinMs * this.parts.random.between(least, 1), () => {
      if (job.turn === turn && job.state !== 'ended') run();
    });
  }

  private say(job: ClusterJob, what: string): void {
    this.parts.transcript.say(this.name, `job ${job.nativeId} (${job.tag}) ${what}`);
  }
}

export const OUT_OF_MEMORY_TEXT = 'error: Detected 1 oom_kill event';

/** See wf_stop in backends/job-wrapper.ts. */
const WRAPPER_CANNOT_START = 1;
