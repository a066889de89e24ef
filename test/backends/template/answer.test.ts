/** Listings read by a site's patterns. Those of the task spooler were printed by tsp 1.0.1. */
import { describe, expect, test } from 'vitest';
import type { Tag } from '../../../backends/backend.ts';
import type { CommandResult } from '../../../backends/run-command.ts';
import { readRows, snapshotOf } from '../../../backends/template/answer.ts';
import type { TemplateSettings } from '../../../backends/template/settings.ts';
import { exampleOptions } from './example.ts';

const HEADER = 'ID   State      Output               E-Level  Times(r/u/s)   Command [run=2/2]\n';

const LISTING = `${HEADER}5    running    /tmp/tsx/ts-out.vFuHxw                         [run.17.dddddddddd]./job 30 0
6    running    /tmp/tsx/ts-out.2qGCPG                         sh -c sleep 30; echo a
b
7    queued     (file)                                       [wait.17.eeeeeeeeee]./job 30 0
8    queued     (file)                                       [9]&& [dep.17.ffffffffff]./job 0 0
9    queued     (file)                                       [8]&& [dep2.17.gggggggggg]true
0    finished   /tmp/tsx/ts-out.aGXRV7 3        0.01/0.00/0.00 [align.17.k3m9q2x7ab]./job 0 3
2    finished   /tmp/tsx/ts-out.xDXice -1       0.00/0.00/0.00 [killed.17.bbbbbbbbbb]sh -c kill -9 $$
1    finished   /tmp/tsx/ts-out.eXoXqY -119     0.01/0.00/0.00 [sort.17.aaaaaaaaaa]./job 0 137
3    finished   /tmp/tsx/ts-out.moCHSU 0        0.00/0.00/0.00 [a b]./job 0 0
4    finished   /tmp/tsx/ts-out.2oLhb3 -1       0.00/0.00/0.00 [last.17.cccccccccc]./job 0 255
`;

type Reader = Pick<TemplateSettings, 'answer' | 'gone' | 'job' | 'status'>;

const spooler = exampleOptions('task-spooler');

function result(stdout: string, more: Partial<CommandResult> = {}): CommandResult {
  return { exitCode: 0, stdout, stderr: '', timedOut: false, durationMs: 1, ...more };
}

function read(settings: Reader, answer: CommandResult, tags: readonly (readonly [string, string])[] = []) {
  const rows = readRows(settings, 'list', answer, settings.status.complete);
  return snapshotOf(settings, rows, { tags: new Map(tags as readonly [string, Tag][]), user: 'ada' });
}

function jobsIn(settings: Reader, stdout: string, tags: readonly (readonly [string, string])[] = []) {
  const snapshot = read(settings, result(stdout), tags);
  if (snapshot.kind === 'unavailable') throw new Error(snapshot.reason);
  return snapshot.jobs;
}

describe('the task spooler', () => {
  test('a listing with jobs of others', () => {
    const jobs = jobsIn(spooler, LISTING);
    expect(jobs.map(({ tag, state, end }) => [tag, state, end?.kind, end?.exitCode])).toEqual([
      ['run.17.dddddddddd', 'running', undefined, undefined],
      // The command of the job before it holds a newline and has no name. These wait for the jobs named first.
      ['wait.17.eeeeeeeeee', 'queued', undefined, undefined],
      ['9', 'queued', undefined, undefined],
      ['8', 'queued', undefined, undefined],
      ['align.17.k3m9q2x7ab', 'ended', 'NonZeroExit', 3],
      ['killed.17.bbbbbbbbbb', 'ended', 'Cancelled', undefined],
      ['sort.17.aaaaaaaaaa', 'ended', 'NonZeroExit', 137],
      ['a b', 'ended', 'Succeeded', 0],
      // It ended with 255, which our script never does.
      ['last.17.cccccccccc', 'ended', 'Cancelled', undefined],
    ]);
    expect(jobs[4]).toEqual({
      tag: 'align.17.k3m9q2x7ab',
      index: 0,
      nativeId: 'align.17.k3m9q2x7ab',
      state: 'ended',
      backendStatus: 'finished 3 [job 0]',
      end: { kind: 'NonZeroExit', exitCode: 3, started: true },
    });
  });

  test('an empty queue has its header; without it an answer is none', () => {
    expect(jobsIn(spooler, HEADER)).toEqual([]);
    expect(read(spooler, result(''))).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringMatching(/complete/),
    });
  });
});

describe('no answer', () => {
  test.each([
    ['cut off', result(LISTING.slice(0, -4))],
    ['beginning with what is no record', result(`${HEADER}${'what is this'}\n`)],
    ['of a command that failed', result(LISTING, { exitCode: 1, stderr: 'cannot connect' })],
    ['of a command that failed silently', result(LISTING, { exitCode: 1 })],
    [
      'of a command that was killed',
      { stdout: LISTING, stderr: '', signal: 'SIGKILL', timedOut: false, durationMs: 1 },
    ],
  ])('is taken from one %s', (_, answer) => {
    expect(read(spooler, answer)).toEqual({ kind: 'unavailable', reason: expect.stringMatching(/\w+ \w+/) });
  });
});

const WORDS: Reader = {
  job: { id: { variable: 'ID' }, log: 'script', reservedExitCodes: [] },
  status: { command: ['list'] },
  gone: [/no such job/],
  answer: {
    fields: [
      /^(?<id>\d\S*) (?<state>\S+)(?: name=(?<name>\S+))?(?: user=(?<user>\S+))?(?: why=(?<reason>\S+))?(?: n=(?<count>\d+))?(?: at=(?<index>\d+))?/m,
      /^\S+ \S+.* exit=(?<exit>-?\d+)/m,
      /^\S+ \S+.* signal=(?<signal>\d+)/m,
      // The last pattern that finds a group wins.
      /^\S+ (?<state>done late)/m,
    ],
    skip: [/^-+$/],
    states: {
      wait: { is: 'queued' },
      hold: { is: 'queued', blocked: { plain: 'it is held', forever: false } },
      done: { is: 'ended' },
      'done late': { is: 'ended', kind: 'TimeLimit' },
    },
    exits: { '-29': 'TimeLimit' },
    signalsFrom: 256,
    signedExit: false,
  },
};

describe('a line', () => {
  test.each([
    ['7 wait name=x.1', { state: 'queued', backendStatus: 'wait', nativeId: '7', index: 0 }],
    ['7 strange name=x.1', { state: 'unknown', backendStatus: 'strange' }],
    [
      '7 hold name=x.1 why=user',
      { state: 'queued', blocked: { reason: 'user', plain: 'it is held', forever: false } },
    ],
    ['7 hold name=x.1', { blocked: { reason: 'hold', plain: 'it is held', forever: false } }],
    ['7[2] wait name=x.1 n=3 at=2', { nativeId: '7[2]', runCount: 3, index: 2 }],
    ['7 done name=x.1', { state: 'ended', end: { kind: 'Unknown' } }],
    ['7 done name=x.1 exit=0', { end: { kind: 'Succeeded', exitCode: 0 } }],
    ['7 done name=x.1 exit=137', { backendStatus: 'done 137', end: { kind: 'NonZeroExit', exitCode: 137 } }],
    ['7 done name=x.1 exit=265', { end: { kind: 'Signaled', signal: 9 } }],
    ['7 done name=x.1 exit=-29', { end: { kind: 'TimeLimit' } }],
    ['7 done name=x.1 exit=-3', { end: { kind: 'Unknown' } }],
    ['7 done name=x.1 exit=0 signal=11', { end: { kind: 'Signaled', signal: 11 } }],
    ['7 done late exit=0', { end: { kind: 'TimeLimit' } }],
    ['7 done late exit=1', { end: { kind: 'TimeLimit', exitCode: 1 } }],
  ])('%s', (line, expected) => {
    const [job] = jobsIn(WORDS, `${line}\n`, [['7', 'x.1']]);
    expect(job).toMatchObject({ tag: 'x.1', ...expected });
    expect(job?.end).toEqual('end' in expected ? expected.end : undefined);
  });

  test('without a name is a known job by its id, or none of ours', () => {
    expect(jobsIn(WORDS, '7 wait\n8 wait\n', [['7', 'x.1']])).toMatchObject([{ tag: 'x.1', nativeId: '7' }]);
    // An id that has been used again: the name tells.
    expect(jobsIn(WORDS, '7 wait name=other\n', [['7', 'x.1']])).toMatchObject([{ tag: 'other' }]);
  });

  test('of another user, or between the jobs, is left out', () => {
    const lines = '---\n7 wait name=x.1 user=ada\n\n8 wait name=y.1 user=bob\nno such job 9\n';
    expect(jobsIn(WORDS, lines)).toMatchObject([{ tag: 'x.1' }]);
  });
});

test('a command that fails over a job that is gone still tells of the others', () => {
  const partly = { exitCode: 153, stderr: 'qstat: no such job 9\nqstat: no such job 10\n' };
  expect(read(WORDS, result('7 wait name=x.1\n', partly))).toMatchObject({
    kind: 'complete',
    jobs: [{ tag: 'x.1' }],
  });
  expect(read(WORDS, result('no such job 9\n', { exitCode: 1 }))).toEqual({ kind: 'complete', jobs: [] });
  const worse = { exitCode: 153, stderr: 'qstat: no such job 9\nqstat: connection lost\n' };
  expect(read(WORDS, result('7 wait name=x.1\n', worse))).toMatchObject({ kind: 'unavailable' });
});

/**
 * Put together from the formats that manuals and sources give: they show that an example's patterns find what
 * they look for, not that the scheduler prints it so.
 */
describe('by the manual', () => {
  const pbs = (lines: readonly string[]): string =>
    `Job Id: 1.vbox\n${['Job_Name = align.17.k3', ...lines].map((line) => `    ${line}\n`).join('')}\n`;
  const flux = (columns: string): string => `fABC12|${columns}|align.17.k3\n`;
  const condor = (columns: string): string => `12.0 ${columns} align.17.k3\n`;

  test.each([
    ['pbs', pbs(['job_state = Q', 'queue = workq']), { state: 'queued', nativeId: '1.vbox' }],
    [
      'pbs',
      pbs(['job_state = Q', 'comment = Can Never Run: Insufficient amount of resource: ncpus']),
      { state: 'queued', blocked: { forever: true } },
    ],
    ['pbs', pbs(['job_state = H', 'comment = by you']), { blocked: { reason: 'by you', forever: false } }],
    ['pbs', pbs(['job_state = R', 'stime = Fri Nov 11 17:57:05 2016']), { state: 'running' }],
    [
      'pbs',
      pbs(['job_state = F', 'stime = Fri Nov 11 17:57:05 2016', 'Exit_status = 3']),
      { end: { kind: 'NonZeroExit', exitCode: 3, started: true } },
    ],
    [
      'pbs',
      pbs(['job_state = F', 'stime = x', 'Exit_status = -29']),
      { end: { kind: 'TimeLimit', started: true } },
    ],
    ['pbs', pbs(['job_state = F', 'stime = x', 'Exit_status = 271']), { end: { kind: 'Cancelled' } }],
    [
      'pbs',
      pbs(['job_state = F', 'stime = x', 'Exit_status = 267']),
      { end: { kind: 'Signaled', signal: 11 } },
    ],
    ['pbs', pbs(['job_state = F']), { end: { kind: 'Unknown', started: false } }],
    ['flux', flux('SCHED|||'), { state: 'queued', nativeId: 'fABC12' }],
    ['flux', flux('RUN||2026-01-07T13:31:00|'), { state: 'running' }],
    [
      'flux',
      flux('COMPLETED|0|2026-01-07T13:31:00|'),
      { end: { kind: 'Succeeded', exitCode: 0, started: true } },
    ],
    [
      'flux',
      flux('FAILED|3|2026-01-07T13:31:00|'),
      { end: { kind: 'NonZeroExit', exitCode: 3, started: true } },
    ],
    [
      'flux',
      flux('FAILED|-9|2026-01-07T13:31:00|exec'),
      { end: { kind: 'Signaled', signal: 9, started: true } },
    ],
    ['flux', flux('CANCELED|-128||cancel'), { end: { kind: 'Cancelled', started: false } }],
    ['flux', flux('TIMEOUT|143|2026-01-07T13:31:00|timeout'), { end: { kind: 'TimeLimit', started: true } }],
    [
      'htcondor',
      condor('1 undefined undefined undefined undefined undefined'),
      { state: 'queued', nativeId: '12.0' },
    ],
    ['htcondor', condor('2 undefined undefined undefined undefined 1700000000'), { state: 'running' }],
    [
      'htcondor',
      condor('5 1 undefined undefined undefined undefined'),
      { state: 'queued', blocked: { forever: false } },
    ],
    [
      'htcondor',
      condor('4 undefined undefined 3 undefined 1700000000'),
      { end: { kind: 'NonZeroExit', exitCode: 3, started: true } },
    ],
    [
      'htcondor',
      condor('4 undefined undefined undefined 9 1700000000'),
      { end: { kind: 'Signaled', signal: 9, started: true } },
    ],
    [
      'htcondor',
      condor('3 undefined person undefined undefined undefined'),
      { end: { kind: 'Cancelled', started: false } },
    ],
    ['htcondor', condor('3 undefined policy undefined undefined 1700000000'), { end: { kind: 'Preempted' } }],
    ['htcondor', condor('3 47 policy undefined undefined 1700000000'), { end: { kind: 'TimeLimit' } }],
    ['htcondor', condor('3 34 policy undefined undefined 1700000000'), { end: { kind: 'OutOfMemory' } }],
  ])('%s: %s', (scheduler, listing, expected) => {
    expect(jobsIn(exampleOptions(scheduler), listing)).toMatchObject([{ tag: 'align.17.k3', ...expected }]);
  });

  test.each([
    ['flux', 'ID with a header\n'],
    ['htcondor', '-- Failed to fetch ads from: somewhere\n'],
    ['pbs', 'Connection refused\n'],
  ])('%s: what is no job makes no sense', (scheduler, listing) => {
    expect(read(exampleOptions(scheduler), result(listing))).toMatchObject({ kind: 'unavailable' });
  });
});
