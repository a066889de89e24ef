/**
 * What every command takes, as data: shells complete by it, and the manual pages are made of it. It listens while a
 * command names its options for yargs, so that there is nothing to keep in step.
 */
import type { Argv, Options, PositionalOptions } from 'yargs';
import type { CommandEntry } from '../command.ts';

export interface CommandReference {
  readonly verb: string;
  /** `logs <id> [call]` */
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly string[];
  /** In their order. */
  readonly positionals: readonly Positional[];
  readonly options: readonly Option[];
}

export interface Positional {
  readonly name: string;
  readonly describe: string;
  readonly isVariadic: boolean;
  readonly choices: readonly string[];
  readonly standard: string | undefined;
}

export interface Option {
  readonly name: string;
  /** `-f` of `--follow` is `f`. */
  readonly letter: string | undefined;
  readonly describe: string;
  readonly takesValue: boolean;
  readonly isRepeatable: boolean;
  readonly choices: readonly string[];
  /** In words, where it is worth telling. */
  readonly standard: string | undefined;
}

type OptionTable = Readonly<Record<string, Options>>;

export function describeCommands(entries: readonly CommandEntry[]): Promise<readonly CommandReference[]> {
  return Promise.all(entries.map(describeCommand));
}

export function describeOptions(table: OptionTable): readonly Option[] {
  return Object.entries(table).map(([name, given]) => optionOf(name, given));
}

async function describeCommand({ usage, summary, examples, load }: CommandEntry): Promise<CommandReference> {
  const listener = new Listener();
  const command = await load();
  // Commands only name positionals and options; a method that is not there would fail at once, and loudly.
  command.options(listener as unknown as Argv);
  const [verb = ''] = usage.split(' ');
  const positionals = [...usage.matchAll(/[<[](\w+)(\.\.)?[>\]]/g)].map(([, name = '', dots]) =>
    positionalOf(name, dots !== undefined, listener.positionals.get(name) ?? {}),
  );
  return { verb, usage, summary, examples, positionals, options: describeOptions(listener.table) };
}

/** The part of yargs that commands speak to. */
class Listener {
  readonly positionals = new Map<string, PositionalOptions>();
  readonly table: Record<string, Options> = {};

  positional(name: string, given: PositionalOptions): this {
    this.positionals.set(name, given);
    return this;
  }

  option(name: string, given: Options): this {
    this.table[name] = given;
    return this;
  }

  options(table: OptionTable): this {
    Object.assign(this.table, table);
    return this;
  }
}

function positionalOf(name: string, isVariadic: boolean, given: PositionalOptions): Positional {
  return {
    name,
    describe: given.describe ?? '',
    isVariadic,
    choices: (given.choices ?? []).map(String),
    standard: standardOf(given.default),
  };
}

function optionOf(name: string, given: Options): Option {
  return {
    name,
    letter: typeof given.alias === 'string' ? given.alias : undefined,
    describe: given.describe ?? '',
    takesValue: given.type !== 'boolean',
    isRepeatable: given.array === true,
    choices: (given.choices ?? []).map(String),
    standard: standardOf(given.default),
  };
}

/** That a flag is off and a list empty goes without saying; that a flag is on does not. */
function standardOf(value: unknown): string | undefined {
  const isTold = value === true || typeof value === 'string' || typeof value === 'number';
  return isTold ? String(value) : undefined;
}
