/** Options that several commands share, and how their values are read. */
import type { Argv } from 'yargs';
import { LABEL_NAME, ONE_LINE } from '../daemon/protocol/names.ts';
import { usageError } from './cli-error.ts';

export function runIdOption<T>(yargs: Argv<T>) {
  return yargs.positional('id', { type: 'string', demandOption: true, describe: 'Id of the run' });
}

/** Run ids are what people type: `17`. */
export function runId(text: string): number {
  const id = Number(text);
  if (!/^\d{1,15}$/.test(text) || id === 0)
    throw usageError(`"${text}" is not a run id; they are numbers, such as 17 (wfctl list)`);
  return id;
}

/** `--label project=p42`, repeatable. */
export function labelsOf(given: readonly string[]): Record<string, string> {
  const labels = pairsOf(given, '--label');
  for (const [name, value] of Object.entries(labels)) {
    checked(LABEL_NAME, name, `the name of --label ${name}`);
    checked(ONE_LINE, value, `the value of --label ${name}`);
  }
  return labels;
}

/** `--name`, as a part of what is asked. */
export function nameOf(given: string | undefined): { readonly name?: string } {
  return given === undefined ? {} : { name: checked(ONE_LINE, given, '--name') };
}

function checked({ pattern, message }: typeof ONE_LINE, text: string, what: string): string {
  if (!pattern.test(text)) throw usageError(`${what} ${message}`);
  return text;
}

/** `name=value` words; the value may contain further `=`. */
export function pairsOf(given: readonly string[], option: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const word of given) {
    const at = word.indexOf('=');
    if (at < 1) throw usageError(`${option} ${word}: write it as ${option} name=value`);
    pairs[word.slice(0, at)] = word.slice(at + 1);
  }
  return pairs;
}

/** Each takes one value, and may be given again: what follows is not swallowed. */
export const REPEATABLE = { type: 'string', array: true, nargs: 1, default: [] as string[] } as const;

/** What is given to a workflow. */
export const WORKFLOW_OPTIONS = {
  input: { ...REPEATABLE, describe: 'An input, name=value; repeatable' },
  inputs: { type: 'string', requiresArg: true, describe: 'A YAML or JSON file with inputs' },
} as const;
