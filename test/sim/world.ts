/**
 * A world in which the real loop lives against a fake cluster: one seed, virtual time, nothing awaited.
 *
 * The world moves from event to event: commands answer, jobs start and end, people ask, the daemon ticks
 * and is killed. Troubles last, then everything heals, and then every run must end.
 */
import type { Backend } from '../../backends/backend.ts';
import { hasEnded } from '../../daemon/engine/model.ts';
import type { OwnerFiles } from '../../daemon/files/owner-files.ts';
import type { LoopParts } from '../../daemon/loop/parts.ts';
import type { Loop } from '../../daemon/loop.ts';
import type { Store } from '../../daemon/store/store.ts';
import type { OpenWorkflow } from '../../daemon/workflow/language.ts';
import { Clients } from './clients.ts';
import { CommittedRows } from './committed-rows.ts';
import { RULES } from './court.ts';
import { DaemonKeeper } from './daemon-keeper.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeFiles } from './fake-files.ts';
import { createRandom, type Random } from './random.ts';
import { CALL_ENDS } from './row-checks.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { Transcript } from './transcript.ts';
import { checkNothingForgotten, isUnknowable } from './truth-checks.ts';
import { drainMicrotasks, VirtualTime } from './virtual-clock.ts';
import { Witness } from './witness.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly createLoop: (parts: LoopParts) => Promise<Loop>;
  readonly open: OpenWorkflow;
  readonly createStore: () => Store;
  /** A deliberately broken part; the right one where absent. */
  readonly breakage?: Breakage;
}

export interface Breakage {
  readonly scenario?: (scenario: Scenario) => Scenario;
  readonly store?: (store: Store) => Store;
  readonly backend?: (backend: Backend) => Backend;
  readonly files?: (files: OwnerFiles) => OwnerFiles;
  readonly open?: (open: OpenWorkflow) => OpenWorkflow;
}

export interface WorldEnd {
  readonly seed: number;
  /** The first broken rule, if any. */
  readonly accusation: string | undefined;
  readonly transcript: readonly string[];
  readonly stats: {
    readonly ticks: number;
    readonly crashes: number;
    readonly jobs: number;
    readonly runs: number;
    readonly virtualMs: number;
  };
}

export async function simulate(options: WorldOptions): Promise<WorldEnd> {
  const world = new World(options);
  await world.live();
  return world.end();
}

/** After healing, everything must have ended within this. */
const PATIENCE_MS = 3_600_000;
class World {
  private readonly options: WorldOptions;
  private readonly random: Random;
  private readonly scenario: Scenario;
  private readonly time = new VirtualTime();
  private readonly transcript = new Transcript(this.time);
  private readonly rows = new CommittedRows();
  private readonly clusters = new Map<string, FakeCluster>();
  private readonly files: FakeFiles;
  private readonly keeper: DaemonKeeper;
  private readonly witness: Witness;
  private readonly clients: Clients;
  private accusation: string | undefined;
  private over = false;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = createRandom(options.seed);
    const drawn = drawScenario(this.random.fork('scenario'));
    this.scenario = options.breakage?.scenario?.(drawn) ?? drawn;
    const { scenario, time, rows, random } = this;
    const court = { accuse: (rule: string, what: string) => this.accuse(rule, what) };
    this.files = new FakeFiles(time, random.fork('files'), scenario.node, scenario.files);
    this.witness = new Witness({ rows, court, time, files: this.files, clusters: this.clusters, scenario });
    for (const { name, cluster } of scenario.backends) {
      const shared = { name, time, files: this.files, transcript: this.transcript, witness: this.witness };
      this.clusters.set(
        name,
        new FakeCluster({ ...shared, random: random.fork(`cluster ${name}`), habits: cluster }),
      );
    }
    const { transcript, witness, files, clusters } = this;
    this.keeper = new DaemonKeeper({
      ...{ options, scenario, time, transcript, court, witness, files, clusters },
      random: random.fork('daemon'),
    });
    this.clients = new Clients({
      time,
      random: random.fork('clients'),
      scenario,
      rows,
      court,
      transcript: this.transcript,
      loop: () => this.keeper.loop,
    });
  }

  async live(): Promise<void> {
    this.plan();
    this.keeper.boot();
    while (!this.over && this.accusation === undefined) {
      await drainMicrotasks();
      this.step();
    }
    this.keeper.stop();
  }

  end(): WorldEnd {
    const jobs = [...this.clusters.values()].reduce((sum, cluster) => sum + cluster.jobs.length, 0);
    return {
      seed: this.options.seed,
      accusation: this.accusation,
      transcript: this.transcript.lines(),
      stats: {
        ticks: this.keeper.ticks,
        crashes: this.keeper.crashes,
        jobs,
        runs: this.rows.runs.size,
        virtualMs: this.time.trueMs,
      },
    };
  }

  /** One event, or one tick of the daemon, whichever is due first. */
  private step(): void {
    const tickAtMs = this.keeper.nextTickMs();
    const eventAtMs = this.time.nextDueMs();
    if (Math.min(tickAtMs, eventAtMs) > this.scenario.healsAtMs + PATIENCE_MS) {
      this.giveUp();
    } else if (eventAtMs <= tickAtMs) {
      this.time.runNext();
    } else {
      this.time.advanceTo(tickAtMs);
      this.keeper.tick();
    }
  }

  private plan(): void {
    const { scenario, random, time } = this;
    const between = () => random.between(0, scenario.healsAtMs);
    for (const { name, weather, cluster, backend } of scenario.backends) {
      this.transcript.say('habits', `${name}: ${JSON.stringify({ ...cluster, ...backend })}`);
      this.transcript.say('weather', `${name}: ${weather.describe().join(', ')}`);
    }
    this.transcript.say('weather', `node: ${scenario.node.describe().join(', ')}`);
    this.clients.plan();
    for (let i = 0; i < scenario.clockJumps; i++) {
      time.at(between(), () => this.jumpClock());
    }
    for (const [name, cluster] of this.clusters) {
      const cancels = scenario.backends.find((backend) => backend.name === name)?.cluster.outsideCancels ?? 0;
      for (let i = 0; i < cancels; i++) time.at(between(), () => cluster.cancelFromOutside());
      for (let i = 0; i < scenario.foreignJobs; i++) {
        const owner = random.pick(scenario.owners);
        time.at(between(), () => this.witness.foreignJob(cluster, owner, i));
      }
    }
    if (random.chance(0.5)) time.at(between(), () => this.keeper.crash('out of the blue'));
    time.at(scenario.healsAtMs, () => this.heal());
  }

  private jumpClock(): void {
    const byMs = this.random.pick([-86_400_000, -3_600_000, -5_000, 5_000, 3_600_000]);
    this.time.jumpWall(byMs);
    this.transcript.say('clock', `the wall clock jumps by ${byMs / 1000} s`);
  }

  private heal(): void {
    this.keeper.heal();
    this.transcript.say('weather', 'everything heals');
    this.scenario.node.heal();
    for (const { weather } of this.scenario.backends) weather.heal();
    for (const cluster of this.clusters.values()) cluster.heal();
    this.lookForEnd();
  }

  /** Every other second people let go what they hold, and see whether all has ended. */
  private lookForEnd(): void {
    checkNothingForgotten(this.witness.parts);
    this.over = this.clients.unanswered === 0 && this.unfinished().length === 0;
    if (this.over) return;
    this.clients.letGo();
    this.time.after(2_000, () => this.lookForEnd());
  }

  private unfinished(): readonly string[] {
    const { rows } = this;
    const runs = [...rows.runs.values()].filter((run) => !hasEnded(run));
    const orphans = [...rows.orphans.values()].filter((orphan) => orphan.goneAtMs === undefined);
    const { parts } = this.witness;
    const jobs = [...this.clusters.values()].flatMap((cluster) =>
      parts.cannotReconnect.has(cluster.name)
        ? []
        : cluster.alive().filter((job) => !isUnknowable(parts, job)),
    );
    return [
      ...runs.map(
        (run) => `run ${run.id} is ${run.status}${run.held ? ' (held)' : ''}${this.openCalls(run.id)}`,
      ),
      ...orphans.map((orphan) => `orphan ${orphan.tag} is not confirmed gone`),
      ...jobs.map((job) => `job ${job.nativeId} (${job.tag}) is ${job.state}`),
    ];
  }

  private openCalls(runId: number): string {
    const open = this.rows.callsOf(runId).filter((call) => !CALL_ENDS.includes(call.status));
    const attempts = this.rows.attemptsOf(runId).filter((attempt) => attempt.state.kind !== 'ended');
    return [
      '',
      ...open.map(
        (call) =>
          `${call.key} ${call.status}${call.retryAtMs === undefined ? '' : `, retry in ${(call.retryAtMs - this.time.wallMs()) / 1000} s`}`,
      ),
      ...attempts.map((attempt) => `#${attempt.number} of ${attempt.call} ${JSON.stringify(attempt.state)}`),
    ].join(', ');
  }

  private giveUp(): void {
    const open = [
      ...this.unfinished(),
      ...(this.clients.unanswered > 0 ? ['a submit was never answered'] : []),
    ];
    this.accuse(RULES.progress, open.join('; '));
  }

  private accuse(rule: string, what: string): void {
    this.accusation ??= `${rule}: ${what}`;
    this.transcript.say('BROKEN', `${rule}: ${what}`);
  }
}
