// @ts-check
/**
 * An adapter: all that wfd must know of `queue`, the small scheduler beside this file. docs/writing-a-backend.md
 * goes through it from the top to the end.
 *
 * It has no state and decides nothing. It says which commands to run and what their answers mean; what an answer
 * does not say, it does not say either.
 */

/**
 * @import {
 *   AbortManner, AdapterOptions, BatchScheduler, Blocked, CommandLine, CommandResult, EndReport, JobObservation,
 *   NativeId, OptionMistake, Probe, RequestReply, Resources, Site, Snapshot, SubmitReply, SubmitRequest, Tag
 * } from 'wfd/backend'
 */
import { isMissing, ownLog, whyNot } from 'wfd/backend';

/** Of wfd's interface, not of this file. */
export const apiVersion = 1;

/** Used where the site's configuration does not say otherwise. */
export const defaults = { pollMs: 1_000, settleMs: 5_000, commandTimeoutMs: 20_000, maxActive: 500 };

/**
 * The site's `options`, before the daemon starts: a mistake is shown with its place in the file.
 *
 * @param {AdapterOptions} options
 * @returns {readonly OptionMistake[]}
 */
export function checkOptions({ directory, ...others }) {
  const unknown = Object.keys(others).map((option) => ({
    option,
    message: 'is not known; there is: directory',
  }));
  const isPath = directory === undefined || (typeof directory === 'string' && directory.startsWith('/'));
  return isPath ? unknown : [...unknown, { option: 'directory', message: 'must be an absolute path' }];
}

/**
 * @param {Site} site
 * @returns {BatchScheduler}
 */
export function createScheduler({ options: { directory } }) {
  const place = typeof directory === 'string' ? ['--directory', directory] : [];
  /** @type {(...words: readonly string[]) => CommandLine} */
  const queue = (...words) => ({ program: 'queue', args: [...place, ...words] });

  return {
    // Also the key of `resources.options` in workflows.
    kind: 'queue',
    // A listing has the jobs of every daemon, with their names, so both can be promised.
    capabilities: { reconnect: true, lookUp: true, arrays: false, signals: true },
    // Commands start with a clean environment: what they need of the daemon's own must be named.
    environmentNames: ['QUEUE_SLOTS'],
    // So that there is one language to read. A submit does not get these: jobs would inherit them.
    parseEnvironment: { LC_ALL: 'C' },

    // The scheduler throws output away, so the script opens its own log; it keeps umask and variables by itself.
    preamble: (head) => ['wf_native=${QUEUE_JOB_ID:-} wf_count=0 wf_index=0', ownLog(head)].join('\n'),
    check,
    // As the daemon's own user; everything else runs as the owner of the run.
    probe: async (ask) => readProbe(await ask(queue('version'))),
    submit: async (request, ask) => readSubmit(await ask(queue('submit', ...submitWords(request)))),
    observe: async (_owner, _known, ask) => readList(await ask(queue('list'))),
    // Jobs are listed for a day after their end: there is no second source to ask.
    account: async () => ({ kind: 'complete', jobs: [] }),
    abort: async (nativeIds, manner, ask) => readRequest(await ask(queue(...abortWords(nativeIds, manner)))),
    // It writes nothing into logs.
    causeInLog: () => undefined,
  };
}

/**
 * Why no job could ever be put to this scheduler with such a request. Asked when a workflow is submitted, and before
 * each job: what could be refused must be refused here, in words, before it costs a command.
 *
 * @param {Resources} resources
 * @returns {string | undefined}
 */
function check({ nodes = 1, ranks = 1, cpus = 1, gpus, options }) {
  if (nodes > 1 || ranks > 1 || cpus > 1) return 'a job of queue has one CPU of one node; ask for less';
  if (gpus !== undefined && gpus.count > 0) return 'queue knows no GPUs; use another backend';
  const foreign = options?.['queue']?.find((word) => /^--time\b/.test(word));
  return foreign && `resources.options.queue may not contain ${foreign}: write resources.time instead`;
}

/**
 * The tag is the job's name, by which it is found again. Memory, queues and accounts mean nothing here. The words of
 * a workflow come first, so that none of them can take the place of what is ours.
 *
 * @param {SubmitRequest} request
 * @returns {readonly string[]}
 */
function submitWords({ tag, script, resources: { options, timeSeconds } }) {
  const limit = timeSeconds === undefined ? [] : ['--time', String(Math.ceil(timeSeconds))];
  return [...(options?.['queue'] ?? []), ...limit, tag, script];
}

/**
 * @param {CommandResult} result
 * @returns {Probe}
 */
function readProbe(result) {
  if (result.exitCode !== 0)
    return { reachable: false, summary: whyNot('queue', result), hasAccounting: false };
  return { reachable: true, summary: `${result.stdout.trim()}, no accounting`, hasAccounting: false };
}

/**
 * Four answers, and the last is always safe: the job is looked for by its name before it is submitted again.
 * `rejected` ends the call for good, so it needs the scheduler's own word.
 *
 * @param {CommandResult} result
 * @returns {SubmitReply}
 */
function readSubmit(result) {
  const { exitCode, stdout } = result;
  const [, id] = /^job (\d+)\n$/.exec(stdout) ?? [];
  if (exitCode === 0 && id !== undefined) return { kind: 'accepted', nativeId: /** @type {NativeId} */ (id) };
  const reason = whyNot('queue', result);
  if (exitCode === 2) return { kind: 'rejected', reason };
  // 75: not now. A command that never ran has submitted nothing.
  if (exitCode === 75 || result.failedToStart !== undefined || isMissing(result))
    return { kind: 'throttled', reason };
  return { kind: 'ambiguous', reason };
}

/**
 * A listing is whole or it is none: its last line tells. Half of one would make the other jobs look gone.
 *
 * @param {CommandResult} result
 * @returns {Snapshot}
 */
function readList(result) {
  const lines = result.stdout.split('\n');
  if (result.exitCode !== 0) return { kind: 'unavailable', reason: whyNot('queue', result) };
  if (lines.pop() !== '' || lines.pop() !== 'end')
    return { kind: 'unavailable', reason: 'queue list was cut off' };
  const jobs = lines.map(readJob);
  const unread = jobs.indexOf(undefined);
  if (unread >= 0)
    return { kind: 'unavailable', reason: `queue list: cannot read ${JSON.stringify(lines[unread])}` };
  return { kind: 'complete', jobs: jobs.flatMap((job) => job ?? []) };
}

/**
 * `12 ENDED 3 - align.17.k3v9x0q2ab`. A state nobody has met means that the job is still there.
 *
 * @param {string} line
 * @returns {JobObservation | undefined}
 */
function readJob(line) {
  const [, id, status, code, why, name] = /^(\d+) (\w+) (\d+|-) (\w+|-) (.+)$/.exec(line) ?? [];
  if (id === undefined || status === undefined || code === undefined || name === undefined) return undefined;
  const job = {
    tag: /** @type {Tag} */ (name),
    index: 0,
    nativeId: /** @type {NativeId} */ (id),
    // This scheduler never runs a job twice. Where one may, and does not say how often, this is left out.
    runCount: 0,
    backendStatus: why === '-' ? status : `${status} (${why})`,
  };
  switch (status) {
    case 'QUEUED':
      return { ...job, state: 'queued' };
    case 'HELD':
      return { ...job, state: 'queued', blocked: HELD };
    case 'RUNNING':
      return { ...job, state: 'running' };
    case 'ENDED':
      return { ...job, state: 'ended', end: readEnd(code, why) };
    case 'LOST':
      // Nobody cares for it any more, and nothing tells what became of it.
      return { ...job, state: 'ended', end: { kind: 'Unknown' } };
    default:
      return { ...job, state: 'unknown' };
  }
}

/** @type {Blocked} */
const HELD = { reason: 'HELD', plain: 'the job is held; `queue release` lets it go on', forever: false };

/**
 * @param {string} code
 * @param {string | undefined} why
 * @returns {EndReport}
 */
function readEnd(code, why) {
  if (code === '-') return { kind: 'Cancelled', started: false };
  const facts = { exitCode: Number(code), started: true };
  if (code === '0') return { kind: 'Succeeded', ...facts };
  if (why === 'late') return { kind: 'TimeLimit', ...facts };
  if (why === 'killed') return { kind: 'Cancelled', ...facts };
  return { kind: 'NonZeroExit', ...facts };
}

/**
 * @param {readonly NativeId[]} nativeIds
 * @param {AbortManner} manner
 * @returns {readonly string[]}
 */
function abortWords(nativeIds, manner) {
  switch (manner.kind) {
    case 'kill':
      return ['kill', ...nativeIds];
    case 'force':
      return ['kill', '--now', ...nativeIds];
    case 'signal':
      return ['signal', manner.signal, ...nativeIds];
  }
}

/**
 * `sent` means asked, not ended. Jobs that are over already are no failure: else it would be repeated for ever.
 *
 * @param {CommandResult} result
 * @returns {RequestReply}
 */
function readRequest(result) {
  return result.exitCode === 0 ? { kind: 'sent' } : { kind: 'failed', reason: whyNot('queue', result) };
}
