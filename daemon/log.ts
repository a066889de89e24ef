/**
 * The daemon's log: one JSON object a line on stderr. Under systemd a line begins with its priority
 * (`<4>`), which journald takes off (sd-daemon(3)). A line names its run by a child logger's fields.
 */
import { writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import type { Config } from './config/config.ts';

export type { Logger };

export interface LogTarget {
  /** Takes one whole line, its end included. */
  write(line: string): void;
}

export function createLog(
  level: Config['logLevel'],
  underJournal: boolean,
  target: LogTarget = stderr,
): Logger {
  const options = { level, base: null, timestamp: underJournal ? false : pino.stdTimeFunctions.isoTime };
  return pino(options, underJournal ? withPriority(target) : target);
}

/** Says why the daemon cannot work, in plain words: there is no log yet, or none that would help. */
export function complain(message: string, underJournal: boolean, target: LogTarget = stderr): void {
  const text = `wfd: ${message}\n`;
  target.write(underJournal ? text.replace(/^(?=.)/gm, '<3>') : text);
}

/** systemd sets JOURNAL_STREAM to device:inode of the stream it reads (systemd.exec(5)). */
export function isJournal(
  stream: string | undefined,
  stderrAt: { readonly dev: number; readonly ino: number },
): boolean {
  return stream === `${stderrAt.dev}:${stderrAt.ino}`;
}

/** Synchronous: the last line before a crash is the one that is needed. */
const stderr: LogTarget = { write: (line) => void writeSync(2, line) };

function withPriority(target: LogTarget): LogTarget {
  return { write: (line) => target.write(`<${priority(line)}>${line}`) };
}

/** Pino's levels as those of syslog: error 3, warning 4, info 6, debug 7. */
function priority(line: string): number {
  const level = Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 30);
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}
