/** wfctl validate: checks a workflow and what is given to it, with no daemon. */
import { mistakeLines } from '../../daemon/protocol/mistake-lines.ts';
import { CliError, usageError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { WORKFLOW_OPTIONS } from '../options.ts';
import type { Output } from '../print/output.ts';
import { checkWorkflow } from '../workflow-file.ts';

export const validate = defineCommand({
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', describe: 'The workflow' })
      .options(WORKFLOW_OPTIONS)
      .option('schema', {
        type: 'boolean',
        default: false,
        describe: 'Print the JSON Schema of workflows instead, for editors',
      })
      .option('json', { type: 'boolean', default: false, describe: 'The mistakes as JSON' }),
  async run({ file, schema, ...args }, { out, cwd }) {
    if (schema) return printSchema(out);
    if (file === undefined) throw usageError('name the workflow to be checked, or ask for --schema');
    const checked = await checkWorkflow({ ...args, file }, cwd);
    if (args.json) {
      out.json(checked.ok ? { valid: true, mistakes: [] } : { valid: false, mistakes: checked.mistakes });
      return checked.ok ? 0 : 2;
    }
    if (!checked.ok)
      throw new CliError('INVALID_WORKFLOW', `${file} is not valid`, checked.mistakes.flatMap(mistakeLines));
    out.line(`${file} is valid: ${inWords(checked.program.tell([]).calls.length)}`);
    return 0;
  },
});

async function printSchema(out: Output): Promise<number> {
  const { workflowJsonSchema } = await import('../../daemon/workflow/for-cli.ts');
  out.line(JSON.stringify(workflowJsonSchema(), null, 2));
  return 0;
}

function inWords(calls: number): string {
  return calls === 1 ? '1 call is known from the start' : `${calls} calls are known from the start`;
}
