/**
 * Reads what `bjobs -o` prints: one row for each job or element of an array. A row that cannot be understood makes
 * the answer `unavailable`, since a job might hide in it; a state nobody has met does not.
 *
 * bjobs may end with 255 and yet have printed rows, or with 0 after complaints: both streams are read, and the exit
 * code alone proves nothing (bjobs, lsf.conf LSB_BJOBS_CONSISTENT_EXIT_CODE).
 */
import type { JobObservation, NativeId, Owner, Snapshot, Tag } from '../backend.ts';
import type { CommandLine, CommandResult } from '../run-command.ts';
import { oneLine, whyNot } from '../why-not.ts';
import { blockedBy, type Dialect, endOf, isDone, phaseOf, statusWords } from './ends.ts';

/** The name comes last, because only it may contain anything. A field without a width is not cut off. */
const COLUMNS: Readonly<Record<Dialect, string>> = {
  spectrum: `jobid jobindex stat exit_code exit_reason start_time job_name delimiter='^'`,
  relative: 'jobid stat start_time job_name',
};

/** All jobs of one user in one question, ended ones included as long as LSF remembers them (CLEAN_PERIOD). */
export function listCommand(owner: Pick<Owner, 'name'>, dialect: Dialect): CommandLine {
  return bjobs(dialect, ['-a', '-u', owner.name]);
}

/** Any id does: it is only asked how bjobs answers. */
export function probeCommand(dialect: Dialect): CommandLine {
  return bjobs(dialect, ['1']);
}

function bjobs(dialect: Dialect, selection: readonly string[]): CommandLine {
  const format = [...(dialect === 'spectrum' ? ['-noheader'] : []), '-o', COLUMNS[dialect]];
  return { program: 'bjobs', args: [...format, ...selection] };
}

export function readListing(result: CommandResult, dialect: Dialect): Snapshot {
  const { exitCode, stdout, stderr } = result;
  if (saysThereAreNone(result)) return { kind: 'complete', jobs: [] };
  // `lsb_readjobinfo: End of file` may follow upon rows: mbatchd was being configured, and half of them are missing.
  if (exitCode !== 0 || stdout === '' || /lsb_readjobinfo/.test(stderr))
    return { kind: 'unavailable', reason: whyNot('bjobs', result) };
  if (!stdout.endsWith('\n')) return { kind: 'unavailable', reason: 'the answer of bjobs was cut off' };
  const lines = linesOf(stdout, dialect);
  const rows = lines.map((line) => rowOf(line, dialect));
  const broken = rows.indexOf(undefined);
  if (broken >= 0) {
    const reason = `a line of bjobs makes no sense: ${oneLine(lines[broken] ?? '')}`;
    return { kind: 'unavailable', reason };
  }
  return { kind: 'complete', jobs: rows.flatMap((row) => (row === undefined ? [] : observe(row, dialect))) };
}

/** "No job found" is said with 254, 255 or 0, and only its last word counts: it may have complained before. */
function saysThereAreNone({ exitCode, timedOut, stdout, stderr }: CommandResult): boolean {
  if (exitCode === undefined || timedOut) return false;
  const last = `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
  return /^No (unfinished |matching )?job found\b/.test(last) && !/^\d/m.test(stdout);
}

/** One string per job. A name may contain newlines: what does not begin like a job belongs to the one above. */
function linesOf(stdout: string, dialect: Dialect): readonly string[] {
  const lines = stdout.slice(0, -1).split('\n');
  const [first = ''] = lines;
  const hasHeader = /^JOBID\s+STAT\s/.test(first);
  // Of a relative only the header tells that these are the columns that were asked for.
  if (!hasHeader && dialect === 'relative') return [`(no header) ${first}`];
  const rows: string[] = [];
  for (const line of hasHeader ? lines.slice(1) : lines) {
    const above = rows.length - 1;
    if (isRow(line, dialect) || above < 0) rows.push(line);
    else rows[above] = `${rows[above]}\n${line}`;
  }
  return rows;
}

function isRow(line: string, dialect: Dialect): boolean {
  return dialect === 'spectrum' ? /^\s*\d+\^/.test(line) : /^\d+ +[A-Z]+ /.test(line);
}

interface Row {
  readonly id: string;
  readonly index?: string;
  readonly stat: string;
  readonly exitCode?: string;
  readonly reason?: string;
  readonly startTime: string;
  readonly name: string;
}

function rowOf(line: string, dialect: Dialect): Row | undefined {
  return dialect === 'spectrum' ? spectrumRow(line) : relativeRow(line);
}

function spectrumRow(line: string): Row | undefined {
  const [id, index, stat, exitCode, reason, startTime, ...name] = line.split('^').map(value);
  if (!/^[1-9]\d*$/.test(id ?? '') || !stat || startTime === undefined || name.length === 0) return undefined;
  return {
    id: id ?? '',
    ...(index && index !== '0' && { index }),
    stat,
    ...(exitCode && { exitCode }),
    ...(reason && { reason }),
    startTime,
    name: name.join('^'),
  };
}

/** An empty value is printed as `-`. */
function value(field: string): string {
  return field.trim() === '-' ? '' : field.trim();
}

function relativeRow(line: string): Row | undefined {
  const [, id, stat, startTime = '', name = ''] = /^([1-9]\d*) +(\S+) +(\S+) (.*)$/s.exec(line) ?? [];
  if (id === undefined || stat === undefined) return undefined;
  return { id, stat, startTime: value(startTime), name };
}

function observe(row: Row, dialect: Dialect): JobObservation {
  const { stat, reason, startTime } = row;
  const state = phaseOf(stat);
  const blocked = blockedBy(stat);
  const exitCode = /^\d+$/.test(row.exitCode ?? '') ? Number(row.exitCode) : undefined;
  const ended = {
    isDone: isDone(stat),
    started: startTime !== '',
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
  };
  return {
    ...identify(row),
    state,
    backendStatus: [statusWords(stat), row.exitCode, reason && `(${reason})`].filter(Boolean).join(' '),
    ...(blocked && { blocked }),
    ...(state === 'ended' && { end: endOf(ended, dialect) }),
  };
}

/** `align.1.abc[4]` is element 3 of its submission; elements share the id of their array. */
export function identify({ id, index, name }: Pick<Row, 'id' | 'index' | 'name'>) {
  const [, tag = name, written] = /^(.*)\[(\d+)\]$/s.exec(name) ?? [];
  const element = index ?? written;
  if (element === undefined) return { tag: name as Tag, index: 0, nativeId: id as NativeId };
  return { tag: tag as Tag, index: Number(element) - 1, nativeId: `${id}[${element}]` as NativeId };
}
