/** wfctl backends: the schedulers, one of them in full, and pausing one. */
import type { BackendAnswer } from '../../daemon/protocol/answers.ts';
import { suggestion } from '../../daemon/protocol/nearest-name.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { Client } from '../client.ts';
import { defineCommand } from '../command.ts';
import { backendListLines, printBackend } from '../print/backends.ts';

export const ACTIONS = ['list', 'show', 'pause', 'resume'] as const;
type Action = (typeof ACTIONS)[number];

export const backends = defineCommand({
  options: (yargs) =>
    yargs
      .positional('action', {
        type: 'string',
        default: 'list',
        describe: 'list, show, pause or resume; or just the NAME of the one to show',
      })
      .positional('name', { type: 'string', describe: 'Of the backend to show, pause or resume' })
      .option('reason', {
        type: 'string',
        requiresArg: true,
        describe: 'Why it is paused; shown in status and why',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'As JSON: a list, or the one that was named',
      }),
  async run({ action: word, name, reason, json }, { client, out }) {
    const now = new Date();
    const action = actionOf(word, name);
    if (action === 'list') {
      const all = await listed(client);
      if (json) out.json(all);
      else for (const line of backendListLines(all, out.width, now)) out.line(line);
      return 0;
    }
    const one = await act(client, action, isAction(word) ? name : word, reason);
    if (json) out.json(one);
    else printBackend(one, out, now);
    return 0;
  },
});

/** `wfctl backends slurm` shows that one. */
function actionOf(word: string, name: string | undefined): Action {
  if (isAction(word)) return word;
  if (name === undefined) return 'show';
  throw usageError(
    `there is no action '${word}'${suggestion(word, ACTIONS) || `; there are: ${ACTIONS.join(', ')}`}`,
  );
}

function isAction(word: string): word is Action {
  return ACTIONS.some((action) => action === word);
}

async function listed(client: Client): Promise<readonly BackendAnswer[]> {
  return (await client.call('listBackends')).backends;
}

async function act(
  client: Client,
  action: Exclude<Action, 'list'>,
  name: string | undefined,
  reason: string | undefined,
): Promise<BackendAnswer> {
  if (name === undefined)
    throw usageError(`say which backend: wfctl backends ${action} NAME (wfctl backends lists them)`);
  switch (action) {
    case 'show':
      return found(await listed(client), name);
    case 'resume':
      return client.call('resumeBackend', { params: { name } });
    case 'pause':
      if (reason === undefined)
        throw usageError(`say why, for those who will wonder: wfctl backends pause ${name} --reason TEXT`);
      return client.call('pauseBackend', { params: { name }, body: { reason } });
    default:
      return action satisfies never;
  }
}

function found(all: readonly BackendAnswer[], name: string): BackendAnswer {
  const one = all.find((backend) => backend.name === name);
  if (one !== undefined) return one;
  const names = all.map((backend) => backend.name);
  const hint = suggestion(name, names) || `; there are: ${names.join(', ')}`;
  throw new CliError('BACKEND_NOT_FOUND', `there is no backend named "${name}"${hint}`);
}
