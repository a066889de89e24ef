/** The calls of a run as a table: one line a call, its newest attempt beside it. */
import type { AttemptAnswer, CallAnswer, RunAnswer } from '../../daemon/protocol/answers.ts';
import { causeInWords } from '../../daemon/protocol/cause-in-words.ts';
import { type Column, tableLines } from './table.ts';
import { span } from './times.ts';

const COLUMNS: readonly Column[] = [
  { title: 'CALL', shrinkTo: 12 },
  { title: 'STATUS' },
  { title: 'TRY', align: 'right' },
  { title: 'JOB', shrinkTo: 8 },
  { title: 'TIME', align: 'right' },
  { title: 'WHAT', shrinkTo: 12 },
];

export function callLines(run: RunAnswer, width: number, now: Date): string[] {
  const calls = [...(run.callList ?? []), ...(run.stepList ?? [])];
  return tableLines(
    COLUMNS,
    calls.map((call) => rowOf(call, now)),
    width,
  );
}

function rowOf(call: CallAnswer, now: Date): string[] {
  const newest = call.attempts.at(-1);
  if (newest === undefined) return [call.call, call.status, '', '', '', call.reason ?? ''];
  const { number, nativeId, startedAt, endedAt } = newest;
  return [
    call.call,
    call.status,
    String(number),
    nativeId ?? '',
    span(startedAt, endedAt, now),
    whatOf(call, newest),
  ];
}

function whatOf(call: CallAnswer, newest: AttemptAnswer): string {
  if (call.retryAt !== null && newest.cause !== null) return `${causeInWords(newest)}; will be tried again`;
  if (newest.blocked !== null) return `blocked: ${newest.blocked}`;
  if (newest.state !== 'ended') return newest.backendStatus ?? newest.state;
  return call.status === 'Succeeded' ? '' : causeInWords(newest);
}
