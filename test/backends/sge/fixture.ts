/** Reads what capture.sh took down of a real Grid Engine, as the results of commands. */
import { readFileSync } from 'node:fs';
import type { CommandResult } from '../../../backends/run-command.ts';
import { printed } from '../slurm/fixture.ts';

const DIRECTORY = new URL('../../fixtures/sge/', import.meta.url);

export function fixture(name: string): string {
  return readFileSync(new URL(name, DIRECTORY), 'utf8');
}

/** A file `reply-NAME.txt`: exit code, standard output and standard error of one command. */
export function reply(name: string): CommandResult {
  const match = /^exit (\d+)\n--- stdout\n([\s\S]*)--- stderr\n([\s\S]*)$/.exec(fixture(`reply-${name}.txt`));
  if (match === null) throw new Error(`reply-${name}.txt is not in the form that capture.sh writes`);
  const [, exitCode, stdout = '', stderr = ''] = match;
  return { ...printed(stdout), exitCode: Number(exitCode), stderr };
}
