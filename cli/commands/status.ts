/** wfctl status: how one run is. */
import { isRunEnd } from '../../daemon/protocol/words.ts';
import { defineCommand } from '../command.ts';
import { runId, runIdOption } from '../options.ts';
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
  async run({ id: given, json, calls, wait }, { client, out }) {
    const id = runId(given);
    const exitCode = wait ? exitCodeOf(await waitForEnd(client, id)) : 0;
    const read = (withCalls: boolean) =>
      client.call('getRun', { params: { id }, query: { calls: withCalls ? 1 : undefined } });
    if (json) {
      out.json(await read(calls));
      return exitCode;
    }
    const [run, daemon] = await Promise.all([read(calls), client.call('getDaemon')]);
    const explained = !calls && (run.failing || run.status === 'Failed') ? await read(true) : run;
    const now = new Date();
    // Only a run that goes on is concerned by the state of daemon and backends.
    printRun(explained, out, now, isRunEnd(run.status) ? undefined : daemon);
    if (calls) for (const line of callLines(run, out.width, now)) out.line(line);
    return exitCode;
  },
});
