/** wfctl release: a held run goes on. */
import { defineCommand } from '../command.ts';
import { runId, runIdOption } from '../options.ts';
import { statusInWords } from '../print/run.ts';

export const release = defineCommand({
  options: (yargs) =>
    runIdOption(yargs).option('json', { type: 'boolean', default: false, describe: 'The run as JSON' }),
  async run({ id: given, json }, { client, out }) {
    const id = runId(given);
    const run = await client.call('releaseRun', { params: { id } });
    if (json) out.json(run);
    else out.line(`Run ${id} is ${statusInWords(run)}.`);
    return 0;
  },
});
