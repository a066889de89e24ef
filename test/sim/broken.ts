/**
 * Deliberately broken variants: each breaks one rule of SEMANTICS 6 the way a hasty change might, by
 * replacing one part. A simulation that does not notice one of them is missing a check.
 */
import type { Backend, JobObservation, NativeId, Snapshot } from '../../backends/backend.ts';
import type { SpoolEntry } from '../../backends/marks.ts';
import type { Changes } from '../../daemon/engine/changes.ts';
import type { OwnerFiles } from '../../daemon/files/owner-files.ts';
import type { Store, StoredRun } from '../../daemon/store/store.ts';
import type { OpenWorkflow, TaskPolicy } from '../../daemon/workflow/language.ts';
import type { RULES } from './court.ts';
import { createMemoryStore } from './memory-store.ts';
import type { Scenario } from './scenario.ts';
import type { Breakage, WorldOptions } from './world.ts';

export interface BrokenVariant {
  readonly name: string;
  /** The rules one of which must be found broken: to fail anyhow is not to be caught. */
  readonly breaks: readonly Rule[];
  readonly options: Partial<Pick<WorldOptions, 'breakage' | 'createStore'>>;
}

type Rule = keyof typeof RULES;

export const BROKEN_VARIANTS: readonly BrokenVariant[] = [
  // What the scheduler is understood to have said.
  variant('an ambiguous reply is taken for a refusal', ['endBeforeJob'], { backend: ambiguousIsRejected }),
  variant('an ambiguous reply is taken for "later"', ['endBeforeJob'], { backend: ambiguousIsThrottled }),
  variant('a failed query is taken for an empty listing', ['endBeforeJob'], { backend: unavailableIsEmpty }),
  variant('a job told to end is taken for gone', ['endBeforeJob'], { backend: abortedIsGone }),
  variant('absence is believed without a settle time', ['endBeforeJob'], { backend: withoutSettling }),
  variant('a state nobody has met is taken for the end', ['endBeforeJob'], { backend: unknownIsLost }),
  variant('a listing of running jobs is taken for one of all', ['endBeforeJob'], {
    backend: runningIsAll,
  }),
  variant('the limit of submit commands is not kept', ['limits'], { backend: withoutSubmitLimit }),
  // What jobs leave behind.
  variant('the wrapper takes no claim', ['twice'], { scenario: withoutClaims }),
  variant('files are submitted that were never written', ['intention'], { files: writesNothing }),
  variant(
    'the end of an earlier run of a job is taken for that of the present one',
    ['endBeforeJob', 'verdict'],
    {
      files: ignoresRunCounts,
      scenario: withRequeues,
    },
  ),
  variant('what is given up keeps its claim free', ['endBeforeJob', 'twice', 'verdict'], {
    files: revokesNothing,
    scenario: withLateSubmits,
  }),
  variant('a missing output goes unnoticed', ['verdict'], { files: missesNothing }),
  // What is on disk.
  variant('a commit that was refused is reported as kept', ['answer', 'intention'], {
    store: refusedIsCommitted,
  }),
  variant('a commit that was kept is reported as refused', ['transition', 'endedRow', 'failureMode'], {
    store: committedIsRefused,
  }),
  variant('the submission is not on disk before it runs', ['intention'], { store: forgetsSubmitting }),
  variant('an abort is answered before it is on disk', ['answer'], { store: forgetsAborts }),
  variant('an abort does not survive a restart', ['transition'], { store: loadsAbortsAsRunning }),
  variant('finalization is begun anew after a restart', ['finalization', 'endedRow', 'transition'], {
    store: loadsNoSteps,
  }),
  variant('orphans are forgotten at a restart', ['progress'], { store: loadsNoOrphans }),
  {
    name: 'commits are lost in a crash',
    breaks: ['endedRow', 'transition', 'answer', 'twice', 'forgotten', 'endBeforeJob'],
    options: { createStore: forgetfulStore },
  },
  // What the workflow asked for.
  variant('retries have no budget', ['budget'], { open: withoutBudgets }),
  variant('maxParallel is not kept', ['limits'], { open: withoutTaskLimits }),
  variant('a step that must not be cut off is killed', ['abortManner'], { open: withoutFinish }),
  variant('a failure for good stops nothing under NoNewCalls', ['failureMode'], { store: callsItNoNewCalls }),
];

function variant(name: string, breaks: readonly Rule[], breakage: Breakage): BrokenVariant {
  return { name, breaks, options: { breakage } };
}

function ambiguousIsRejected(backend: Backend): Backend {
  return {
    ...backend,
    submit: async (request) => {
      const reply = await backend.submit(request);
      return reply.kind === 'ambiguous' ? { kind: 'rejected', reason: reply.reason } : reply;
    },
  };
}

function ambiguousIsThrottled(backend: Backend): Backend {
  return {
    ...backend,
    submit: async (request) => {
      const reply = await backend.submit(request);
      return reply.kind === 'ambiguous' ? { kind: 'throttled', reason: reply.reason } : reply;
    },
  };
}

function unavailableIsEmpty(backend: Backend): Backend {
  return withListing(backend, (snapshot) =>
    snapshot.kind === 'unavailable' ? { kind: 'complete', jobs: [] } : snapshot,
  );
}

function abortedIsGone(backend: Backend): Backend {
  const told = new Set<NativeId>();
  const hiding = withListing(backend, (snapshot) =>
    snapshot.kind === 'unavailable'
      ? snapshot
      : {
          kind: 'complete',
          jobs: snapshot.jobs.map((job) => (told.has(job.nativeId) ? cancelled(job) : job)),
        },
  );
  return {
    ...hiding,
    abort: (owner, nativeIds, manner) => {
      for (const nativeId of nativeIds) told.add(nativeId);
      return backend.abort(owner, nativeIds, manner);
    },
  };
}

function cancelled(job: JobObservation): JobObservation {
  return job.state === 'ended' ? job : { ...job, state: 'ended', end: { kind: 'Cancelled' } };
}

function unknownIsLost(backend: Backend): Backend {
  return withListing(backend, (snapshot) =>
    snapshot.kind === 'unavailable'
      ? snapshot
      : {
          kind: 'complete',
          jobs: snapshot.jobs.map((job) =>
            job.state === 'unknown' ? { ...job, state: 'ended', end: { kind: 'Unknown' } } : job,
          ),
        },
  );
}

function withoutSettling(backend: Backend): Backend {
  return { ...backend, settleMs: 0 };
}

function withoutSubmitLimit(backend: Backend): Backend {
  return { ...backend, maxSubmitting: 50 };
}

/** As a query would that asks for one state only. */
function runningIsAll(backend: Backend): Backend {
  return withListing(backend, (snapshot) =>
    snapshot.kind === 'unavailable'
      ? snapshot
      : { kind: 'complete', jobs: snapshot.jobs.filter((job) => job.state !== 'queued') },
  );
}

function withListing(backend: Backend, change: (snapshot: Snapshot) => Snapshot): Backend {
  return { ...backend, observe: async (owner, known) => change(await backend.observe(owner, known)) };
}

/** More submits come too late in these worlds: only the claim stands between them and a second run. */
function withoutClaims(scenario: Scenario): Scenario {
  return withLateSubmits({ ...scenario, files: { ...scenario.files, claims: false } });
}

function withLateSubmits(scenario: Scenario): Scenario {
  return {
    ...scenario,
    backends: scenario.backends.map((one) => ({ ...one, backend: { ...one.backend, tooLate: 0.1 } })),
  };
}

/** The daemon believes that it has taken the claim. */
function revokesNothing(files: OwnerFiles): OwnerFiles {
  return {
    ...files,
    revoke: async (owner, directory, log) => {
      const answer = await files.readMarks(owner, directory, log);
      return answer.kind === 'failed' ? answer : { kind: 'ok', value: { ...answer.value, revoked: true } };
    },
  };
}

function refusedIsCommitted(store: Store): Store {
  return {
    ...store,
    commit: async (changes) => {
      await store.commit(changes);
      return { kind: 'committed' };
    },
  };
}

/** One in eight: what is on disk and what the daemon believes drift apart. */
function committedIsRefused(store: Store): Store {
  let commits = 0;
  return {
    ...store,
    commit: async (changes) => {
      const result = await store.commit(changes);
      return ++commits % 8 === 0 ? { kind: 'refused', reason: 'a lie' } : result;
    },
  };
}

/** As a daemon would that submits first and writes afterwards: attempts skip `submitting`. */
function forgetsSubmitting(store: Store): Store {
  return withChanges(store, (changes) => ({
    ...changes,
    submissions: [],
    attempts: changes.attempts.filter((attempt) => attempt.state.kind !== 'submitting'),
  }));
}

function forgetsAborts(store: Store): Store {
  return withChanges(store, (changes) => ({
    ...changes,
    runs: changes.runs.filter((run) => run.status !== 'Aborting' && run.status !== 'ForceAborting'),
  }));
}

function loadsAbortsAsRunning(store: Store): Store {
  return withLoaded(store, (stored) =>
    stored.run.status === 'Aborting' ? { ...stored, run: { ...stored.run, status: 'Running' } } : stored,
  );
}

function loadsNoSteps(store: Store): Store {
  return withLoaded(store, (stored) => {
    const { finalization, ...run } = stored.run;
    const steps = new Set(stored.calls.filter((call) => call.role !== 'call').map((call) => call.key));
    return {
      ...stored,
      run,
      calls: stored.calls.filter((call) => !steps.has(call.key)),
      attempts: stored.attempts.filter((attempt) => !steps.has(attempt.call)),
    };
  });
}

function loadsNoOrphans(store: Store): Store {
  return { ...store, load: async () => ({ ...(await store.load()), orphans: [] }) };
}

function withLoaded(store: Store, change: (stored: StoredRun) => StoredRun): Store {
  return {
    ...store,
    load: async () => {
      const loaded = await store.load();
      return { ...loaded, runs: loaded.runs.map(change) };
    },
  };
}

/** The daemon goes on as under ContinueWhilePossible, while its disk says NoNewCalls. */
function callsItNoNewCalls(store: Store): Store {
  return withChanges(store, (changes) => ({
    ...changes,
    runs: changes.runs.map((run) => ({ ...run, failureMode: 'NoNewCalls' })),
  }));
}

function withChanges(store: Store, change: (changes: Changes) => Changes): Store {
  return { ...store, commit: (changes) => store.commit(change(changes)) };
}

function writesNothing(files: OwnerFiles): OwnerFiles {
  return { ...files, write: async () => ({ kind: 'ok', value: undefined }) };
}

function ignoresRunCounts(files: OwnerFiles): OwnerFiles {
  return {
    ...files,
    listSpool: async (owner, directory) => {
      const answer = await files.listSpool(owner, directory);
      if (answer.kind === 'failed') return answer;
      const value = answer.value.map((entry): SpoolEntry => {
        if (entry.kind === 'ended' || entry.runCount === 0) return entry;
        return { ...entry, kind: 'ended', exitCode: 0, succeeded: true };
      });
      return { kind: 'ok', value };
    },
  };
}

function withRequeues(scenario: Scenario): Scenario {
  return {
    ...scenario,
    backends: scenario.backends.map((one) => ({
      ...one,
      cluster: { ...one.cluster, infraTrouble: 0.5, requeues: 1 },
    })),
  };
}

function missesNothing(files: OwnerFiles): OwnerFiles {
  return {
    ...files,
    readMarks: async (owner, directory, log) => {
      const answer = await files.readMarks(owner, directory, log);
      if (answer.kind === 'failed' || answer.value.exit === undefined) return answer;
      const { exit } = answer.value;
      return {
        kind: 'ok',
        value: { ...answer.value, exit: { ...exit, succeeded: exit.exitCode === 0, missing: [] } },
      };
    },
  };
}

/** Acknowledges every commit, keeps only every third: what came between is gone with the process. */
function forgetfulStore(): Store {
  const store = createMemoryStore();
  let held: Changes[] = [];
  return {
    ...store,
    load: () => {
      held = [];
      return store.load();
    },
    commit: async (changes) => {
      held.push(changes);
      if (held.length < 3) return { kind: 'committed' };
      const kept = held;
      held = [];
      for (const one of kept) await store.commit(one);
      return { kind: 'committed' };
    },
  };
}

function withoutBudgets(open: OpenWorkflow): OpenWorkflow {
  return withPolicies(open, (policy) => ({ ...policy, retries: { ...policy.retries, max: 100 } }));
}

function withoutTaskLimits(open: OpenWorkflow): OpenWorkflow {
  return withPolicies(open, ({ maxParallel, ...policy }) => policy);
}

function withoutFinish(open: OpenWorkflow): OpenWorkflow {
  return withPolicies(open, (policy) => ({ ...policy, abort: { kind: 'kill' } }));
}

function withPolicies(open: OpenWorkflow, change: (policy: TaskPolicy) => TaskPolicy): OpenWorkflow {
  return (bundle) => {
    const opened = open(bundle);
    if (!opened.ok) return opened;
    const task = opened.program.task.bind(opened.program);
    return { ...opened, program: { ...opened.program, task: (name) => change(task(name)) } };
  };
}
