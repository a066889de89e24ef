/** What a command is: its options and one function. Each lives in commands/<verb>.ts and is loaded when typed. */
import type { Argv } from 'yargs';
import type { Environment } from '../daemon/protocol/paths.ts';
import type { Client } from './client.ts';
import type { Output } from './print/output.ts';

export interface CommandContext {
  readonly client: Client;
  readonly out: Output;
  readonly env: Environment;
  readonly cwd: string;
  /** `--socket`, where it was given. */
  readonly socket?: string;
}

export interface Command<Args extends object> {
  options(yargs: Argv): Argv<Args>;
  /** Answers the exit code. */
  run(args: Args, context: CommandContext): Promise<number>;
}

/** A line of the table of all commands. */
export interface CommandEntry {
  /** As yargs reads it: `<needed>`, `[optional]`, `[several..]`. */
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly load: () => Promise<Command<object>>;
}

/** Lets the arguments of `run` be inferred from the options. */
export function defineCommand<Args extends object>(command: Command<Args>): Command<Args> {
  return command;
}
