/** wfctl daemon: how it is; starting, stopping, draining and reloading it; the care of its state (daemon-care.ts). */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { DaemonAnswer, ReloadedAnswer } from '../../daemon/protocol/answers.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { endDaemon } from '../end-daemon.ts';
import type { Output } from '../print/output.ts';
import { backendBanners } from '../print/run.ts';
import { pointInTime } from '../print/times.ts';
import { startDaemon } from '../start-daemon.ts';
import { CARE_ACTIONS, CARE_OPTIONS, careForState, isCareAction } from './daemon-care.ts';

export const daemon = defineCommand({
  options: (yargs) =>
    yargs
      .positional('action', {
        choices: [...ACTIONS, 'reload', ...CARE_ACTIONS] as const,
        default: 'status' as const,
        describe:
          'drain: start nothing new, exit when active jobs have ended; stop: exit now, jobs go on; reload: read the configuration again',
      })
      .positional('file', { type: 'string', describe: 'restore: the backup' })
      .options(CARE_OPTIONS)
      .option('json', { type: 'boolean', default: false, describe: 'As JSON' }),
  async run({ action, ...args }, context) {
    if (isCareAction(action)) return careForState(action, args, context);
    const { client, out } = context;
    if (action === 'reload') {
      const reloaded = await client.call('reloadDaemon');
      if (args.json) out.json(reloaded);
      else printReloaded(reloaded, out);
      return 0;
    }
    const answer = await act(action, context);
    if (args.json) out.json(answer);
    else printDaemon(answer, out);
    return 0;
  },
});

const ACTIONS = ['status', 'start', 'stop', 'drain', 'resume'] as const;

async function act(action: (typeof ACTIONS)[number], context: CommandContext): Promise<DaemonAnswer> {
  const { client } = context;
  switch (action) {
    case 'status':
      return client.call('getDaemon');
    case 'start':
      return start(context);
    case 'stop':
      return stop(context);
    case 'drain':
      return client.call('drainDaemon');
    case 'resume':
      return client.call('resumeDaemon');
    default:
      return action satisfies never;
  }
}

async function start(context: CommandContext): Promise<DaemonAnswer> {
  const running = await context.client.probe();
  if (running === undefined) {
    await startDaemon({ ...context, note: context.out.note });
    return context.client.call('getDaemon');
  }
  context.out.note(`a daemon runs already (pid ${running.pid} on ${running.host})`);
  return running;
}

/** Jobs are never killed by a stop: they belong to the scheduler, and the next daemon finds them. */
async function stop({ client }: CommandContext): Promise<DaemonAnswer> {
  const running = await client.call('getDaemon');
  if (running.host !== hostname()) {
    throw new CliError(
      'WRONG_STATE',
      `the daemon runs on ${running.host}; stop it there: ssh ${running.host} wfctl daemon stop`,
    );
  }
  const socket = client.socketPaths.find((path) => existsSync(path));
  await endDaemon(running.pid);
  // Its own goes with it; one that stays is systemd's, who starts the daemon when somebody comes.
  const stays = socket !== undefined && existsSync(socket);
  const reason = stays
    ? 'it has ended; jobs go on. systemd starts it again at the next request, unless wfd.socket is stopped, too'
    : 'it has ended; jobs go on';
  return { ...running, state: 'stopping', reason, backends: [] };
}

function printReloaded({ file, inForce, afterRestart }: ReloadedAnswer, out: Output): void {
  out.line(file === null ? 'There is no configuration file: the defaults count.' : `Read ${file}.`);
  if (inForce.length > 0) out.line(`  in force now: ${inForce.join(', ')}`);
  if (afterRestart.length > 0) out.line(out.paint('yellow', `  after a restart: ${afterRestart.join(', ')}`));
  if (inForce.length + afterRestart.length === 0) out.line('  nothing has changed');
}

function printDaemon(
  { name, version, host, pid, startedAt, state, reason, backends, care }: DaemonAnswer,
  out: Output,
): void {
  const now = new Date();
  out.line(`${name} ${version} on ${host}, pid ${pid}, since ${pointInTime(startedAt, now)}`);
  out.line(`  ${state}${reason === null ? '' : `: ${reason}`}`);
  for (const backend of backends) {
    const jobs = `${backend.active} of ${backend.maxActive} jobs`;
    const what = backend.reachable === false ? 'unreachable' : backend.summary;
    out.line(`  backend ${backend.name}: ${what} (${jobs})`);
    for (const banner of backendBanners(backend, now)) out.line(out.paint('yellow', `    ${banner}`));
  }
  if (care?.newestBackup) out.line(`  newest backup: ${care.newestBackup.file}`);
  for (const problem of care?.problems ?? []) out.line(out.paint('yellow', `  ${problem}`));
}
