/**
 * Reads `bjobs -l` and `bhist -l`: for every job a head, then what happened to it, one event a line. Long lines are
 * continued on indented ones, even in the middle of a word (bjobs -l of 10.1, bhist -l of all).
 */
import type { JobObservation, NativeId } from '../backend.ts';
import type { CommandLine } from '../run-command.ts';
import { type Dialect, type Ended, endOf } from './ends.ts';
import { identify } from './listing.ts';

export function longListCommand(ids: readonly NativeId[]): CommandLine {
  return { program: 'bjobs', args: ['-l', ...ids] };
}

/** bhist looks only into the newest event file, which is changed every thousand jobs; `-n 0` into all of them. */
export function historyCommand(ids: readonly NativeId[], where: 'newest' | 'all'): CommandLine {
  return { program: 'bhist', args: [...(where === 'all' ? ['-n', '0'] : []), '-l', ...ids] };
}

/** Jobs that have not ended are `unknown` here: their state is for the listing to say. */
export function readLong(stdout: string, dialect: Dialect): readonly JobObservation[] {
  return stdout.split(/^(?=Job <\d)/m).flatMap((text) => recordOf(text, dialect) ?? []);
}

function recordOf(text: string, dialect: Dialect): JobObservation | undefined {
  const [head = '', ...lines] = joined(text);
  const { id, index, name } =
    /^Job <(?<id>[1-9]\d*)(?:\[(?<index>\d+)\])?>, Job Name <(?<name>.*?)>, User </.exec(head)?.groups ?? {};
  if (id === undefined || name === undefined) return undefined;
  const events = lines.flatMap((line) => eventOf(line) ?? []);
  const life = events.reduce(later, { started: false });
  const { ended, words = 'EXIT' } = life;
  const job = identify({ id, name, ...(index !== undefined && { index }) });
  if (ended === undefined) return { ...job, state: 'unknown', backendStatus: words };
  const facts = { ...ended, ranOverLimit: isOver(life, limitSeconds(text)) };
  return { ...job, state: 'ended', backendStatus: words, end: endOf(facts, dialect) };
}

/** Continuation lines are indented further than anything else. Whether a blank was at the break is not known. */
function joined(text: string): readonly string[] {
  return text.replaceAll(/\n {21}(?! *[A-Z]+:)/g, '').split('\n');
}

interface Event {
  readonly atSeconds: number;
  readonly words: string;
}

function eventOf(line: string): Event | undefined {
  const [, month = '', day, hours, minutes, seconds, words] =
    /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d+):(\d+):(\d+)(?: \d{4})?: (.*)$/.exec(line) ?? [];
  if (words === undefined) return undefined;
  // Any year without a 29 February: only differences count, and one that is too small claims nothing.
  const at = Date.UTC(
    2001,
    MONTHS.indexOf(month) / 3,
    Number(day),
    Number(hours),
    Number(minutes),
    Number(seconds),
  );
  return { atSeconds: at / 1000, words: words.replace(/^\[\d+\] /, '') };
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const YEAR_SECONDS = 365 * 86_400;

interface Life {
  readonly started: boolean;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly wasKilled?: boolean;
  readonly ended?: Ended;
  readonly words?: string;
}

/** The same id may run again: what was said of an earlier run is void. */
function later(life: Life, { atSeconds, words }: Event): Life {
  if (/^(Dispatched|Started)\b/i.test(words)) return { started: true, startedAt: atSeconds };
  if (/^(Starting|Running)\b/.test(words)) return { ...life, started: true };
  if (/^(Pending|Requeued)\b/.test(words)) return { started: life.started };
  if (/^Signal <(KILL|TERM|INT)> requested by/.test(words)) return { ...life, wasKilled: true };
  const end = readEnd(words);
  if (end === undefined) return life;
  const { started, wasKilled } = life;
  const ended = { ...life.ended, ...end, started, ...(wasKilled && { wasKilled }) };
  return { ...life, ended, endedAt: atSeconds, words: oneSentence(words) };
}

function readEnd(words: string): Pick<Ended, 'isDone' | 'exitCode' | 'signal' | 'reason'> | undefined {
  if (/^(Done successfully|Completed <done>)/.test(words)) return { isDone: true };
  const [, exitCode, signal, reason] =
    /^(?:Exited with exit code (\d+)|Exited by signal (\d+)|Exited|Completed <exit>(?:; (TERM_\w+))?)/.exec(
      words,
    ) ?? [];
  if (!/^(Exited|Completed <exit>)/.test(words)) return undefined;
  return {
    isDone: false,
    ...(exitCode !== undefined && { exitCode: Number(exitCode) }),
    ...(signal !== undefined && { signal: Number(signal) }),
    ...(reason !== undefined && { reason }),
  };
}

function oneSentence(words: string): string {
  return (words.split(/[.;]( |$)/)[0] ?? words).trim();
}

/** ` RUNLIMIT` and below it ` 1.0 min of host1`; the host only where its speed counts. */
function limitSeconds(text: string): number | undefined {
  const minutes = /^ RUNLIMIT *\n +([\d.]+) min/m.exec(text)?.[1];
  return minutes === undefined ? undefined : Number(minutes) * 60;
}

/** Wall-clock; where a site lets limits follow the speed of hosts, a limit may be reached without our noticing. */
function isOver({ startedAt, endedAt }: Life, limit: number | undefined): boolean {
  if (startedAt === undefined || endedAt === undefined || limit === undefined) return false;
  const took = endedAt - startedAt;
  return (took < 0 ? took + YEAR_SECONDS : took) >= limit;
}
