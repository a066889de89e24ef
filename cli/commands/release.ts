/** wfctl release: a held run goes on. */
import { defineCommand } from '../command.ts';
import { runIdOption } from '../options.ts';
import { statusInWords } from '../print/run.ts';

export const release = defineCommand({
  options: (yargs) =>
    runIdOption(yargs).option('json', { type: 'boolean', default: false, describe: 'The run as JSON' }),
  async run({ id, json }, { client, out }) {
    const run = await client.call('releaseRun', { params: { id } });
    if (json) out.json(run);
    else out.line(`Run ${id} is ${statusInWords(run)}.`);
    return 0;
  },
});
