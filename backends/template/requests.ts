/** What a task asks for: as values for a submit command, and whether that command can carry it at all. */
import type { Resources, SubmitRequest } from '../backend.ts';
import { PLACES, REQUEST_NAMES } from './placeholders.ts';
import type { TemplateSettings } from './settings.ts';
import { isPresent, placeholdersOf, type Values } from './words.ts';

/** What the commands would silently leave out, or carry wrongly. */
export function whyNever(settings: TemplateSettings, resources: Resources): string | undefined {
  const { submit, ignores } = settings;
  const values = resourceValues(resources);
  const places = placeholdersOf([...submit.command, ...(submit.input ?? [])]);
  const homeless = REQUEST_NAMES.find((name) => {
    const placeholders: readonly string[] = PLACES[name];
    const isAsked = placeholders.some((each) => isPresent(values[each]));
    return isAsked && !placeholders.some((each) => places.has(each)) && !ignores.includes(name);
  });
  if (homeless !== undefined) {
    const where = homeless === 'gpuType' ? 'gpus (its type)' : homeless;
    return `the submit command of this backend has no place for resources.${where}: remove it from the task, or have the site add it there or to 'ignores'`;
  }
  return whyNotInInput(submit, values);
}

/** An input is text that the scheduler parses: what could be taken for its syntax is not sent. */
export function whyNotInInput(submit: TemplateSettings['submit'], values: Values): string | undefined {
  const unfit = [...placeholdersOf(submit.input ?? [])].find((name) => {
    const value = values[name];
    return typeof value === 'string' && !submit.inputValues.test(value);
  });
  if (unfit === undefined) return undefined;
  return `${unfit} is ${JSON.stringify(values[unfit])}, which the scheduler's input cannot carry (it must match ${submit.inputValues.source}): use a name or directory without such characters`;
}

export function submitValues(request: SubmitRequest): Values {
  const { tag, owner, script, log, workdir, elements, priority, resources } = request;
  return {
    tag,
    script,
    log,
    workdir,
    directory: script.slice(0, script.lastIndexOf('/')) || '/',
    user: owner.name,
    uid: String(owner.uid),
    elements: elements > 1 ? String(elements) : undefined,
    lastElement: elements > 1 ? String(elements - 1) : undefined,
    priority: optional(priority),
    ...resourceValues(resources),
  };
}

function resourceValues(resources: Resources): Values {
  const { cpus, memoryMiB, timeSeconds, gpus, nodes, ranks, exclusive, options } = resources;
  const { queue, account, qos, constraint, reservation } = resources;
  const wantsGpus = gpus !== undefined && gpus.count > 0;
  return {
    ...{ queue, account, qos, constraint, reservation },
    cpus: optional(cpus),
    memoryMiB: optional(memoryMiB === undefined ? undefined : Math.ceil(memoryMiB)),
    memoryKiB: optional(memoryMiB === undefined ? undefined : Math.ceil(memoryMiB * 1024)),
    timeSeconds: optional(timeSeconds === undefined ? undefined : Math.ceil(timeSeconds)),
    timeMinutes: optional(timeSeconds === undefined ? undefined : Math.max(1, Math.ceil(timeSeconds / 60))),
    time: timeSeconds === undefined ? undefined : clock(Math.ceil(timeSeconds)),
    gpus: wantsGpus ? String(gpus.count) : undefined,
    gpuType: wantsGpus ? gpus.type : undefined,
    nodes: optional(nodes),
    ranks: optional(ranks),
    // No text of its own: it only keeps its group in, or lets it drop out.
    exclusive: exclusive === true ? '' : undefined,
    options: options?.['template'],
  };
}

function optional(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function clock(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
