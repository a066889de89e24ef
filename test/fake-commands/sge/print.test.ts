/**
 * The printer's referee: what had happened to each job that a real Grid Engine was seen to print (by
 * test/fixtures/sge/capture.sh), and the printer must make the same text of it, byte for byte but for times,
 * priorities and what was used.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ToldEnd, ToldJob, ToldRun } from '../told-job.ts';
import { printQacct, printQstat, printReasons } from './print.ts';

const USER = { uid: 1001, name: 'wfalice' };
const NO_DIRECTORY = "can't chdir to /tmp/work/late: No such file or directory";

type Happened = Pick<ToldJob, 'state'> & Partial<ToldJob>;
const RUNNING: Happened = { state: 'running' };
const WAITS: Happened = { state: 'waiting' };
const HELD: Happened = { state: 'waiting', waitsFor: 'h' };
const inError = (error: string): Happened => ({ state: 'waiting', waitsFor: 'Eqw', error });
const ASKED: ToldRun = { how: 'asked', endedMs: 0, node: 'vm' };

/** By name, without what all names end in; element by element where the job is an array. */
const WHEN_LISTED: Readonly<Record<string, Happened | readonly Happened[]>> = {
  'time-of-queue': { ...RUNNING, queue: 'short' },
  'memory-kept': { ...RUNNING, queue: 'short' },
  suspended: { state: 'suspended' },
  'held-running': { ...RUNNING, waitsFor: 'h' },
  // Asked to end, and deaf to the warning.
  deaf: { state: 'ending' },
  running: RUNNING,
  array: [RUNNING, WAITS, WAITS, WAITS, WAITS, WAITS],
  exit100: inError('exit_status of job start = 100'),
  error: inError(NO_DIRECTORY),
  'error-array': [inError(NO_DIRECTORY), inError(NO_DIRECTORY), inError(NO_DIRECTORY)],
  often: { ...WAITS, earlierRuns: [ASKED] },
  limited: HELD,
  held: HELD,
  // Not before tomorrow.
  later: WAITS,
};

const SUCCEEDED: ToldEnd = { kind: 'exited', code: 0 };
const KILLED: ToldEnd = { kind: 'signaled', signal: 9 };
const DELETED: ToldEnd = { kind: 'cancelled', byUid: 1001, signal: 9 };
const OVER_LIMIT: ToldEnd = { kind: 'overLimit', signal: 9 };

/** What was written down, in its order: a run that was not the job's end, or the end. */
const RECORDED: readonly (readonly [string, ToldRun['how'] | ToldEnd, Partial<ToldJob>?])[] = [
  ['accepted', SUCCEEDED],
  ['ok', SUCCEEDED],
  ['exit3', { kind: 'exited', code: 3 }],
  ['exit137', { kind: 'exited', code: 137 }],
  ['exit100', 'error'],
  ['self', KILLED],
  ['child', { kind: 'exited', code: 137 }],
  ['once', 'asked'],
  ['memory', OVER_LIMIT, { requested: '-l h_rt=3600,h_vmem=100M' }],
  ['elements', SUCCEEDED, { element: 1 }],
  ['elements', SUCCEEDED, { element: 2 }],
  ['elements', SUCCEEDED, { element: 3 }],
  ['often', 'asked'],
  ['slave', { kind: 'exited', code: 3 }, { requested: '-pe smp 2', pe: 'smp', slots: 2 }],
  ['memory-slots', OVER_LIMIT, { requested: '-l h_vmem=60M -pe smp 2', pe: 'smp', slots: 2 }],
  ['once', SUCCEEDED],
  ['error', 'noDirectory'],
  ['time', OVER_LIMIT, { requested: '-l h_rt=3,h_vmem=500M' }],
  ['time-alone', OVER_LIMIT, { requested: '-l h_rt=3' }],
  ['error-array', 'noDirectory', { element: 1 }],
  ['error-array', 'noDirectory', { element: 2 }],
  ['error-array', 'noDirectory', { element: 3 }],
  ['error-gone', 'noDirectory'],
  ['often', 'asked'],
  ['deleted', DELETED],
  ['orphan', { kind: 'nodeLost' }],
  ['often', 'asked'],
  ['held-running', DELETED],
  ['error', SUCCEEDED],
  ['error-array', SUCCEEDED, { element: 2 }],
  ['error-array', SUCCEEDED, { element: 1 }],
  ['error-array', SUCCEEDED, { element: 3 }],
  ['deaf', DELETED],
];

test('qstat-jobs.xml', () => {
  const text = fixture('qstat-jobs.xml');
  const ids = idsIn(text, /<JB_job_number>(?<id>\d+)<[\s\S]*?<JB_name>(?<name>[^<]*)</g);
  const jobs = [...ids].flatMap(([name, id]) => listed(name, id));
  expect(steady(printQstat(jobs))).toBe(steady(text));
});

test('qstat-none', () => {
  expect(printQstat([])).toBe(stdout('reply-qstat-none.txt'));
});

test('reasons', () => {
  const text = stdout('reply-reasons.txt');
  const ids = idsIn(text, /^job_number: *(?<id>\d+)$[\s\S]*?^job_name: *(?<name>.*)$/gm);
  const jobs = [...ids].flatMap(([name, id]) => listed(name, id));
  expect(steady(printReasons(jobs))).toBe(steady(text));
});

test('records', () => {
  const text = stdout('reply-records.txt');
  const ids = idsIn(text, /^jobname *(?<name>\S*)[\s\S]*?^jobnumber *(?<id>\d+)/gm);
  expect(steady(printQacct(recorded(ids)))).toBe(steady(text));
});

function listed(name: string, id: number): readonly ToldJob[] {
  const happened = WHEN_LISTED[name.split('.')[0] ?? ''];
  if (happened === undefined) throw new Error(`it is not said what happened to ${name}`);
  const job = { id, name, user: USER, node: 'vm', submittedMs: 0 };
  if (!isArray(happened)) return [{ ...job, ...happened }];
  return happened.map((how, at) => ({ ...job, element: at + 1, ...how }));
}

function isArray<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function recorded(ids: ReadonlyMap<string, number>): readonly ToldJob[] {
  const jobs = new Map<string, ToldJob>();
  for (const [at, [short, how, more = {}]] of RECORDED.entries()) {
    const [name = '', id = 0] = [...ids].find(([each]) => each.startsWith(`${short}.`)) ?? [];
    const key = `${name} ${more.element}`;
    const job = jobs.get(key) ?? { id, name, user: USER, node: 'vm', submittedMs: 0, ...more, ...WAITS };
    jobs.set(key, typeof how === 'string' ? ranOnce(job, how, at) : over(job, how, at));
  }
  return [...jobs.values()];
}

function ranOnce(job: ToldJob, how: ToldRun['how'], endedMs: number): ToldJob {
  const run = { how, endedMs, node: 'vm', ...(how !== 'noDirectory' && { startedMs: 0 }) };
  return { ...job, earlierRuns: [...(job.earlierRuns ?? []), run] };
}

function over(job: ToldJob, end: ToldEnd, endedMs: number): ToldJob {
  return { ...job, state: 'ended', end, startedMs: 0, endedMs };
}

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/sge/${name}`, import.meta.url), 'utf8');
}

function stdout(name: string): string {
  return /--- stdout\n([\s\S]*)--- stderr\n/.exec(fixture(name))?.[1] ?? '';
}

/** In the order in which each was told of last: an array whose first element runs is listed twice. */
function idsIn(text: string, pattern: RegExp): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const { groups: { id = '', name = '' } = {} } of text.matchAll(pattern)) {
    ids.delete(name);
    ids.set(name, Number(id));
  }
  return ids;
}

/** Without times, priorities, what was used, and the submitting user's environment. */
function steady(text: string): string {
  return text
    .replaceAll(
      /\d{4}-\d\d-\d\dT[\d:]{8}|\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}|\d\d\/\d\d\/\d{4} [\d:]{8}/g,
      'TIME',
    )
    .replaceAll(/(?<=<JAT_prio>)[\d.]+|(?<=\[\d+:)\d+/g, 'NUMBER')
    .replaceAll(/^(ru_\w+|cpu|mem|io|iow|maxvmem) .*$/gm, '$1')
    .replaceAll(/^(sge_o_\w+|group|gid|cwd|env_list|script_file): .*\n/gm, '');
}
