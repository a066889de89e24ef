/** An error wfctl shows to a person and ends with: a code of the shared table, a message, further lines. */
import type { ErrorCode } from '../daemon/protocol/errors.ts';

export class CliError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, details: readonly string[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export function usageError(message: string): CliError {
  return new CliError('USAGE', message);
}
