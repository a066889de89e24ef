/**
 * A world in which the real loop lives against a fake cluster: one seed, virtual time, nothing awaited.
 *
 * The world moves from event to event: commands answer, jobs start and end, people ask, the daemon ticks
 * and is killed. Troubles last, then everything heals, and then every run must end.
 */
import type { Backend } from '../../backends/backend.ts';
import { hasEnded } from '../../daemon/engine/model.ts';
import type { Loop } from '../../daemon/loop.ts';
import type { OwnerFiles } from '../../daemon/owner-files.ts';
import type { LoopParts } from '../../daemon/parts.ts';
import type { Store } from '../../daemon/store/store.ts';
import type { OpenWorkflow } from '../../daemon/workflow/language.ts';
import { Clients } from './clients.ts';
import { CommittedRows } from './committed-rows.ts';
import { RULES } from './court.ts';
import { backendOf } from './fake-backend.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeFiles } from './fake-files.ts';
import { Life } from './life.ts';
import { createRandom, type Random } from './random.ts';
import { CALL_ENDS } from './row-checks.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { StoreDoor } from './store-door.ts';
import { Transcript } from './transcript.ts';
import { checkNothingForgotten } from './truth-checks.ts';
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
/** A tick awaits commits only: no commit takes so long. */
const LONGEST_TICK_MS = 500;
const TICKS_MAX = 200_000;

class World {
  private readonly options: WorldOptions;
  private readonly random: Random;
  private readonly scenario: Scenario;
  private readonly time = new VirtualTime();
  private readonly transcript = new Transcript(this.time);
  private readonly rows = new CommittedRows();
  private readonly clusters = new Map<string, FakeCluster>();
  private readonly files: FakeFiles;
  private readonly store: Store;
  private readonly witness: Witness;
  private readonly clients: Clients;
  private readonly stats = { ticks: 0, crashes: 0 };
  private accusation: string | undefined;
  private life: Life;
  private door: StoreDoor | undefined;
  private loop: Loop | undefined;
  private tickBegunMs: number | undefined;
  private wakeAtMs = Number.POSITIVE_INFINITY;
  private healed = false;
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
    this.store = options.createStore();
    this.life = new Life(0, time);
    this.clients = new Clients({
      time,
      random: random.fork('clients'),
      scenario,
      rows,
      court,
      transcript: this.transcript,
      loop: () => this.loop,
    });
  }

  async live(): Promise<void> {
    this.plan();
    this.boot();
    while (!this.over && this.accusation === undefined) {
      await drainMicrotasks();
      this.step();
    }
    this.life.alive = false;
  }

  end(): WorldEnd {
    const jobs = [...this.clusters.values()].reduce((sum, cluster) => sum + cluster.jobs.length, 0);
    return {
      seed: this.options.seed,
      accusation: this.accusation,
      transcript: this.transcript.lines(),
      stats: { ...this.stats, jobs, runs: this.rows.runs.size, virtualMs: this.time.trueMs },
    };
  }

  /** One event, or one tick of the daemon, whichever is due first. */
  private step(): void {
    const tickAtMs =
      this.loop !== undefined && this.tickBegunMs === undefined ? this.wakeAtMs : Number.POSITIVE_INFINITY;
    const eventAtMs = this.time.nextDueMs();
    if (Math.min(tickAtMs, eventAtMs) > this.scenario.healsAtMs + PATIENCE_MS) return this.giveUp();
    if (eventAtMs <= tickAtMs) return this.time.runNext();
    this.time.advanceTo(tickAtMs);
    this.tick();
  }

  private tick(): void {
    const { life, loop } = this;
    if (loop === undefined) return;
    this.stats.ticks++;
    if (this.stats.ticks > TICKS_MAX) this.accuse(RULES.progress, 'the daemon ticks without end');
    this.tickBegunMs = this.time.trueMs;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    loop.tick().then(
      () => {
        if (life.alive) this.ticked(loop);
      },
      (error: unknown) => {
        if (life.alive)
          this.accuse(RULES.crash, error instanceof Error ? String(error.stack) : String(error));
      },
    );
  }

  private ticked(loop: Loop): void {
    const tookMs = this.time.trueMs - (this.tickBegunMs ?? this.time.trueMs);
    if (tookMs > LONGEST_TICK_MS)
      this.accuse(RULES.progress, `a tick has waited for ${Math.round(tookMs)} ms`);
    this.tickBegunMs = undefined;
    const wakeMs = loop.nextWakeMs() - this.monotonicMs();
    if (Number.isNaN(wakeMs)) this.accuse(RULES.crash, 'nextWakeMs() is not a number');
    this.wakeAtMs = Math.min(this.wakeAtMs, this.time.trueMs + Math.max(1, wakeMs));
  }

  private monotonicMs: () => number = () => 0;

  private boot(): void {
    const life = new Life(this.life.number + 1, this.time);
    this.life = life;
    for (const cluster of this.clusters.values()) cluster.forgetReports();
    this.transcript.say('daemon', `starts, life ${life.number}`);
    this.options.createLoop(this.parts(life)).then(
      (loop) => {
        if (life.alive) this.booted(loop);
      },
      (error: unknown) => {
        if (life.alive)
          this.accuse(
            RULES.crash,
            `createLoop: ${error instanceof Error ? String(error.stack) : String(error)}`,
          );
      },
    );
  }

  private booted(loop: Loop): void {
    this.loop = loop;
    this.tickBegunMs = undefined;
    this.wakeAtMs = this.time.trueMs;
    loop.onInput(() => {
      if (this.loop === loop) this.wakeAtMs = Math.min(this.wakeAtMs, this.time.trueMs + 1);
    });
  }

  private parts(life: Life): LoopParts {
    const { scenario, time, transcript, witness, options, random } = this;
    const { breakage } = options;
    const clock = time.clockFrom(random.between(0, 1e7));
    this.monotonicMs = clock.monotonicMs;
    const backends = new Map<string, Backend>();
    for (const { name, backend: habits, weather } of scenario.backends) {
      const cluster = this.clusters.get(name);
      if (cluster === undefined) continue;
      const chance = random.fork(`backend ${name} ${life.number}`);
      const right = backendOf({ cluster, time, random: chance, weather, habits, transcript, witness }, life);
      backends.set(name, breakage?.backend?.(right) ?? right);
    }
    const files = this.files.ownerFiles(life);
    return {
      store: this.openStore(life),
      backends,
      files: breakage?.files?.(files) ?? files,
      clock,
      random: random.fork(`loop ${life.number}`).next,
      open: breakage?.open?.(options.open) ?? options.open,
      settings: { ...scenario.settings, resume: life.number === 1 || !random.chance(scenario.doesNotResume) },
      log: this.log(),
      host: 'login1',
    };
  }

  private log(): LoopParts['log'] {
    const say = (fields: object, message: string): void => {
      this.transcript.say('log', `${message} ${JSON.stringify(fields)}`);
    };
    return { info: () => undefined, warn: say, error: say };
  }

  private openStore(life: Life): Store {
    const parts = {
      inner: this.store,
      time: this.time,
      random: this.random.fork(`store ${life.number}`),
      weather: this.scenario.node,
      kept: (changes: Parameters<Witness['committed']>[0]) => {
        for (const event of changes.events)
          this.transcript.say('event', `run ${event.runId ?? '-'}: ${event.text}`);
        this.witness.committed(changes);
      },
      mayCrash: () => this.mayCrash() && this.random.chance(this.scenario.crashes),
      crash: (when: string) => this.crash(when),
    };
    this.door = new StoreDoor(parts, life);
    const store = this.door.open();
    return this.options.breakage?.store?.(store) ?? store;
  }

  private mayCrash(): boolean {
    return !this.healed && this.stats.crashes < this.scenario.crashesMax;
  }

  private crash(when: string): void {
    if (!this.life.alive) return;
    this.stats.crashes++;
    this.life.alive = false;
    this.loop = undefined;
    this.transcript.say('daemon', `is killed ${when}`);
    void this.door?.settleAtDeath();
    this.time.after(this.random.between(0.01, 1) * this.scenario.downMs, () => this.boot());
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
    if (scenario.crashesMax > 0 && random.chance(0.5))
      time.at(between(), () => this.mayCrash() && this.crash('out of the blue'));
    time.at(scenario.healsAtMs, () => this.heal());
  }

  private jumpClock(): void {
    const byMs = this.random.pick([-86_400_000, -3_600_000, -5_000, 5_000, 3_600_000]);
    this.time.jumpWall(byMs);
    this.transcript.say('clock', `the wall clock jumps by ${byMs / 1000} s`);
  }

  private heal(): void {
    this.healed = true;
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
    const jobs = [...this.clusters.values()].flatMap((cluster) =>
      this.witness.parts.cannotReconnect.has(cluster.name) ? [] : cluster.alive().filter((job) => !job.late),
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
