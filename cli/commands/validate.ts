/** wfctl validate: checks a workflow and what is given to it, with no daemon. */
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { WORKFLOW_OPTIONS } from '../options.ts';
import { checkWorkflow, mistakeLines } from '../workflow-file.ts';

export const validate = defineCommand({
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'The workflow' })
      .options(WORKFLOW_OPTIONS)
      .option('json', { type: 'boolean', default: false, describe: 'The mistakes as JSON' }),
  async run(args, { out, cwd }) {
    const checked = await checkWorkflow(args, cwd);
    if (args.json) {
      out.json(checked.ok ? { valid: true, mistakes: [] } : { valid: false, mistakes: checked.mistakes });
      return checked.ok ? 0 : 2;
    }
    if (!checked.ok)
      throw new CliError(
        'INVALID_WORKFLOW',
        `${args.file} is not valid`,
        checked.mistakes.flatMap(mistakeLines),
      );
    out.line(`${args.file} is valid: ${inWords(checked.program.tell([]).calls.length)}`);
    return 0;
  },
});

function inWords(calls: number): string {
  return calls === 1 ? '1 call is known from the start' : `${calls} calls are known from the start`;
}
