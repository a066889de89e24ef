/** What qdel and qmod answer. Of many ids each has a line of its own, and the exit code says little. */
import type { RequestReply } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { oneLine, whyNot } from '../why-not.ts';

/** A job that is over, or was never there, needs no request any more. */
const DELETED: readonly RegExp[] = [
  /has (deleted|registered) /,
  /is already in deletion/,
  /^denied: job ".*" does not exist$/,
  /^job ".*" task ".*" does not exist$/,
];

/** So does one that is no longer in error. `-cj` answers 1 even where all went well (observed with 8.1.9). */
const CLEARED: readonly RegExp[] = [
  /cleared error state of /,
  /is not in error state$/,
  /can not be applied on .* in pending/,
  /^invalid queue or job "/,
];

export const readAbortReply = (result: CommandResult): RequestReply => readLines('qdel', result, DELETED);
export const readUnblockReply = (result: CommandResult): RequestReply => readLines('qmod', result, CLEARED);

function readLines(program: string, result: CommandResult, harmless: readonly RegExp[]): RequestReply {
  if (result.exitCode === 0) return { kind: 'sent' };
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  const bad = lines.filter((line) => !harmless.some((pattern) => pattern.test(line.trim())));
  if (result.exitCode !== undefined && lines.length > 0 && bad.length === 0) return { kind: 'sent' };
  return { kind: 'failed', reason: whyNot(program, { ...result, stderr: oneLine(bad.join('\n')) }) };
}
