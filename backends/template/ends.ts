/** How a job ended, by what its row says. */
import type { EndKind, EndReport } from '../backend.ts';
import type { AnswerFormat, Row } from './settings.ts';

/** `kind`: what the state alone says. */
export function endOf(answer: AnswerFormat, row: Row, kind: EndKind | undefined): EndReport {
  const started = startedOf(answer, row);
  const exitCode = exitCodeOf(answer, row);
  const signal = signalOf(answer, row);
  const special = answer.exits[row.exit ?? ''];
  const told = kind ?? special ?? kindOf(exitCode, signal);
  const isOwn = exitCode !== undefined && special === undefined && !isContradiction(told, exitCode);
  return {
    kind: told,
    ...(isOwn && { exitCode }),
    ...(signal !== undefined && told === 'Signaled' && { signal }),
    ...(started !== undefined && { started }),
  };
}

/** A group that is in the patterns and finds nothing says "no"; where there is no such group nothing is said. */
function startedOf({ fields }: AnswerFormat, { started }: Row): boolean | undefined {
  if (started !== undefined) return started !== '';
  return fields.some(({ source }) => source.includes('(?<started>')) ? false : undefined;
}

/** Processes end with 0 to 255. Anything else is the scheduler's own. */
function exitCodeOf({ signedExit }: AnswerFormat, { exit }: Row): number | undefined {
  if (!/^-?\d+$/.test(exit ?? '')) return undefined;
  const shown = Number(exit);
  const code = signedExit && shown < 0 ? shown + 256 : shown;
  return code >= 0 && code <= 255 ? code : undefined;
}

function signalOf({ signalsFrom }: AnswerFormat, { signal, exit }: Row): number | undefined {
  if (/^\d+$/.test(signal ?? '') && Number(signal) > 0) return Number(signal);
  const above = signalsFrom === undefined ? 0 : Number(exit ?? 0) - signalsFrom;
  return above > 0 && above < 128 ? above : undefined;
}

function kindOf(exitCode: number | undefined, signal: number | undefined): EndKind {
  if (signal !== undefined) return 'Signaled';
  if (exitCode === undefined) return 'Unknown';
  return exitCode === 0 ? 'Succeeded' : 'NonZeroExit';
}

/** A killed job may be listed with the 0 of nobody having said anything else. */
function isContradiction(kind: EndKind, exitCode: number): boolean {
  return kind === 'Signaled' || (kind !== 'Succeeded' && exitCode === 0);
}
