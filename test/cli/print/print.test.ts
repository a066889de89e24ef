import { expect, test } from 'vitest';
import { statusInWords } from '../../../cli/print/run.ts';
import { tableLines } from '../../../cli/print/table.ts';
import { pointInTime, span } from '../../../cli/print/times.ts';
import { causeInWords } from '../../../daemon/protocol/cause-in-words.ts';
import { CAUSES } from '../../../daemon/protocol/words.ts';

const ROWS = [
  ['1', 'align-cohort-of-the-year', 'Succeeded'],
  ['12', 'x', 'Running (failing)'],
];
const COLUMNS = [
  { title: 'ID', align: 'right' },
  { title: 'NAME', shrinkTo: 8 },
  { title: 'STATUS' },
] as const;

test('a table has aligned columns', () => {
  expect(tableLines(COLUMNS, ROWS, 80)).toEqual([
    'ID  NAME                      STATUS',
    ' 1  align-cohort-of-the-year  Succeeded',
    '12  x                         Running (failing)',
  ]);
});

test('a table that is too wide is cut where it may be', () => {
  expect(tableLines(COLUMNS, ROWS, 35)).toEqual([
    'ID  NAME          STATUS',
    ' 1  align-cohor…  Succeeded',
    '12  x             Running (failing)',
  ]);
});

test('a table is never cut to nothing', () => {
  expect(tableLines(COLUMNS, ROWS, 10)[1]).toBe(' 1  align-c…  Succeeded');
});

const at = (text: string) => new Date(`${text}Z`).toISOString();

test.each([
  ['2021-03-01T08:00:00', null, '2021-03-01T08:00:42', '42s'],
  ['2021-03-01T08:00:00', '2021-03-01T08:03:09', '2021-03-02T08:00:00', '3m09s'],
  ['2021-03-01T08:00:00', '2021-03-01T12:05:00', '2021-03-02T08:00:00', '4h05m'],
  ['2021-03-01T08:00:00', '2021-03-03T11:00:00', '2021-03-04T08:00:00', '2d03h'],
  // Clocks of two hosts need not agree.
  ['2021-03-01T08:00:00', null, '2021-03-01T07:59:00', '0s'],
])('from %s to %s, seen at %s, are %s', (start, end, now, expected) => {
  expect(span(at(start), end === null ? null : at(end), new Date(at(now)))).toBe(expected);
});

test('a time is a clock today, a day this year, a date before', () => {
  const noon = new Date(2021, 2, 1, 12, 0, 0);
  const local = (...parts: [number, number, number, number, number, number]) =>
    new Date(...parts).toISOString();
  expect(pointInTime(local(2021, 2, 1, 8, 5, 9), noon)).toBe('08:05:09');
  expect(pointInTime(local(2021, 1, 28, 8, 5, 9), noon)).toBe('02-28 08:05');
  expect(pointInTime(local(2020, 1, 28, 8, 5, 9), noon)).toBe('2020-02-28 08:05');
  expect(pointInTime(null, noon)).toBe('-');
});

test('marks stand behind the status', () => {
  const held = { by: 'ada', reason: 'x' };
  expect(statusInWords({ status: 'Running', failing: true, held: null })).toBe('Running (failing)');
  expect(statusInWords({ status: 'Running', failing: false, held })).toBe('Running (held)');
  expect(statusInWords({ status: 'Failed', failing: true, held: null })).toBe('Failed');
});

test('every cause is told in words of its own', () => {
  const words = CAUSES.map((cause) => causeInWords({ cause, exitCode: 3, signal: 'SIGSEGV', detail: null }));
  expect(words).toMatchInlineSnapshot(`
    [
      "succeeded",
      "exited with code 3",
      "was ended by signal SIGSEGV",
      "ran out of memory",
      "hit its time limit",
      "was preempted by the scheduler",
      "was lost with its compute node",
      "could not be started on its node",
      "was refused by the scheduler",
      "could never have been started by the scheduler",
      "was aborted on request",
      "was cancelled outside wfd (someone used scancel, qdel or bkill)",
      "never reached the scheduler",
      "is gone without a trace of how it ended",
      "succeeded but did not make all of its outputs",
    ]
  `);
  expect(new Set(words).size).toBe(CAUSES.length);
});
