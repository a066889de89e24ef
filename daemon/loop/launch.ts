/**
 * From a ready call to a submit command: the choice becomes rows, the rows are committed, and only then is
 * anything written to the user's directory or said to the scheduler (SEMANTICS 6, exactly once).
 */
import type { SubmitRequest, Tag } from '../../backends/backend.ts';
import { type JobElement, logPath, scriptPath, submissionFiles } from '../../backends/job-script.ts';
import type { Choice } from '../engine/dispatch.ts';
import type { Moment } from '../engine/ends.ts';
import { mayStart } from '../engine/failure-mode.ts';
import type { Attempt, Call, Run, Submission } from '../engine/model.ts';
import type { RunState } from '../engine/run-state.ts';
import type { RenderedJob } from '../workflow/language.ts';
import type { Inbox, LaunchReply } from './inputs.ts';
import { spoolDirectory, submissionDirectory, type WorkingSet } from './working-set.ts';

/** Writes the intent: attempt `submitting`, with a tag that was never used and never will be again. */
export function intend(set: WorkingSet, choice: Choice, moment: Moment): Submission {
  const state = set.runs.get(choice.runId);
  if (state === undefined) throw new Error(`dispatch chose run ${choice.runId}, which is not in progress`);
  const call = state.call(choice.call);
  const known = state.attempts.get(call.key);
  const number = known?.state.kind === 'ready' ? known.number : call.attempts + 1;
  const tag = newTag(call.task, state.run.id, moment.random);
  const submission: Submission = {
    tag,
    runId: state.run.id,
    backend: choice.backend,
    elements: [{ call: call.key, number }],
    createdAtMs: moment.nowMs,
    status: 'open',
  };
  state.putCall({ ...call, status: 'Active', attempts: number });
  state.putAttempt(newAttempt(state.run, call, number, submission));
  set.addSubmission(state, submission);
  return submission;
}

function newAttempt(run: Run, call: Call, number: number, { tag, backend }: Submission): Attempt {
  const directory = `${run.directory}/${call.task}/${call.index ?? 0}/${number}`;
  return {
    runId: run.id,
    call: call.key,
    number,
    backend,
    state: { kind: 'submitting' },
    tag,
    element: 0,
    directory,
  };
}

const BASE_32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** `<task, 24 characters at most>.<run>.<10 random base-32 characters>` (SEMANTICS 1, tag). */
export function newTag(task: string, runId: number, random: () => number): Tag {
  const safe = task.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 24);
  const name = /^[A-Za-z]/.test(safe) ? safe : `t${safe}`.slice(0, 24);
  const chance = Array.from({ length: 10 }, () => BASE_32[Math.floor(random() * 32)]).join('');
  return `${name}.${runId}.${chance}` as Tag;
}

/** Runs outside the tick. Whatever comes of it is an input of a later one. */
export async function launch(
  set: WorkingSet,
  inbox: Inbox,
  state: RunState,
  submission: Submission,
): Promise<void> {
  const reply = await attemptLaunch(set, state, submission).catch(
    (error: unknown): LaunchReply => ({ kind: 'ambiguous', reason: String(error) }),
  );
  const { backend, tag } = submission;
  inbox.put({ kind: 'reply', backend, tag, reply, at: set.parts.clock.monotonicMs() });
}

async function attemptLaunch(set: WorkingSet, state: RunState, submission: Submission): Promise<LaunchReply> {
  const backend = set.backend(submission.backend);
  if (backend === undefined)
    return { kind: 'notRendered', reason: `no backend named ${submission.backend} is configured` };
  const elements: JobElement[] = [];
  let first: RenderedJob | undefined;
  for (const element of submission.elements) {
    const attempt = state.attempts.get(element.call);
    if (attempt?.tag !== submission.tag)
      return { kind: 'withheld', reason: 'its attempt is no longer waiting for it' };
    const rendered = state.program.render(element.call, state.renderContext(attempt));
    if (rendered.kind === 'failed') return { kind: 'notRendered', reason: rendered.reason };
    first ??= rendered.job;
    elements.push(jobElement(state.run, state.call(element.call), attempt, rendered.job));
  }
  if (first === undefined) return { kind: 'notRendered', reason: 'the submission is empty' };
  const directory = submissionDirectory(state.run.directory, submission.tag);
  const { owner, umask } = state.run;
  const log = logPath(directory);
  const warning = warningOf(state, submission);
  const head = { log, umask, elements: elements.length, ...(warning && { warning }) };
  const files = submissionFiles({
    tag: submission.tag,
    directory,
    spoolDirectory: spoolDirectory(state.run.directory),
    preamble: backend.preamble(head),
    elements,
  });
  const written = await set.parts.files.write(owner, umask, files);
  if (written.kind === 'failed') return { kind: 'notPrepared', reason: written.reason };
  if (!isStillWanted(state, submission))
    return { kind: 'withheld', reason: 'the run was stopped before it was submitted' };
  return backend.submit({
    ...head,
    tag: submission.tag,
    owner,
    resources: first.resources,
    workdir: first.workdir,
    script: scriptPath(directory),
  });
}

/** The signal that an abort would send first; all elements of a submission are of one task. */
function warningOf(state: RunState, { elements: [first] }: Submission): SubmitRequest['warning'] {
  if (first === undefined) return undefined;
  const { abort } = state.policy(state.call(first.call));
  return abort.kind === 'signal' ? { signal: abort.signal, graceMs: abort.graceMs } : undefined;
}

/** The last look before the command: the run may have been aborted, held or closed while the files were written. */
function isStillWanted(state: RunState, submission: Submission): boolean {
  return submission.elements.some(({ call }) => {
    const attempt = state.attempts.get(call);
    const isWaiting = attempt?.tag === submission.tag && attempt.state.kind === 'submitting';
    return isWaiting && attempt.ending === undefined && mayStart(state.run, state.call(call));
  });
}

/** The variables every job can count on, whatever its language; WF_MEMORY_MB only where memory was asked for. */
function jobElement(run: Run, call: Call, attempt: Attempt, job: RenderedJob): JobElement {
  const { command, login, workdir, outputs, successCodes, resources } = job;
  const env = {
    ...job.env,
    WF_RUN_ID: String(run.id),
    WF_TASK: call.task,
    WF_INDEX: String(call.index ?? 0),
    WF_ATTEMPT: String(attempt.number),
    WF_CPUS: String(resources.cpus ?? 1),
    ...(resources.memoryMiB !== undefined && { WF_MEMORY_MB: String(resources.memoryMiB) }),
    WF_CALL_DIR: attempt.directory,
  };
  return { directory: attempt.directory, command, env, login, workdir, outputs, successCodes };
}
