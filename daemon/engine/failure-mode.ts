/** May a run start something new? SEMANTICS 3 in four lines of logic. */
import type { Call, Run } from './model.ts';

/** No further call will ever be started in this run, whatever happens. */
export function isClosed(run: Run): boolean {
  if (run.status === 'Aborting' || run.status === 'ForceAborting') return true;
  return run.failing && run.failureMode === 'NoNewCalls';
}

/** May this call's next attempt be dispatched now? Steps belong to finalization and have rules of their own. */
export function mayStart(run: Run, call: Call): boolean {
  if (call.role !== 'call')
    return run.finalization !== undefined && run.status !== 'ForceAborting' && !run.held;
  return run.status === 'Running' && !run.held && run.finalization === undefined && !isClosed(run);
}

/** Why a call that was never started is skipped when its run closes. */
export function skipReason(run: Run): string {
  if (run.status === 'Aborting' || run.status === 'ForceAborting') return 'not started: the run was aborted';
  return 'not started: another call failed, and the failure mode is NoNewCalls';
}
