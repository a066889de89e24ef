/** wfctl backends: the schedulers, and pausing one. */
import type { BackendAnswer } from '../../daemon/protocol/answers.ts';
import { usageError } from '../cli-error.ts';
import type { Client } from '../client.ts';
import { defineCommand } from '../command.ts';
import { type Column, tableLines } from '../print/table.ts';

export const backends = defineCommand({
  options: (yargs) =>
    yargs
      .positional('action', { choices: ['list', 'pause', 'resume'] as const, default: 'list' as const })
      .positional('name', { type: 'string', describe: 'Of the backend to pause or resume' })
      .option('reason', {
        type: 'string',
        requiresArg: true,
        describe: 'Why it is paused; shown in status and why',
      })
      .option('json', { type: 'boolean', default: false, describe: 'As JSON' }),
  async run({ action, name, reason, json }, { client, out }) {
    const shown = action === 'list' ? await listed(client) : [await changed(client, action, name, reason)];
    if (json) out.json(shown);
    else for (const line of tableLines(COLUMNS, shown.map(rowOf), out.width)) out.line(line);
    return 0;
  },
});

async function listed(client: Client): Promise<readonly BackendAnswer[]> {
  return (await client.call('listBackends')).backends;
}

async function changed(
  client: Client,
  action: 'pause' | 'resume',
  name: string | undefined,
  reason: string | undefined,
): Promise<BackendAnswer> {
  if (name === undefined)
    throw usageError(`say which backend: wfctl backends ${action} NAME (wfctl backends lists them)`);
  if (action === 'resume') return client.call('resumeBackend', { params: { name } });
  if (reason === undefined)
    throw usageError(`say why, for those who will wonder: wfctl backends pause ${name} --reason TEXT`);
  return client.call('pauseBackend', { params: { name }, body: { reason } });
}

const COLUMNS: readonly Column[] = [
  { title: 'NAME', shrinkTo: 8 },
  { title: 'STATE' },
  { title: 'JOBS', align: 'right' },
  { title: 'WHAT', shrinkTo: 20 },
];

function rowOf({ name, reachable, paused, active, maxActive, summary }: BackendAnswer): string[] {
  const reach = reachable === null ? 'not asked yet' : reachable ? 'reachable' : 'unreachable';
  const state = paused === null ? reach : `paused, ${reach}`;
  return [
    name,
    state,
    `${active}/${maxActive}`,
    paused === null ? summary : `${paused.by}: ${paused.reason}`,
  ];
}
