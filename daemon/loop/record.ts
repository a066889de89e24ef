/** The record of a run in its own directory: `run.json`, what `wfctl status --calls --json` shows at its end. */
import { presentRunWithCalls } from '../api/present.ts';
import type { Moment } from '../engine/ends.ts';
import { endedRun } from '../engine/finalize.ts';
import { hasEnded, type RunEnd, type RunId } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { FileAnswer } from '../files/owner-files.ts';
import type { Inbox, Input } from './inputs.ts';
import type { WorkingSet } from './working-set.ts';

/** A file system that hangs does not keep a run from ending. */
const RECORD_MS = 60_000;

export class Recorder {
  /** Records being written, and until when they are waited for (monotonic). */
  private readonly deadlines = new Map<RunId, number>();
  private readonly set: WorkingSet;
  private readonly inbox: Inbox;

  constructor(set: WorkingSet, inbox: Inbox) {
    this.set = set;
    this.inbox = inbox;
  }

  /** Starts what finalization has asked for; gives up what takes too long. */
  watch(state: RunState, now: number): void {
    const { id, finalization } = state.run;
    if (state.record === 'wanted' && finalization !== undefined) {
      state.record = 'writing';
      this.deadlines.set(id, now + RECORD_MS);
      this.set.afterCommit(() => this.write(state, finalization.end));
    }
    const deadline = this.deadlines.get(id);
    if (state.record !== 'writing' || deadline === undefined || now < deadline) return;
    const reason = `writing took longer than ${RECORD_MS / 1000} s`;
    this.inbox.put({
      kind: 'record',
      runId: id,
      end: finalization?.end ?? 'Failed',
      answer: { kind: 'failed', reason },
    });
  }

  /** For a run that has ended already (forced, or never started) nobody waits for it. */
  write(state: RunState, end?: RunEnd): void {
    void this.tryWrite(state, end)
      .catch((error: unknown): FileAnswer<void> => ({ kind: 'failed', reason: String(error) }))
      .then((answer) => end && this.inbox.put({ kind: 'record', runId: state.run.id, end, answer }));
  }

  /** A record that could not be written is a problem, and does not change the end. */
  take({ runId, end, answer }: Extract<Input, { kind: 'record' }>, moment: Moment): void {
    const state = this.set.runs.get(runId);
    if (state === undefined || state.record !== 'writing') return;
    this.deadlines.delete(runId);
    if (answer.kind === 'failed') {
      const text = `the record of the run could not be written: ${answer.reason}`;
      state.addProblem({ key: 'record', text, sinceMs: moment.nowMs });
    }
    state.record = state.run.finalization?.end === end ? 'done' : 'none'; // aborted meanwhile: written anew
    state.touched = true;
  }

  private async tryWrite(state: RunState, end?: RunEnd): Promise<FileAnswer<void>> {
    const { store, files, clock } = this.set.parts;
    const { run } = state;
    const [overview, calls, attempts] = await Promise.all([
      store.findRun(run.id),
      store.listCalls(run.id),
      store.listAttempts(run.id),
    ]);
    if (overview === undefined) return { kind: 'failed', reason: `run ${run.id} is not in the store` };
    const ended = hasEnded(run) || end === undefined ? run : endedRun(run, end, clock.nowMs());
    const content = `${JSON.stringify(presentRunWithCalls({ ...overview, run: ended }, calls, attempts), null, 2)}\n`;
    return files.write(run.owner, run.umask, [{ path: `${run.directory}/run.json`, content, mode: 0o666 }]);
  }
}
