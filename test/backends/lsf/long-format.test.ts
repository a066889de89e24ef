/** bjobs -l and bhist -l of an open relative, as captured, and what is published of 10.1. */
import { describe, expect, test } from 'vitest';
import type { EndReport } from '../../../backends/backend.ts';
import { readLong } from '../../../backends/lsf/long-format.ts';
import { fixture, jobNamed, linesOf, reply } from './fixture.ts';

const listed = readLong(reply('relative-bjobs-long').stdout, 'relative');
const history = readLong(reply('relative-bhist-long').stdout, 'relative');

describe.each([
  ['bjobs -l', listed],
  ['bhist -l', history],
])('%s', (_, jobs) => {
  test.each<[string, number, string, EndReport]>([
    ['ok', 0, 'Done successfully', { kind: 'Unknown', started: true }],
    ['exit3', 0, 'Exited with exit code 3', { kind: 'NonZeroExit', exitCode: 3, started: true }],
    ['exit137', 0, 'Exited with exit code 137', { kind: 'NonZeroExit', exitCode: 137, started: true }],
    ['child', 0, 'Exited with exit code 137', { kind: 'NonZeroExit', exitCode: 137, started: true }],
    ['elements', 1, 'Exited with exit code 1', { kind: 'NonZeroExit', exitCode: 1, started: true }],
    ['group', 0, 'Exited by signal 9', { kind: 'Signaled', signal: 9, started: true }],
    ['never', 0, 'Exited', { kind: 'Cancelled', started: false }],
    // It was told so after 64 seconds with a limit of one minute.
    ['timelimit', 0, 'Exited with exit code 140', { kind: 'TimeLimit', exitCode: 140, started: true }],
  ])('%s', (name, index, backendStatus, end) => {
    expect(jobNamed(jobs, name, index)).toMatchObject({ state: 'ended', backendStatus, end });
  });

  test('of jobs that have not ended it says no end', () => {
    for (const name of ['guarded', 'held']) {
      const job = jobNamed(jobs, name);
      expect(job.state).toBe('unknown');
      expect(job).not.toHaveProperty('end');
    }
  });

  test('jobs are found by their own number, not by one in the command', () => {
    expect(jobs).toHaveLength(14);
    expect(jobNamed(jobs, 'elements', 1).nativeId).toBe('9[2]');
  });
});

describe('who used bkill', () => {
  test.each<[string, EndReport]>([
    ['cancelled', { kind: 'Cancelled', exitCode: 130, started: true }],
    ['deaf', { kind: 'Cancelled', started: true }],
  ])('bhist knows it of %s', (name, end) => {
    expect(jobNamed(history, name).end).toEqual(end);
  });

  test('bjobs does not', () => {
    expect(jobNamed(listed, 'cancelled').end).toMatchObject({ kind: 'NonZeroExit', exitCode: 130 });
    expect(jobNamed(listed, 'deaf').end).toMatchObject({ kind: 'Signaled', signal: 9 });
  });

  test('DONE may hide it (observed of a job that was killed in the moment of its start)', () => {
    const text = record([
      '07:29:46: Dispatched to <host1>;',
      '07:29:46: Signal <KILL> requested by user or administrator <alice>;',
      '07:29:46: Done successfully. The CPU time used is 0.0 seconds;',
      '07:29:46: Post job process failed;',
    ]);
    expect(readLong(text, 'relative')[0]?.end).toEqual({ kind: 'Cancelled', started: true });
  });
});

describe('what is published', () => {
  test('a job with an exit code', () => {
    expect(readLong(fixture('published-long'), 'relative')).toMatchObject([
      { tag: 'fromstdin', index: 0, nativeId: '3', end: { kind: 'NonZeroExit', exitCode: 3 } },
    ]);
  });

  test.each(linesOf('published-ends').map((words, at) => [words, KINDS[at]] as const))(
    '%s',
    (words, kind) => {
      const text = record(['07:29:46: Started on <host1>;', `07:29:47: ${words}`]);
      expect(readLong(text, 'relative')[0]?.end).toMatchObject({ kind, started: true });
    },
  );

  test('a reason may follow upon the code, and both count', () => {
    const text = record([
      '07:29:46: Started 1 Task(s) on Host(s) <host1>;',
      '07:31:46: Exited with exit code 143. The CPU time used is 0.1 seconds;',
      '07:31:46: Completed <exit>; TERM_RUNLIMIT: job killed after reaching LSF run time limit;',
    ]);
    expect(readLong(text, 'spectrum')[0]?.end).toEqual({ kind: 'TimeLimit', exitCode: 143, started: true });
  });

  test('lines are wrapped in the middle of a word', () => {
    const [line = '', more = ''] = linesOf('published-wrapped');
    const text = `Job <3>, Job Na\n${' '.repeat(21)}me <fromstdin>, User <alice>\n${line}\n${more}\n`;
    expect(readLong(text, 'relative')).toMatchObject([{ tag: 'fromstdin', end: { exitCode: 3 } }]);
  });
});

const KINDS = ['Unknown', 'NonZeroExit', 'Signaled', 'Unknown', 'Unknown', 'TimeLimit', 'Unknown'];

describe('run limits', () => {
  const limited = (
    end: string,
    code: string,
    limit = '\n RUNLIMIT                \n 2.0 min of host1\n',
  ): string => record(['07:29:46: Started on <host1>;', `${end}: ${code}`], limit);
  const kindOf = (text: string) => readLong(text, 'relative')[0]?.end?.kind;

  test.each([
    ['after the limit, by USR2', '07:31:46', 'Exited with exit code 140.', 'TimeLimit'],
    [
      'after the limit, by what follows for those who survive it',
      '07:41:50',
      'Exited by signal 9.',
      'TimeLimit',
    ],
    ['before the limit', '07:31:45', 'Exited with exit code 140.', 'NonZeroExit'],
    ['after the limit, with a code of its own', '07:35:46', 'Exited with exit code 3.', 'NonZeroExit'],
  ])('%s', (_, end, code, kind) => {
    expect(kindOf(limited(end, code))).toBe(kind);
  });

  test('without a limit 140 is a code like any other', () => {
    expect(kindOf(limited('09:31:46', 'Exited with exit code 140.', ''))).toBe('NonZeroExit');
  });

  test('the year may turn', () => {
    const text = (to: string) =>
      `Job <3>, Job Name <t>, User <alice>\n RUNLIMIT\n 1440.0 min\nThu Dec 31 23:00:00: Started on <h>;\n${to}: Exited with exit code 140.\n`;
    expect(kindOf(text('Fri Jan  1 23:00:00'))).toBe('TimeLimit');
    expect(kindOf(text('Fri Jan  1 22:59:59'))).toBe('NonZeroExit');
  });
});

test('of an id that ran again, only the last run counts', () => {
  const first = [
    '07:29:46: Dispatched to <host1>;',
    '07:29:47: Signal <KILL> requested by user or administrator <alice>;',
    '07:29:47: Exited with exit code 99. The CPU time used is 0.0 seconds;',
    '07:29:47: Pending: Requeued job is waiting for rescheduling;(exit code 99)',
  ];
  expect(readLong(record(first), 'relative')[0]?.state).toBe('unknown');
  const second = ['07:29:50: Dispatched to <host1>;'];
  expect(readLong(record([...first, ...second]), 'relative')[0]?.state).toBe('unknown');
  const third = ['07:29:51: Exited with exit code 130. The CPU time used is 0.0 seconds;'];
  expect(readLong(record([...first, ...second, ...third]), 'relative')[0]?.end).toEqual({
    kind: 'NonZeroExit',
    exitCode: 130,
    started: true,
  });
});

/** `limits`: between the submission and all else. */
function record(events: readonly string[], limits = ''): string {
  const head = '\nJob <3>, Job Name <fromstdin>, User <alice>, Project <default>, Command <...>\n';
  const lines = ['07:29:40: Submitted from host <host1>;', ...events].map((line) => `Fri Nov 20 ${line}`);
  return `${head}${lines[0]}\n${limits}${lines.slice(1).join('\n')}\n`;
}
