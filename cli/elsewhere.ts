/**
 * The user's daemon runs on another login node that sees the same home directory. Found out before anything is waited
 * for or started, so that there are never two.
 */

import { CliError } from './cli-error.ts';
import type { DaemonTrace } from './lease.ts';

/** What was typed, and where. */
export interface Typed {
  readonly words: readonly string[];
  readonly cwd: string;
}

export class DaemonElsewhere extends CliError {
  readonly trace: DaemonTrace;
  readonly typed: Typed;
  /** Nothing has reached a daemon yet: the whole command may be given to the other host. */
  readonly mayGoThere: boolean;

  constructor(trace: DaemonTrace, typed: Typed, mayGoThere: boolean) {
    super('DAEMON_UNREACHABLE', whereItRuns(trace), [
      `There:          ssh ${trace.host} ${shellWord(`cd ${shellWord(typed.cwd)} && ${commandLine(typed.words)}`)}`,
      'Always so:      client: {remote: ssh}    in your configuration (wfctl config show)',
      'Bring it here:  wfctl service move',
    ]);
    this.trace = trace;
    this.typed = typed;
    this.mayGoThere = mayGoThere;
  }
}

export function whereItRuns({ host, pid, silentMs }: DaemonTrace): string {
  return `your daemon runs on ${host}, pid ${pid} (last sign of life ${Math.round(silentMs / 1000)} s ago), not here`;
}

function commandLine(words: readonly string[]): string {
  return ['wfctl', ...words].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
