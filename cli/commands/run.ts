/** wfctl run: one run in the foreground, with its own engine and no daemon (SEMANTICS 8). */
import { FAILURE_MODES } from '../../daemon/protocol/words.ts';
import { usageError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { labelsOf, nameOf, REPEATABLE, WORKFLOW_OPTIONS } from '../options.ts';
import { readWorkflow } from '../workflow-file.ts';

export const run = defineCommand({
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', describe: 'The workflow' })
      .options(WORKFLOW_OPTIONS)
      .option('resume', {
        type: 'string',
        requiresArg: true,
        describe: 'Take up the run in this directory again',
      })
      .option('backend', { type: 'string', requiresArg: true, describe: 'Where tasks run that name none' })
      .option('failure-mode', {
        choices: FAILURE_MODES,
        requiresArg: true,
        describe: 'What happens after a failure',
      })
      .option('label', { ...REPEATABLE, describe: 'name=value; repeatable' })
      .option('name', { type: 'string', requiresArg: true, describe: "Instead of the workflow's own" })
      .option('on-signal', {
        choices: ['abort', 'detach'] as const,
        requiresArg: true,
        describe: 'What Ctrl-C does: abort and wait (twice: force), or leave the jobs',
      })
      .option('json', { type: 'boolean', default: false, describe: 'The run as JSON at its end' }),
  async run(args, { cwd, env }) {
    const { backend, name, json, resume, file, 'failure-mode': failureMode, 'on-signal': onSignal } = args;
    if ((file === undefined) === (resume === undefined)) {
      throw usageError('give either a workflow, or --resume DIR with the directory of a run');
    }
    const common = { cwd, env, json, ...(onSignal === undefined ? {} : { onSignal }) };
    const { runInForeground } = await import('../../daemon/run-mode.ts');
    if (resume !== undefined) return runInForeground({ ...common, kind: 'resume', directory: resume });
    const { bundle } = await readWorkflow({ ...args, file: file ?? '' }, cwd);
    return runInForeground({
      ...common,
      kind: 'new',
      bundle,
      labels: labelsOf(args.label),
      ...(backend === undefined ? {} : { backend }),
      ...(failureMode === undefined ? {} : { failureMode }),
      ...nameOf(name),
    });
  },
});
