/** wfctl list: runs, newest first. */
import { RUN_STATUSES } from '../../daemon/protocol/words.ts';
import { defineCommand } from '../command.ts';
import { REPEATABLE } from '../options.ts';
import { runListLines } from '../print/run-list.ts';
import { sinceTime } from '../since.ts';

export const list = defineCommand({
  options: (yargs) =>
    yargs
      .option('status', {
        ...REPEATABLE,
        choices: RUN_STATUSES,
        describe: 'Only with this status; repeatable',
      })
      .option('label', { ...REPEATABLE, describe: 'Only with this label, name=value; repeatable' })
      .option('name', { type: 'string', requiresArg: true, describe: 'Only of this name' })
      .option('user', { type: 'string', requiresArg: true, describe: 'Only of this user' })
      .option('since', {
        type: 'string',
        requiresArg: true,
        describe: 'Only submitted since: 2h, 3d, 2026-01-31',
      })
      .option('limit', { type: 'number', requiresArg: true, default: 50, describe: 'At most so many' })
      .option('before', {
        type: 'number',
        requiresArg: true,
        describe: 'Only with a smaller id: the next page',
      })
      .option('json', { type: 'boolean', default: false, describe: 'A JSON list' }),
  async run({ status, label, name, user, since, limit, before, json }, { client, out }) {
    const query = {
      status,
      label,
      name,
      owner: user,
      since: since === undefined ? undefined : sinceTime(since),
      limit,
      before,
    };
    const { runs, next } = await client.call('listRuns', { query });
    if (json) {
      out.json(runs);
      return 0;
    }
    if (runs.length === 0) {
      out.note('no runs');
      return 0;
    }
    for (const line of runListLines(runs, out.width, new Date())) out.line(line);
    if (next !== null) out.note(`there are more: wfctl list --before ${next}`);
    return 0;
  },
});
