/** The end of a command that failed: what a person reads on stderr, and the exit code a script gets. */
import { ERRORS } from '../daemon/protocol/errors.ts';
import { VERSION } from '../daemon/protocol/version.ts';
import { CliError } from './cli-error.ts';

export async function reported(act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(
      [`wfctl: ${error.message}`, ...error.details.map((line) => `  ${line}`), ''].join('\n'),
    );
    return ERRORS[error.code].exitCode;
  }
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`wfctl: this is a bug in wfctl ${VERSION}: ${told}\n`);
  return ERRORS.INTERNAL.exitCode;
}
