/**
 * Keeps one daemon alive after the other: builds the loop's parts for each life, ticks it when it asks to be
 * ticked, kills it, and starts the next on the same store.
 */
import type { Backend } from '../../backends/backend.ts';
import type { Changes } from '../../daemon/engine/changes.ts';
import { violations } from '../../daemon/engine/invariants.ts';
import type { LoopParts } from '../../daemon/loop/parts.ts';
import type { Loop } from '../../daemon/loop.ts';
import type { Store } from '../../daemon/store/store.ts';
import { type Court, RULES } from './court.ts';
import { backendOf } from './fake-backend.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakeFiles } from './fake-files.ts';
import { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { StoreDoor } from './store-door.ts';
import type { Transcript } from './transcript.ts';
import type { VirtualTime } from './virtual-clock.ts';
import type { Witness } from './witness.ts';
import type { WorldOptions } from './world.ts';

export interface KeeperParts {
  readonly options: WorldOptions;
  readonly scenario: Scenario;
  readonly random: Random;
  readonly time: VirtualTime;
  readonly transcript: Transcript;
  readonly court: Court;
  readonly witness: Witness;
  readonly files: FakeFiles;
  readonly clusters: ReadonlyMap<string, FakeCluster>;
}

/** A tick awaits commits only: no commit takes so long. */
const LONGEST_TICK_MS = 500;
const TICKS_MAX = 200_000;

export class DaemonKeeper {
  /** The daemon that answers now, if one does. */
  loop: Loop | undefined;
  ticks = 0;
  crashes = 0;
  private readonly parts: KeeperParts;
  private readonly store: Store;
  private life: Life;
  private door: StoreDoor | undefined;
  private tickBegunMs: number | undefined;
  private wakeAtMs = Number.POSITIVE_INFINITY;
  private monotonicMs: () => number = () => 0;
  private isCalm = false;
  /** Commits since the invariants were last asked. */
  private keptSince = 0;

  constructor(parts: KeeperParts) {
    this.parts = parts;
    this.store = parts.options.createStore();
    this.life = new Life(0, parts.time);
  }

  boot(): void {
    const { options, court, transcript, clusters, time } = this.parts;
    const life = new Life(this.life.number + 1, time);
    this.life = life;
    for (const cluster of clusters.values()) cluster.forgetReports();
    transcript.say('daemon', `starts, life ${life.number}`);
    options.createLoop(this.loopParts(life)).then(
      (loop) => {
        if (life.alive) this.booted(loop);
      },
      (error: unknown) => {
        if (life.alive) court.accuse(RULES.crash, `createLoop: ${textOf(error)}`);
      },
    );
  }

  /** Infinite while nobody lives, or a tick is under way. */
  nextTickMs(): number {
    return this.loop !== undefined && this.tickBegunMs === undefined
      ? this.wakeAtMs
      : Number.POSITIVE_INFINITY;
  }

  tick(): void {
    const { life, loop } = this;
    const { court, time } = this.parts;
    if (loop === undefined) return;
    this.ticks++;
    if (this.ticks > TICKS_MAX) court.accuse(RULES.progress, 'the daemon ticks without end');
    this.tickBegunMs = time.trueMs;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    loop.tick().then(
      () => {
        if (life.alive) this.ticked(loop, time.trueMs - (this.tickBegunMs ?? time.trueMs));
      },
      (error: unknown) => {
        if (life.alive) court.accuse(RULES.crash, textOf(error));
      },
    );
  }

  crash(when: string): void {
    const { transcript, time, random, scenario } = this.parts;
    if (!this.life.alive || !this.mayCrash()) return;
    this.crashes++;
    this.stop();
    transcript.say('daemon', `is killed ${when}`);
    void this.door?.settleAtDeath();
    time.after(random.between(0.01, 1) * scenario.downMs, () => this.boot());
  }

  /** From now on nobody kills it. */
  heal(): void {
    this.isCalm = true;
  }

  stop(): void {
    this.life.alive = false;
    this.loop = undefined;
  }

  private booted(loop: Loop): void {
    const { time } = this.parts;
    this.loop = loop;
    this.tickBegunMs = undefined;
    this.wakeAtMs = time.trueMs;
    loop.onInput(() => {
      if (this.loop === loop) this.wakeAtMs = Math.min(this.wakeAtMs, time.trueMs + 1);
    });
  }

  private ticked(loop: Loop, tookMs: number): void {
    const { court, time } = this.parts;
    this.tickBegunMs = undefined;
    this.checkInvariants(loop);
    if (tookMs > LONGEST_TICK_MS)
      court.accuse(RULES.progress, `a tick has waited for ${Math.round(tookMs)} ms`);
    const wakeMs = loop.nextWakeMs() - this.monotonicMs();
    if (Number.isNaN(wakeMs)) court.accuse(RULES.crash, 'nextWakeMs() is not a number');
    this.wakeAtMs = Math.min(this.wakeAtMs, time.trueMs + Math.max(1, wakeMs));
  }

  /** The engine's own list, asked of its memory whenever something has been stored. */
  private checkInvariants(loop: Loop): void {
    if (this.keptSince === 0) return;
    this.keptSince = 0;
    for (const state of loop.set.runs.values()) {
      for (const violation of violations(state)) this.parts.court.accuse(RULES.invariant, violation);
    }
  }

  private mayCrash(): boolean {
    return !this.isCalm && this.crashes < this.parts.scenario.crashesMax;
  }

  private loopParts(life: Life): LoopParts {
    const { scenario, time, options, random, files } = this.parts;
    const { breakage } = options;
    const clock = time.clockFrom(random.between(0, 1e7));
    this.monotonicMs = clock.monotonicMs;
    const ownerFiles = files.ownerFiles(life);
    return {
      store: this.openStore(life),
      backends: this.backends(life),
      files: breakage?.files?.(ownerFiles) ?? ownerFiles,
      clock,
      random: random.fork(`loop ${life.number}`).next,
      open: breakage?.open?.(options.open) ?? options.open,
      settings: { ...scenario.settings, resume: life.number === 1 || !random.chance(scenario.doesNotResume) },
      log: this.log(),
      host: 'login1',
    };
  }

  private backends(life: Life): Map<string, Backend> {
    const { scenario, time, transcript, witness, options, random, clusters } = this.parts;
    const backends = new Map<string, Backend>();
    for (const { name, backend: habits, weather } of scenario.backends) {
      const cluster = clusters.get(name);
      if (cluster === undefined) continue;
      const chance = random.fork(`backend ${name} ${life.number}`);
      const right = backendOf({ cluster, time, random: chance, weather, habits, transcript, witness }, life);
      backends.set(name, options.breakage?.backend?.(right) ?? right);
    }
    return backends;
  }

  private openStore(life: Life): Store {
    const { time, random, scenario, options } = this.parts;
    const parts = {
      inner: this.store,
      time,
      random: random.fork(`store ${life.number}`),
      weather: scenario.node,
      kept: (changes: Changes) => this.kept(changes),
      mayCrash: () => this.mayCrash() && random.chance(scenario.crashes),
      crash: (when: string) => this.crash(when),
    };
    this.door = new StoreDoor(parts, life);
    const store = this.door.open();
    return options.breakage?.store?.(store) ?? store;
  }

  private kept(changes: Changes): void {
    const { transcript, witness } = this.parts;
    this.keptSince++;
    for (const event of changes.events) transcript.say('event', `run ${event.runId ?? '-'}: ${event.text}`);
    witness.committed(changes);
  }

  private log(): LoopParts['log'] {
    const say = (fields: object, message: string): void => {
      this.parts.transcript.say('log', `${message} ${JSON.stringify(fields)}`);
    };
    return { info: () => undefined, warn: say, error: say };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}
