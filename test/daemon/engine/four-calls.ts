/**
 * One run told in a few words: jobs end as the test says, and the engine draws its conclusions. Everything
 * between is the real thing: program, RunState, advance, dispatch, endAttempt. Nothing is asked of anybody.
 */
import type { NativeId } from '../../../backends/backend.ts';
import { roomOf, runQueues } from '../../../daemon/dispatch-room.ts';
import { abortCall, abortedRun, giveUpWaiting, wishEnds } from '../../../daemon/engine/abort.ts';
import { advance } from '../../../daemon/engine/advance.ts';
import { dispatch } from '../../../daemon/engine/dispatch.ts';
import { endAttempt, type Moment } from '../../../daemon/engine/ends.ts';
import { violations } from '../../../daemon/engine/invariants.ts';
import type { Attempt, Call, Orphan, Outcome, Run } from '../../../daemon/engine/model.ts';
import { RunState } from '../../../daemon/engine/run-state.ts';
import type { EngineSettings } from '../../../daemon/engine/settings.ts';
import { intend } from '../../../daemon/launch.ts';
import type { FailureMode } from '../../../daemon/workflow/language.ts';
import { openNative } from '../../../daemon/workflow/native/open.ts';
import { WorkingSet } from '../../../daemon/working-set.ts';
import { ADA, id, type ScriptedParts, scriptedParts } from '../loop/scripted-parts.ts';

export const FOUR_CALLS = `
name: four
tasks:
  A:  { run: 'true' }
  B:  { run: 'true', retries: { max: 1, on: [75], delay: 60s } }
  A1: { run: 'true', needs: A }
  B1: { run: 'true', needs: B }
`;

export const SUCCEEDED: Outcome = { cause: 'Succeeded', exitCode: 0 };
export const failed = (exitCode = 1): Outcome => ({ cause: 'NonZeroExit', exitCode });

export function runOf(change: Partial<Run> = {}): Run {
  return {
    id: 17,
    uuid: '00000000-0000-4000-8000-000000000017',
    name: 'four',
    owner: ADA,
    status: 'Submitted',
    failing: false,
    failureMode: 'NoNewCalls',
    backend: 'local',
    labels: {},
    submitDir: '/home/ada',
    directory: '/home/ada/wf-runs/four',
    umask: 0o022,
    submittedAtMs: 1_000,
    problems: [],
    ...change,
  };
}

export class Story {
  readonly state: RunState;
  readonly set: WorkingSet;
  readonly orphans: Orphan[] = [];
  /** Every start of a job, in order: `A#1`. */
  readonly started: string[] = [];
  private readonly parts: ScriptedParts;
  private lastId = 100;

  constructor(
    source: string,
    given: { readonly failureMode?: FailureMode; readonly settings?: Partial<EngineSettings> } = {},
  ) {
    this.parts = scriptedParts({ ...(given.settings && { settings: given.settings }) });
    const opened = openNative({ language: 'native', fileName: 'w.yaml', source, files: {}, inputs: {} });
    if (!opened.ok) throw new Error(opened.mistakes.map(({ message }) => message).join('\n'));
    this.set = new WorkingSet(this.parts);
    const run = runOf({ ...(given.failureMode && { failureMode: given.failureMode }) });
    this.state = new RunState(run, opened.program, this.set.changes);
    this.set.addRun(this.state);
    this.goOn();
  }

  /** All that follows by itself: the run advances, and what may start is with the scheduler. */
  goOn(): void {
    do {
      this.state.touched = false;
      wishEnds(this.state, this.moment);
      this.orphans.push(...giveUpWaiting(this.state, 'login1', this.moment));
      advance(this.state, this.moment);
      for (const choice of dispatch(
        runQueues(this.set),
        roomOf(this.set, { isClosed: () => false, submitting: new Map() }),
      )) {
        intend(this.set, choice, this.set.moment()); // its chance makes tags differ
        this.begins(choice.call);
      }
      const broken = violations(this.state);
      if (broken.length > 0) throw new Error(broken.join('; '));
    } while (this.state.touched);
  }

  /** The job's end is known. */
  ends(call: string, outcome: Outcome): void {
    endAttempt(this.state, this.attempt(call), outcome, this.moment);
    this.goOn();
  }

  abort({ force = false, call }: { readonly force?: boolean; readonly call?: string } = {}): void {
    const atMs = this.moment.nowMs;
    if (call !== undefined) abortCall(this.state, this.state.call(call), { by: 'ada', atMs }, this.moment);
    else {
      const next = abortedRun(this.state.run, { by: 'ada', atMs, force });
      if (next !== undefined) this.state.setRun(next);
    }
    this.goOn();
  }

  later(ms: number): void {
    this.parts.clock.pass(ms);
    this.goOn();
  }

  hold(): void {
    this.state.setRun({ ...this.state.run, held: { by: 'ada', reason: 'wait' } });
    this.goOn();
  }

  /** The shell has written the record that finalization asks for. */
  recordIsWritten(): void {
    if (this.state.record === 'wanted') this.state.record = 'done';
    this.state.touched = true;
    this.goOn();
  }

  get moment(): Moment {
    return { ...this.set.moment(), random: () => 0.5 };
  }
  get run(): Run {
    return this.state.run;
  }
  get active(): readonly string[] {
    return [...this.state.active];
  }
  call(key: string): Call {
    return this.state.call(key);
  }
  attempt(key: string): Attempt {
    const attempt = this.state.attempts.get(key);
    if (attempt === undefined) throw new Error(`${key} has no attempt`);
    return attempt;
  }
  /** `{ A: 'Succeeded', … }`, steps included. */
  get statuses(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.state.calls.values()].map(({ key, status }) => [key, status]));
  }

  private begins(call: string): void {
    const attempt = this.attempt(call);
    this.lastId += 1;
    const nativeId: NativeId = id(String(this.lastId));
    this.state.putAttempt({ ...attempt, state: { kind: 'running', nativeId, runCount: 0 } });
    this.started.push(`${call}#${attempt.number}`);
  }
}
