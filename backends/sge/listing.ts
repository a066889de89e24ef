/**
 * Reads what qstat prints: `-xml` for all jobs, `-j` for why some are in error. A job that cannot be understood
 * makes the listing `unavailable`, since one of ours might hide in it; a state that nobody has met does not.
 *
 * No library for XML: 8.1.9 writes `<` in a job's name as `%lt;`, so what it prints need not be XML. But every
 * job is a flat list of elements, and the names that we look for have nothing to escape.
 */
import type { Blocked, JobObservation, NativeId, Snapshot, Tag } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { oneLine, whyNot } from '../why-not.ts';

/** Why a job or an element is in error, by its native id. */
export type Reasons = ReadonlyMap<string, string>;

export function readListing(result: CommandResult): Snapshot {
  const none = (reason: string): Snapshot => ({ kind: 'unavailable', reason });
  if (result.exitCode !== 0) return none(whyNot('qstat', result));
  const { stdout } = result;
  if (!/<job_info[\s>]/.test(stdout) || !stdout.trimEnd().endsWith('</job_info>'))
    return none('the answer of qstat was cut off, or is none');
  const jobs: JobObservation[] = [];
  for (const text of stdout.split(/<job_list[\s>]/).slice(1)) {
    const [job = '', rest] = text.split('</job_list>');
    const read = rest === undefined ? undefined : readJob(job);
    if (read === undefined) return none(`a job in the answer of qstat makes no sense: ${oneLine(text)}`);
    jobs.push(...read);
  }
  return { kind: 'complete', jobs };
}

/** The elements of an array that wait, in error or not, are listed together. */
function readJob(text: string): readonly JobObservation[] | undefined {
  const id = element(text, 'JB_job_number');
  const name = element(text, 'JB_name');
  const state = element(text, 'state');
  const tasks = readTasks(element(text, 'tasks') ?? '');
  if (id === undefined || !/^\d+$/.test(id) || name === undefined || state === undefined) return undefined;
  const queue = element(text, 'queue_name') ?? '';
  return tasks?.map((task) => ({
    tag: name as Tag,
    index: task === undefined ? 0 : task - 1,
    nativeId: (task === undefined ? id : `${id}.${task}`) as NativeId,
    ...stateOf(state),
    backendStatus: queue === '' ? state : `${state} in ${queue}`,
  }));
}

function element(text: string, name: string): string | undefined {
  const begin = text.indexOf(`<${name}>`);
  const end = text.indexOf(`</${name}>`, begin);
  return begin < 0 || end < 0 ? undefined : text.slice(begin + name.length + 2, end);
}

/** `3`, `1,3`, `5-10:1`; nothing of a plain job. */
function readTasks(text: string): readonly (number | undefined)[] | undefined {
  if (text === '') return [undefined];
  const ranges = text
    .split(',')
    .map((range) => /^(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?$/.exec(range.trim()));
  if (ranges.includes(null)) return undefined;
  return ranges.flatMap((range) => {
    const [first = 1, last = first, step = 1] = [range?.[1], range?.[2], range?.[3]].flatMap((digits) =>
      digits === undefined ? [] : [Number(digits)],
    );
    return Array.from(
      { length: Math.floor((last - first) / Math.max(1, step)) + 1 },
      (_, i) => first + i * step,
    );
  });
}

/**
 * sge_status(5). `E` outweighs all, capital `R` only says "run again", and a `d` (to be deleted) changes nothing:
 * the job is there for as long as its host cannot be reached.
 */
function stateOf(letters: string): Pick<JobObservation, 'state' | 'runCount' | 'blocked'> {
  const runCount = letters.includes('R') ? 1 : 0;
  if (!/^[dEhNPqRrsSTtw]+$/.test(letters)) return { state: 'unknown', runCount };
  if (letters.includes('E')) return { state: 'queued', runCount, blocked: IN_ERROR };
  if (/[rtsST]/.test(letters)) return { state: 'running', runCount };
  if (!letters.includes('q')) return { state: 'unknown', runCount };
  return { state: 'queued', runCount, ...(letters.includes('h') ? { blocked: HELD } : {}) };
}

const IN_ERROR: Blocked = {
  reason: 'Eqw',
  plain: 'the scheduler could not start the job and will not try again by itself; `qstat -j` tells why',
  forever: true,
  clearable: true,
};

const HELD: Blocked = {
  reason: 'hqw',
  plain: 'the job is held: until somebody releases it (`qrls` with its id), or another job has ended',
  forever: false,
};

export function isInError({ blocked }: JobObservation): boolean {
  return blocked?.clearable === true;
}

export function withReason(job: JobObservation, reasons: Reasons): JobObservation {
  const why = reasons.get(job.nativeId);
  if (!isInError(job) || why === undefined) return job;
  return { ...job, blocked: { ...IN_ERROR, plain: `the scheduler could not start the job: ${why}` } };
}

/** Jobs that are gone in the meantime are left out of the answer; without one at all nothing is known. */
export function readReasons({ stdout }: CommandResult): Reasons {
  const reasons = new Map<string, string>();
  let job = '';
  for (const line of stdout.split('\n')) {
    job = /^job_number:\s+(\d+)/.exec(line)?.[1] ?? job;
    const [, task, why] = /^error reason\s+(\d+):\s+(.+)/.exec(line) ?? [];
    if (task === undefined || why === undefined) continue;
    reasons.set(`${job}.${task}`, plainReason(why));
    // A plain job is its own task 1.
    if (task === '1') reasons.set(job, plainReason(why));
  }
  return reasons;
}

/** `11/20/2026 07:34:49 [1001:8381]: error: can't chdir to /x: …`: without time and process. */
function plainReason(why: string): string {
  return oneLine(why.replace(/^[\d/]+ [\d:]+ \[\d+:\d+\]: (error: )?/, ''));
}
