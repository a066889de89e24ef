/**
 * The resource lines of a batch script: `#SBATCH`, `#$`, `#BSUB`.
 *
 * They are read as sbatch reads them: from the comment lines at the beginning of the script, up to the first
 * line that is neither a comment nor blank. (Grid Engine would look further down; a line there is usually
 * commented out on purpose.) What every scheduler has becomes a resource and so holds on any scheduler;
 * the rest is passed through to the scheduler the line was written for.
 *
 * Dropped are options that would break what the daemon relies on:
 * - the job's name (it carries the tag): -J, --job-name, -N (Grid Engine)
 * - where output goes (the wrapper collects it): -o, -e, -i, --output, --error, --input, -j, -oo, -eo
 * - the directory (`workdir` says it): -D, --chdir, -wd, -cwd
 * - arrays, dependencies (the workflow has them): -a, --array, -t, -d, --dependency, -hold_jid, -w (LSF)
 * - other shapes of submission and of its answer: --wrap, --parsable, -Q, --test-only, -M/--clusters, -W/--wait,
 *   -sync, -terse, -clear, -b, -K, -I, -H/--hold, -h
 * - reruns (retries are ours) and propagated environments and limits: --requeue, --no-requeue, -r, -rn,
 *   --export, --export-file, --propagate, --get-user-env, -V, -v, -env, --uid, --gid, -S
 */
import type { Resources } from '../../../backends/backend.ts';
import { lsfTime, memoryMiB, sgeTime, slurmTime, whole } from './directive-values.ts';
import { dashedOptions, type Option, slurmOptions, splitWords } from './directive-words.ts';
import { parseGpus } from './units.ts';

export function readDirectives(script: string): Resources {
  const found: Found = { resources: {}, options: {} };
  for (const line of commentLines(script)) {
    const dialect = DIALECTS.find(({ prefix }) => prefix.test(line));
    if (dialect === undefined) continue;
    const words = splitWords(line.replace(dialect.prefix, ''));
    for (const option of dialect.options(words)) take(found, dialect, option);
  }
  settleLater(found);
  const options = Object.keys(found.options).length > 0 ? { options: found.options } : {};
  return { ...found.resources, ...options };
}

/** Is this word of `resources.options` one that would break what the daemon relies on? Its name, then. */
export function breakingOption(kind: string, word: string): string | undefined {
  const dialect = DIALECTS.find((candidate) => candidate.kind === kind);
  if (dialect === undefined || !word.startsWith('-')) return undefined;
  const [option] = dialect.options([word]);
  return option !== undefined && dialect.dropped.has(option.name) ? option.name : undefined;
}

type Writable = { -readonly [Key in keyof Resources]: Resources[Key] };

interface Found {
  readonly resources: Writable;
  readonly options: Record<string, string[]>;
  /** Memory said per core or per slot, until the number of cores is known. */
  memoryPerCpuMiB?: number;
}

interface Dialect {
  readonly kind: 'slurm' | 'sge' | 'lsf';
  readonly prefix: RegExp;
  readonly dropped: ReadonlySet<string>;
  /** The options in a line's words. */
  options(words: readonly string[]): Option[];
  /** Takes an option into the resources; false: not understood, pass it through. */
  map(found: Found, option: Option): boolean;
}

function take(found: Found, dialect: Dialect, option: Option): void {
  if (dialect.dropped.has(option.name) || dialect.map(found, option)) return;
  found.options[dialect.kind] = [...(found.options[dialect.kind] ?? []), ...option.words];
}

function settleLater(found: Found): void {
  if (found.memoryPerCpuMiB === undefined || found.resources.memoryMiB !== undefined) return;
  found.resources.memoryMiB =
    found.memoryPerCpuMiB * (found.resources.cpus ?? 1) * (found.resources.ranks ?? 1);
}

function commentLines(script: string): string[] {
  const lines = script.split(/\r?\n/);
  const end = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('#'));
  return end < 0 ? lines : lines.slice(0, end);
}

const DIALECTS: readonly Dialect[] = [
  {
    kind: 'slurm',
    prefix: /^#SBATCH(?=\s)/,
    dropped: new Set([
      '--job-name',
      '--output',
      '--error',
      '--input',
      '--array',
      '--chdir',
      '--wrap',
      '--requeue',
      '--no-requeue',
      '--parsable',
      '--dependency',
      '--quiet',
      '--test-only',
      '--clusters',
      '--wait',
      '--hold',
      '--export',
      '--export-file',
      '--propagate',
      '--get-user-env',
      '--uid',
      '--gid',
    ]),
    options: slurmOptions,
    map: mapSlurm,
  },
  {
    kind: 'sge',
    prefix: /^#\$(?=\s)/,
    dropped: new Set([
      '-N',
      '-o',
      '-e',
      '-i',
      '-j',
      '-wd',
      '-cwd',
      '-t',
      '-tc',
      '-hold_jid',
      '-hold_jid_ad',
      '-sync',
      '-terse',
      '-clear',
      '-b',
      '-h',
      '-r',
      '-V',
      '-v',
      '-S',
      '-now',
      '-C',
    ]),
    options: dashedOptions,
    map: mapSge,
  },
  {
    kind: 'lsf',
    prefix: /^#BSUB(?=\s)/,
    dropped: new Set([
      '-J',
      '-o',
      '-e',
      '-oo',
      '-eo',
      '-i',
      '-is',
      '-cwd',
      '-w',
      '-K',
      '-I',
      '-Ip',
      '-Is',
      '-H',
      '-r',
      '-rn',
      '-env',
      '-outdir',
    ]),
    options: dashedOptions,
    map: mapLsf,
  },
];

function mapSlurm(found: Found, { name, value }: Option): boolean {
  switch (name) {
    case '--cpus-per-task':
      return set(found, 'cpus', whole(value));
    case '--nodes':
      return set(found, 'nodes', whole(value));
    case '--ntasks':
      return set(found, 'ranks', whole(value));
    case '--mem':
      return set(found, 'memoryMiB', memoryMiB(value, 'M'));
    case '--mem-per-cpu':
      found.memoryPerCpuMiB = memoryMiB(value, 'M') ?? 0;
      return found.memoryPerCpuMiB > 0;
    case '--time':
      return set(found, 'timeSeconds', slurmTime(value));
    case '--partition':
      return set(found, 'queue', value);
    case '--account':
      return set(found, 'account', value);
    case '--qos':
      return set(found, 'qos', value);
    case '--constraint':
      return set(found, 'constraint', value);
    case '--reservation':
      return set(found, 'reservation', value);
    case '--exclusive':
      return value === undefined && set(found, 'exclusive', true);
    case '--gpus':
      return setGpus(found, value);
    case '--gres':
      return (
        value !== undefined && /^gpu(:|$)/.test(value) && setGpus(found, value.slice('gpu:'.length) || '1')
      );
    default:
      return false;
  }
}

/** Consumables of Grid Engine are per slot: h_vmem=1G on 4 slots is 4 GiB. */
function mapSge(found: Found, { name, value, words }: Option): boolean {
  switch (name) {
    case '-pe':
      return set(found, 'cpus', whole(words[2]));
    case '-q':
      return set(found, 'queue', value);
    case '-P':
      return set(found, 'account', value);
    case '-l': {
      const unknown = (value ?? '').split(',').filter((request) => !takeSgeRequest(found, request));
      if (unknown.length > 0)
        found.options['sge'] = [...(found.options['sge'] ?? []), '-l', unknown.join(',')];
      return true;
    }
    default:
      return false;
  }
}

function takeSgeRequest(found: Found, request: string): boolean {
  const [key, value] = request.split('=');
  if (key === 'h_rt') return set(found, 'timeSeconds', sgeTime(value));
  if (key !== 'h_vmem') return false;
  found.memoryPerCpuMiB = memoryMiB(value, 'B') ?? 0;
  return found.memoryPerCpuMiB > 0;
}

/** `-M` without a unit is KB, the default of LSF_UNIT_FOR_LIMITS; `-W` is minutes or hours:minutes. */
function mapLsf(found: Found, { name, value }: Option): boolean {
  switch (name) {
    case '-n':
      return set(found, 'cpus', whole(value));
    case '-M':
      return set(found, 'memoryMiB', memoryMiB(value, 'K'));
    case '-W':
      return set(found, 'timeSeconds', lsfTime(value));
    case '-q':
      return set(found, 'queue', value);
    case '-P':
      return set(found, 'account', value);
    case '-x':
      return set(found, 'exclusive', true);
    default:
      return false;
  }
}

function set<Key extends keyof Resources>(
  found: Found,
  key: Key,
  value: Resources[Key] | undefined,
): boolean {
  if (value === undefined) return false;
  Object.assign(found.resources, { [key]: value });
  return true;
}

function setGpus(found: Found, value: string | undefined): boolean {
  const parsed = parseGpus(/^[A-Za-z][\w.-]*$/.test(value ?? '') ? `${value}:1` : value);
  return parsed.ok && set(found, 'gpus', parsed.value);
}
