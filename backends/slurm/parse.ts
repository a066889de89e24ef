/**
 * Reads what squeue and sacct print. A line that cannot be understood makes the answer `unavailable`, since a
 * job might hide in it; a state nobody has met does not.
 */
import type { JobObservation, NativeId, Snapshot, Tag } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { oneLine, whyNot } from '../why-not.ts';
import { blockedBy } from './reasons.ts';
import { type ExitStatus, endOf, phaseOf, statusFromPair, statusFromWait } from './states.ts';

export function readSqueue(result: CommandResult): Snapshot {
  return readLines('squeue', result, 7, (fields) => fields.map(fromSqueue));
}

export function readSacct(result: CommandResult): Snapshot {
  // A site without accounting, or without the command, has no second source; that is an answer.
  if (lacksAccounting(result)) return { kind: 'complete', jobs: [] };
  return readLines('sacct', result, 7, newestRuns);
}

/** "Slurm accounting storage is disabled", or no `sacct` on PATH (127, or 126, is setpriv's word for that). */
export function lacksAccounting({ exitCode, stderr, failedToStart }: CommandResult): boolean {
  if (failedToStart !== undefined) return failedToStart.includes('ENOENT');
  return (
    exitCode === 127 || exitCode === 126 || (exitCode !== 0 && /accounting storage is disabled/i.test(stderr))
  );
}

function readLines(
  program: string,
  result: CommandResult,
  columns: number,
  read: (records: readonly (readonly string[])[]) => readonly JobObservation[],
): Snapshot {
  if (result.exitCode !== 0) return { kind: 'unavailable', reason: whyNot(program, result) };
  const lines = recordsOf(result.stdout);
  const fields = lines?.map((line) => splitLine(line, columns));
  const broken = fields?.findIndex((each) => each.length !== columns);
  if (lines === undefined || fields === undefined || broken === undefined) {
    return { kind: 'unavailable', reason: `the answer of ${program} was cut off` };
  }
  if (broken >= 0) {
    return {
      kind: 'unavailable',
      reason: `a line of ${program} makes no sense: ${oneLine(lines[broken] ?? '')}`,
    };
  }
  return { kind: 'complete', jobs: read(fields) };
}

/** One string per job. A job's name may contain newlines; what does not begin like a job belongs to the one above. */
function recordsOf(stdout: string): readonly string[] | undefined {
  if (stdout === '') return [];
  if (!stdout.endsWith('\n')) return undefined;
  const records: string[] = [];
  for (const line of stdout.slice(0, -1).split('\n')) {
    const above = records.length - 1;
    if (/^\d+\S*\s*\|/.test(line) || above < 0) records.push(line);
    else records[above] = `${records[above]}\n${line}`;
  }
  return records;
}

/** The last column may contain the separator. Fewer fields than columns: the line is not what was asked for. */
function splitLine(line: string, columns: number): readonly string[] {
  const fields: string[] = [];
  let from = 0;
  while (fields.length < columns - 1) {
    const to = line.indexOf('|', from);
    if (to < 0) return fields;
    fields.push(line.slice(from, to).trim());
    from = to + 1;
  }
  return [...fields, line.slice(from).trimEnd()];
}

function fromSqueue(fields: readonly string[]): JobObservation {
  const [id = '', state = '', reason = '', exitCode = '', restarts = '', nodes = '', name = ''] = fields;
  const phase = phaseOf(state);
  const blocked = phase === 'queued' ? blockedBy(state, reason) : undefined;
  const why = reason === 'None' || reason === '' ? '' : ` (${reason})`;
  const runCount = /^\d+$/.test(restarts) ? Number(restarts) : undefined;
  return {
    ...identify(id, name),
    state: phase,
    backendStatus: `${state}${why}`,
    ...(runCount === undefined ? {} : { runCount }),
    ...(blocked === undefined ? {} : { blocked }),
    ...ended(phase, state, reason, statusFromWait(exitCode), nodes !== '' || (runCount ?? 0) > 0),
  };
}

/** Of several records of one job the last is its newest run. An id used before by another job has another name. */
function newestRuns(records: readonly (readonly string[])[]): readonly JobObservation[] {
  const newest = new Map<string, JobObservation>();
  for (const fields of records) {
    const [id = '', , , , , , name = ''] = fields;
    // Waiting elements in one line, `122_[2-5]`: sacct does not learn of those cancelled in the queue, so the line
    // may stay like this for ever. Only squeue knows about them.
    if (id.includes('[')) continue;
    const key = `${id} ${name}`;
    const earlier = newest.get(key);
    newest.set(key, fromSacct(fields, earlier === undefined ? 0 : (earlier.runCount ?? 0) + 1));
  }
  return [...newest.values()];
}

function fromSacct(fields: readonly string[], runCount: number): JobObservation {
  const [id = '', words = '', exitCode = '', end = '', nodes = '', reason = '', name = ''] = fields;
  // Text may follow: `CANCELLED by 1001`.
  const state = words.split(' ')[0] ?? '';
  // Just after slurmdbd has come back a record may be half written: the state already, code and end not yet.
  const settled = phaseOf(state) !== 'ended' || (end !== 'Unknown' && end !== '');
  const phase = settled ? phaseOf(state) : 'unknown';
  const hadNodes = nodes !== 'None assigned' && nodes !== '';
  return {
    ...identify(id, name),
    state: phase,
    backendStatus: exitCode === '0:0' || exitCode === '' ? words : `${words} ${exitCode}`,
    runCount,
    ...ended(phase, state, reason, statusFromPair(exitCode), runCount > 0 || hadNodes),
  };
}

function ended(
  phase: JobObservation['state'],
  state: string,
  reason: string,
  status: ExitStatus | undefined,
  started: boolean,
): Pick<JobObservation, 'end'> {
  return phase === 'ended' ? { end: endOf({ state, reason, status, started }) } : {};
}

/** `122_3` is element 3 of array 122. */
function identify(id: string, name: string): Pick<JobObservation, 'tag' | 'nativeId' | 'index'> {
  const index = /_(\d+)$/.exec(id)?.[1];
  return { tag: name as Tag, nativeId: id as NativeId, index: index === undefined ? 0 : Number(index) };
}
