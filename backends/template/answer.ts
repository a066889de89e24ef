/**
 * Reads a listing, or accounting, by the patterns of the site. A record that they do not understand makes the
 * answer `unavailable`, since a job might hide in it; a state that the site does not name does not.
 */
import type { JobObservation, NativeId, Snapshot, Tag } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { oneLine, whyNot } from '../why-not.ts';
import { endOf } from './ends.ts';
import { type AnswerFormat, GROUPS, type Group, type Row, type TemplateSettings } from './settings.ts';

export type Rows =
  | { readonly kind: 'complete'; readonly rows: readonly Row[] }
  | { readonly kind: 'unavailable'; readonly reason: string };

type Reader = Pick<TemplateSettings, 'answer' | 'gone'>;
type Format = Pick<TemplateSettings, 'answer' | 'job'>;

/** `mark`: what must be in every whole answer. */
export function readRows(
  { answer, gone }: Reader,
  program: string,
  result: CommandResult,
  mark?: RegExp,
): Rows {
  const none = (reason: string): Rows => ({ kind: 'unavailable', reason });
  if (!isAnswer(result, gone)) return none(whyNot(program, result));
  const { stdout } = result;
  if (stdout !== '' && !stdout.endsWith('\n')) return none(`the answer of ${program} was cut off`);
  if (mark !== undefined && !mark.test(stdout))
    return none(`the answer of ${program} lacks what 'complete' looks for: ${oneLine(stdout)}`);
  const isNoJob = (text: string): boolean => matchesSome([...answer.skip, ...gone], text);
  const records = recordsOf(stdout, answer.record).filter((text) => text.trim() !== '' && !isNoJob(text));
  const rows = records.map((record) => readRow(answer, record));
  const broken = records.find((_, at) => rows[at] === undefined);
  if (broken !== undefined) return none(`a line of ${program} makes no sense: ${oneLine(broken)}`);
  return { kind: 'complete', rows: rows.flatMap((row) => row ?? []) };
}

/** Some commands fail when one of several jobs is gone, and tell about the others all the same. */
function isAnswer({ exitCode, stdout, stderr }: CommandResult, gone: readonly RegExp[]): boolean {
  if (exitCode === 0 || exitCode === undefined) return exitCode === 0;
  return (
    complaintsAreAbout(gone, stderr) || (stderr.trim() === '' && complaintsAreAbout(gone, stdout, 'some'))
  );
}

/** Is every line one of these, or some line, and is there any at all? */
export function complaintsAreAbout(
  patterns: readonly RegExp[],
  text: string,
  which: 'every' | 'some' = 'every',
): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 && lines[which]((line) => matchesSome(patterns, line));
}

export function matchesSome(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}

/** A name or command may hold newlines: what does not begin like a record belongs to the one above. */
function recordsOf(stdout: string, start: RegExp | undefined): readonly string[] {
  const lines = stdout.split('\n').slice(0, -1);
  if (start === undefined) return lines;
  const records: string[] = [];
  let isInside = false;
  for (const line of lines) {
    const begins = start.test(line);
    if (begins || !isInside) records.push(line);
    else records.push(`${records.pop()}\n${line}`);
    isInside ||= begins;
  }
  return records;
}

function readRow({ fields }: AnswerFormat, record: string): Row | undefined {
  const found: { [name in Group]?: string } = {};
  for (const field of fields) {
    const groups = field.exec(record)?.groups ?? {};
    for (const name of GROUPS) if (groups[name] !== undefined) found[name] = groups[name];
  }
  const { id, state } = found;
  return id === undefined || state === undefined ? undefined : { ...found, id, state };
}

/** By what a row belongs to a job. */
export interface Naming {
  /** Tags of jobs by their ids, where the listing does not show them. */
  readonly tags: ReadonlyMap<string, Tag>;
  /** Jobs of others are left out, where the listing says whose they are. */
  readonly user: string;
}

export function snapshotOf(settings: Format, rows: Rows, { tags, user }: Naming): Snapshot {
  if (rows.kind === 'unavailable') return rows;
  const own = rows.rows.filter((row) => row.user === undefined || row.user === user);
  // A job without a name is not ours.
  const jobs = own.flatMap((row) => {
    const tag = row.name === undefined ? tags.get(row.id) : (row.name as Tag);
    return tag === undefined ? [] : [observationOf(settings, row, tag)];
  });
  return { kind: 'complete', jobs };
}

function observationOf(settings: Format, row: Row, tag: Tag): JobObservation {
  const { answer } = settings;
  const meaning = meaningOf(answer, row);
  const runCount = wholeNumber(row.count);
  const { blocked } = meaning.is === 'queued' ? meaning : {};
  return {
    tag,
    index: wholeNumber(row.index) ?? 0,
    nativeId: nativeIdOf(row, settings),
    state: meaning.is,
    backendStatus: statusWords(row, settings),
    ...(runCount !== undefined && { runCount }),
    ...(blocked && { blocked: { reason: row.reason ?? row.state, ...blocked } }),
    ...(meaning.is === 'ended' && { end: endOf(answer, row, meaning.kind) }),
  };
}

export function nativeIdOf({ id, name }: Row, { job }: Format): NativeId {
  return (job.id === 'tag' ? (name ?? '') : id) as NativeId;
}

export function hasEnded(answer: AnswerFormat, row: Row): boolean {
  return meaningOf(answer, row).is === 'ended';
}

function meaningOf(
  { states }: AnswerFormat,
  { state }: Row,
): AnswerFormat['states'][string] | { is: 'unknown' } {
  return states[state] ?? { is: 'unknown' };
}

/** With the scheduler's own id where people cannot see it in ours. */
function statusWords({ state, reason, exit, id }: Row, { job }: Format): string {
  const code = exit === undefined || exit === '' || exit === '0' ? '' : ` ${exit}`;
  const why = reason === undefined || reason === '' ? '' : ` (${reason})`;
  return `${state}${code}${why}${job.id === 'tag' ? ` [job ${id}]` : ''}`;
}

function wholeNumber(text: string | undefined): number | undefined {
  return /^\d{1,9}$/.test(text ?? '') ? Number(text) : undefined;
}
