/** wfctl abort: runs by id, label, user or all of them; or one call of a run. */
import { createInterface } from 'node:readline/promises';
import type { RunAnswer } from '../../daemon/protocol/answers.ts';
import { ERRORS, type ErrorCode } from '../../daemon/protocol/errors.ts';
import type { AnswerOf, BodyOf } from '../../daemon/protocol/operations.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { Client } from '../client.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { labelsOf, REPEATABLE, runId } from '../options.ts';
import type { Output } from '../print/output.ts';
import { orphansInWords, statusInWords } from '../print/run.ts';
import { waitForEnd } from '../wait.ts';

export const abort = defineCommand({
  options: (yargs) =>
    yargs
      .positional('ids', { type: 'string', array: true, default: [] as string[], describe: 'Ids of runs' })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'Wait for nothing; jobs that may be left are listed and hunted',
      })
      .option('wait', { type: 'boolean', default: false, describe: 'Return when the runs have ended' })
      .option('reason', { type: 'string', requiresArg: true, describe: 'Kept with the run' })
      .option('call', {
        type: 'string',
        requiresArg: true,
        describe: "Only this call of the run, such as 'align[3]'",
      })
      .option('label', { ...REPEATABLE, describe: 'All runs with this label, name=value; repeatable' })
      .option('user', { type: 'string', requiresArg: true, describe: 'All runs of this user' })
      .option('all', { type: 'boolean', default: false, describe: 'All your runs' })
      .option('yes', { type: 'boolean', alias: 'y', default: false, describe: 'Do not ask' })
      .option('json', { type: 'boolean', default: false, describe: 'As JSON' }),
  async run({ ids: given, force, wait, reason, call, label, user, all, yes, json }, context) {
    const ids = given.map(runId);
    const wish = { force, ...(reason === undefined ? {} : { reason }) };
    const chosen = choiceOf(label, user, all);
    checkChoice(ids, chosen, call);
    const [first, ...others] = ids;
    if (first !== undefined && others.length === 0) {
      return abortOne(context, first, call === undefined ? wish : { ...wish, call }, wait, json);
    }
    if (chosen !== undefined && !(await confirmed(context, chosen, yes))) {
      throw new CliError('NOT_CONFIRMED', 'nothing was aborted');
    }
    return abortMany(context, { ...(chosen ?? { ids }), ...wish }, wait, json);
  },
});

type Choice = Pick<BodyOf<'abortRuns'>, 'labels' | 'user' | 'all'>;

function choiceOf(label: readonly string[], user: string | undefined, all: boolean): Choice | undefined {
  if (label.length === 0 && user === undefined && !all) return undefined;
  return {
    ...(label.length === 0 ? {} : { labels: labelsOf(label) }),
    ...(user === undefined ? {} : { user }),
    ...(all ? { all: true } : {}),
  };
}

function checkChoice(ids: readonly number[], chosen: Choice | undefined, call: string | undefined): void {
  if (ids.length === 0 && chosen === undefined) {
    throw usageError('say which runs: ids, or --label name=value, --user NAME, --all');
  }
  if (ids.length > 0 && chosen !== undefined)
    throw usageError('give either ids or --label, --user, --all, not both');
  if (call !== undefined && ids.length !== 1) throw usageError('--call needs exactly one run id');
}

async function abortOne(
  { client, out }: CommandContext,
  id: number,
  body: BodyOf<'abortRun'>,
  wait: boolean,
  json: boolean,
): Promise<number> {
  const asked = await client.call('abortRun', { params: { id }, body });
  const run = wait && body.call === undefined ? await waitForEnd(client, id) : asked;
  if (json) out.json(run);
  else printAborted(run, body.call, out);
  return 0;
}

function printAborted(run: RunAnswer, call: string | undefined, out: Output): void {
  if (call !== undefined)
    out.line(`${call} of run ${run.id} is asked to end; the run is ${statusInWords(run)}.`);
  else if (run.endedAt !== null) out.line(`Run ${run.id} has ended: ${run.status}.`);
  else
    out.line(
      `Run ${run.id} is ${run.status}; it ends when its ${run.calls.Active} active calls have (wfctl status ${run.id}).`,
    );
  for (const line of orphansInWords(run.orphans)) out.line(line);
}

/** Asks on a terminal only: a script that names runs by label has nobody to ask. */
async function confirmed(
  { client, out, env }: CommandContext,
  chosen: Choice,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true;
  if (env['WFCTL_MUST_NOT_ASK'])
    throw new CliError('NOT_CONFIRMED', 'over ssh, with its output elsewhere, wfctl cannot ask: add --yes');
  if (!process.stdin.isTTY) return true;
  const { ids } = await client.call('abortRuns', { body: { ...chosen, dryRun: true } });
  if (ids.length === 0) return true;
  out.note(`This aborts ${ids.length === 1 ? '1 run' : `${ids.length} runs`}: ${shortList(ids)}`);
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const reply = await question.question('Abort? [y/N] ');
  question.close();
  return /^y(es)?$/i.test(reply.trim());
}

async function abortMany(
  context: CommandContext,
  body: BodyOf<'abortRuns'>,
  wait: boolean,
  json: boolean,
): Promise<number> {
  const { client, out } = context;
  const done = await client.call('abortRuns', { body });
  const ended = wait ? await endsOf(client, done.ids) : [];
  if (json) out.json(done);
  else printMany(done, ended, out);
  return exitCodeFor(done);
}

async function endsOf(client: Client, ids: readonly number[]): Promise<RunAnswer[]> {
  const runs: RunAnswer[] = [];
  for (const id of ids) runs.push(await waitForEnd(client, id));
  return runs;
}

function printMany(done: AnswerOf<'abortRuns'>, ended: readonly RunAnswer[], out: Output): void {
  if (done.ids.length === 0 && done.refused.length === 0) out.line('No run to abort.');
  else if (done.ids.length > 0 && ended.length === 0) out.line(`Asked to abort: ${shortList(done.ids)}`);
  for (const run of ended) printAborted(run, undefined, out);
  for (const { message } of done.refused) out.note(`wfctl: ${message}`);
}

/** That of the first refusal: the same as if that run had been named alone. */
function exitCodeFor({ refused }: AnswerOf<'abortRuns'>): number {
  const code = refused[0]?.code;
  return code === undefined ? 0 : ERRORS[code as ErrorCode].exitCode;
}

function shortList(ids: readonly number[]): string {
  const shown = ids.slice(0, 20).join(', ');
  return ids.length > 20 ? `${shown} and ${ids.length - 20} more` : shown;
}
