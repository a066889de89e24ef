/** wfctl status: how one run is. */
import { isRunEnd } from '../../daemon/protocol/words.ts';
import { defineCommand } from '../command.ts';
import { runIdOption } from '../options.ts';
import { callLines } from '../print/calls.ts';
import { printRun } from '../print/run.ts';
import { exitCodeOf, waitForEnd } from '../wait.ts';

export const status = defineCommand({
  options: (yargs) =>
    runIdOption(yargs)
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .option('calls', { type: 'boolean', default: false, describe: 'With every call and its attempts' })
      .option('wait', {
        type: 'boolean',
        default: false,
        describe: 'Return when the run has ended; 1 unless it succeeded',
      }),
  async run({ id, json, calls, wait }, { client, out }) {
    const exitCode = wait ? exitCodeOf(await waitForEnd(client, id)) : 0;
    const read = (withCalls: boolean) =>
      client.call('getRun', { params: { id }, query: { calls: withCalls ? 1 : undefined } });
    const run = await read(calls);
    if (json) {
      out.json(run);
      return exitCode;
    }
    const explained = !calls && (run.failing || run.status === 'Failed') ? await read(true) : run;
    // Only a run that goes on is concerned by the state of daemon and backends.
    const daemon = isRunEnd(run.status) ? undefined : await client.call('getDaemon');
    const now = new Date();
    printRun(explained, out, now, daemon);
    if (calls) for (const line of callLines(run, out.width, now)) out.line(line);
    return exitCode;
  },
});
