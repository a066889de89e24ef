/** Reads a workflow and what is given to it, as the user. The parser is loaded only here, when it is needed. */
import { mistakeLines } from '../daemon/protocol/mistake-lines.ts';
import type { Mistake, Program, WorkflowBundle } from '../daemon/workflow/language.ts';
import { CliError, usageError } from './cli-error.ts';
import { pairsOf } from './options.ts';

export interface WorkflowArgs {
  readonly file: string;
  readonly input: readonly string[];
  readonly inputs?: string | undefined;
}

export type Checked =
  | { readonly ok: true; readonly bundle: WorkflowBundle; readonly program: Program }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

export async function checkWorkflow({ file, input, inputs }: WorkflowArgs, cwd: string): Promise<Checked> {
  const { prepareBundle, openNative } = await import('../daemon/workflow/for-cli.ts');
  const prepared = await prepareBundle({
    file,
    cwd,
    givenInputs: pairsOf(input, '--input'),
    ...(inputs === undefined ? {} : { inputsFile: inputs }),
  });
  if (!prepared.ok) return prepared;
  const opened = openNative(prepared.bundle);
  return opened.ok ? { ok: true, bundle: prepared.bundle, program: opened.program } : opened;
}

/** For commands that cannot go on with a workflow that is not valid. */
export async function readWorkflow(
  args: WorkflowArgs,
  cwd: string,
): Promise<{ readonly bundle: WorkflowBundle }> {
  // Node has put U+FFFD for every byte of the name that it could not read.
  if (cwd.includes('\ufffd'))
    throw usageError('the name of this directory is not UTF-8: rename it, or submit in another one');
  const checked = await checkWorkflow(args, cwd);
  if (checked.ok) return checked;
  throw new CliError(
    'INVALID_WORKFLOW',
    `${args.file} is not valid; nothing was submitted`,
    checked.mistakes.flatMap(mistakeLines),
  );
}
