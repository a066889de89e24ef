/**
 * What the daemon and a process with an owner's rights say to each other: one JSON object a line. That process
 * belongs to its owner, who may make it say anything: its answers are checked, and concern only his own runs.
 */
import { z } from 'zod';
import type { FileAnswer, OwnerFiles } from '../owner-files.ts';

/** Everything but the listing of spools, which the lister does. */
export type Work = Exclude<keyof OwnerFiles, 'listSpool'>;

/** The owner is known: it is whom the process runs as. */
export type ArgumentsOf<W extends Work> =
  Parameters<OwnerFiles[W]> extends [unknown, ...infer Rest] ? Rest : never;
export type AnswerOf<W extends Work> = Awaited<ReturnType<OwnerFiles[W]>>;

export interface Request {
  readonly id: number;
  readonly work: Work;
  readonly args: readonly unknown[];
}

const job = { nativeId: z.string(), runCount: z.int().min(0), atMs: z.number() };
const marks = z.object({
  claim: z.object(job).exactOptional(),
  revoked: z.literal(true).exactOptional(),
  exit: z
    .object({
      ...job,
      exitCode: z.int(),
      succeeded: z.boolean(),
      launchFailure: z.string().exactOptional(),
      missing: z.array(z.string()),
    })
    .exactOptional(),
  duplicates: z.array(z.string()),
  log: z.string(),
});
const failure = z.object({ kind: z.literal('failed'), reason: z.string() });
const read = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('lines'), lines: z.array(z.string()) }),
  z.object({ kind: z.literal('size'), bytes: z.number() }),
  z.object({ kind: z.literal('glob'), paths: z.array(z.string()) }),
  failure,
]);
const answered = (value: z.ZodType) => z.object({ kind: z.literal('ok'), value });
/** JSON leaves out what is undefined. */
const done = z.object({ kind: z.literal('ok') }).transform(({ kind }) => ({ kind, value: undefined }));

const ANSWERS: Readonly<Record<Work, z.ZodType>> = {
  mayMake: z.union([done, failure]),
  write: z.union([done, failure]),
  readMarks: z.union([answered(marks), failure]),
  revoke: z.union([answered(marks), failure]),
  removeSpool: z.union([done, failure]),
  read,
  removeTree: z.union([answered(z.enum(['removed', 'absent', 'foreign'])), failure]),
};

const envelope = z.object({ id: z.int(), answer: z.unknown() });

/** `undefined`: it is not what such a process says. */
export function readEnvelope(line: string): { readonly id: number; readonly answer: unknown } | undefined {
  try {
    return envelope.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

export function checkedAnswer<W extends Work>(work: W, given: unknown): AnswerOf<W> | undefined {
  const parsed = ANSWERS[work].safeParse(given);
  // The schemas above describe these very types (messages.test.ts holds both against real answers).
  return parsed.success ? (parsed.data as AnswerOf<W>) : undefined;
}

export function failed(work: Work, reason: string): FileAnswer<never> {
  return { kind: 'failed', reason: `${reason} (${work})` };
}
