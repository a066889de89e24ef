/** wfctl hold: nothing new of a run is started; its jobs are watched. */
import { defineCommand } from '../command.ts';
import { runId, runIdOption } from '../options.ts';
import { statusInWords } from '../print/run.ts';

export const hold = defineCommand({
  options: (yargs) =>
    runIdOption(yargs)
      .option('reason', { type: 'string', requiresArg: true, describe: 'Kept, and shown in status' })
      .option('json', { type: 'boolean', default: false, describe: 'The run as JSON' }),
  async run({ id: given, reason, json }, { client, out }) {
    const id = runId(given);
    const run = await client.call('holdRun', {
      params: { id },
      body: reason === undefined ? {} : { reason },
    });
    if (json) out.json(run);
    else out.line(`Run ${id} is ${statusInWords(run)}; wfctl release ${id} lets it go on.`);
    return 0;
  },
});
