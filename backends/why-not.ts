/** Why a command gave no usable answer, for people. */
import type { CommandResult } from './run-command.ts';

/** In one line, with the program's name in front. */
export function whyNot(program: string, result: CommandResult): string {
  if (result.failedToStart !== undefined) return `${program} could not be started: ${result.failedToStart}`;
  if (result.timedOut) return `${program} did not answer within its time limit`;
  const words = oneLine(result.stderr);
  if (words !== '') return words.startsWith(`${program}:`) ? words : `${program}: ${words}`;
  return `${program} ended with ${result.signal ?? `exit code ${result.exitCode ?? 'unknown'}`} and said nothing`;
}

/** 126 and 127 come from the shell or setpriv in front: there was no such program to run. */
export function isMissing({ exitCode, stderr, failedToStart }: CommandResult): boolean {
  if (failedToStart !== undefined) return failedToStart.includes('ENOENT');
  return (exitCode === 126 || exitCode === 127) && /not found|No such file|Permission denied/.test(stderr);
}

export function oneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(0, 500);
}
