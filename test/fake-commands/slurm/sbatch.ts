/** sbatch: what it refuses, in its words, and how the script that it takes is started. */
import { existsSync, readFileSync } from 'node:fs';
import type { Answer, Call } from '../command-server.ts';
import { failed, longOptions, said, spooled } from '../face.ts';
import type { FakeScheduler, Order, Place } from '../fake-scheduler.ts';
import type { Launch } from '../job-processes.ts';

export function sbatch(call: Call, scheduler: FakeScheduler, spool: string): Answer {
  const { options, words } = longOptions(call.args);
  if (options.has('version')) return said('slurm-wlm 22.05.8\n');
  const refusal = refuse(options, words[0], scheduler);
  if (refusal !== undefined) return refusal;
  const id = scheduler.submit(orderOf(call, options, spooled(readFileSync(words[0] ?? '', 'utf8'), spool)));
  return said(`${id}${options.has('clusters') ? `;${options.get('clusters')}` : ''}\n`);
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  partition: ['normal', 'short'],
  account: ['wf', 'wfother'],
  qos: ['normal', 'low', 'capped'],
  constraint: [],
  reservation: [],
};

const REFUSED: Readonly<Record<string, string>> = {
  partition: 'Invalid partition name specified',
  account: 'Invalid account or account/partition combination specified',
  qos: 'Invalid qos specification',
  constraint: 'Invalid feature specification',
  reservation: 'Requested reservation is invalid',
};

const UNDERSTOOD = new Set([
  ...[
    'parsable',
    'no-requeue',
    'export',
    'propagate',
    'job-name',
    'chdir',
    'output',
    'open-mode',
    'array',
    'nice',
  ],
  ...['cpus-per-task', 'mem', 'time', 'nodes', 'ntasks', 'gpus', 'gres', 'exclusive', 'hold', 'dependency'],
  ...['clusters', ...Object.keys(KNOWN)],
]);

const LARGEST_ARRAY = 1_001;
const LARGEST_MEMORY_MIB = 1_000_000;
const CAPPED_SUBMITS = 4;

/** In the order in which sbatch and slurmctld look. */
function refuse(
  options: ReadonlyMap<string, string>,
  script: string | undefined,
  scheduler: FakeScheduler,
): Answer | undefined {
  const unknown = [...options.keys()].find((name) => !UNDERSTOOD.has(name));
  if (unknown !== undefined) {
    const lines = [`sbatch: unrecognized option '--${unknown}'`, 'Try "sbatch --help" for more information'];
    return failed(255, ...lines);
  }
  const value = (name: string): string => options.get(name) ?? '';
  if (options.has('time') && !/^\d+$/.test(value('time')))
    return failed(255, 'sbatch: error: Invalid --time specification');
  if (script === undefined || !existsSync(script))
    return failed(1, `sbatch: error: Unable to open file ${script}`);
  if (options.has('gres')) return failed(1, 'sbatch: error: Invalid generic resource (gres) specification');
  const wrong = Object.keys(KNOWN).find((name) => options.has(name) && !KNOWN[name]?.includes(value(name)));
  if (wrong === 'partition') return refused(REFUSED[wrong], `invalid partition specified: ${value(wrong)}`);
  if (wrong !== undefined) return refused(REFUSED[wrong]);
  if (Number.parseInt(value('mem'), 10) > LARGEST_MEMORY_MIB)
    return refused(
      'Requested node configuration is not available',
      'Memory specification can not be satisfied',
    );
  if (options.has('dependency') && !/^after\w*:\d+$/.test(value('dependency')))
    return refused('Job dependency problem');
  if ((elementsOf(value('array')).at(-1) ?? 0) >= LARGEST_ARRAY)
    return refused('Invalid job array specification');
  return value('qos') === 'capped' ? overLimit(scheduler) : undefined;
}

function overLimit(scheduler: FakeScheduler): Answer | undefined {
  if (scheduler.jobs().filter(({ end }) => end === undefined).length < CAPPED_SUBMITS) return undefined;
  const policy = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";
  return refused(policy, 'QOSMaxSubmitJobPerUserLimit');
}

function refused(reason = '', ...before: readonly string[]): Answer {
  const lines = [...before, `Batch job submission failed: ${reason}`];
  return failed(1, ...lines.map((line) => `sbatch: error: ${line}`));
}

function orderOf(call: Call, options: ReadonlyMap<string, string>, script: string): Order {
  const { env, uid, umask } = call;
  const elements = elementsOf(options.get('array') ?? '');
  const held = { reason: 'JobHeldUser', plain: '', forever: false };
  return {
    name: options.get('job-name') ?? 'sbatch',
    user: { uid, name: env['USER'] ?? '' },
    ...(elements.length > 0 && { elements }),
    ...(options.has('hold') && { held }),
    launch: (place): Launch => ({
      command: [script],
      // --export=ALL
      env: { ...env, ...variables(place, elements) },
      cwd: options.get('chdir') ?? call.cwd,
      umask,
      // KillWait
      warning: { signal: 'SIGTERM', graceMs: 500 },
      log: outputOf(options.get('output') ?? 'slurm-%j.out', place),
    }),
  };
}

function variables({ id, element }: Place, elements: readonly number[]): Readonly<Record<string, string>> {
  const job = { SLURM_JOB_ID: String(id) };
  if (element === undefined) return job;
  return {
    ...job,
    SLURM_ARRAY_JOB_ID: String(id),
    SLURM_ARRAY_TASK_ID: String(element),
    SLURM_ARRAY_TASK_COUNT: String(elements.length),
  };
}

/** A backslash anywhere turns patterns off and is itself written twice (sbatch(1), FILENAME PATTERN). */
function outputOf(pattern: string, { id, element }: Place): string {
  if (pattern.includes('\\')) return pattern.replaceAll('\\\\', '\\');
  const values: Readonly<Record<string, string>> = { '%': '%', a: String(element ?? ''), j: String(id) };
  return pattern.replaceAll(/%(.)/g, (all, letter: string) => values[letter] ?? all);
}

/** `0-3`. */
function elementsOf(array: string): readonly number[] {
  const [, first, last] = /^(\d+)-(\d+)/.exec(array) ?? [];
  if (first === undefined) return [];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at);
}
