/** wfctl logs: what a call has printed. The daemon says where; wfctl reads as the user who asks. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogAnswer } from '../../daemon/protocol/answers.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { Client } from '../client.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { runId, runIdOption } from '../options.ts';

export const logs = defineCommand({
  options: (yargs) =>
    runIdOption(yargs)
      .positional('call', {
        type: 'string',
        describe: "The call, such as 'align[3]'; not needed where there is one",
      })
      .option('stderr', { type: 'boolean', default: false, describe: 'Its errors instead of its output' })
      .option('attempt', {
        type: 'number',
        requiresArg: true,
        describe: 'Not the newest attempt but this one',
      })
      .option('follow', {
        type: 'boolean',
        alias: 'f',
        default: false,
        describe: 'Go on until the attempt has ended',
      }),
  async run({ id: given, call, stderr, attempt, follow }, context) {
    const id = runId(given);
    const log = await chosenLog(context.client, id, call, attempt);
    const path = stderr ? log.stderr : log.stdout;
    if (!follow && log.state === 'ended' && !exists(path)) throw nothingThere(path, log);
    const read = copyFrom(path, context, 0);
    if (follow) await followLog(context, id, log, path, read);
    return 0;
  },
});

const LOOK_MS = 500;

async function followLog(
  context: CommandContext,
  id: number,
  log: LogAnswer,
  path: string,
  from: number,
): Promise<void> {
  let offset = from;
  for (let state = log.state; ; ) {
    const ended = state === 'ended';
    offset = copyFrom(path, context, offset);
    if (ended) return;
    await sleep(LOOK_MS);
    state = (await chosenLog(context.client, id, log.call, log.attempt)).state;
  }
}

async function chosenLog(
  client: Client,
  id: number,
  call: string | undefined,
  attempt: number | undefined,
): Promise<LogAnswer> {
  const { logs: found } = await client.call('getLogs', { params: { id }, query: { call, attempt } });
  const [first, ...others] = found;
  if (first === undefined)
    throw new CliError('CALL_NOT_FOUND', `run ${id} has started nothing yet (wfctl why ${id})`);
  if (others.length === 0) return first;
  const calls = found.slice(0, 10).map((log) => log.call);
  throw usageError(
    `run ${id} has ${found.length} calls; say which: wfctl logs ${id} '${first.call}' (there are ${calls.join(', ')}${found.length > 10 ? ', …' : ''})`,
  );
}

/** Prints what the file has after the offset, and answers the new offset. A file that is not there yet has nothing. */
function copyFrom(path: string, { out }: CommandContext, offset: number): number {
  if (!exists(path)) return offset;
  const file = openForReading(path);
  try {
    const buffer = Buffer.alloc(64 * 1024);
    let at = offset;
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, at);
      if (count === 0) return at;
      out.raw(Uint8Array.prototype.slice.call(buffer, 0, count));
      at += count;
    }
  } finally {
    closeSync(file);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new CliError(
      'UNREADABLE_FILE',
      `${path} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function nothingThere(path: string, { call, schedulerLog }: LogAnswer): CliError {
  const hint = schedulerLog === null ? [] : [`What the scheduler itself wrote: ${schedulerLog}`];
  return new CliError('UNREADABLE_FILE', `${call} has left no output: ${path} is not there`, hint);
}
