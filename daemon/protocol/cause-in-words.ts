/** How an attempt ended, in words for a person who does not know ours. Light: wfctl and daemon say the same. */
import type { AttemptAnswer } from './answers.ts';

type Ended = Pick<AttemptAnswer, 'cause' | 'exitCode' | 'signal' | 'detail'>;

/** To follow "align[3] ": `ran out of memory`. */
export function causeInWords(attempt: Ended): string {
  const words = wordsOf(attempt);
  return attempt.detail === null ? words : `${words} (${attempt.detail})`;
}

function wordsOf({ cause, exitCode, signal }: Ended): string {
  switch (cause) {
    case null:
      return 'has not ended';
    case 'Succeeded':
      return 'succeeded';
    case 'NonZeroExit':
      return `exited with code ${exitCode ?? 'unknown'}`;
    case 'Signaled':
      return `was ended by signal ${signal ?? 'unknown'}`;
    case 'OutOfMemory':
      return 'ran out of memory';
    case 'TimeLimit':
      return 'hit its time limit';
    case 'Preempted':
      return 'was preempted by the scheduler';
    case 'NodeFailure':
      return 'was lost with its compute node';
    case 'LaunchFailure':
      return 'could not be started on its node';
    case 'Rejected':
      return 'was refused by the scheduler';
    case 'Unsatisfiable':
      return 'could never have been started by the scheduler';
    case 'AbortedByUser':
      return 'was aborted on request';
    case 'CancelledOutside':
      return 'was cancelled outside wfd (someone used scancel, qdel or bkill)';
    case 'NeverStarted':
      return 'never reached the scheduler';
    case 'Lost':
      return 'is gone without a trace of how it ended';
    case 'MissingOutput':
      return 'succeeded but did not make all of its outputs';
    default:
      return cause satisfies never;
  }
}
