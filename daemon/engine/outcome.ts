/** How an attempt ended: from its exit mark, from the scheduler's word, or from both. Pure judgements. */
import type { EndKind, EndReport } from '../../backends/backend.ts';
import type { ExitMark } from '../../backends/marks.ts';
import type { Ending, Outcome, PlainOutcome } from './model.ts';
import { signalName } from './signals.ts';

export interface EndContext {
  /** Our own wish that the job ends, if there was one. */
  readonly ending?: Ending;
  /** The job had claimed its attempt: the command may have run. */
  readonly claimed: boolean;
  /** What the job's log says beyond the exit code. */
  readonly hint?: EndKind;
  /** The job was submitted under a tag that had been given up; we ended it ourselves. */
  readonly superseded?: boolean;
  /** The scheduler has started the same id again after this end. */
  readonly requeued?: boolean;
}

/** The mark's code wins; the scheduler only refines the cause of a code that is not a success. */
export function outcomeOfExit(exit: ExitMark, report: EndReport | undefined, context: EndContext): Outcome {
  if (exit.launchFailure !== undefined) return { cause: 'LaunchFailure', detail: exit.launchFailure };
  if (exit.missing.length > 0) return { cause: 'MissingOutput', missing: exit.missing };
  if (exit.succeeded) return { cause: 'Succeeded', exitCode: exit.exitCode };
  const finer = finerCause(report, context);
  if (finer !== undefined) return { ...finer, exitCode: exit.exitCode };
  return ofExitCode(exit.exitCode);
}

/** The scheduler's word alone: no exit mark was left, or none could be. */
export function outcomeOfReport(report: EndReport, context: EndContext): Outcome {
  if (report.kind === 'Succeeded') return { cause: 'Succeeded', exitCode: 0 };
  const finer = finerCause(report, context);
  if (finer !== undefined) return finer;
  if (!context.claimed) return { cause: 'LaunchFailure', detail: notClaimed(report) };
  if (report.kind === 'Signaled') return { cause: 'Signaled', signal: signalName(report.signal ?? 0) };
  if (report.kind !== 'NonZeroExit')
    return { cause: 'Lost', claimed: true, detail: 'the scheduler does not say how the job ended' };
  return report.exitCode === undefined ? { cause: 'NonZeroExit' } : ofExitCode(report.exitCode);
}

/** What the scheduler knows better than any exit code. */
function finerCause(report: EndReport | undefined, context: EndContext): PlainOutcome | undefined {
  const kind = sharper(report?.kind, context.hint);
  switch (kind) {
    case 'OutOfMemory':
    case 'TimeLimit':
    case 'Preempted':
    case 'NodeFailure':
    case 'Unsatisfiable':
      return { cause: kind };
    default:
      break;
  }
  const ours = context.ending && context.ending.tries > 0 ? outcomeOfEnding(context.ending) : undefined;
  if (ours !== undefined) return ours;
  if (context.requeued)
    return { cause: 'Preempted', detail: 'the scheduler took the job back and queued it again' };
  if (kind === 'LaunchFailure') return { cause: 'LaunchFailure' };
  if (kind !== 'Cancelled') return undefined;
  if (context.superseded)
    return { cause: 'LaunchFailure', detail: 'ended by wfd: its submission had been given up' };
  return { cause: 'CancelledOutside' };
}

/** A log that names the cause is believed over a state that only says "failed" or "cancelled". */
function sharper(kind: EndKind | undefined, hint: EndKind | undefined): EndKind | undefined {
  const vague =
    kind === undefined ||
    kind === 'NonZeroExit' ||
    kind === 'Signaled' ||
    kind === 'LaunchFailure' ||
    kind === 'Unknown';
  return vague ? (hint ?? kind) : kind;
}

export function outcomeOfEnding(ending: Ending): PlainOutcome {
  switch (ending.why) {
    case 'user':
    case 'force':
      return { cause: 'AbortedByUser' };
    case 'unsatisfiable':
      return { cause: 'Unsatisfiable', ...(ending.detail !== undefined && { detail: ending.detail }) };
    default:
      return ending.why satisfies never;
  }
}

/** Shells report a command killed by signal N as 128+N (POSIX sh, 2.8.2). */
function ofExitCode(exitCode: number): Outcome {
  const isSignal = exitCode > 128 && exitCode <= 128 + 64;
  return isSignal
    ? { cause: 'Signaled', signal: signalName(exitCode - 128), exitCode }
    : { cause: 'NonZeroExit', exitCode };
}

function notClaimed(report: EndReport): string {
  const code = report.exitCode === undefined ? '' : ` (exit code ${report.exitCode})`;
  return `the job ended before it could start its command${code}; see the log of its submission`;
}

/** One clause for people, without a capital: "exited with code 3". */
export function describe(outcome: Outcome): string {
  const words = plainWords(outcome);
  return outcome.detail === undefined ? words : `${words}: ${outcome.detail}`;
}

function plainWords(outcome: Outcome): string {
  switch (outcome.cause) {
    case 'Succeeded':
      return 'succeeded';
    case 'NonZeroExit':
      return outcome.exitCode === undefined
        ? 'failed with an unknown exit code'
        : `exited with code ${outcome.exitCode}`;
    case 'Signaled':
      return `was killed by signal ${outcome.signal}`;
    case 'OutOfMemory':
      return 'ran out of memory';
    case 'TimeLimit':
      return 'hit its time limit';
    case 'Preempted':
      return 'was preempted by the scheduler';
    case 'NodeFailure':
      return 'lost its node';
    case 'LaunchFailure':
      return 'could not be started';
    case 'Rejected':
      return 'was refused by the scheduler';
    case 'Unsatisfiable':
      return 'can never run as requested';
    case 'AbortedByUser':
      return 'was aborted';
    case 'CancelledOutside':
      return 'was cancelled outside wfd';
    case 'NeverStarted':
      return 'never started';
    case 'Lost':
      return 'is lost: gone without a trace of how it ended';
    case 'MissingOutput':
      return `did not make its declared output ${outcome.missing.join(', ')}`;
    default:
      return outcome satisfies never;
  }
}
