/**
 * What qstat and qacct of Son of Grid Engine 8.1.9 print of jobs; refereed by what real ones printed
 * (print.test.ts). What a job has used is not known here, and printed as nothing.
 */
import { constants } from 'node:os';
import type { ToldEnd, ToldJob, ToldRun } from '../told-job.ts';

const SCHEMA = 'http://arc.liv.ac.uk/repos/darcs/sge/source/dist/util/resources/schemas/qstat/qstat.xsd';
const QUEUE = 'normal';

/** `qstat -xml`: what runs has a place each, and the elements of an array that wait in the same state share one. */
export function printQstat(jobs: readonly ToldJob[]): string {
  const running = jobs.filter(({ state }) => state !== 'waiting' && state !== 'ended').map((job) => [job]);
  const pending = new Map<string, ToldJob[]>();
  for (const job of jobs.filter(({ state }) => state === 'waiting')) {
    const key = `${job.id} ${lettersOf(job)}`;
    pending.set(key, [...(pending.get(key) ?? []), job]);
  }
  return [
    "<?xml version='1.0'?>",
    `<job_info  xmlns:xsd="${SCHEMA}">`,
    '  <queue_info>',
    ...running.flatMap((group) => listed('running', group)),
    '  </queue_info>',
    '  <job_info>',
    ...[...pending.values()].flatMap((group) => listed('pending', group)),
    '  </job_info>',
    '</job_info>',
    '',
  ].join('\n');
}

function listed(state: 'running' | 'pending', group: readonly ToldJob[]): readonly string[] {
  const [job] = group;
  if (job === undefined) return [];
  const time =
    state === 'running'
      ? `<JAT_start_time>${iso(job.startedMs)}</JAT_start_time>`
      : `<JB_submission_time>${iso(job.submittedMs)}</JB_submission_time>`;
  const elements = [
    `<JB_job_number>${job.id}</JB_job_number>`,
    `<JAT_prio>0.00000</JAT_prio>`,
    `<JB_name>${job.name}</JB_name>`,
    `<JB_owner>${job.user.name}</JB_owner>`,
    `<state>${lettersOf(job)}</state>`,
    time,
    `<queue_name>${state === 'running' ? `${job.queue ?? QUEUE}@${job.node ?? HOST}` : ''}</queue_name>`,
    `<slots>${job.slots ?? 1}</slots>`,
    ...(job.element === undefined
      ? []
      : [`<tasks>${state === 'running' ? job.element : rangeOf(group)}</tasks>`]),
  ];
  return [`    <job_list state="${state}">`, ...elements.map((line) => `      ${line}`), '    </job_list>'];
}

/** sge_status(5). */
function lettersOf(job: ToldJob): string {
  if (job.strange) return 'x';
  const again = (job.earlierRuns ?? []).some(({ how }) => how === 'asked' || how === 'requeued');
  const held = job.waitsFor === 'h' ? 'h' : '';
  switch (job.state) {
    case 'waiting':
      if (job.error !== undefined) return 'Eqw';
      return again ? `${held}Rq` : `${held}qw`;
    case 'suspended':
      return `${held}${again ? 'R' : ''}s`;
    default:
      return `${job.state === 'ending' ? 'd' : ''}${held}${again ? 'R' : ''}r`;
  }
}

/** `2-6:1`, or `1,3`. */
function rangeOf(jobs: readonly ToldJob[]): string {
  const tasks = jobs.map(({ element = 0 }) => element).sort((a, b) => a - b);
  const [first = 0, last = first] = [tasks[0], tasks.at(-1)];
  if (tasks.length === 1) return String(first);
  return last - first === tasks.length - 1 ? `${first}-${last}:1` : tasks.join(',');
}

/** `qstat -j` of jobs in error, without what their users' environments were. */
export function printReasons(jobs: readonly ToldJob[]): string {
  const ids = [...new Set(jobs.map(({ id }) => id))];
  return ids.map((id) => reasonsOf(jobs.filter((job) => job.id === id))).join('');
}

function reasonsOf(jobs: readonly ToldJob[]): string {
  const [job] = jobs;
  if (job === undefined) return '';
  const row = (name: string, value: string): string => name.padEnd(28) + value;
  const lines = [
    SEPARATOR,
    row('job_number:', String(job.id)),
    row('exec_file:', `job_scripts/${job.id}`),
    row('submission_time:', calendar(job.submittedMs)),
    row('owner:', job.user.name),
    row('uid:', String(job.user.uid)),
    row('account:', 'sge'),
    row('merge:', 'y'),
    row('mail_list:', `${job.user.name}@${HOST}`),
    row('notify:', 'FALSE'),
    row('job_name:', job.name),
    row('stdout_path_list:', 'NONE:NONE:/dev/null'),
    row('jobshare:', '0'),
    row('restart:', 'n'),
    row('shell_list:', 'NONE:/bin/sh'),
    ...(job.element === undefined ? [] : [row('job-array tasks:', rangeOf(jobs))]),
    row('binding:', 'NONE'),
    row('job_type:', 'NONE'),
    ...jobs.map(({ element = 1, error, user, earlierRuns }) => {
      const when = american(earlierRuns?.at(-1)?.endedMs ?? 0);
      return `error reason${`${element}:`.padStart(12)}      ${when} [${user.uid}:1]: error: ${error}`;
    }),
    row('scheduling info:', 'Job is in error state'),
  ];
  return `${lines.join('\n')}\n`;
}

/** `qacct -j`: a record for each run, in the order in which they ended; none of a job that never got so far. */
export function printQacct(jobs: readonly ToldJob[]): string {
  const records = jobs.flatMap((job) => [
    ...(job.earlierRuns ?? []).map((run) => ({ job, run })),
    ...(job.end === undefined || (job.end.kind === 'cancelled' && job.startedMs === undefined)
      ? []
      : [{ job }]),
  ]);
  return records
    .toSorted((a, b) => endedMs(a) - endedMs(b))
    .map(printRecord)
    .join('');
}

/** Without a run: the last one, with which the job ended. */
interface Ran {
  readonly job: ToldJob;
  readonly run?: ToldRun;
}

function printRecord(record: Ran): string {
  const { job, run } = record;
  const wide = (value: string | number): string => String(value).padEnd(20);
  const { startedMs } = run ?? job;
  const wasStarted = startedMs !== undefined && job.end?.kind !== 'nodeLost';
  const { failed, status } = run === undefined ? verdictOf(job.end) : RUN_VERDICTS[run.how];
  const nothing = (names: readonly string[], value: string): readonly (readonly [string, string])[] =>
    names.map((name) => [name, value]);
  const rows: readonly (readonly [string, string])[] = [
    ['qname', wide(job.queue ?? QUEUE)],
    ['hostname', wide(job.node ?? HOST)],
    ['group', wide(job.user.name)],
    ['owner', wide(job.user.name)],
    ['project', wide('NONE')],
    ['department', wide('defaultdepartment')],
    ['jobname', wide(job.name)],
    ['jobnumber', wide(job.id)],
    ['taskid', job.element === undefined ? 'undefined' : wide(job.element)],
    ['account', wide('sge')],
    ['priority', wide(0)],
    ['qsub_time', calendar(job.submittedMs)],
    ['start_time', wasStarted ? calendar(startedMs) : '-/-'],
    ['end_time', wasStarted ? calendar(endedMs(record)) : '-/-'],
    ['granted_pe', wide(job.pe ?? 'NONE')],
    ['slots', wide(job.slots ?? 1)],
    ['failed', `${String(failed).padEnd(3)} ${failed === 0 ? ' ' : `: ${FAILED[failed]}`}`],
    [
      'exit_status',
      `${wide(status)}${status > 128 ? ` (${SIGNALS[status - 128] ?? `Unknown signal ${status - 128}`})` : ''}`,
    ],
    ['ru_wallclock', '0s'],
    ...nothing(['ru_utime', 'ru_stime'], '0.000s'),
    ...nothing(['ru_maxrss', 'ru_ixrss', 'ru_ismrss', 'ru_idrss', 'ru_isrss'], '0.000B'),
    ...nothing(['ru_minflt', 'ru_majflt', 'ru_nswap', 'ru_inblock', 'ru_oublock'], wide(0)),
    ...nothing(['ru_msgsnd', 'ru_msgrcv', 'ru_nsignals', 'ru_nvcsw', 'ru_nivcsw'], wide(0)),
    ['cpu', '0.000s'],
    ['mem', '0.000Bs'],
    ['io', '0.000B'],
    ['iow', '0.000s'],
    ['maxvmem', '0.000B'],
    ['arid', 'undefined'],
    ['ar_sub_time', 'undefined'],
    ['category', job.requested ?? 'NONE'],
  ];
  return [SEPARATOR, ...rows.map(([name, value]) => name.padEnd(13) + value), ''].join('\n');
}

interface Verdict {
  readonly failed: keyof typeof FAILED;
  readonly status: number;
}

/** sge_status(5). */
const FAILED = {
  0: '',
  19: 'before writing exit_status',
  25: 'rescheduling',
  26: 'opening input/output file',
  28: 'changing into working directory',
  30: 'application error returned',
  37: 'qmaster enforced h_rt, h_cpu, or h_vmem limit',
  100: 'assumedly after job',
} as const;

const SIGNALS: Readonly<{ [signal: number]: string }> = {
  [constants.signals.SIGKILL]: 'Killed',
  [constants.signals.SIGTERM]: 'Terminated',
  [constants.signals.SIGUSR1]: 'User defined signal 1',
  [constants.signals.SIGUSR2]: 'User defined signal 2',
};

const RUN_VERDICTS: Readonly<{ [how in ToldRun['how']]: Verdict }> = {
  requeued: { failed: 25, status: 0 },
  asked: { failed: 25, status: 99 },
  error: { failed: 30, status: 100 },
  noDirectory: { failed: 28, status: 0 },
};

/** Who killed a job is not told. */
function verdictOf(end: ToldEnd | undefined): Verdict {
  switch (end?.kind) {
    case 'exited':
      return { failed: 0, status: end.code };
    case 'cancelled':
      return end.signal === undefined ? { failed: 0, status: end.code ?? 0 } : bySignal(end.signal);
    case 'signaled':
    case 'preempted':
      return bySignal(end.signal);
    case 'overLimit':
      return { failed: 37, status: 128 + end.signal };
    case 'nodeLost':
      return { failed: 19, status: 0 };
    case 'notLaunched':
      return { failed: 26, status: 0 };
    default:
      throw new Error(`Grid Engine writes no record of ${end?.kind}`);
  }
}

function bySignal(signal: number): Verdict {
  return { failed: 100, status: 128 + signal };
}

function endedMs({ job, run }: Ran): number {
  return (run ?? job).endedMs ?? 0;
}

const HOST = 'vm';
const SEPARATOR = '='.repeat(62);

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function clock(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
}

/** `2026-11-20T13:40:42` */
function iso(ms = 0): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(at)}`;
}

/** `11/20/2026 13:40:42` */
function american(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getMonth() + 1)}/${two(at.getDate())}/${at.getFullYear()} ${clock(at)}`;
}

/** `Fri Nov 20 13:40:42 2026`, as ctime(3). */
function calendar(ms: number): string {
  const at = new Date(ms);
  const [day = '', month = ''] = at.toDateString().split(' ');
  return `${day} ${month} ${String(at.getDate()).padStart(2)} ${clock(at)} ${at.getFullYear()}`;
}
