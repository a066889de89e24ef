/**
 * wfctl runs itself on the host of the daemon (`client.remote: ssh`): the same words in the same directory, with our
 * terminal where there is one, and its exit code is ours. Never for a command of which a part has reached a daemon.
 */
import { spawn } from 'node:child_process';
import { constants, hostname } from 'node:os';
import type { Environment } from '../daemon/protocol/paths.ts';
import { CliError } from './cli-error.ts';
import { type DaemonElsewhere, whereItRuns } from './elsewhere.ts';

/** The exit code of the other wfctl, or why it was not asked. */
export async function runThere(
  found: DaemonElsewhere,
  words: readonly string[],
  env: Environment,
): Promise<number | CliError> {
  const sentBy = env['WFCTL_SENT_BY'];
  if (sentBy !== undefined) return sentHere(found, sentBy);
  if (!found.mayGoThere) return found;
  const { clientSettings } = await import('../daemon/config/for-cli.ts');
  const { remote, sshCommand } = clientSettings(env);
  if (remote === 'off') return found;
  const { host } = found.trace;
  const isTerminal = [process.stdin, process.stdout, process.stderr].every((stream) => stream.isTTY);
  const asked = {
    ...env,
    WFCTL_SENT_BY: hostname(),
    ...(mustNotAsk(isTerminal) && { WFCTL_MUST_NOT_ASK: '1' }),
  };
  const line = await remoteCommandLine(words, found.typed.cwd, asked);
  const [program = 'ssh', ...options] = sshCommand;
  const there = [...options, ...(isTerminal ? ['-t'] : []), '--', host, line];
  const ended = await runToEnd(program, there, isTerminal);
  if (typeof ended === 'string') return sshFailed(found, `${program} cannot be started: ${ended}`);
  // ssh's own (ssh(1), EXIT STATUS); wfctl has no such end.
  return ended === 255 ? sshFailed(found, `${program} ${host} failed`) : ended;
}

/** For the shell of the user on the other host, whichever that is. */
async function remoteCommandLine(words: readonly string[], cwd: string, env: Environment): Promise<string> {
  const { shellQuote } = await import('../backends/shell-quote.ts');
  const variables = TAKEN_ALONG.flatMap((name) => (env[name] ? [`${name}=${env[name]}`] : []));
  const command = ['env', ...variables, 'wfctl', ...words].map(shellQuote);
  return `cd ${shellQuote(cwd)} || exit 69; exec ${command.join(' ')}`;
}

/**
 * ssh takes none of them along. PATH, since modules of the site (or ~/.local/bin) may be on it only in a shell that
 * somebody logged in to; the others, so that the same state, file and socket are meant.
 */
const TAKEN_ALONG = [
  ...['PATH', 'WFD_STATE_DIR', 'WFD_SOCKET', 'WFD_CONFIG', 'WFD_AUTOSTART'],
  ...['XDG_STATE_HOME', 'XDG_CONFIG_HOME', 'NO_COLOR', 'WFCTL_SENT_BY', 'WFCTL_MUST_NOT_ASK'],
];

/** A person sits here, but is not to be seen there: what would have been a question must not count as answered. */
function mustNotAsk(isTerminal: boolean): boolean {
  return !isTerminal && process.stdin.isTTY;
}

/**
 * A signal of the terminal is meant for the other one, which it reaches through ssh; we only pass on what comes of it.
 * wfctl reads nothing but answers typed at a terminal; ssh would read any other input to its end, such as the list of
 * `while read id; do wfctl status $id; done`.
 */
function runToEnd(program: string, words: readonly string[], isTerminal: boolean): Promise<number | string> {
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: [isTerminal ? 'inherit' : 'ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Without this, two hosts whose leases or names are in a muddle would send a command to and fro. */
function sentHere({ trace, details }: DaemonElsewhere, sentBy: string): CliError {
  return new CliError(
    'DAEMON_UNREACHABLE',
    `${sentBy} sent this command to ${hostname()}, but here it seems that ${whereItRuns(trace)}`,
    details,
  );
}

function sshFailed({ message, details }: DaemonElsewhere, what: string): CliError {
  return new CliError('DAEMON_UNREACHABLE', `${message}; ${what}`, details);
}
