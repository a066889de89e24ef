/**
 * One run told in a few words: jobs end as the test says, and the engine draws its conclusions. Everything
 * between is the real thing: program, RunState, advance, dispatch, endAttempt. Nothing is asked of anybody.
 */
import type { NativeId } from '../../../backends/backend.ts';
import { abortCall, abortedRun, giveUpWaiting, wishEnds } from '../../../daemon/engine/abort.ts';
import { advance } from '../../../daemon/engine/advance.ts';
import { dispatch } from '../../../daemon/engine/dispatch.ts';
import { endAttempt, type Moment } from '../../../daemon/engine/ends.ts';
import { violations } from '../../../daemon/engine/invariants.ts';
import type { Attempt, Call, Orphan, Outcome, Run } from '../../../daemon/engine/model.ts';
import { RunState } from '../../../daemon/engine/run-state.ts';
import type { EngineSettings } from '../../../daemon/engine/settings.ts';
import { roomOf, runQueues } from '../../../daemon/loop/dispatch-room.ts';
import { intend } from '../../../daemon/loop/launch.ts';
import { restore } from '../../../daemon/loop/restore.ts';
import { takeSnapshot } from '../../../daemon/loop/snapshots.ts';
import type { Watch } from '../../../daemon/loop/watch.ts';
import { WorkingSet, watchKey } from '../../../daemon/loop/working-set.ts';
import type { FailureMode } from '../../../daemon/workflow/language.ts';
import { openNative } from '../../../daemon/workflow/native/open.ts';
import { CommittedRows } from '../../sim/committed-rows.ts';
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

/** Far more than any of these workflows needs to come to rest. */
const ROUNDS_MAX = 100;

export class Story {
  state: RunState;
  set: WorkingSet;
  /** What is on disk. */
  readonly rows = new CommittedRows();
  readonly orphans: Orphan[] = [];
  /** Every start of a job, in order: `A#1`. */
  readonly started: string[] = [];
  private readonly parts: ScriptedParts;
  private readonly answers: 'at once' | 'when told';
  private lastId = 100;

  constructor(
    source: string,
    given: {
      readonly failureMode?: FailureMode;
      readonly settings?: Partial<EngineSettings>;
      /** When the scheduler answers a submit: by then the job runs. */
      readonly answers?: 'at once' | 'when told';
    } = {},
  ) {
    this.answers = given.answers ?? 'at once';
    this.parts = scriptedParts({ ...(given.settings && { settings: given.settings }) });
    const bundle = { language: 'native', fileName: 'w.yaml', source, files: {}, inputs: {} } as const;
    const opened = openNative(bundle);
    if (!opened.ok) throw new Error(opened.mistakes.map(({ message }) => message).join('\n'));
    this.set = new WorkingSet(this.parts);
    const run = runOf({ ...(given.failureMode && { failureMode: given.failureMode }) });
    this.state = new RunState(run, opened.program, this.set.changes);
    this.set.addRun(this.state);
    this.set.changes.putBundle({ runId: run.id, bundle });
    this.goOn();
  }

  /** All that follows by itself: the run advances, and what may start is with the scheduler. */
  goOn(): void {
    let rounds = 0;
    do {
      rounds += 1;
      if (rounds > ROUNDS_MAX) throw new Error('the run finds no rest');
      this.state.touched = false;
      wishEnds(this.state, this.moment);
      this.orphans.push(...giveUpWaiting(this.state, 'login1', this.moment));
      advance(this.state, this.moment);
      for (const choice of dispatch(
        runQueues(this.set),
        roomOf(this.set, { isClosed: () => false, isProbed: () => false, submitting: new Map() }),
      )) {
        intend(this.set, choice, this.set.moment()); // its chance makes tags differ
        this.started.push(`${choice.call}#${this.attempt(choice.call).number}`);
        if (this.answers === 'at once') this.begins(choice.call);
      }
      const broken = violations(this.state);
      if (broken.length > 0) throw new Error(broken.join('; '));
    } while (this.state.touched);
    this.rows.apply(this.set.changes.toChanges());
    this.set.committed();
  }

  /** The daemon is killed, and another one takes up what is on disk. */
  restart(): void {
    const [bundle] = this.rows.bundles.values();
    if (bundle === undefined) throw new Error('nothing is on disk');
    const { id: runId } = this.run;
    const calls = this.rows.callsOf(runId);
    const attempts = this.rows.attemptsOf(runId);
    const submissions = this.rows.submissionsOf(runId);
    const run = this.rows.runs.get(runId) ?? this.run;
    this.set = new WorkingSet(this.parts);
    restore(this.set, {
      runs: [{ run, bundle, calls, attempts, submissions, reads: [] }],
      orphans: [],
      settings: {},
      nextRunId: runId + 1,
    });
    this.state = this.set.runs.get(runId) ?? this.state;
    this.isListedOnce();
    this.goOn();
  }

  /** What a restarted daemon waits for before it lets a run end: a listing, which here shows nothing new. */
  private isListedOnce(): void {
    const now = this.parts.clock.monotonicMs();
    const snapshot = { kind: 'complete', jobs: [] } as const;
    const watch: Watch = {
      key: watchKey('local', ADA),
      backend: 'local',
      reachable: 'unknown',
      reason: '',
      sinceMs: 0,
      outageSince: undefined,
      suspectSince: undefined,
      suspicionCleared: false,
    };
    takeSnapshot(this.set, watch, { snapshot, begunAt: now, at: now, hasAccounting: true });
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

  release(): void {
    const { held, ...released } = this.state.run;
    this.state.setRun(released);
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

  /** The submit command answers, and the job runs. */
  replies(call: string): void {
    this.begins(call);
    this.goOn();
  }

  private begins(call: string): void {
    const attempt = this.attempt(call);
    this.lastId += 1;
    const nativeId: NativeId = id(String(this.lastId));
    this.state.putAttempt({ ...attempt, state: { kind: 'running', nativeId, runCount: 0 } });
  }
}
