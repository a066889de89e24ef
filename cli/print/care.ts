/** What people read about the state: backups, checks, what a restore means, what retention would remove. */
import type { BackupAnswer, RetentionAnswer, StateCheckAnswer } from '../../daemon/protocol/answers.ts';
import type { Aftermath } from '../../daemon/store/aftermath.ts';
import type { Restored } from '../../daemon/store/restore.ts';
import type { Output } from './output.ts';
import { type Column, tableLines } from './table.ts';
import { lasting, pointInTime } from './times.ts';

export function printBackup({ file, bytes, rows }: BackupAnswer, out: Output): void {
  out.line(`${file}  ${size(bytes)}, ${rowsInWords(rows)}, read through`);
}

export function printCheck({ findings, bytes, schemaVersion, rows }: StateCheckAnswer, out: Output): void {
  if (findings.length === 0) {
    out.line(`sound: ${size(bytes)}, ${rowsInWords(rows)}, schema version ${schemaVersion}`);
    return;
  }
  out.line(
    out.paint('red', `damaged: ${findings.length === 1 ? 'one finding' : `${findings.length} findings`}`),
  );
  for (const finding of findings) out.line(`  ${finding}`);
  out.line('Restore the newest sound backup: wfctl daemon stop, then wfctl daemon restore FILE');
}

export function printRestored(file: string, stateDir: string, restored: Restored, out: Output): void {
  const { madeAtMs, held, putAside, report, aftermath } = restored;
  const made = new Date(madeAtMs).toISOString();
  out.line(`${stateDir} is now as it was at ${made}: ${rowsInWords(report.rows)} (${file}).`);
  if (putAside !== undefined) out.line(`What was there is kept as ${putAside}.`);
  out.line('');
  out.line('What happened after that time is not known to it. So that nothing is done twice:');
  out.line(`- ${heldInWords(held)}`);
  if (aftermath === undefined) {
    if (putAside !== undefined)
      out.line('- The database that was there cannot be read, so nobody can say what is missing.');
    out.line('- Look for jobs by their names, which end in .RUN.XXXXXXXXXX, before you release a run.');
  } else {
    for (const line of aftermathInWords(aftermath)) out.line(line);
  }
  out.line('- Aborts, holds, pauses and drains of that time are forgotten: ask for them again.');
  out.line('');
  out.line('Start the daemon, look, and release what may go on: wfctl release RUN');
}

function heldInWords(held: readonly number[]): string {
  if (held.length === 0) return 'No run was in progress at that time.';
  const ids = held.slice(0, SHOWN_MAX).join(', ');
  const more = held.length > SHOWN_MAX ? ` and ${held.length - SHOWN_MAX} more` : '';
  if (held.length === 1) return `1 run is held until you release it: ${ids}.`;
  return `${held.length} runs are held until you release them: ${ids}${more}.`;
}

function aftermathInWords({ runs, jobs }: Aftermath): string[] {
  return [
    runs.length === 0 ? '- No run was submitted after it.' : '- These runs are unknown to it now:',
    ...shortened(
      runs.map((run) => `    ${run.id}  ${run.name}  ${run.owner}  ${run.status}  ${run.directory}`),
    ),
    jobs.length === 0
      ? '- No job of that time is left with a scheduler.'
      : '- These jobs are unknown to it and may still run. Let them end, or cancel them, before you release their runs:',
    ...shortened(
      jobs.map(
        (job) =>
          `    ${job.nativeId ?? '(id unknown)'}  ${job.tag}  ${job.backend}  run ${job.runId}, ${job.call}`,
      ),
    ),
  ];
}

const SHOWN_MAX = 100;

function shortened(lines: readonly string[]): string[] {
  if (lines.length <= SHOWN_MAX) return [...lines];
  return [...lines.slice(0, SHOWN_MAX), `    and ${lines.length - SHOWN_MAX} more; --json has all`];
}

const COLUMNS: readonly Column[] = [
  { title: 'RUN', align: 'right' },
  { title: 'NAME', shrinkTo: 12 },
  { title: 'OWNER' },
  { title: 'STATUS' },
  { title: 'ENDED' },
  { title: 'DIRECTORY', shrinkTo: 20 },
];

export function printRetention(plan: RetentionAnswer, out: Output): void {
  const { configured, endedBefore, count, runs } = plan;
  if (endedBefore === null) {
    out.line('Runs are kept for ever: retention.runs is not set.');
    out.line('wfctl daemon retention --older-than 90d shows which would go if it were.');
    return;
  }
  const now = new Date();
  const rows = runs.map((run) => [
    String(run.id),
    ...[run.name, run.owner, run.status],
    pointInTime(run.endedAt, now),
    run.directory,
  ]);
  if (rows.length > 0) for (const line of tableLines(COLUMNS, rows, out.width)) out.line(line);
  if (count > runs.length) out.line(`and ${count - runs.length} more`);
  out.line(`${counted(count, 'run')} ended before ${endedBefore}.`);
  out.line(configuredInWords(configured));
}

function configuredInWords({ olderThan, directories }: RetentionAnswer['configured']): string {
  if (olderThan === null) return 'Nothing is removed: retention.runs is not set.';
  const trees = directories === 'remove' ? 'with their directories' : 'and their directories stay';
  return `retention.runs is ${lasting(olderThan)}: such runs are removed within an hour, ${trees}.`;
}

function rowsInWords(rows: Readonly<Record<string, number>>): string {
  return ['run', 'call', 'attempt'].map((one) => counted(rows[`${one}s`] ?? 0, one)).join(', ');
}

function counted(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}

function size(bytes: number): string {
  return bytes < MIB ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

const MIB = 1024 * 1024;
