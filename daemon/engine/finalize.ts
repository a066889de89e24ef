/**
 * The end of a run: `onAbort`/`onFailure`, then `finally`, then the record. Where it has got to is a column
 * (`finalization.stage`), so a restart resumes it; each step is a job like any other, and runs once.
 */
import type { StepKey } from '../workflow/language.ts';
import type { Moment } from './ends.ts';
import type { Call, Finalization, Run } from './model.ts';
import type { RunState } from './run-state.ts';

export function continueFinalization(state: RunState, moment: Moment): void {
  for (;;) {
    const { finalization } = state.run;
    if (finalization === undefined) return;
    if (finalization.stage === 'record') return finishRecord(state, finalization, moment);
    if (!stageIsDone(state, finalization)) return;
    state.setRun({ ...state.run, finalization: { ...finalization, stage: NEXT_STAGE[finalization.stage] } });
  }
}

const NEXT_STAGE = { onEnd: 'finally', finally: 'record' } as const;

/** Starts the stage's step where it has one, and tells whether it is over. */
function stageIsDone(state: RunState, finalization: Finalization): boolean {
  const step = stepOf(state, finalization);
  if (state.run.status === 'ForceAborting') return step === undefined || !state.active.has(step);
  if (anotherIsUnderWay(state, step)) return false;
  if (step === undefined) return true;
  const call = state.calls.get(step);
  if (call === undefined) {
    state.putCall({
      runId: state.run.id,
      key: step,
      task: step,
      role: step,
      position: state.calls.size,
      status: 'Ready',
      attempts: 0,
      userRetries: 0,
      infraRetries: 0,
    });
    return false;
  }
  return !isUnderWay(call);
}

/** An abort that comes while `onFailure` runs asks for `onAbort`, too: one after the other. */
function anotherIsUnderWay(state: RunState, step: StepKey | undefined): boolean {
  const others = STEPS.filter((other) => other !== step).map((other) => state.calls.get(other));
  return others.some((other) => other !== undefined && other.role !== 'call' && isUnderWay(other));
}

const STEPS = ['onFailure', 'onAbort', 'finally'] as const satisfies readonly StepKey[];

function isUnderWay({ status }: Call): boolean {
  return status === 'Ready' || status === 'Active' || status === 'NotStarted';
}

function stepOf(state: RunState, finalization: Finalization): StepKey | undefined {
  const wanted = finalization.stage === 'finally' ? 'finally' : ON_END[finalization.end];
  return wanted !== undefined && state.program.steps.includes(wanted) ? wanted : undefined;
}

const ON_END = { Succeeded: undefined, Failed: 'onFailure', Aborted: 'onAbort' } as const;

/**
 * The record is written by the shell into the run's directory; the run ends when that is done. A forced
 * abort waits for no file system: its record is written beside.
 */
function finishRecord(state: RunState, finalization: Finalization, moment: Moment): void {
  if (state.mayHaveJobs()) return;
  if (state.run.status === 'ForceAborting' || state.record === 'done')
    return endRun(state, finalization, moment);
  if (state.record === 'none') {
    state.record = 'wanted';
    noteOutputs(state, finalization, moment);
  }
}

function noteOutputs(state: RunState, { end }: Finalization, moment: Moment): void {
  if (end !== 'Succeeded') return;
  const { values, problems } = state.program.outputs();
  if (Object.keys(values).length > 0) state.setRun({ ...state.run, outputs: values });
  problems.forEach((text, index) => {
    state.addProblem({ key: `outputs:${index}`, text, sinceMs: moment.nowMs });
  });
}

function endRun(state: RunState, { end }: Finalization, moment: Moment): void {
  const ended = endedRun(state.run, end, moment.nowMs);
  state.setRun(ended);
  const isForced = ended.abort?.force === true;
  state.addEvent(moment.nowMs, `run.${end.toLowerCase()}`, isForced ? FORCED_TEXT : END_TEXT[end]);
}

/** The run as it will be once it has ended: also what the record shows. */
export function endedRun(run: Run, end: Finalization['end'], nowMs: number): Run {
  const { held, finalization, ...rest } = run;
  return { ...rest, status: end, failing: end === 'Failed', endedAtMs: nowMs };
}

const END_TEXT = {
  Succeeded: 'succeeded',
  Failed: 'failed',
  Aborted: 'aborted: no job of it is left running',
} as const;
const FORCED_TEXT = 'aborted by force: jobs that were not seen to end are its orphans';
