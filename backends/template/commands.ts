/**
 * The command lines of a site's templates, as pure functions. A template says itself how it wants to be asked:
 * with `{nativeId}` one command for each job, with `{nativeIds}` one for all of them, with neither one that
 * lists whatever there is.
 */
import type { Owner, SubmitRequest } from '../backend.ts';
import type { CommandLine } from '../run-command.ts';
import { submitValues } from './requests.ts';
import type { SubmitTemplate } from './settings.ts';
import { placeholdersOf, render, type Values, type Words } from './words.ts';

/** What a job may be called by. */
export interface Names {
  readonly nativeId?: string;
  readonly tag?: string;
  /** The id by which the listing shows it, which need not be the native id. */
  readonly listedId?: string;
}

export const NAMES = ['nativeId', 'tag', 'listedId'] as const satisfies readonly (keyof Names)[];

/** Schedulers answer a thousand ids in well under a second, and one command line can carry them. */
const IDS_PER_COMMAND = 1_000;

export function submitLine(template: SubmitTemplate, request: SubmitRequest): CommandLine {
  const values = submitValues(request);
  const { command, input, stdin } = template;
  const words = render(command, values);
  if (stdin !== undefined)
    return commandLine(['sh', '-c', FROM_FILE, 'sh', ...render([stdin], values), ...words]);
  return {
    ...commandLine(words),
    ...(input && {
      input: render(input, values)
        .map((line) => `${line}\n`)
        .join(''),
    }),
  };
}

/** The file is opened with the owner's rights; its name and the command are arguments, never part of the text. */
const FROM_FILE = 'exec <"$1" && shift && exec "$@"';

/** None for no jobs, of a template that names them. */
export function lines(
  template: Words,
  owner: Owner,
  jobs: readonly Names[],
  more: Values = {},
): readonly CommandLine[] {
  const values = { ...more, user: owner.name, uid: String(owner.uid) };
  const line = (some: Values): CommandLine => commandLine(render(template, { ...values, ...some }));
  if (asksForEach(template)) return jobs.map((job) => line({ ...job }));
  if (!asksForMany(template)) return [line({})];
  return chunks(jobs).map((some) => line(plurals(some)));
}

export function probeLine(template: Words): CommandLine {
  return commandLine(render(template, {}));
}

export function mentions(template: Words, name: keyof Names): boolean {
  const places = placeholdersOf(template);
  return places.has(name) || places.has(`${name}s`);
}

export function programOf(template: Words): string {
  return String(template[0]);
}

function asksForEach(template: Words): boolean {
  const places = placeholdersOf(template);
  return NAMES.some((name) => places.has(name));
}

function asksForMany(template: Words): boolean {
  const places = placeholdersOf(template);
  return NAMES.some((name) => places.has(`${name}s`));
}

function plurals(jobs: readonly Names[]): Values {
  return Object.fromEntries(NAMES.map((name) => [`${name}s`, jobs.flatMap((job) => job[name] ?? [])]));
}

function chunks(jobs: readonly Names[]): readonly (readonly Names[])[] {
  const count = Math.ceil(jobs.length / IDS_PER_COMMAND);
  return Array.from({ length: count }, (_, at) =>
    jobs.slice(at * IDS_PER_COMMAND, (at + 1) * IDS_PER_COMMAND),
  );
}

function commandLine([program = '', ...args]: readonly string[]): CommandLine {
  return { program, args };
}
