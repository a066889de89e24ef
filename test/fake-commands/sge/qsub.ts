/** qsub: what it refuses, in its words, and how the script that it takes is started. */
import { existsSync, readFileSync } from 'node:fs';
import type { Answer, Call } from '../command-server.ts';
import { failed, said, shortOptions, spooled } from '../face.ts';
import type { FakeScheduler, Order, Place } from '../fake-scheduler.ts';
import type { Launch } from '../job-processes.ts';

/** Its options, by how many words follow each. */
const OPTIONS: Readonly<Record<string, number>> = {
  ...{ clear: 0, terse: 0, notify: 0, h: 0, cwd: 0 },
  ...{ C: 1, N: 1, wd: 1, j: 1, o: 1, S: 1, r: 1, t: 1, p: 1, w: 1, q: 1, l: 1, P: 1, A: 1, ar: 1, v: 1 },
  pe: 2,
};

type Options = ReadonlyMap<string, readonly string[]>;

export function qsub(call: Call, scheduler: FakeScheduler, spool: string): Answer {
  const { options, words, wrong } = shortOptions(call.args, OPTIONS);
  if (wrong !== undefined) return failed(2, `qsub: invalid option argument "${wrong}"`);
  const refusal = refuse(options, words[0] ?? '');
  if (refusal !== undefined) return refusal;
  const order = orderOf(call, options, spooled(readFileSync(words[0] ?? '', 'utf8'), spool));
  const id = scheduler.submit(order);
  const { elements } = order;
  return said(`${elements === undefined ? id : `${id}.${elements[0]}-${elements.at(-1)}:1`}\n`);
}

const SLOTS = 200;
const MEMORY = 64 * 1024 ** 3;
const QUEUES = ['normal', 'short'];
const RESOURCES = ['h_rt', 'h_vmem', 'mem_free'];

/** What qsub sees itself, then what its qmaster does. */
function refuse(options: Options, script: string): Answer | undefined {
  const value = (name: string): string => options.get(name)?.[0] ?? '';
  if (options.has('p') && !isBetween(Number(value('p')), -1_023, 1_024))
    return failed(7, `qsub: invalid priority "${value('p')}".  Must be an integer from -1023 to 1024`);
  if (!existsSync(script)) {
    const why = `error opening ${script}: No such file or directory`;
    return failed(14, `Unable to read script file because of error: ${why}`);
  }
  if (value('N').includes(' ')) return refused('Error reading answer list from qmaster');
  const asked = value('l')
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split('='));
  const unknown = asked.find(([name = '']) => !RESOURCES.includes(name))?.[0];
  if (unknown !== undefined) return refused(`unknown resource "${unknown}"`);
  const time = asked.find(([name]) => name === 'h_rt')?.[1];
  if (time !== undefined && !/^[\d:]+$/.test(time)) return refused('attribute "h_rt" is not a time value');
  if (options.has('q') && !QUEUES.includes(value('q')))
    return refused(`Job was rejected because job requests unknown queue "${value('q')}"`);
  if (options.has('P')) return refused(`job rejected: the requested project "${value('P')}" does not exist`);
  if (options.has('pe') && value('pe') !== 'smp')
    return refused(`job rejected: the requested parallel environment "${value('pe')}" does not exist`);
  if (options.has('ar')) return refused(`the advance reservation id ${value('ar')} is invalid`);
  if (value('t').startsWith('0')) return refused('job rejected: 0 is an invalid task id');
  return value('w') === 'e' && neverFits(options, asked) ? refused('error: no suitable queues') : undefined;
}

function neverFits(options: Options, asked: readonly (readonly string[])[]): boolean {
  const slots = Number(options.get('pe')?.[1] ?? 1);
  const memory = asked.find(([name]) => name === 'h_vmem')?.[1] ?? '0';
  const [, number = '0', unit = ''] = /^([\d.]+)([KMG]?)/.exec(memory) ?? [];
  return slots > SLOTS || Number(number) * 1024 ** ' KMG'.indexOf(unit || ' ') > MEMORY;
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function refused(why: string): Answer {
  return failed(1, `Unable to run job: ${why}`, 'Exiting.');
}

function orderOf({ env, uid }: Call, options: Options, script: string): Order {
  const value = (name: string): string => options.get(name)?.[0] ?? '';
  const [, first, last] = /^(\d+)-(\d+)/.exec(value('t')) ?? [];
  const name = env['USER'] ?? '';
  const elements = Array.from({ length: Number(last) - Number(first) + 1 || 0 }, (_, i) => Number(first) + i);
  return {
    name: options.has('N') ? value('N') : 'STDIN',
    user: { uid, name },
    ...(elements.length > 0 && { elements }),
    ...(options.has('h') && { held: { reason: 'h', plain: '', forever: false } }),
    orderedBy: { 99: 'runAgain', 100: 'stayInError' },
    launch: (place, again): Launch => ({
      command: [options.get('S')?.[0] ?? '/bin/sh', script],
      env: { ...homeOf(env), ...variables(place, again, elements) },
      cwd: options.get('wd')?.[0] ?? env['HOME'] ?? '/',
      log: value('o'),
      ...(options.has('notify') && { warning: { signal: 'SIGUSR2', graceMs: NOTIFY_MS } }),
    }),
  };
}

/** queue_conf(5), `notify`. */
const NOTIFY_MS = 5_000;

/** Nothing is inherited of what qsub saw; a login's own is made anew. */
function homeOf({ HOME, USER, LOGNAME }: Call['env']): Readonly<Record<string, string | undefined>> {
  return {
    HOME,
    USER,
    LOGNAME,
    SHELL: '/bin/bash',
    PATH: '/usr/local/bin:/bin:/usr/bin',
    ENVIRONMENT: 'BATCH',
  };
}

function variables(
  { id, element }: Place,
  again: boolean,
  elements: readonly number[],
): Readonly<Record<string, string>> {
  return {
    JOB_ID: String(id),
    RESTARTED: again ? '1' : '0',
    SGE_TASK_ID: String(element ?? 'undefined'),
    SGE_TASK_FIRST: String(elements[0] ?? 'undefined'),
    SGE_TASK_LAST: String(elements.at(-1) ?? 'undefined'),
  };
}
