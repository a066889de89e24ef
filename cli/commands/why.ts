/** wfctl why: why a run or a call is where it is, in plain words. */
import { defineCommand } from '../command.ts';
import { runId, runIdOption } from '../options.ts';

export const why = defineCommand({
  options: (yargs) =>
    runIdOption(yargs)
      .positional('call', { type: 'string', describe: "A call of it, such as 'align[3]'" })
      .option('json', { type: 'boolean', default: false, describe: 'A JSON list of sentences' }),
  async run({ id: given, call, json }, { client, out }) {
    const id = runId(given);
    const { lines } = await client.call('getWhy', { params: { id }, query: { call } });
    if (json) out.json(lines);
    else for (const line of lines) out.line(line);
    return 0;
  },
});
