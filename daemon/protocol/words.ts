/** The fixed words of the API, as they are written in JSON. Light: no schema library, so wfctl may load it. */

export const RUN_STATUSES = [
  'Submitted',
  'OnHold',
  'Running',
  'Aborting',
  'ForceAborting',
  'Succeeded',
  'Failed',
  'Aborted',
] as const;
export const RUN_ENDS = ['Succeeded', 'Failed', 'Aborted'] as const;
export const CALL_STATUSES = [
  'NotStarted',
  'Ready',
  'Active',
  'Succeeded',
  'Failed',
  'Aborted',
  'Skipped',
] as const;
export const ATTEMPT_STATES = ['ready', 'submitting', 'queued', 'running', 'ended'] as const;
export const CAUSES = [
  'Succeeded',
  'NonZeroExit',
  'Signaled',
  'OutOfMemory',
  'TimeLimit',
  'Preempted',
  'NodeFailure',
  'LaunchFailure',
  'Rejected',
  'Unsatisfiable',
  'AbortedByUser',
  'CancelledOutside',
  'NeverStarted',
  'Lost',
  'MissingOutput',
] as const;
export const FAILURE_MODES = ['NoNewCalls', 'ContinueWhilePossible'] as const;

export function isRunEnd(status: string): boolean {
  return RUN_ENDS.some((end) => end === status);
}
