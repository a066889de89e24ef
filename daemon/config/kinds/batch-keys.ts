/** Keys that every backend has, with the numbers that its adapter takes when they are absent. */
import { z } from 'zod';
import { count, duration } from '../quantities.ts';

interface Defaults {
  readonly poll: string;
  readonly settle: string;
  readonly commandTimeout: string;
  readonly maxActive: number | string;
}

export function commonKeys({ poll, settle, commandTimeout, maxActive }: Defaults) {
  return {
    poll: duration(`Calm time between two listings while jobs are active. Absent: ${poll}.`).exactOptional(),
    settle: duration(
      `A job counts as gone only after listings over at least this long lacked it. Absent: ${settle}.`,
    ).exactOptional(),
    commandTimeout: duration(
      `A command that takes longer is ended, and what it did is looked up. Absent: ${commandTimeout}.`,
    ).exactOptional(),
    maxActive: count(
      `Jobs of ours that may be with this scheduler at once. Absent: ${maxActive}.`,
    ).exactOptional(),
    maxSubmitting: count('Submit commands that may run at once. Absent: 4.').exactOptional(),
  };
}

export function batchKeys(defaults: Defaults, example: string) {
  return {
    ...commonKeys(defaults),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of letters, digits and _'),
        z.string(),
      )
      .exactOptional()
      .describe(`Variables of its commands and of the jobs, such as ${example}.`),
  };
}

interface CommonFile {
  readonly poll?: number;
  readonly settle?: number;
  readonly commandTimeout?: number;
  readonly maxActive?: number;
  readonly maxSubmitting?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The same as an adapter is told. */
export function commonOptions(file: CommonFile) {
  const { poll, settle, commandTimeout, maxActive, maxSubmitting, env } = file;
  return {
    ...(poll !== undefined && { pollMs: poll }),
    ...(settle !== undefined && { settleMs: settle }),
    ...(commandTimeout !== undefined && { commandTimeoutMs: commandTimeout }),
    ...(maxActive !== undefined && { maxActive }),
    ...(maxSubmitting !== undefined && { maxSubmitting }),
    ...(env !== undefined && { env }),
  };
}
