/** wfctl submit: reads the user's files, and sends what they contain. */
import { randomUUID } from 'node:crypto';
import type { RunAnswer } from '../../daemon/protocol/answers.ts';
import { FAILURE_MODES } from '../../daemon/protocol/words.ts';
import { defineCommand } from '../command.ts';
import { labelsOf, nameOf, REPEATABLE, WORKFLOW_OPTIONS } from '../options.ts';
import type { Output } from '../print/output.ts';
import { printRun, statusInWords } from '../print/run.ts';
import { exitCodeOf, waitForEnd } from '../wait.ts';
import { readWorkflow } from '../workflow-file.ts';

export const submit = defineCommand({
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'The workflow' })
      .options(WORKFLOW_OPTIONS)
      .option('backend', { type: 'string', requiresArg: true, describe: 'Where tasks run that name none' })
      .option('failure-mode', {
        choices: FAILURE_MODES,
        requiresArg: true,
        describe: 'What happens after a failure',
      })
      .option('hold', { type: 'boolean', default: false, describe: 'Wait for wfctl release' })
      .option('label', { ...REPEATABLE, describe: 'name=value; repeatable' })
      .option('name', { type: 'string', requiresArg: true, describe: "Instead of the workflow's own" })
      .option('wait', {
        type: 'boolean',
        default: false,
        describe: 'Return when the run has ended; 1 unless it succeeded',
      })
      .option('json', { type: 'boolean', default: false, describe: 'The run as JSON' }),
  async run(args, { client, out, cwd }) {
    const { backend, 'failure-mode': failureMode, hold, name } = args;
    const { bundle } = await readWorkflow(args, cwd);
    const { run } = await client.call('submitRun', {
      body: {
        bundle,
        labels: labelsOf(args.label),
        hold,
        submitDir: cwd,
        umask: process.umask(),
        // However often this request has to be repeated, it makes one run.
        token: randomUUID(),
        ...(backend === undefined ? {} : { backend }),
        ...(failureMode === undefined ? {} : { failureMode }),
        ...nameOf(name),
      },
    });
    if (!args.json) printSubmitted(run, out);
    if (!args.wait) {
      if (args.json) out.json(run);
      return 0;
    }
    const ended = await waitForEnd(client, run.id);
    if (args.json) out.json(ended);
    else if (out.isTerminal) printRun(ended, out, new Date());
    return exitCodeOf(ended);
  },
});

/** A script wants the id and nothing else. */
function printSubmitted(run: RunAnswer, out: Output): void {
  if (!out.isTerminal) out.line(String(run.id));
  else
    out.line(`Run ${run.id} (${run.name}) is ${statusInWords(run)}; follow it with: wfctl status ${run.id}`);
}
