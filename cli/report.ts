/** The end of a command that failed: what a person reads on stderr, and the exit code a script gets. */
import { ERRORS } from '../daemon/protocol/errors.ts';
import { VERSION } from '../daemon/protocol/version.ts';
import { CliError } from './cli-error.ts';
import { DaemonElsewhere } from './elsewhere.ts';

/** With `--json` an error is JSON, too, so that a script finds its code. */
export async function reported(words: readonly string[], act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    const asJson = words.includes('--json');
    if (!(error instanceof DaemonElsewhere)) return report(error, asJson);
    const { runThere } = await import('./remote.ts');
    const there = await runThere(error, words, process.env);
    return typeof there === 'number' ? there : report(there, asJson);
  }
}

function report(error: unknown, asJson: boolean): number {
  const { code, message, details } = error instanceof CliError ? error : bug(error);
  const text = asJson
    ? JSON.stringify({ error: { code, message, details } })
    : [`wfctl: ${message}`, ...details.map((line) => `  ${line}`)].join('\n');
  process.stderr.write(`${text}\n`);
  return ERRORS[code].exitCode;
}

function bug(error: unknown): CliError {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError('INTERNAL', `this is a bug in wfctl ${VERSION}: ${told}`);
}
