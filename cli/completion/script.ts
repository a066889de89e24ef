/** What the scripts for the three shells have in common. */
import type { CommandReference, Option } from './reference.ts';
import { type Value, valueFor } from './values.ts';

export interface Reference {
  readonly version: string;
  readonly commands: readonly CommandReference[];
  /** Of every command. */
  readonly options: readonly Option[];
}

/** Those that may be typed anywhere. */
export function commonOptions({ options }: Reference): readonly Option[] {
  return [...options, ...ALWAYS];
}

/** Those of the command alone. */
export function ownOptions({ options }: CommandReference): readonly Option[] {
  return options.map(asTyped);
}

/** A flag that is on without it is only typed to turn it off. */
function asTyped(option: Option): Option {
  return option.takesValue || option.standard !== 'true' ? option : { ...option, name: `no-${option.name}` };
}

/** What follows an option that takes a value; undefined for a flag. */
export function valueAfter(command: CommandReference | undefined, option: Option): Value | undefined {
  return option.takesValue ? valueFor(command?.verb ?? '', option) : undefined;
}

/** One word of a shell, whatever is in it; for fish and for the others it is the same. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** yargs adds them itself. */
const ALWAYS: readonly Option[] = [flag('help', 'Show help'), flag('version', 'Show the version')];

function flag(name: string, describe: string): Option {
  return {
    name,
    describe,
    letter: undefined,
    takesValue: false,
    isRepeatable: false,
    choices: [],
    standard: undefined,
  };
}
