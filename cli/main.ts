/**
 * wfctl: runs the one command that was typed, and turns every end into an exit code.
 *
 * It starts at every keystroke of a person and in every loop of a script, so nothing is loaded that the
 * command does not need: no schema library, no workflow parser, and for the commonest not even yargs.
 */
import { VERSION } from '../daemon/protocol/version.ts';
import { contextOf } from './context.ts';
import { quickStatus } from './quick.ts';
import { reported } from './report.ts';

void main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<void> {
  // A reader that has seen enough (`wfctl list | head -1`) closes the pipe; that is no error.
  process.stdout.on('error', endQuietlyOnClosedPipe);
  process.stderr.on('error', endQuietlyOnClosedPipe);
  process.exitCode = await start(words);
}

async function start(words: readonly string[]): Promise<number> {
  if (words.length === 1 && words[0] === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (words[0] === '__complete') {
    const { offerCandidates } = await import('./completion/candidates.ts');
    return offerCandidates(words.slice(1), process.env, (text) => process.stdout.write(text));
  }
  const quick = quickStatus(words);
  if (quick !== undefined) {
    const { status } = await import('./commands/status.ts');
    return reported(words, () => status.run(quick, contextOf(words, quick)));
  }
  const { executeAndReport } = await import('./all-commands.ts');
  return executeAndReport(words);
}

function endQuietlyOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
