/**
 * What the promises need of a habitat: submitting small scripts, looking until something is so, counting commands.
 */
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Backend,
  CommandPurpose,
  EndReport,
  JobObservation,
  KnownJob,
  NativeId,
  Snapshot,
  SubmitReply,
  SubmitRequest,
  Tag,
} from '../../backends/backend.ts';
import { shellQuote } from '../../backends/shell-quote.ts';
import type { Habitat } from './habitat.ts';

export interface World {
  readonly habitat: Habitat;
  readonly backend: Backend;
  submit(script: string, changes?: Changes): Promise<Submission>;
}

type Changes = Partial<SubmitRequest> & {
  /** Added to the name of the job's directory. */
  readonly place?: string;
  /** Submits in place of the habitat's own backend. */
  readonly through?: Backend;
};

export interface Submission {
  readonly tag: Tag;
  readonly reply: SubmitReply;
  readonly nativeId: NativeId;
  readonly known: KnownJob;
  /** Holds the script, the log and what the job writes. */
  readonly place: string;
  seen(wanted: (job: JobObservation) => boolean, index?: number): Promise<JobObservation>;
  read(file: string): string;
}

/** `submitted` is told of every job, so that nothing is left behind. */
export function createWorld(habitat: Habitat, submitted: (nativeId: NativeId) => void): World {
  return {
    habitat,
    backend: habitat.backend,
    async submit(text, changes = {}) {
      const request = prepare(habitat, text, changes);
      const reply = await (changes.through ?? habitat.backend).submit(request);
      const nativeId = reply.kind === 'accepted' ? reply.nativeId : ('none' as NativeId);
      if (reply.kind === 'accepted') submitted(nativeId);
      const { tag, workdir: place } = request;
      const known = { tag, index: 0, nativeId };
      const read = (file: string): string => readOrEmpty(`${place}/${file}`);
      const look = (wanted: (job: JobObservation) => boolean, index = 0): Promise<JobObservation> =>
        seen(habitat, { ...known, index }, wanted);
      return { tag, reply, nativeId, known, place, seen: look, read };
    },
  };
}

/** The script and its directory are on disk before the submit command runs. */
function prepare({ backend, owner, directory }: Habitat, text: string, changes: Changes): SubmitRequest {
  const { place: name = '', through, tag = newTag(), ...wishes } = changes;
  const place = `${directory}/${tag}${name}`;
  const script = `${place}/job`;
  const head = { log: `${place}/log`, umask: 0o022, elements: 1, ...wishes };
  const lines = [
    '#!/bin/sh',
    `wf_native= wf_count= wf_index= wf_reserved= wf_tag=${tag}`,
    backend.preamble(head),
    `cd ${shellQuote(place)} || exit 98`,
  ];
  mkdirSync(place);
  writeFileSync(script, `${lines.join('\n')}\n${text}\n`, { mode: 0o755 });
  if (process.geteuid?.() === 0) for (const path of [place, script]) chownSync(path, owner.uid, owner.gid);
  return { tag, owner, resources: {}, workdir: place, script, ...head };
}

/** Looks again until the job is as wanted; how long that takes is the test runner's business. */
async function seen(
  habitat: Habitat,
  known: KnownJob,
  wanted: (job: JobObservation) => boolean,
): Promise<JobObservation> {
  for (;;) {
    const job = await look(habitat, known);
    if (job !== undefined && wanted(job)) return job;
    if (job?.state === 'ended') throw new Error(`the job ended instead: ${JSON.stringify(job)}`);
    await sleep(LOOK_AGAIN_MS);
  }
}

/** By the listing; where a listing lacks the job, its end may be known to accounting, as some forget at once. */
async function look({ backend, owner }: Habitat, known: KnownJob): Promise<JobObservation | undefined> {
  const listing = await backend.observe(owner, [known]);
  if (listing.kind === 'unavailable') return undefined;
  const isIt = ({ tag, index }: JobObservation): boolean => tag === known.tag && index === known.index;
  const listed = listing.jobs.find(isIt);
  if (listed !== undefined) return listed;
  const { tag, nativeId } = known;
  const records = await backend.account({ owner, jobs: [{ tag, nativeId }], sinceMs: lately() });
  return jobsOf(records).find((record) => isIt(record) && record.state === 'ended');
}

const LOOK_AGAIN_MS = 200;

/** What the scheduler's word alone must say of a job that ended well. */
export function success({ succeeded = 'Succeeded' }: Habitat): Partial<EndReport> {
  return succeeded === 'Succeeded' ? { kind: succeeded, exitCode: 0 } : { kind: succeeded };
}

export const hasEnded = (job: JobObservation): boolean => job.state === 'ended';
export const isRunning = (job: JobObservation): boolean => job.state === 'running';

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(LOOK_AGAIN_MS);
}

/** Does it again and again while `work` is done: a request may miss a job that is just starting. */
export async function whileAsking<T>(ask: () => Promise<unknown>, work: Promise<T>): Promise<T> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  while (!done) {
    await ask();
    await Promise.race([finished, sleep(2_000)]);
  }
  return finished;
}

export function jobsOf(snapshot: Snapshot): readonly JobObservation[] {
  return snapshot.kind === 'complete' ? snapshot.jobs : [];
}

/** What `work` cost, of one purpose. */
export async function commandsFor(
  backend: Backend,
  purpose: CommandPurpose,
  work: () => Promise<unknown>,
): Promise<number> {
  const before = backend.commandUse().total[purpose];
  await work();
  return backend.commandUse().total[purpose] - before;
}

export function newTag(): Tag {
  return `contract.1.${randomBytes(5).toString('hex')}` as Tag;
}

/** No test was begun before it, whatever the clocks of other hosts say. */
export function lately(): number {
  return Date.now() - 3_600_000;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
