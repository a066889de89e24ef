/** Sees everything that happens on both sides, and has it judged: the daemon's rows and the cluster's truth. */
import type { AbortManner, Owner, SubmitRequest, Tag } from '../../backends/backend.ts';
import { logPath, scriptPath } from '../../backends/job-script.ts';
import type { Changes } from '../../daemon/engine/changes.ts';
import { attemptKey } from '../../daemon/engine/model.ts';
import { RULES } from './court.ts';
import type { BackendHabits, BackendWitness } from './fake-backend.ts';
import type { ClusterWitness, FakeCluster } from './fake-cluster.ts';
import type { ClusterJob, Execution, Work } from './fake-job.ts';
import { checkRules, checkTransitions, type RowCheckParts, startsIn } from './row-checks.ts';
import type { Scenario } from './scenario.ts';
import {
  checkAwaited,
  checkExecution,
  checkStepOnce,
  checkTruth,
  freshIn,
  type TruthParts,
} from './truth-checks.ts';
import { taskOf } from './workflows.ts';

export class Witness implements ClusterWitness, BackendWitness {
  readonly parts: TruthParts;
  private readonly rowParts: RowCheckParts;
  private readonly scenario: Scenario;
  private readonly usedTags = new Set<string>();

  constructor(parts: Omit<TruthParts, 'cannotReconnect' | 'cannotLookUp'> & { readonly scenario: Scenario }) {
    const { scenario } = parts;
    const namesOf = (lacks: (habits: BackendHabits) => boolean): ReadonlySet<string> =>
      new Set(scenario.backends.filter(({ backend }) => lacks(backend)).map(({ name }) => name));
    this.scenario = scenario;
    this.parts = {
      ...parts,
      cannotReconnect: namesOf(({ canReconnect }) => !canReconnect),
      cannotLookUp: namesOf(({ canLookUp }) => !canLookUp),
    };
    const maxActive = new Map(scenario.backends.map(({ name, backend }) => [name, backend.maxActive]));
    this.rowParts = {
      rows: parts.rows,
      court: parts.court,
      settings: scenario.settings,
      maxActive,
      oweOnAbort: new Set(),
    };
  }

  committed(changes: Changes): void {
    checkTransitions(this.rowParts, changes);
    const starts = startsIn(this.rowParts, changes);
    const fresh = freshIn(this.parts.rows, changes);
    this.parts.rows.apply(changes);
    checkRules(this.rowParts, changes, starts);
    checkTruth(this.parts, fresh);
  }

  executionStarts(execution: Execution): void {
    checkExecution(this.parts, execution);
    checkAwaited(this.parts, execution);
    checkStepOnce(this.parts, execution);
  }

  unblocked(job: ClusterJob): void {
    if (job.unblocked > 1)
      this.parts.court.accuse(RULES.twice, `job ${job.nativeId} is told to try again ${job.unblocked} times`);
  }

  submitStarts(backend: string, request: SubmitRequest, inFlight: number): Work | undefined {
    const { court, rows, files } = this.parts;
    const limit = this.scenario.backends.find((one) => one.name === backend)?.backend.maxSubmitting ?? 0;
    if (inFlight > limit) court.accuse(RULES.limits, `${inFlight} submit commands at once with ${backend}`);
    if (this.usedTags.has(request.tag)) court.accuse(RULES.intention, `${request.tag} is submitted twice`);
    this.usedTags.add(request.tag);
    const submission = rows.submissions.get(request.tag);
    const element = submission?.elements[0];
    const attempt = element && rows.attempt(submission.runId, element.call, element.number);
    const run = submission && rows.runs.get(submission.runId);
    if (attempt === undefined || run === undefined || attempt.tag !== request.tag) {
      court.accuse(RULES.intention, `${request.tag} is submitted, but nothing on disk says so`);
      return undefined;
    }
    if (!files.exists(request.script))
      court.accuse(RULES.intention, `${request.script} is submitted, but was never written`);
    const directory = `${run.directory}/.wfd/${request.tag}`;
    if (request.script !== scriptPath(directory))
      court.accuse(RULES.intention, `unexpected script ${request.script}`);
    return {
      runId: attempt.runId,
      call: attempt.call,
      number: attempt.number,
      directory: attempt.directory,
      spoolDirectory: `${run.directory}/.wfd/spool`,
      logPath: logPath(directory),
    };
  }

  abortArrives(backend: string, job: ClusterJob, manner: AbortManner): void {
    const { court, rows } = this.parts;
    const { work } = job;
    if (work === undefined)
      return court.accuse(RULES.foreign, `job ${job.nativeId} (${job.tag}) is told to end, and is not ours`);
    const attempt = rows.attempt(work.runId, work.call, work.number);
    if (attempt === undefined || attempt.state.kind === 'ended' || attempt.tag !== job.tag) return;
    const holder = this.parts.files.holderOf(work.directory);
    if (holder !== undefined && holder !== job.nativeId) return; // another job is the attempt's
    if (attempt.ending === undefined) {
      court.accuse(
        RULES.foreign,
        `job ${job.nativeId} of ${backend} is told to end, but ${attemptKey(attempt)} is wanted`,
      );
      return;
    }
    const run = rows.runs.get(work.runId);
    const call = rows.calls.get(work.runId)?.get(work.call);
    const task = taskOf(rows.bundles.get(work.runId), call?.task ?? '');
    const gentle = attempt.ending.why === 'user' && run?.abort?.force !== true && call?.abort === undefined;
    if (gentle && task?.abort === 'finish') {
      court.accuse(
        RULES.abortManner,
        `${attemptKey(attempt)} is to be finished, but its job is told to end (${manner.kind})`,
      );
    }
  }

  isTracked(backend: string, job: ClusterJob): boolean {
    const { work } = job;
    if (work === undefined || job.state === 'ended' || job.execution?.end !== undefined) return false;
    const attempt = this.parts.rows.attempt(work.runId, work.call, work.number);
    return (
      attempt?.backend === backend && (attempt.state.kind === 'queued' || attempt.state.kind === 'running')
    );
  }

  /** The user's own job, with a name that looks a little like one of ours. */
  foreignJob(cluster: FakeCluster, owner: Owner, number: number): void {
    cluster.create(`mine.${number}.interactive` as Tag, owner);
  }
}
