/** What a site says about a scheduler that we do not know. Checked before it comes here (daemon/config/kinds). */
import type { EndKind } from '../backend.ts';
import type { BatchSettings } from '../batch-driver.ts';
import type { RequestName } from './placeholders.ts';
import type { Words } from './words.ts';

export interface TemplateSettings extends BatchSettings {
  readonly probe: Words;
  readonly submit: SubmitTemplate;
  readonly job: JobFacts;
  /** What tasks ask for and this scheduler cannot be told; all else that it cannot be told is refused. */
  readonly ignores: readonly RequestName[];
  readonly status: { readonly command: Words /** In every whole answer. */; readonly complete?: RegExp };
  /** How listing and accounting look. */
  readonly answer: AnswerFormat;
  readonly account?: { readonly byId?: Words; readonly byTag?: Words };
  readonly abort: Words;
  /** The hardest means, where it is another. */
  readonly force?: Words;
  /** Absent: jobs cannot be sent signals. */
  readonly signal?: Words;
  /** Complaints that only say that a job is not there, or not any more. */
  readonly gone: readonly RegExp[];
  readonly reconnect: boolean;
  readonly lookUp: boolean;
}

export interface SubmitTemplate {
  readonly command: Words;
  /** Lines for the command's standard input. */
  readonly input?: Words;
  /** What a value in `input` may be; any other is refused, because the scheduler would misread it. */
  readonly inputValues: RegExp;
  /** A path: the file is the command's standard input. */
  readonly stdin?: string;
  /** Finds the new job's id in what the command prints, as group `id`. */
  readonly id?: RegExp;
  readonly rejected: Signs;
  readonly throttled: Signs;
}

/** By which an answer is known. Whatever is known by none is ambiguous, which is always safe. */
export interface Signs {
  readonly texts: readonly RegExp[];
  readonly exitCodes: readonly number[];
}

/** What a job knows of itself. */
export interface JobFacts {
  /** The variable that holds the native id; `tag`: the scheduler tells its jobs nothing, so that the tag is it. */
  readonly id:
    | 'tag'
    | { readonly variable: string /** The id ends before this text. */; readonly cutAt?: string };
  readonly index?: string;
  /** The variable that counts the reruns of the same id. */
  readonly count?: string;
  readonly log: 'script' | 'scheduler';
  readonly reservedExitCodes: readonly number[];
}

export interface AnswerFormat {
  /** How the first line of a record looks. Absent: every line is a record. */
  readonly record?: RegExp;
  /** Together they find the groups of GROUPS in a record. */
  readonly fields: readonly RegExp[];
  /** Records and lines that are no jobs. */
  readonly skip: readonly RegExp[];
  readonly states: Readonly<Record<string, StateMeaning>>;
  /** What an exit code means that is none of the job's own. */
  readonly exits: Readonly<Record<string, EndKind>>;
  /** Exit codes above 127 are shown as what a signed byte makes of them: 137 as -119. */
  readonly signedExit: boolean;
  /** Exit codes from here on are signals, by that much more. */
  readonly signalsFrom?: number;
}

export type StateMeaning =
  /** Blocked: it waits for more than its turn. */
  | { readonly is: 'queued'; readonly blocked?: { readonly plain: string; readonly forever: boolean } }
  | { readonly is: 'running' }
  /** Without a kind the exit code tells how. */
  | { readonly is: 'ended'; readonly kind?: EndKind };

/** Names of groups in `fields`. */
export const GROUPS = [
  'id',
  'name',
  'state',
  'reason',
  'index',
  'exit',
  'signal',
  'started',
  'count',
  'user',
] as const;
export type Group = (typeof GROUPS)[number];

/** What the patterns found in one record. */
export type Row = { readonly id: string; readonly state: string } & { readonly [name in Group]?: string };
