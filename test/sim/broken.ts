/**
 * Deliberately broken variants: each breaks one rule of SEMANTICS 6 the way a hasty change might, by
 * replacing one part. A simulation that does not notice one of them is missing a check.
 */
import type { Backend, JobObservation, NativeId, Snapshot } from '../../backends/backend.ts';
import type { OwnerFiles } from '../../daemon/owner-files.ts';
import type { Changes, Store } from '../../daemon/store/store.ts';
import { createMemoryStore } from './memory-store.ts';
import type { Scenario } from './scenario.ts';
import type { Breakage, WorldOptions } from './world.ts';

export interface BrokenVariant {
  readonly name: string;
  readonly options: Partial<Pick<WorldOptions, 'breakage' | 'createStore'>>;
}

export const BROKEN_VARIANTS: readonly BrokenVariant[] = [
  variant('an ambiguous reply is taken for a refusal', { backend: ambiguousIsRejected }),
  variant('an ambiguous reply is taken for "later"', { backend: ambiguousIsThrottled }),
  variant('a failed query is taken for an empty listing', { backend: unavailableIsEmpty }),
  variant('a job told to end is taken for gone', { backend: abortedIsGone }),
  variant('absence is believed without a settle time', {
    backend: (backend) => ({ ...backend, settleMs: 0 }),
  }),
  variant('a state nobody has met is taken for the end', { backend: unknownIsLost }),
  variant('a native id is believed without its tag', { backend: tagOfAnother }),
  variant('the limit of submit commands is not kept', {
    backend: (backend) => ({ ...backend, maxSubmitting: 50 }),
  }),
  variant('the wrapper takes no claim', { scenario: withoutClaims }),
  variant('a commit that was refused is reported as kept', { store: refusedIsCommitted }),
  variant('the submission is not on disk before it runs', { store: forgetsSubmitting }),
  variant('an abort is answered before it is on disk', { store: forgetsAborts }),
  variant('files are submitted that were never written', { files: writesNothing }),
  variant('an exit mark of an earlier run count is believed', { files: ignoresRunCounts }),
  variant('a missing output goes unnoticed', { files: missesNothing }),
  { name: 'commits are lost in a crash', options: { createStore: forgetfulStore } },
];

function variant(name: string, breakage: Breakage): BrokenVariant {
  return { name, options: { breakage } };
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

/** Native ids are used again: whoever looks only at them takes another's end for its own. */
function tagOfAnother(backend: Backend): Backend {
  const tags = new Map<NativeId, JobObservation['tag']>();
  const renamed = (job: JobObservation): JobObservation => {
    const tag = tags.get(job.nativeId) ?? job.tag;
    tags.set(job.nativeId, tag);
    return { ...job, tag };
  };
  return withListing(backend, (snapshot) =>
    snapshot.kind === 'unavailable' ? snapshot : { kind: 'complete', jobs: snapshot.jobs.map(renamed) },
  );
}

function withListing(backend: Backend, change: (snapshot: Snapshot) => Snapshot): Backend {
  return { ...backend, observe: async (owner) => change(await backend.observe(owner)) };
}

/** More submits come too late in these worlds: only the claim stands between them and a second run. */
function withoutClaims(scenario: Scenario): Scenario {
  return {
    ...scenario,
    files: { ...scenario.files, claims: false },
    backends: scenario.backends.map((one) => ({ ...one, backend: { ...one.backend, tooLate: 0.1 } })),
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

function withChanges(store: Store, change: (changes: Changes) => Changes): Store {
  return { ...store, commit: (changes) => store.commit(change(changes)) };
}

function writesNothing(files: OwnerFiles): OwnerFiles {
  return { ...files, write: async () => ({ kind: 'ok', value: undefined }) };
}

function ignoresRunCounts(files: OwnerFiles): OwnerFiles {
  return {
    ...files,
    readMarks: async (owner, directory, log) => {
      const answer = await files.readMarks(owner, directory, log);
      if (answer.kind === 'failed' || answer.value.claim === undefined) return answer;
      const { claim } = answer.value;
      const exit = { ...claim, exitCode: 143, succeeded: false, missing: [] };
      return claim.runCount === 0
        ? answer
        : { kind: 'ok', value: { ...answer.value, exit: answer.value.exit ?? exit } };
    },
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
