/**
 * What an answer of a submit command means: accepted, rejected for good, later, or nothing certain. The words are
 * the adapter's; the order of doubt is the same for all. Whatever is not known to be one of the first three is
 * ambiguous, since that is always safe: the job is looked for before it is submitted again.
 */
import type { NativeId, SubmitReply } from './backend.ts';
import type { CommandResult } from './run-command.ts';
import { isMissing, whyNot } from './why-not.ts';

/** How a refusal is recognised: by what is printed on stderr, or by more than that. */
export type Sign = RegExp | ((result: CommandResult) => boolean);

export interface SubmitWords {
  readonly program: string;
  /** Global; its first group is the id. Printed once the job is there, among whatever a site's own scripts print. */
  readonly id: RegExp;
  /** What is printed around the id shows that it is whole, so that it counts even if the command was killed then. */
  readonly idIsWhole?: true;
  /** Asked in this order; the first kind with a sign that fits is the answer, none of them is `ambiguous`. */
  readonly refusals: readonly (readonly ['ambiguous' | 'throttled' | 'rejected', readonly Sign[]])[];
  /** What is shown of stderr; all of it where absent. */
  readonly shown?: (stderr: string) => string;
}

export function readSubmitReply(words: SubmitWords, result: CommandResult): SubmitReply {
  const { program, shown = (stderr) => stderr } = words;
  const ids = new Set([...result.stdout.matchAll(words.id)].map(([, id]) => id));
  const [id] = ids;
  const isDone = result.exitCode === 0 || (words.idIsWhole === true && result.exitCode === undefined);
  if (id !== undefined && ids.size === 1 && isDone) return { kind: 'accepted', nativeId: id as NativeId };
  const reason = whyNot(program, { ...result, stderr: shown(result.stderr) });
  if (result.failedToStart !== undefined || isMissing(result)) return { kind: 'throttled', reason };
  if (result.timedOut || result.exitCode === undefined) return { kind: 'ambiguous', reason };
  if (result.exitCode === 0 || ids.size > 0) {
    const printed = result.stdout.trim().slice(0, 200);
    return { kind: 'ambiguous', reason: `${program} printed no single job id: ${printed}` };
  }
  const [kind = 'ambiguous'] =
    words.refusals.find(([, signs]) => signs.some((sign) => fits(sign, result))) ?? [];
  return { kind, reason };
}

function fits(sign: Sign, result: CommandResult): boolean {
  return sign instanceof RegExp ? sign.test(result.stderr) : sign(result);
}
