/** The whole loop with scripted parts: time passes when a test says so, and a restart is a new loop on the same store. */
import type { JobObservation, NativeId, Tag } from '../../../backends/backend.ts';
import type { Marks } from '../../../backends/marks.ts';
import type { Answer } from '../../../daemon/api/engine-door.ts';
import type { Attempt, Call, Orphan, Outcome, Run } from '../../../daemon/engine/model.ts';
import type { RunState } from '../../../daemon/engine/run-state.ts';
import type { EngineSettings } from '../../../daemon/engine/settings.ts';
import type { SubmitWish } from '../../../daemon/loop/parts.ts';
import { createLoop, type Loop } from '../../../daemon/loop.ts';
import { drainMicrotasks } from '../../sim/virtual-clock.ts';
import { ADA, ScriptedBackend, type ScriptedParts, scriptedParts } from './scripted-parts.ts';

/** A tick, what it set going, and what that set going. */
const ROUNDS = 4;

export class DaemonStory {
  readonly backend: ScriptedBackend;
  parts: ScriptedParts;
  loop: Loop;

  private constructor(parts: ScriptedParts, backend: ScriptedBackend, loop: Loop) {
    this.parts = parts;
    this.backend = backend;
    this.loop = loop;
  }

  static async begin(
    settings: Partial<EngineSettings> = {},
    backend = new ScriptedBackend(),
  ): Promise<DaemonStory> {
    const parts = scriptedParts({ backends: [backend], settings });
    return new DaemonStory(parts, backend, await createLoop(parts));
  }

  /** A submitted run, as far as it gets by itself. */
  static async withRun(
    source: string,
    settings: Partial<EngineSettings> = {},
    backend?: ScriptedBackend,
  ): Promise<DaemonStory> {
    const story = await DaemonStory.begin(settings, backend);
    await story.submit(source);
    return story;
  }

  async submit(source: string, change: Partial<SubmitWish> = {}): Promise<Run> {
    const answer = await this.ask((loop) => loop.desk.submit(submitWish(source, change)));
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.value.run;
  }

  abort(change: { readonly force?: boolean; readonly call?: string } = {}): Promise<Answer<Run>> {
    return this.ask((loop) => loop.desk.abort({ runId: 1, by: 'ada', force: false, ...change }));
  }

  /** Asks the desk for something and lets the loop serve it. */
  async ask<T>(wish: (loop: Loop) => Promise<T>): Promise<T> {
    const answer = wish(this.loop);
    await drainMicrotasks();
    await this.goOn();
    return answer;
  }

  async goOn(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      await this.loop.tick();
      await drainMicrotasks();
    }
  }

  /** Time passes, second by second. */
  async later(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      this.parts.clock.pass(1_000);
      await this.goOn();
    }
  }

  /** `kill -9`, and a new daemon on what was on disk. */
  async restart(settings: Partial<EngineSettings> = {}): Promise<void> {
    this.parts = { ...this.parts, settings: { ...this.parts.settings, ...settings } };
    this.loop = await createLoop(this.parts);
    await this.goOn();
  }

  /** The scheduler shows this job of the call, by the newest submission. */
  jobOf(call: string, change: Partial<JobObservation> = {}): JobObservation {
    const { tag, state } = this.attempt(call);
    if (tag === undefined) throw new Error(`${call} was not submitted`);
    const nativeId = 'nativeId' in state && state.nativeId ? state.nativeId : ('4711' as NativeId);
    return { tag, index: 0, nativeId, state: 'running', backendStatus: 'RUNNING', ...change };
  }

  /** The job of the call leaves these marks. */
  marks(call: string, marks: Partial<Marks>): void {
    this.parts.files.marks.set(this.attempt(call).directory, { duplicates: [], log: '', ...marks });
  }

  /** This job begins to run the call's command. */
  claims(call: string, nativeId: NativeId, tag: Tag = this.jobOf(call).tag): void {
    const who = { nativeId, runCount: 0, atMs: 1 };
    this.marks(call, { claim: who });
    this.parts.files.spool.set(this.spoolDirectory, [
      { ...who, fileName: `S-${nativeId}`, kind: 'started', tag, index: 0 },
    ]);
  }

  /** The job has claimed its attempt and ended with this code. */
  exits(call: string, exitCode: number): void {
    const { nativeId } = this.jobOf(call);
    const who = { nativeId, runCount: 0, atMs: 1 };
    const exit = { ...who, exitCode, succeeded: exitCode === 0, missing: [] };
    this.marks(call, { claim: who, exit });
    this.parts.files.spool.set(this.spoolDirectory, [
      {
        ...who,
        fileName: `${call}-${exitCode}`,
        kind: 'ended',
        tag: this.jobOf(call).tag,
        index: 0,
        exitCode,
        succeeded: exitCode === 0,
      },
    ]);
  }

  private get spoolDirectory(): string {
    return `${this.state.run.directory}/.wfd/spool`;
  }
  get state(): RunState {
    const state = this.loop.set.runs.get(1);
    if (state === undefined) throw new Error('run 1 is not in progress');
    return state;
  }
  attempt(call: string): Attempt {
    const attempt = this.state.attempts.get(call);
    if (attempt === undefined) throw new Error(`${call} has no attempt`);
    return attempt;
  }

  /** As on disk. */
  async run(): Promise<Run> {
    const found = await this.parts.store.findRun(1);
    if (found === undefined) throw new Error('run 1 is not in the store');
    return found.run;
  }
  async orphans(): Promise<readonly Orphan[]> {
    return (await this.parts.store.findRun(1))?.orphans ?? [];
  }
  async call(key: string): Promise<Call> {
    const found = (await this.parts.store.listCalls(1)).find((call) => call.key === key);
    if (found === undefined) throw new Error(`there is no call ${key}`);
    return found;
  }
  async outcomes(call: string): Promise<readonly (Outcome | undefined)[]> {
    const attempts = await this.parts.store.listAttempts(1, call);
    return attempts.map(({ state }) => (state.kind === 'ended' ? state.outcome : undefined));
  }
  async causes(call: string): Promise<readonly (string | undefined)[]> {
    return (await this.outcomes(call)).map((outcome) => outcome?.cause);
  }
  async events(): Promise<readonly string[]> {
    return (await this.parts.store.listEvents({ afterSeq: -1, limit: 10_000 })).map(({ text }) => text);
  }
}

export function submitWish(source: string, change: Partial<SubmitWish> = {}): SubmitWish {
  return {
    bundle: { language: 'native', fileName: 'w.yaml', source, files: {}, inputs: {} },
    owner: ADA,
    umask: 0o022,
    submitDir: '/home/ada',
    labels: {},
    hold: false,
    ...change,
  };
}

/** A workflow of `count` calls that do not depend on each other: `many[0]`, … */
export function manyCalls(count: number): string {
  const items = Array.from({ length: count }, (_, index) => index).join(', ');
  return `name: many\ntasks:\n  many: { run: 'true', scatter: { n: [${items}] } }\n`;
}

export const ONE_CALL = "name: one\ntasks:\n  A: { run: 'true' }\n";
