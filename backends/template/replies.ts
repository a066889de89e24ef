/** What a submit command, or a request about jobs, answered. What is not known for certain is `ambiguous`. */
import type { NativeId, RequestReply, SubmitReply, Tag } from '../backend.ts';
import type { CommandResult } from '../run-command.ts';
import { isMissing, whyNot } from '../why-not.ts';
import { complaintsAreAbout, matchesSome } from './answer.ts';
import type { Signs, SubmitTemplate, TemplateSettings } from './settings.ts';

type SubmitReader = Pick<TemplateSettings, 'submit' | 'job'>;

export function readSubmitReply(
  { submit, job }: SubmitReader,
  program: string,
  tag: Tag,
  result: CommandResult,
): SubmitReply {
  const reason = whyNot(program, result);
  if (result.failedToStart !== undefined || isMissing(result)) return { kind: 'throttled', reason };
  if (result.timedOut || result.exitCode === undefined) return { kind: 'ambiguous', reason };
  const isOne = (signs: Signs): boolean => isKnownBy(signs, result);
  if (result.exitCode === 0) return accepted(submit, job.id === 'tag' ? tag : undefined, program, result);
  if (isOne(submit.throttled)) return { kind: 'throttled', reason };
  return { kind: isOne(submit.rejected) ? 'rejected' : 'ambiguous', reason };
}

function isKnownBy({ texts, exitCodes }: Signs, { exitCode, stdout, stderr }: CommandResult): boolean {
  return (
    matchesSome(texts, stderr) ||
    matchesSome(texts, stdout) ||
    (exitCode !== undefined && exitCodes.includes(exitCode))
  );
}

/** `tag` is the native id where the scheduler's own is unknown to the job. */
function accepted(
  { id }: SubmitTemplate,
  tag: Tag | undefined,
  program: string,
  { stdout }: CommandResult,
): SubmitReply {
  const printed = id === undefined ? [] : idsIn(stdout, id);
  const [only] = printed;
  if (id === undefined ? tag !== undefined : only !== undefined && printed.length === 1)
    return { kind: 'accepted', nativeId: (tag ?? only) as string as NativeId };
  return {
    kind: 'ambiguous',
    reason: `${program} succeeded but printed no job id: ${stdout.trim().slice(0, 200)}`,
  };
}

/** Marks carry an id in file names, between commas: one that could break them is none. */
function idsIn(stdout: string, pattern: RegExp): readonly string[] {
  const found = [...stdout.matchAll(new RegExp(pattern, 'gm'))].map((match) => match.groups?.['id'] ?? '');
  return [...new Set(found)].filter((id) => /^[^\s,/]+$/.test(id));
}

/** Asked to end what is not there any more is as good as sent. */
export function readRequestReply(
  gone: readonly RegExp[],
  program: string,
  result: CommandResult,
): RequestReply {
  if (result.exitCode === 0) return { kind: 'sent' };
  const words = result.stderr.trim() === '' ? result.stdout : result.stderr;
  const isHarmless = result.exitCode !== undefined && complaintsAreAbout(gone, words);
  return isHarmless ? { kind: 'sent' } : { kind: 'failed', reason: whyNot(program, result) };
}
