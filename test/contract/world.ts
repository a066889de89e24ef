/**
 * What the contract suite needs of the world: where jobs may live, submitting small scripts there, and waiting
 * for what becomes of them.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Backend,
  JobObservation,
  KnownJob,
  NativeId,
  Owner,
  Resources,
  Snapshot,
  SubmitReply,
  SubmitRequest,
  Tag,
} from '../../backends/backend.ts';

export interface Habitat {
  readonly backend: Backend;
  readonly owner: Owner;
  /** Absolute; the owner can write there and the jobs see it. */
  readonly directory: string;
  /** A request that this scheduler refuses for good; absent where it refuses nothing. */
  readonly refused?: Resources;
  /** A request with which a job is accepted and held; absent where nothing can be held. */
  readonly held?: Resources;
  /** Do the limits of the submitting process stay out of the job? */
  readonly dropsLimits: boolean;
  close(): Promise<void>;
}

export interface World {
  readonly habitat: Habitat;
  readonly backend: Backend;
  submit(script: string, changes?: Partial<SubmitRequest> & { readonly place?: string }): Promise<Submission>;
}

interface Submission {
  readonly tag: Tag;
  readonly reply: SubmitReply;
  readonly nativeId: NativeId;
  /** Holds the script, the log and what the job writes. */
  readonly place: string;
  seen(wanted: (job: JobObservation) => boolean, index?: number): Promise<JobObservation>;
  read(file: string): string;
}

export function createWorld(habitat: Habitat): World {
  const { backend, owner, directory } = habitat;
  return {
    habitat,
    backend,
    async submit(text, { place: name = '', ...changes } = {}) {
      const tag = newTag();
      const place = `${directory}/${tag}${name}`;
      const script = `${place}/job`;
      mkdirSync(place);
      const head = { log: `${place}/log`, umask: 0o022, elements: 1, ...changes };
      writeFileSync(
        script,
        `#!/bin/sh\n${backend.preamble(head)}\ncd ${quoted(place)} || exit 99\n${text}\n`,
        {
          mode: 0o755,
        },
      );
      if (process.geteuid?.() === 0)
        for (const path of [place, script]) chownSync(path, owner.uid, owner.gid);
      const request = {
        ...head,
        tag,
        owner,
        resources: {},
        workdir: place,
        script,
        ...changes,
      };
      const reply = await backend.submit(request);
      const nativeId = reply.kind === 'accepted' ? reply.nativeId : ('none' as NativeId);
      return {
        tag,
        reply,
        nativeId,
        place,
        seen: (wanted, index = 0) => seen(habitat, { tag, index, nativeId }, wanted),
        read: (file) => readOrEmpty(`${place}/${file}`),
      };
    },
  };
}

/** Looks again until the job is as wanted; how long that takes is the test runner's business. */
async function seen(
  { backend, owner }: Habitat,
  { tag, index, nativeId }: KnownJob,
  wanted: (job: JobObservation) => boolean,
): Promise<JobObservation> {
  for (;;) {
    const snapshot = await backend.observe(owner, [{ tag, index, nativeId }]);
    const jobs = snapshot.kind === 'complete' ? snapshot.jobs : [];
    const job = jobs.find((each) => each.tag === tag && each.index === index);
    if (job !== undefined && wanted(job)) return job;
    if (job?.state === 'ended') throw new Error(`the job ended instead: ${JSON.stringify(job)}`);
    await sleep(200);
  }
}

export const hasEnded = (job: JobObservation): boolean => job.state === 'ended';

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(200);
}

export function jobsOf(snapshot: Snapshot): readonly JobObservation[] {
  return snapshot.kind === 'complete' ? snapshot.jobs : [];
}

export function newTag(): Tag {
  return `contract.1.${randomBytes(5).toString('hex')}` as Tag;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export async function withEnvironment<T>(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

/** With another soft limit on open files in this very process while `work` is done. */
export async function withOpenFiles<T>(limit: number, work: () => Promise<T>): Promise<T> {
  const set = (soft: string): string =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`], { encoding: 'utf8' });
  const soft = execFileSync('sh', ['-c', 'ulimit -Sn'], { encoding: 'utf8' }).trim();
  set(String(limit));
  try {
    return await work();
  } finally {
    set(soft);
  }
}
