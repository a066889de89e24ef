/** wfctl daemon backup, check, restore, retention: the state that the daemon keeps. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { StateCheckAnswer } from '../../daemon/protocol/answers.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { printBackup, printCheck, printRestored, printRetention } from '../print/care.ts';

export const CARE_ACTIONS = ['backup', 'check', 'restore', 'retention'] as const;
export type CareAction = (typeof CARE_ACTIONS)[number];

export const CARE_OPTIONS = {
  to: { type: 'string', requiresArg: true, describe: 'backup: into this new file' },
  'older-than': {
    type: 'string',
    requiresArg: true,
    describe: 'retention: as if `retention.runs` were this, such as 90d',
  },
  state: {
    type: 'string',
    requiresArg: true,
    describe: 'check, restore: the state directory (else as the daemon finds it)',
  },
  config: { type: 'string', requiresArg: true, describe: 'check, restore: the configuration that names it' },
} as const;

export interface CareArgs {
  readonly file: string | undefined;
  readonly to: string | undefined;
  readonly 'older-than': string | undefined;
  readonly state: string | undefined;
  readonly config: string | undefined;
  readonly json: boolean;
}

export function isCareAction(action: string): action is CareAction {
  return CARE_ACTIONS.some((one) => one === action);
}

/** Answers the exit code: 1 where the state is damaged. */
export function careForState(action: CareAction, args: CareArgs, context: CommandContext): Promise<number> {
  switch (action) {
    case 'backup':
      return backup(args, context);
    case 'check':
      return check(args, context);
    case 'restore':
      return restore(args, context);
    case 'retention':
      return retention(args, context);
    default:
      return action satisfies never;
  }
}

async function backup({ to, json }: CareArgs, { client, out, cwd }: CommandContext): Promise<number> {
  const made = await client.call('backUpState', {
    body: to === undefined ? {} : { to: resolve(cwd, to) },
  });
  if (json) out.json(made);
  else printBackup(made, out);
  return 0;
}

/** The daemon's, where one answers; else the state that one would use. */
async function check(args: CareArgs, context: CommandContext): Promise<number> {
  const isElsewhere = args.state !== undefined || args.config !== undefined;
  const isRunning = !isElsewhere && (await context.client.probe()) !== undefined;
  const checked = isRunning ? await context.client.call('checkState') : await checkOffline(args, context);
  if (args.json) context.out.json(checked);
  else printCheck(checked, context.out);
  return checked.findings.length === 0 ? 0 : 1;
}

async function checkOffline(args: CareArgs, context: CommandContext): Promise<StateCheckAnswer> {
  const { checkState } = await import('../../daemon/care/offline.ts');
  const { file, inspected } = inWords(() => checkState(placeOf(args, context)));
  if (inspected.kind === 'failed') throw new CliError('WRONG_STATE', inspected.reason);
  context.out.note(`no daemon answers; ${file} is read as it is`);
  const { version, ...report } = inspected.report;
  return { ...report, findings: [...report.findings], schemaVersion: version };
}

async function restore(args: CareArgs, context: CommandContext): Promise<number> {
  if (args.file === undefined) throw usageError('say which backup: wfctl daemon restore FILE');
  const file = resolve(context.cwd, args.file);
  if (!existsSync(file)) throw new CliError('UNREADABLE_FILE', `there is no ${file}`);
  const { restoreState } = await import('../../daemon/care/offline.ts');
  const { stateDir, restored } = inWords(() => restoreState(file, placeOf(args, context)));
  if (args.json) context.out.json({ stateDir, ...restored });
  else printRestored(file, stateDir, restored, context.out);
  return 0;
}

async function retention({ 'older-than': olderThan, json }: CareArgs, { client, out }: CommandContext) {
  const query = olderThan === undefined ? {} : { olderThan: milliseconds(olderThan) };
  const plan = await client.call('getRetention', { query });
  if (json) out.json(plan);
  else printRetention(plan, out);
  return 0;
}

/** As in the configuration: `90d`, `12h`. */
function milliseconds(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const ms = unit === undefined ? undefined : MS_PER_UNIT[unit];
  if (ms === undefined) throw usageError(`--older-than ${text}: write it with a unit, such as 90d or 12h`);
  return Number(count) * ms;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ...{ s: 1_000, m: 60_000 },
  ...{ h: 3_600_000, d: 86_400_000 },
};

function placeOf({ state, config }: CareArgs, { env, cwd }: CommandContext) {
  return {
    options: {
      ...(state !== undefined && { state: resolve(cwd, state) }),
      ...(config !== undefined && { config: resolve(cwd, config) }),
    },
    env,
  };
}

/** What is in the way is no bug of wfctl. */
function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && error.name === 'OfflineError')
      throw new CliError('WRONG_STATE', error.message);
    throw error;
  }
}
