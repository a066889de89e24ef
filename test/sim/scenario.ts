/** One seed's world, drawn before it begins: sizes, habits of its clusters, how often what goes wrong. */
import type { Owner } from '../../backends/backend.ts';
import { DEFAULT_SETTINGS, type EngineSettings } from '../../daemon/engine/settings.ts';
import type { ClusterHabits } from './cluster-habits.ts';
import type { BackendHabits } from './fake-backend.ts';
import type { FilesHabits } from './fake-files.ts';
import type { Random } from './random.ts';
import { nodeWeather, schedulerWeather, type Weather } from './weather.ts';

export interface BackendScenario {
  readonly name: string;
  readonly cluster: ClusterHabits;
  readonly backend: BackendHabits;
  readonly weather: Weather;
}

export interface Scenario {
  /** Faults may happen until then; later everything is well and must end. */
  readonly healsAtMs: number;
  readonly backends: readonly BackendScenario[];
  readonly node: Weather;
  readonly files: FilesHabits;
  readonly settings: EngineSettings;
  readonly owners: readonly Owner[];
  readonly runs: number;
  readonly tasks: number;
  readonly scatter: number;
  readonly aborts: number;
  readonly holds: number;
  readonly switches: number;
  /** Chance of a crash at each commit. */
  readonly crashes: number;
  readonly crashesMax: number;
  readonly downMs: number;
  readonly doesNotResume: number;
  readonly clockJumps: number;
  readonly foreignJobs: number;
}

export function drawScenario(random: Random): Scenario {
  const healsAtMs = random.pick([60_000, 200_000, 600_000, 1_200_000]);
  const isBig = random.chance(0.1);
  const names = random.chance(0.3) ? ['alpha', 'beta'] : ['alpha'];
  return {
    healsAtMs,
    backends: names.map((name) => drawBackend(random.fork(name), name, healsAtMs, isBig)),
    node: nodeWeather(random.fork('node'), healsAtMs),
    files: { markLagMs: random.pick([0, 500, 4_000]), claims: true },
    settings: drawSettings(random, isBig),
    owners: OWNERS.slice(0, random.int(1, 2)),
    runs: random.int(1, isBig ? 3 : 10),
    tasks: random.int(1, 5),
    scatter: isBig ? 30 : random.int(1, 4),
    aborts: random.pick([0, 0.3, 0.8, 1]),
    holds: random.pick([0, 0, 0.4]),
    switches: random.pick([0, 0, 0.5]),
    crashes: random.pick([0, 0.01, 0.05, 0.2]),
    crashesMax: random.int(0, 25),
    downMs: random.pick([500, 20_000, 120_000]),
    doesNotResume: random.pick([0, 0, 0.3]),
    clockJumps: random.pick([0, 0, 3]),
    foreignJobs: random.pick([0, 5, 20]),
  };
}

const OWNERS: readonly Owner[] = ['alice', 'bob'].map((name, index) => ({
  uid: 1001 + index,
  gid: 1001 + index,
  name,
  home: `/home/${name}`,
  shell: '/bin/bash',
}));

function drawBackend(random: Random, name: string, healsAtMs: number, isBig: boolean): BackendScenario {
  const settleMs = 30_000;
  const listingLagMs = random.pick([0, 1_000, 8_000]);
  return {
    name,
    cluster: { ...drawCluster(random, listingLagMs), ...(isBig ? CROWDED.cluster : {}) },
    backend: { ...drawHabits(random, name, settleMs), ...(isBig ? CROWDED.backend : {}) },
    weather: schedulerWeather(random, healsAtMs, settleMs - listingLagMs - 4_000),
  };
}

/** Worlds in which many jobs are there at once: only in these a mass disappearance can be told. */
const CROWDED = {
  cluster: { queueMs: 60_000, runMs: 60_000 },
  backend: { maxActive: 100, maxSubmitting: 5, queueLimit: 1_000 },
} as const;

function drawCluster(random: Random, listingLagMs: number): ClusterHabits {
  return {
    queueMs: random.pick([500, 5_000, 60_000]),
    runMs: random.pick([500, 10_000, 60_000]),
    listingLagMs,
    endLagMs: random.pick([0, 500, 5_000]),
    keepMs: random.pick([0, 2_000, 60_000, 300_000]),
    recordLagMs: random.pick([0, 2_000, 30_000]),
    saysRunCount: random.chance(0.7),
    idWrap: random.pick([25, 1_000]),
    failing: random.pick([0, 0.1, 0.4]),
    infraTrouble: random.pick([0, 0.1, 0.3]),
    outsideCancels: random.pick([0, 0, 3]),
    requeues: random.pick([0, 0.7]),
    blocked: random.pick([0, 0, 0.1]),
  };
}

function drawHabits(random: Random, name: string, settleMs: number): BackendHabits {
  return {
    canReconnect: name === 'alpha' || random.chance(0.5),
    canLookUp: random.chance(0.8),
    settleMs,
    commandTimeoutMs: random.pick([20_000, 60_000]),
    maxActive: random.pick([3, 10, 100]),
    maxSubmitting: random.int(1, 5),
    pollMs: random.pick([2_000, 5_000, 10_000]),
    accounting: random.chance(0.6),
    queueLimit: random.pick([2, 8, 1_000]),
    rejects: random.pick([0, 0, 0.05]),
    tooLate: random.pick([0, 0, 0, 0.1]),
    strange: random.pick([0, 0.05]),
  };
}

function drawSettings(random: Random, isBig: boolean): EngineSettings {
  return {
    ...DEFAULT_SETTINGS,
    backend: 'alpha',
    failureMode: random.pick(['NoNewCalls', 'ContinueWhilePossible']),
    maxActivePerOwner: isBig ? 10_000 : random.pick([2, 10, 10_000]),
    infraRetries: random.int(0, 3),
    retryDelayMs: random.pick([1_000, 10_000]),
    retryDelayMaxMs: 60_000,
    blockedForeverMs: 60_000,
  };
}
