/** wfctl service: the daemon as a service of systemd. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { CliError, usageError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { Output } from '../print/output.ts';
import { journal, type ServiceStatus, serviceJson, serviceLines } from '../print/service.ts';
import { carryOut, sentence } from '../service/carry-out.ts';
import { installPlan, type Step, uninstallPlan } from '../service/plan.ts';
import {
  daemonAt,
  lingerOf,
  meantFor,
  type Surveyor,
  surveyForInstall,
  surveyForUninstall,
  surveyor,
  unitStates,
} from '../service/survey.ts';
import { openSystemd } from '../service/systemd.ts';
import type { Mode } from '../service/units.ts';
import { moveHere } from './service-move.ts';

export const service = defineCommand({
  options: (yargs) =>
    yargs
      .positional('action', {
        choices: ['status', 'install', 'uninstall', 'move'] as const,
        default: 'status' as const,
        describe:
          'install: write, enable and start the units; uninstall: stop and remove them, runs stay; move: bring your daemon here from another login node',
      })
      .option('user', { type: 'boolean', describe: 'A daemon of your own (unless you are root)' })
      .option('system', {
        type: 'boolean',
        conflicts: 'user',
        describe: 'One for all users of this node; needs root',
      })
      .option('linger', {
        type: 'boolean',
        default: true,
        describe: 'Let your services go on when you log out (--no-linger: leave that as it is)',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would be done' })
      .option('json', { type: 'boolean', default: false, describe: 'status as JSON' }),
  async run({ action, user, system, linger, 'dry-run': isDry, json }, context) {
    const { env, out } = context;
    const survey = async (mode: Mode) =>
      surveyor(mode, env, await openSystemd(mode, env, process.getuid?.() ?? 0));
    if (action === 'move') {
      if (system) throw usageError('a daemon for all users stays on its node; move is for your own');
      return moveHere(context, async () => install(await survey('user'), linger, false, out));
    }
    const from = await survey(modeOf(user, system, action !== 'status'));
    switch (action) {
      case 'status':
        await printStatus(from, json, out);
        return 0;
      case 'install':
        await install(from, linger, isDry, out);
        return 0;
      case 'uninstall':
        await uninstall(from, isDry, out);
        return 0;
      default:
        return action satisfies never;
    }
  },
});

function modeOf(user: boolean | undefined, system: boolean | undefined, changes: boolean): Mode {
  const isRoot = process.geteuid?.() === 0;
  const mode = system || (user !== true && isRoot) ? 'system' : 'user';
  if (mode === 'system' && changes && !isRoot) {
    throw new CliError(
      'NOT_ALLOWED',
      'a service for all users is a matter of root; your own needs no --system',
    );
  }
  return mode;
}

async function install(from: Surveyor, linger: boolean, isDry: boolean, out: Output): Promise<void> {
  const found = await surveyForInstall(from, linger);
  const steps = installPlan(found);
  if (isDry) return printPlan(steps, from.mode, out);
  await carryOut(steps, from.systemd, from.mode, out);
  if (steps.length === 0) out.line('Nothing to do: the service is as it should be.');
  if (found.unitFiles === undefined) out.line('The units are those of a package.');
  for (const line of serviceLines(await statusOf(from), new Date())) out.line(line);
  for (const line of adviceLines(from)) out.line(line);
}

async function uninstall(from: Surveyor, isDry: boolean, out: Output): Promise<void> {
  const found = await surveyForUninstall(from);
  const steps = uninstallPlan(found);
  if (isDry) return printPlan(steps, from.mode, out);
  await carryOut(steps, from.systemd, from.mode, out);
  out.line(
    steps.length === 0
      ? 'Nothing to do: there is no such service.'
      : 'The service is gone. Jobs go on; runs and configuration stay.',
  );
  const after = Object.values(await unitStates(from.systemd)).find((unit) => unit.load === 'loaded');
  if (after !== undefined)
    out.line(`${after.file} is not of wfctl's making: remove the package that brought it.`);
}

function printPlan(steps: readonly Step[], mode: Mode, out: Output): void {
  for (const step of steps) out.line(sentence(step, mode));
  if (steps.length === 0) out.line('Nothing to do.');
}

async function printStatus(from: Surveyor, json: boolean, out: Output): Promise<void> {
  const status = await statusOf(from);
  if (json) return out.json(serviceJson(status));
  for (const line of serviceLines(status, new Date())) out.line(line);
}

async function statusOf(from: Surveyor): Promise<ServiceStatus> {
  const { mode, env, systemd, places } = from;
  const units = await unitStates(systemd);
  const daemon = await daemonAt(places.socket, units);
  return {
    mode,
    host: hostname(),
    meantFor: meantFor(from) ?? null,
    socketPath: places.socket,
    units,
    daemon: daemon === undefined ? null : { version: daemon.version, pid: daemon.pid, state: daemon.state },
    linger: mode === 'user' ? await lingerOf(env) : null,
  };
}

function adviceLines({ mode, places }: Surveyor): string[] {
  const scope = mode === 'user' ? '--user ' : '';
  const environment = existsSync(places.environment)
    ? [`  variables of the schedulers: ${places.environment}`]
    : [];
  return [
    '',
    `  its log: ${journal(mode)}`,
    `  after a change of the configuration: systemctl ${scope}reload wfd`,
    ...environment,
  ];
}
