/**
 * The printer's referee: what had happened to each job that a real SLURM was seen to print (by
 * test/fixtures/slurm/capture.sh), and the printer must make the same text of it, byte for byte but for the times.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Tag } from '../../../backends/backend.ts';
import type { CommandLine } from '../../../backends/run-command.ts';
import { accountCommands, observeCommand } from '../../../backends/slurm/commands.ts';
import { readSacct, readSqueue } from '../../../backends/slurm/parse.ts';
import { fixture, jobsOf, printed } from '../../backends/slurm/fixture.ts';
import type { ToldEnd, ToldJob } from '../told-job.ts';
import { idOf, printSacct, printSqueue } from './print.ts';

type Happened = Pick<ToldJob, 'state'> & Partial<ToldJob>;

const RUNNING: Happened = { state: 'running' };
const waits = (waitsFor: string): Happened => ({ state: 'waiting', waitsFor });
const over = (end: ToldEnd): Happened => ({ state: 'ended', end });
const requeued = (waitsFor: string, endedMs: number): Happened => ({
  ...waits(waitsFor),
  earlierRuns: [{ how: 'requeued', endedMs, node: 'wfn1' }],
});

/** By name; `ok 2` is the second job of that name. */
const CAPTURED: Readonly<Record<string, Happened>> = {
  accepted: over({ kind: 'exited', code: 0 }),
  'accepted-cluster': over({ kind: 'exited', code: 0 }),
  'refused-memory': over({ kind: 'refused' }),
  // More CPUs than any node has.
  ok: waits('PartitionConfig'),
  'ok 2': over({ kind: 'exited', code: 0 }),
  capped1: RUNNING,
  capped2: RUNNING,
  capped3: waits('QOSMaxJobsPerUserLimit'),
  capped4: waits('QOSMaxJobsPerUserLimit'),
  timelimit: RUNNING,
  'log-timelimit': RUNNING,
  oom: over({ kind: 'signaled', signal: 9 }),
  preempted: over({ kind: 'preempted', signal: 15 }),
  preemptor: RUNNING,
  // Before element 0 of `elements` had a record of its own, and after.
  requeued: requeued('BeginTime', 150),
  'requeued-held': requeued('job requeued in held state', 151),
  suspended: { state: 'suspended' },
  'cancelled-running': over({ kind: 'cancelled', byUid: 1001 }),
  'cancelled-queued': { ...over({ kind: 'cancelled', byUid: 1001 }), waitsFor: 'JobHeldUser' },
  'held-user': waits('JobHeldUser'),
  'held-admin': waits('JobHeldAdmin'),
  'too-long': waits('PartitionTimeLimit'),
  'too-many-nodes': waits('PartitionNodeLimit'),
  later: waits('BeginTime'),
  'elements 0': RUNNING,
  'elements 1': RUNNING,
  'elements 2': waits('JobArrayTaskLimit'),
  exit3: over({ kind: 'exited', code: 3 }),
  'waits-for-ever': waits('DependencyNeverSatisfied'),
  exit137: over({ kind: 'exited', code: 137 }),
  'signal-self': over({ kind: 'signaled', signal: 9 }),
  'signal-child': over({ kind: 'exited', code: 137 }),
  'odd name|with "bars" and\na newline': RUNNING,
  'no-log': over({ kind: 'notLaunched' }),
  'refused-size': over({ kind: 'refused' }),
  completing: { state: 'ending' },
};

const AFTER_THE_LIMIT: Readonly<Record<string, Happened>> = {
  ...CAPTURED,
  timelimit: over({ kind: 'overLimit', signal: 9 }),
  'log-timelimit': over({ kind: 'overLimit', signal: 15 }),
};

/** The columns that the adapter asks for. */
const OWNER = { uid: 1001, gid: 1001, name: 'wfalice', home: '/', shell: '/bin/sh' };
const QUERY = { owner: OWNER, jobs: [{ tag: 'any' as Tag }], sinceMs: 0 };
const SQUEUE_FORMAT = optionOf(observeCommand(OWNER), '--Format=');
const SACCT_FORMAT = optionOf(accountCommands(QUERY, 0)[0], '--format=');

test.each([
  ['squeue-jobs.txt', CAPTURED],
  ['squeue-timelimit.txt', AFTER_THE_LIMIT],
])('%s', (file, happened) => {
  const text = fixture(file);
  expect(printSqueue(jobsIn(text, happened), SQUEUE_FORMAT)).toBe(text);
});

test.each([
  ['sacct-jobs.txt', CAPTURED],
  ['sacct-timelimit.txt', AFTER_THE_LIMIT],
])('%s', (file, happened) => {
  const text = fixture(file);
  expect(untimed(printSacct(jobsIn(text, happened), SACCT_FORMAT))).toBe(untimed(text));
});

test('whatever is printed of any jobs, in any order, is read back as that', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyJob(), { selector: idOf, maxLength: 20 }), (jobs) => {
      const ids = jobs.map(idOf).sort();
      for (const listing of [
        readSqueue(printed(printSqueue(jobs, SQUEUE_FORMAT))),
        readSacct(printed(printSacct(jobs, SACCT_FORMAT))),
      ]) {
        const seen = jobsOf(listing);
        expect(seen.map(({ nativeId }) => nativeId as string).sort()).toEqual(ids);
        for (const job of jobs) {
          const { tag, state } = seen.find(({ nativeId }) => nativeId === idOf(job)) ?? {};
          expect({ tag, state }).toEqual({ tag: job.name, state: PHASES[job.state] });
        }
      }
    }),
  );
});

const PHASES = {
  waiting: 'queued',
  running: 'running',
  suspended: 'running',
  ending: 'running',
  ended: 'ended',
};

function anyJob(): fc.Arbitrary<ToldJob> {
  const happened = fc.constantFrom(...Object.values(AFTER_THE_LIMIT));
  return fc
    .record({
      id: fc.integer({ min: 1, max: 99_999_999 }),
      element: fc.option(fc.integer({ min: 0, max: 999 }), { nil: undefined }),
      name: fc.stringMatching(/^[a-z][a-zA-Z0-9._|-]{0,100}$/),
      happened,
    })
    .map(({ id, element, name, happened: how }) => ({
      ...asTold({ id, name, node: how.state === 'waiting' || how.end?.kind === 'refused' ? '' : 'n1' }, how),
      ...(element !== undefined && { element }),
    }));
}

/** What is printed of a job and is not known from what happened to it. */
interface Captured {
  readonly id: number;
  readonly element?: number;
  readonly name: string;
  readonly node: string;
}

/** A job for each in the text; its id and node are as they were that day. */
function jobsIn(text: string, happened: Readonly<Record<string, Happened>>): readonly ToldJob[] {
  const captured = text.split(/^(?=\d+\S*\s*\|)/m).map(readRecord);
  const jobs = captured.filter((one, at) => captured.findIndex((other) => idOf(other) === idOf(one)) === at);
  return jobs.map((job) => {
    const key = keyOf(job, jobs);
    const how = happened[key];
    if (how === undefined) throw new Error(`it is not said what happened to ${key}`);
    return asTold(job, how);
  });
}

function readRecord(record: string): Captured {
  const fields = record.split('|').map((field) => field.trimEnd());
  const [id = '', element] = (fields[0] ?? '').split('_');
  const node = fields.find((field) => /^wfn\d$/.test(field)) ?? '';
  const name = record.split('|').slice(6).join('|').trimEnd();
  return { id: Number(id), name, node, ...(element !== undefined && { element: Number(element) }) };
}

function keyOf({ id, element, name }: Captured, jobs: readonly Captured[]): string {
  if (element !== undefined) return `${name} ${element}`;
  const before = jobs.filter((other) => other.name === name && other.id < id).length;
  return before === 0 ? name : `${name} ${before + 1}`;
}

function asTold({ node, ...job }: Captured, happened: Happened): ToldJob {
  const hadNode = node !== '';
  return {
    ...job,
    user: OWNER,
    submittedMs: job.id,
    ...(hadNode && { node, startedMs: job.id }),
    ...(happened.end !== undefined && { endedMs: job.id }),
    ...happened,
  };
}

function optionOf(line: CommandLine | undefined, option: string): string {
  return line?.args.find((word) => word.startsWith(option))?.slice(option.length) ?? '';
}

function untimed(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, 'TIME');
}
