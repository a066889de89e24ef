/**
 * SLURM's command lines, as pure functions. Every value is written `--option=value`, so that none can be taken
 * for an option; what the commands answer is read elsewhere (submit-reply.ts, parse.ts).
 */
import type { AbortManner, AccountingQuery, NativeId, Owner, Resources, SubmitRequest } from '../backend.ts';
import type { CommandLine } from '../run-command.ts';

/**
 * One line per job or array element; `parse.ts` reads the columns in this order. Long format, because only it
 * knows the exit code and the restarts. A column is cut at its width, so the name, which may contain anything,
 * comes last, and is wide enough for every tag of ours.
 */
const SQUEUE_COLUMNS = [
  'JobArrayID:32|',
  'State:20|',
  'Reason:100|',
  'exit_code:11|',
  'RestartCnt:6|',
  // Only whether there are any: their start time does not tell, being set for jobs cancelled in the queue, too.
  'NodeList:4|',
  'Name:128',
].join(',');

const SACCT_COLUMNS = 'JobID,State,ExitCode,End,NodeList,Reason,JobName';

const DAY_MS = 86_400_000;

export function check(resources: Resources): string | undefined {
  const taken = resources.options?.['slurm']?.find(isOurs);
  if (taken === undefined) return undefined;
  return `resources.options.slurm may not contain ${taken}: wfd sets it itself, or could not find the job again. Remove it.`;
}

export function submitCommand(request: SubmitRequest): CommandLine {
  const words = request.resources.options?.['slurm'] ?? [];
  return {
    program: 'sbatch',
    args: [...identityOptions(request), ...resourceOptions(request.resources), ...words, request.script],
  };
}

/** All jobs of one user in one question, finished ones included as long as slurmctld remembers them. */
export function observeCommand(owner: Owner): CommandLine {
  const filters = ['--noheader', '--array', '--all', '--states=all', `--user=${owner.uid}`];
  return { program: 'squeue', args: [...filters, `--Format=${SQUEUE_COLUMNS}`] };
}

/**
 * `-D` shows earlier runs of a requeued job, too. An empty list would ask for all jobs of today, and ranges of
 * ids are not understood: neither is ever sent. By name a time window is needed, and young jobs are only found
 * where it ends in the future.
 */
export function accountCommands(query: AccountingQuery, nowMs: number): readonly CommandLine[] {
  const always = ['--allocations', '--noheader', '--parsable2', '--duplicates', `--format=${SACCT_COLUMNS}`];
  const ask = (selection: readonly string[]): CommandLine => ({
    program: 'sacct',
    args: [...always, `--user=${query.owner.uid}`, ...selection],
  });
  const ids = query.jobs.flatMap(({ nativeId }) => nativeId ?? []);
  const tags = query.jobs.flatMap(({ tag, nativeId }) => (nativeId === undefined ? [tag] : []));
  // A day more than needed: clocks differ between hosts.
  const days = Math.max(0, Math.ceil((nowMs - query.sinceMs) / DAY_MS)) + 1;
  return [
    ...(ids.length === 0 ? [] : [ask([`--jobs=${ids.join(',')}`])]),
    ...(tags.length === 0
      ? []
      : [ask([`--name=${tags.join(',')}`, `--starttime=now-${days}days`, '--endtime=now+1day'])]),
  ];
}

export function abortCommand(nativeIds: readonly NativeId[], manner: AbortManner): CommandLine {
  return { program: 'scancel', args: [...mannerOptions(manner), ...nativeIds] };
}

function mannerOptions(manner: AbortManner): readonly string[] {
  switch (manner.kind) {
    case 'kill':
      return [];
    case 'force':
      // Slurm knows nothing harder: SIGTERM, then SIGKILL after the site's KillWait. `--signal=KILL --batch` would
      // leave the children of the shell behind; with --full, or alone, KILL goes the same way as no signal at all.
      return [];
    case 'signal':
      // Without --full only steps made by srun get it, a plain script nothing.
      return [`--signal=${manner.signal}`, '--full'];
    default:
      return manner satisfies never;
  }
}

/** What makes the job ours, findable, and free of our own environment's marks. */
function identityOptions(request: SubmitRequest): readonly string[] {
  const { tag, script, elements, priority } = request;
  return [
    '--parsable',
    // Retries are ours; a site may still requeue, hence the run count.
    '--no-requeue',
    // --export=NONE would also strip the steps that the job starts with srun.
    '--export=ALL',
    // The service's limits (open files, processes) must not travel into jobs.
    '--propagate=NONE',
    `--job-name=${tag}`,
    // Not the job's own directory: where that is missing Slurm would run the job in /tmp. The wrapper goes there.
    `--chdir=${script.slice(0, script.lastIndexOf('/')) || '/'}`,
    `--output=${outputPattern(request)}`,
    // What an earlier run of the same id wrote must not explain the end of this one.
    '--open-mode=truncate',
    ...(elements > 1 ? [`--array=0-${elements - 1}`] : []),
    // Only administrators may raise a job's priority; anyone may lower it.
    ...(priority !== undefined && priority < 0 ? [`--nice=${Math.ceil(-priority)}`] : []),
  ];
}

/**
 * In a file name `%` starts a pattern and is written twice; a backslash anywhere turns patterns off and is itself
 * written twice (so elements of an array then share one log).
 */
function outputPattern({ log, elements }: SubmitRequest): string {
  if (log.includes('\\')) return log.replaceAll('\\', '\\\\');
  const literal = log.replaceAll('%', '%%');
  return elements > 1 ? `${literal}.%a` : literal;
}

function resourceOptions(resources: Resources): readonly string[] {
  const { cpus, memoryMiB, timeSeconds, nodes, ranks, queue, account, qos, constraint, reservation } =
    resources;
  return [
    ...option('cpus-per-task', cpus),
    ...option('mem', memoryMiB === undefined ? undefined : `${Math.ceil(memoryMiB)}M`),
    // Whole minutes are the finest Slurm has.
    ...option('time', timeSeconds === undefined ? undefined : Math.max(1, Math.ceil(timeSeconds / 60))),
    ...option('nodes', nodes),
    ...option('ntasks', ranks),
    ...option('partition', queue),
    ...option('account', account),
    ...option('qos', qos),
    ...option('constraint', constraint),
    ...option('reservation', reservation),
    ...gpuOptions(resources),
    ...(resources.exclusive === true ? ['--exclusive'] : []),
  ];
}

/** `--gres` counts per node and is known everywhere; `--gpus` counts for the job and needs select/cons_tres. */
function gpuOptions({ gpus, nodes, ranks }: Resources): readonly string[] {
  if (gpus === undefined || gpus.count === 0) return [];
  const wanted = gpus.type === undefined ? `${gpus.count}` : `${gpus.type}:${gpus.count}`;
  const manyNodes = (nodes ?? 1) > 1 || (ranks ?? 1) > 1;
  return [manyNodes ? `--gpus=${wanted}` : `--gres=gpu:${wanted}`];
}

function option(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

const OURS_LONG = [
  'array',
  'chdir',
  'clusters',
  'export',
  'export-file',
  'gid',
  'help',
  'job-name',
  'open-mode',
  'output',
  'parsable',
  'requeue',
  'test-only',
  'uid',
  'usage',
  'version',
  'wait',
  'wrap',
];
const OURS_SHORT = /^-[aDhJMoVW]/;

/** sbatch takes any unambiguous beginning of a long option for the whole (`--arr=0-9`). */
function isOurs(word: string): boolean {
  if (OURS_SHORT.test(word)) return true;
  const name = /^--([^=]+)/.exec(word)?.[1];
  return name !== undefined && OURS_LONG.some((ours) => ours.startsWith(name));
}
