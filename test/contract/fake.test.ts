/**
 * The contract on the simulation's own backend: what is false here would make the simulation prove nothing.
 * Its cluster lives in real time, and its jobs are real processes.
 */
import { rmSync } from 'node:fs';
import type { Blocked, SubmitRequest } from '../../backends/backend.ts';
import { CALM } from '../fake-commands/calm.ts';
import { JobProcesses, type Launch, reportOf } from '../fake-commands/job-processes.ts';
import { NO_CHANCE, startRealTime } from '../fake-commands/real-time.ts';
import { type BackendHabits, backendOf } from '../sim/fake-backend.ts';
import { FakeCluster } from '../sim/fake-cluster.ts';
import { FakeFiles } from '../sim/fake-files.ts';
import type { ClusterJob, JobPlayer } from '../sim/fake-job.ts';
import { Life } from '../sim/life.ts';
import { Transcript } from '../sim/transcript.ts';
import { type SchedulerTrouble, Weather } from '../sim/weather.ts';
import { describeBackend } from './describe-backend.ts';
import type { Habitat } from './habitat.ts';
import { directoryFor, ourselves } from './owners.ts';

const ABLE: BackendHabits = {
  canReconnect: true,
  canLookUp: true,
  settleMs: 1_000,
  commandTimeoutMs: 60_000,
  maxActive: 1_000,
  maxSubmitting: 4,
  pollMs: 1_000,
  accounting: true,
  queueLimit: 1_000,
  rejects: 0,
  tooLate: 0,
  strange: 0,
};

describeBackend('the simulation’s backend', () => openFake(ABLE));
describeBackend('the simulation’s backend, without look-ups and accounting', () =>
  openFake({ ...ABLE, canReconnect: false, canLookUp: false, accounting: false }),
);

/** Troubles that are on while a test wants them to be. */
class Troubles extends Weather {
  now: SchedulerTrouble | undefined;

  constructor() {
    super([]);
  }

  override isOn(trouble: string): boolean {
    return trouble === this.now;
  }
}

async function openFake(able: BackendHabits): Promise<Habitat> {
  const owner = ourselves();
  const directory = directoryFor(owner);
  const { time, stop } = startRealTime(SPEED);
  const requests = new Map<string, SubmitRequest>();
  const requestOf = ({ tag }: ClusterJob): SubmitRequest => {
    const request = requests.get(tag);
    if (request === undefined) throw new Error(`nobody has submitted ${tag}`);
    return request;
  };
  const processes = new JobProcesses();
  const player: JobPlayer = {
    holds: (job) => BLOCKING_QUEUES[requestOf(job).resources.queue ?? ''],
    play: (job, ends) => processes.run(job, launchOf(job, requestOf(job)), (exit) => ends(reportOf(exit))),
    tell: (job, manner) => processes.tell(job, manner),
  };
  const weather = new Troubles();
  const transcript = new Transcript(time);
  const shared = { time, random: NO_CHANCE, transcript };
  const cluster = new FakeCluster({
    ...shared,
    name: 'fake',
    files: new FakeFiles(time, NO_CHANCE, weather, { markLagMs: 0, claims: true }),
    habits: CALM,
    witness: { executionStarts: () => undefined },
    player,
  });
  const witness = {
    submitStarts(_backend: string, request: SubmitRequest): undefined {
      requests.set(request.tag, request);
    },
    abortArrives: () => undefined,
    unblocked: () => undefined,
    isTracked: () => true,
  };
  const again = (changes: Partial<BackendHabits> = {}) => {
    const habits = { ...able, ...changes };
    return backendOf({ ...shared, cluster, weather, habits, witness }, new Life(1, time));
  };
  return {
    backend: again(),
    again,
    owner,
    directory,
    siteEnv: {},
    impossible: 'nothing',
    refused: 'nothing',
    waiting: { resources: { queue: 'held' }, blocked: true },
    stuck: { resources: { queue: 'error' }, script: 'true' },
    killed: 'Cancelled',
    forgetsUnstarted: false,
    dropsLimits: false,
    costs: { observe: 1, account: 1, abort: 1 },
    spoiler: {
      async spoil(purpose, how, work) {
        weather.now = TROUBLES[purpose] ?? (how === 'hanging' ? 'hanging' : 'down');
        try {
          return await work();
        } finally {
          weather.now = undefined;
        }
      },
    },
    async close() {
      stop();
      processes.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const SPEED = 20;
const BLOCKING_QUEUES: Readonly<Record<string, Blocked>> = {
  held: { reason: 'JobHeldUser', plain: 'the job is held by its owner', forever: false },
  error: { reason: 'Eqw', plain: 'the job could not be started', forever: true, clearable: true },
};
const TROUBLES: Partial<Record<string, SchedulerTrouble>> = {
  submit: 'lostReplies',
  account: 'accountingDown',
};

function launchOf({ nativeId, owner }: ClusterJob, request: SubmitRequest): Launch {
  const { script, workdir, log, umask } = request;
  return {
    command: [script],
    env: {
      PATH: process.env['PATH'],
      HOME: owner.home,
      USER: owner.name,
      LOGNAME: owner.name,
      FAKE_JOB_ID: nativeId,
    },
    cwd: workdir,
    umask,
    log,
    warning: { signal: 'SIGTERM', graceMs: 500 },
  };
}
