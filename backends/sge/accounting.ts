/**
 * Reads what `qacct -j` prints: records of keys and values, whose keys and units differ between Grid Engines.
 * Records are written for each run of a job, not only for its end, so the last one of a job decides.
 */
import type { JobObservation, NativeId, Snapshot, Tag } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { isMissing, oneLine, whyNot } from '../why-not.ts';
import { endOf, type JobRecord } from './ends.ts';

/** Of these tags only: a pattern may match other jobs, too. */
export function readRecords(result: CommandResult, tags: ReadonlySet<Tag>): Snapshot {
  const none = (reason: string): Snapshot => ({ kind: 'unavailable', reason });
  if (lacksAccounting(result) || hasNoRecords(result)) return { kind: 'complete', jobs: [] };
  if (result.exitCode !== 0) return none(whyNot('qacct', result));
  const { stdout } = result;
  if (stdout.trim() === '') return { kind: 'complete', jobs: [] };
  const [before, ...texts] = stdout.split(SEPARATOR);
  if (before?.trim() !== '' || texts.length === 0 || !stdout.endsWith('\n'))
    return none('the answer of qacct was cut off, or is none');
  const records: JobRecord[] = [];
  for (const text of texts) {
    const name = /^jobname +(\S+)/m.exec(text)?.[1];
    if (name !== undefined && !tags.has(name as Tag)) continue;
    const record = readRecord(text);
    if (!NEEDED.every((key) => record.has(key)))
      return none(`a record of qacct makes no sense: ${oneLine(text)}`);
    records.push(record);
  }
  return { kind: 'complete', jobs: lastOf(records).flatMap((record) => observation(record) ?? []) };
}

/** No qacct here: ends are known by marks only. */
export function lacksAccounting(result: CommandResult): boolean {
  return isMissing(result);
}

/** There are no such jobs, or none at all has ended yet. A file that cannot be read looks like the latter. */
export function hasNoRecords({ exitCode, stdout, stderr }: CommandResult): boolean {
  if (exitCode === undefined || exitCode === 0) return false;
  return (
    /^error: job (name|id) .* not found$/m.test(stderr) || /^no jobs running since startup$/m.test(stdout)
  );
}

/** This qacct does not know an option. */
export function lacksOption({ exitCode, stdout, stderr }: CommandResult): boolean {
  return exitCode !== 0 && /^usage: qacct /m.test(`${stdout}\n${stderr}`);
}

const SEPARATOR = /^=+ *\n/m;
const NEEDED = ['jobname', 'jobnumber', 'failed', 'exit_status'];

function readRecord(text: string): JobRecord {
  const lines = text.split('\n').filter((line) => line.includes(' '));
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(' ');
      return [line.slice(0, at), line.slice(at).trim()];
    }),
  );
}

function lastOf(records: readonly JobRecord[]): readonly JobRecord[] {
  // Where `-m` is not known (commands.ts) a task that a parallel job starts on another host may be told by this key.
  const ofJobs = records.filter((record) => [undefined, 'NONE'].includes(record.get('pe_taskid')));
  return [...new Map(ofJobs.map((record) => [`${record.get('jobname')} ${idOf(record)}`, record])).values()];
}

function idOf(record: JobRecord): string {
  const number = record.get('jobnumber') ?? '';
  const task = taskOf(record);
  return task === undefined ? number : `${number}.${task}`;
}

/** Of a plain job qacct writes `undefined`. */
function taskOf(record: JobRecord): number | undefined {
  const task = Number(record.get('taskid'));
  return Number.isInteger(task) && task > 0 ? task : undefined;
}

function observation(record: JobRecord): JobObservation | undefined {
  const end = endOf(record);
  if (end === undefined) return undefined;
  const [failed = '', status = ''] = [record.get('failed'), record.get('exit_status')];
  const words = failed === '0' ? `exit_status ${status}` : `failed ${failed}, exit_status ${status}`;
  return {
    tag: record.get('jobname') as Tag,
    index: (taskOf(record) ?? 1) - 1,
    nativeId: idOf(record) as NativeId,
    state: 'ended',
    backendStatus: words.replaceAll(/ +:/g, ':').replaceAll(/ +/g, ' '),
    end,
  };
}
