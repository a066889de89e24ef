/** What a job asks for, as options of bsub; and what can never be asked of LSF, with words for people. */
import type { Resources } from '../backend.ts';
import { DEFAULTS, type LsfSettings, type MemoryUnit } from './settings.ts';

/** The relatives refuse a second `-R`, so there is one. `configured`: the unit that lsf.conf sets. */
export function requestOptions(
  resources: Resources,
  settings: LsfSettings,
  configured: MemoryUnit | undefined,
): readonly string[] {
  const { memoryMiB, timeSeconds, queue, account, reservation, exclusive } = resources;
  const { slots } = layoutOf(resources);
  // Without LSF_UNIT_FOR_LIMITS, limits are in KB and what is reserved in MB.
  const limitUnit = settings.memoryUnit ?? configured ?? 'KB';
  const reserveUnit = settings.memoryUnit ?? configured ?? 'MB';
  const requirement = [
    ...(resources.constraint === undefined ? [] : [`select[${resources.constraint}]`]),
    ...reserved(resources, settings, reserveUnit),
    ...span(resources),
  ].join(' ');
  return [
    ...(slots > 1 ? ['-n', `${slots}`] : []),
    ...(memoryMiB === undefined ? [] : ['-M', inUnit(limitMiB(resources, settings), limitUnit)]),
    // Whole minutes are the finest that LSF has.
    ...option('-W', timeSeconds === undefined ? undefined : Math.max(1, Math.ceil(timeSeconds / 60))),
    ...option('-q', queue),
    ...option('-P', account),
    ...option('-U', reservation),
    ...(exclusive === true ? ['-x'] : []),
    ...option('-R', requirement === '' ? undefined : requirement),
  ];
}

export function checkRequest(resources: Resources, settings: LsfSettings): string | undefined {
  return (
    textFault(resources) ??
    gpuFault(resources, settings) ??
    layoutFault(resources) ??
    optionFault(resources.options?.['lsf'] ?? [], resources)
  );
}

interface Layout {
  readonly slots: number;
  /** Absent: LSF chooses. */
  readonly perHost?: number;
}

/** A slot is one CPU. CPUs of one rank lie together, and ranks where LSF likes, unless the number of hosts is said. */
function layoutOf({ cpus = 1, ranks, nodes }: Resources): Layout {
  const slots = cpus * (ranks ?? nodes ?? 1);
  if (nodes !== undefined) return { slots, perHost: slots / nodes };
  if (ranks === undefined || ranks === 1) return { slots, perHost: slots };
  return { slots, ...(cpus > 1 && { perHost: cpus }) };
}

function span(resources: Resources): readonly string[] {
  const { slots, perHost } = layoutOf(resources);
  if (slots === 1 || perHost === undefined) return [];
  return [perHost === slots ? 'span[hosts=1]' : `span[ptile=${perHost}]`];
}

function reserved(resources: Resources, settings: LsfSettings, unit: MemoryUnit): readonly string[] {
  const { memoryMiB, gpus } = resources;
  const wanted = [
    ...(memoryMiB === undefined ? [] : [`mem=${inUnit(reservedMiB(resources, settings), unit)}`]),
    ...(gpus === undefined || gpus.count === 0 ? [] : [`${settings.gpuResource}=${gpus.count}`]),
  ];
  return wanted.length === 0 ? [] : [`rusage[${wanted.join(',')}]`];
}

/** A workflow says memory for each host, as SLURM does. */
function limitMiB(resources: Resources, { memoryLimitPer }: LsfSettings): number {
  const { memoryMiB = 0, nodes = 1 } = resources;
  return memoryLimitPer === 'job' ? memoryMiB * nodes : perSlot(resources);
}

function reservedMiB(resources: Resources, { memoryReservedPer }: LsfSettings): number {
  const { memoryMiB = 0, nodes = 1 } = resources;
  if (memoryReservedPer === 'slot') return perSlot(resources);
  return memoryReservedPer === 'job' ? memoryMiB * nodes : memoryMiB;
}

function perSlot(resources: Resources): number {
  const { slots, perHost = slots } = layoutOf(resources);
  return (resources.memoryMiB ?? 0) / perHost;
}

/** Whole numbers without a suffix: the relatives, and 10.1 before its Fix Pack 2, refuse `100MB`. */
function inUnit(mebibytes: number, unit: MemoryUnit): string {
  const factors = { KB: 1024, MB: 1, GB: 1 / 1024, TB: 1 / 1024 ** 2 };
  return `${Math.ceil(mebibytes * factors[unit])}`;
}

function option(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [name, `${value}`];
}

function textFault({ queue, account, reservation, constraint, qos }: Resources): string | undefined {
  if (qos !== undefined)
    return 'LSF has no resources.qos; a service class is asked for by resources.options.lsf: [-sla, NAME]';
  const odd = Object.entries({ queue, account, reservation, constraint }).find(
    ([, text]) => text !== undefined && /^\s*(-|$)|\p{Cc}/u.test(text),
  );
  if (odd !== undefined)
    return `resources.${odd[0]} is empty, begins with a dash or holds a control character: bsub would take it for something else`;
  if (/[[\]]/.test(constraint ?? ''))
    return 'resources.constraint goes between the brackets of select[…] and may hold none itself; other sections of -R go into resources.options.lsf';
  return undefined;
}

function gpuFault({ gpus }: Resources, { gpuResource }: LsfSettings): string | undefined {
  if (gpus === undefined || gpus.count === 0) return undefined;
  if (gpuResource === undefined)
    return 'how GPUs are asked for differs between LSF sites: the key gpuResource of this backend must name the resource that counts them';
  if (gpus.type === undefined) return undefined;
  return 'a type of GPU is not a matter of counting: ask for it by resources.constraint, or by the queue';
}

function layoutFault({ nodes, ranks }: Resources): string | undefined {
  if (nodes === undefined || ranks === undefined || ranks % nodes === 0) return undefined;
  return `LSF gives every host the same number of slots: ${ranks} ranks cannot be shared by ${nodes} nodes`;
}

function optionFault(words: readonly string[], resources: Resources): string | undefined {
  const taken = words.find(isOurs);
  if (taken !== undefined)
    return `resources.options.lsf may not contain ${taken}: wfd sets it itself, or could not find the job again. Remove it.`;
  const stray = words.find((word, at) => !word.startsWith('-') && !takesValue(words[at - 1]));
  if (stray !== undefined)
    return `resources.options.lsf: '${stray}' is no option and belongs to none; bsub would run it in place of the task`;
  const second = words.find((word) => word.startsWith('-R'));
  if (second !== undefined && requestOptions(resources, DEFAULTS, undefined).includes('-R'))
    return 'resources.options.lsf may not contain -R beside cpus, memory, gpus or constraint, which need it themselves: bsub takes only one';
  return undefined;
}

/**
 * Values may be glued to their option (`-Jname`), so beginnings count: `-J` but for `-Jd`, the description; `-o` and
 * `-e` with `-oo`, `-eo`, `-env`. `-c` is a limit, `-cwd` is not. The others print something, wait, talk to a
 * terminal, or submit something else.
 */
function isOurs(word: string): boolean {
  return /^-(J(?!d)|e(?!xt|ptl)|[oIKhVZ]|cwd|pack|jsdl|json|yaml|-|$)/.test(word);
}

function takesValue(word: string | undefined): boolean {
  return word?.startsWith('-') === true && !/^-(x|r|rn|H|N|B|ar|hl|ul)$/.test(word);
}
