/** Runs as a table, newest first. */
import type { RunAnswer } from '../../daemon/protocol/answers.ts';
import { CALL_STATUSES } from '../../daemon/protocol/words.ts';
import { statusInWords } from './run.ts';
import { type Column, tableLines } from './table.ts';
import { pointInTime, span } from './times.ts';

export function runListLines(runs: readonly RunAnswer[], width: number, now: Date): string[] {
  // On one's own daemon everybody is oneself.
  const manyOwners = new Set(runs.map((run) => run.owner)).size > 1;
  const owner: Column[] = manyOwners ? [{ title: 'OWNER', shrinkTo: 6 }] : [];
  const columns: Column[] = [
    { title: 'ID', align: 'right' },
    { title: 'NAME', shrinkTo: 10 },
    ...owner,
    { title: 'STATUS' },
    { title: 'DONE', align: 'right' },
    { title: 'SUBMITTED' },
    { title: 'TIME', align: 'right' },
  ];
  const rows = runs.map((run) => [
    String(run.id),
    run.name,
    ...(manyOwners ? [run.owner] : []),
    statusInWords(run),
    doneOf(run),
    pointInTime(run.submittedAt, now),
    span(run.startedAt, run.endedAt, now),
  ]);
  return tableLines(columns, rows, width);
}

function doneOf({ calls }: RunAnswer): string {
  const total = CALL_STATUSES.reduce((sum, status) => sum + calls[status], 0);
  return `${calls.Succeeded}/${total}`;
}
