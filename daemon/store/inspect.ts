/** Reads a database through in whatever thread calls it; what keeps it from doing so becomes words. */
import { dirname } from 'node:path';
import { checkDatabase } from './check.ts';
import { completeCopy } from './complete-copy.ts';
import type { Inspected, InspectTask } from './inspector.ts';
import { readLeaseHolder } from './lease.ts';
import { held, OpenFailure } from './open-error.ts';
import { isLocked, refusalReason } from './sqlite-errors.ts';

export function inspect({ file, madeAtMs, migrationsFolder }: InspectTask): Inspected {
  try {
    const report =
      madeAtMs === undefined
        ? checkDatabase(file, migrationsFolder)
        : completeCopy(file, madeAtMs, migrationsFolder);
    return { kind: 'read', report };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error, file) };
  }
}

function reasonOf(error: unknown, file: string): string {
  if (error instanceof OpenFailure) return error.message;
  if (isLocked(error)) return held(dirname(file), readLeaseHolder(dirname(file))).message;
  return refusalReason(error, file) ?? `${file} cannot be read: ${String(error)}`;
}
