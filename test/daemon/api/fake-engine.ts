/**
 * An engine and a store in memory for tests of the API and of wfctl: they record wishes and answer them at
 * once. Nothing of the real engine's rules is in here.
 */
import type { NativeId, Owner, Tag } from '../../../backends/backend.ts';
import type {
  Answer,
  BackendStatus,
  EngineDoor,
  EngineStatus,
  Peer,
} from '../../../daemon/api/engine-door.ts';
import type { Attempt, Call, EventRow, Orphan, Run } from '../../../daemon/engine/model.ts';
import type { EventRecord, RunOverview, Store } from '../../../daemon/store/store.ts';

export const ME: Owner = {
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  name: 'ada',
  home: '/home/ada',
  shell: '/bin/bash',
};

export interface Fake {
  readonly engine: EngineDoor;
  readonly store: { -readonly [K in keyof Store]: Store[K] };
  /** Every wish, as it came: `submit`, `abort 17` … */
  readonly wishes: string[];
  readonly runs: Map<number, RunOverview>;
  readonly calls: Map<number, Call[]>;
  readonly attempts: Map<number, Attempt[]>;
  status: EngineStatus;
  /** Instead of doing what is asked. */
  refusal: Answer<never> | undefined;
  add(run?: Partial<Run>, counts?: Partial<RunOverview['counts']>, orphans?: readonly Orphan[]): Run;
  change(id: number, run: Partial<Run>): void;
  emit(event: Partial<EventRow>): void;
  /** Held back until `letGo`: for requests in flight. */
  pauseWishes(): { letGo(): void };
}

/** Long ago, so that times are always shown with their year. */
export const T0 = Date.parse('2021-03-01T08:00:00Z');

export const SLURM: BackendStatus = {
  name: 'slurm',
  kind: 'slurm',
  reachable: 'yes',
  sinceMs: T0,
  summary: 'SLURM 22.05.8 with accounting',
  version: 'SLURM 22.05.8 with accounting',
  probedAtMs: T0,
  hasAccounting: true,
  capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
  active: 3,
  maxActive: 1_000,
  submitting: 1,
  maxSubmitting: 4,
  pollMs: 5_000,
  settleMs: 30_000,
  commandTimeoutMs: 60_000,
  commands: {
    lastMinute: 12,
    total: { probe: 3, submit: 120, observe: 400, account: 7, abort: 2, unblock: 0 },
    lastAtMs: T0 + 5_000,
  },
};

export function createFake(): Fake {
  const runs = new Map<number, RunOverview>();
  const calls = new Map<number, Call[]>();
  const attempts = new Map<number, Attempt[]>();
  const eventLog: EventRecord[] = [];
  const wakes = new Set<() => void>();
  const wishes: string[] = [];
  const tokens = new Map<string, number>();
  let gate: Promise<void> = Promise.resolve();

  const fake: Fake = {
    runs,
    calls,
    attempts,
    wishes,
    status: { state: { kind: 'serving' }, backends: [SLURM] },
    refusal: undefined,
    add(given = {}, counts = {}, orphans = []) {
      const id = given.id ?? runs.size + 1;
      const run: Run = { ...aRun(id), ...given };
      runs.set(id, { run, counts: { ...NO_CALLS, ...counts }, orphans });
      return run;
    },
    change(id, change) {
      const found = runs.get(id);
      if (found === undefined) throw new Error(`the fake has no run ${id}`);
      runs.set(id, { ...found, run: { ...found.run, ...change } });
    },
    emit(event) {
      eventLog.push({
        seq: eventLog.length + 1,
        atMs: T0,
        type: 'run.changed',
        text: 'something happened',
        ...event,
      });
      for (const wake of wakes) wake();
    },
    pauseWishes() {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return { letGo: () => open() };
    },
    engine: {
      async submit(wish, peer) {
        wishes.push('submit');
        await gate;
        if (fake.refusal !== undefined) return fake.refusal;
        const known = wish.token === undefined ? undefined : tokens.get(wish.token);
        if (known !== undefined) return done({ run: runOf(known), repeated: true });
        const { labels, submitDir, umask } = wish;
        const run = fake.add({
          name: wish.name ?? 'unnamed',
          owner: peer.owner,
          labels,
          submitDir,
          umask,
          status: wish.hold ? 'OnHold' : 'Submitted',
        });
        if (wish.token !== undefined) tokens.set(wish.token, run.id);
        return done({ run, repeated: false });
      },
      async abort(ids, wish, peer) {
        wishes.push(`abort ${ids.join(',')}${wish.force ? ' --force' : ''}`);
        return ids.map((id) =>
          changed(id, { status: 'Aborting', abort: { by: peer.name, atMs: T0, force: wish.force } }),
        );
      },
      async abortCall(id, call) {
        wishes.push(`abort ${id} ${call}`);
        return changed(id, {});
      },
      async hold(id, reason, peer) {
        wishes.push(`hold ${id}`);
        return changed(id, { held: { by: peer.name, reason: reason ?? 'no reason given' } });
      },
      async release(id) {
        wishes.push(`release ${id}`);
        return changed(id, { status: 'Running' });
      },
      async pauseBackend(name, reason, peer) {
        wishes.push(`pause ${name}`);
        return backend(name, { ...SLURM, paused: { by: peer.name, reason, sinceMs: T0 } });
      },
      async resumeBackend(name) {
        wishes.push(`resume ${name}`);
        return backend(name, SLURM);
      },
      async drain(peer) {
        fake.status = { ...fake.status, state: { kind: 'draining', by: peer.name, sinceMs: T0 } };
        return done(fake.status);
      },
      async resume() {
        fake.status = { ...fake.status, state: { kind: 'serving' } };
        return done(fake.status);
      },
      status: () => fake.status,
      onEvents(wake) {
        wakes.add(wake);
        return () => wakes.delete(wake);
      },
    },
    store: {
      load: () => Promise.reject(new Error('the API never loads')),
      commit: () => Promise.reject(new Error('the API never writes')),
      findRun: async (id) => runs.get(id),
      findRunByToken: async () => undefined,
      async listRuns({ limit, beforeId, statuses, labels, owner, ownerUid, name }) {
        return [...runs.values()]
          .sort((a, b) => b.run.id - a.run.id)
          .filter(({ run }) => beforeId === undefined || run.id < beforeId)
          .filter(({ run }) => statuses === undefined || statuses.includes(run.status))
          .filter(({ run }) => owner === undefined || run.owner.name === owner)
          .filter(({ run }) => ownerUid === undefined || run.owner.uid === ownerUid)
          .filter(({ run }) => name === undefined || run.name === name)
          .filter(({ run }) =>
            Object.entries(labels ?? {}).every(([key, value]) => run.labels[key] === value),
          )
          .slice(0, limit);
      },
      listCalls: async (id) => calls.get(id) ?? [],
      listAttempts: async (id, call) =>
        (attempts.get(id) ?? []).filter((attempt) => call === undefined || attempt.call === call),
      findBundle: async () => undefined,
      listEvents: async ({ runId, ownerUid, afterSeq, limit }) =>
        eventLog
          .filter((event) => event.seq > afterSeq && (runId === undefined || event.runId === runId))
          .filter(
            (event) =>
              ownerUid === undefined ||
              (event.runId !== undefined && runOf(event.runId).owner.uid === ownerUid),
          )
          .slice(0, limit),
      close: async () => {},
    },
  };
  return fake;

  function runOf(id: number): Run {
    const found = runs.get(id);
    if (found === undefined) throw new Error(`the fake has no run ${id}`);
    return found.run;
  }

  function changed(id: number, change: Partial<Run>): Answer<Run> {
    if (fake.refusal !== undefined) return fake.refusal;
    fake.change(id, change);
    return done(runOf(id));
  }

  function backend(name: string, status: BackendStatus): Answer<BackendStatus> {
    if (name !== 'slurm') {
      return {
        ok: false,
        error: { code: 'BACKEND_NOT_FOUND', message: `there is no backend ${name}; there is slurm` },
      };
    }
    return done(status);
  }
}

const NO_CALLS = { NotStarted: 0, Ready: 0, Active: 0, Succeeded: 0, Failed: 0, Aborted: 0, Skipped: 0 };

function aRun(id: number): Run {
  return {
    id,
    uuid: `0f3a9c2e-0000-4000-8000-${String(id).padStart(12, '0')}`,
    name: 'align-cohort',
    owner: ME,
    status: 'Running',
    failing: false,
    failureMode: 'NoNewCalls',
    backend: 'slurm',
    labels: {},
    submitDir: '/home/ada',
    directory: `/home/ada/wf-runs/align-cohort-${id}`,
    umask: 0o022,
    submittedAtMs: T0,
    startedAtMs: T0 + 1_000,
    problems: [],
  };
}

export function aCall(given: Partial<Call> & Pick<Call, 'runId' | 'key'>): Call {
  return {
    task: given.key.replace(/\[.*/, ''),
    role: 'call',
    position: 0,
    status: 'Active',
    attempts: 1,
    userRetries: 0,
    infraRetries: 0,
    ...given,
  };
}

export function anAttempt(given: Partial<Attempt> & Pick<Attempt, 'runId' | 'call'>): Attempt {
  return {
    number: 1,
    backend: 'slurm',
    state: { kind: 'running', nativeId: '4711' as NativeId, runCount: 0 },
    tag: 'align.1.abcdefghij' as Tag,
    element: 0,
    directory: `/home/ada/wf-runs/align-cohort-1/align/0/1`,
    backendStatus: 'RUNNING',
    queuedAtMs: T0 + 2_000,
    startedAtMs: T0 + 3_000,
    ...given,
  };
}

function done<T>(value: T): Answer<T> {
  return { ok: true, value };
}

export function peerNamed(name: string, uid: number): Peer {
  return { uid, pid: 1, name, owner: { ...ME, uid, name }, role: uid === ME.uid ? 'admin' : 'user' };
}
