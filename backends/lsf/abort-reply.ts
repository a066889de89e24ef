/** What an answer of bkill means: asked, or not. */
import type { RequestReply } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { whyNot } from '../why-not.ts';

/**
 * One line for each job, on either stream; 255 as soon as one of them is over, was never there, or lies on a host that
 * LSF cannot reach: that one is killed when it can, and is asked again until then. A signal has nobody to go to in a
 * job that has not started.
 */
export function readAbortReply(result: CommandResult): RequestReply {
  if (result.exitCode === 0) return { kind: 'sent' };
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  const isHarmless = lines.length > 0 && lines.every((line) => HARMLESS.test(line));
  return result.exitCode !== undefined && isHarmless
    ? { kind: 'sent' }
    : { kind: 'failed', reason: whyNot('bkill', result) };
}

const HARMLESS =
  /^Job <.+>( is being (terminated|signaled)|:? ?(Job has already finished|No matching job found|Operation is in progress|Job has not started yet)| is not found)/;
