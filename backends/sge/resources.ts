/**
 * What a task asks for, as options of qsub in the words of the site, and what cannot be asked for at all.
 */
import type { Resources } from '../backend.ts';
import type { Per, SgeSettings } from './settings.ts';

/** The first reason why such a job could never be submitted. */
export function refusal(resources: Resources, site: SgeSettings): string | undefined {
  const reasons = [...impossible(resources, site), ...oddValues(resources)];
  const taken = resources.options?.['sge']?.find((word) => OURS.has(word));
  if (taken !== undefined)
    reasons.push(
      `resources.options.sge may not contain ${taken}: wfd sets it itself, or would lose the job. Remove it.`,
    );
  return reasons[0];
}

export function resourceOptions(resources: Resources, site: SgeSettings): readonly string[] {
  const { queue, account, reservation, ranks = 1, nodes } = resources;
  const slots = slotsOf(resources);
  const pe = ranks > 1 && nodes !== 1 ? site.ranksPe : site.pe;
  const requests = resourceRequests(resources, slots, site);
  return [
    ...(slots > 1 ? ['-pe', pe, String(slots)] : []),
    ...(requests.length > 0 ? ['-l', requests.join(',')] : []),
    ...option('-q', queue),
    ...option('-P', account),
    ...option('-ar', reservation),
  ];
}

function resourceRequests(resources: Resources, slots: number, site: SgeSettings): readonly string[] {
  const { memoryMiB, timeSeconds, gpus, constraint, exclusive } = resources;
  const { memoryResources, memoryPer, timeResource, gpuResource, gpuTypeResource, gpuPer } = site;
  const count = gpus?.count ?? 0;
  return [
    ...(memoryMiB === undefined
      ? []
      : memoryResources.map((name) => `${name}=${Math.ceil(share(memoryMiB, slots, memoryPer))}M`)),
    ...(timeSeconds === undefined ? [] : [`${timeResource}=${Math.max(1, Math.ceil(timeSeconds))}`]),
    ...(count === 0 ? [] : [`${gpuResource}=${share(count, slots, gpuPer)}`]),
    ...(count === 0 || gpus?.type === undefined ? [] : [`${gpuTypeResource}=${gpus.type}`]),
    ...(exclusive === true ? [`${site.exclusiveResource}=true`] : []),
    ...(constraint === undefined ? [] : [constraint]),
  ];
}

function slotsOf({ cpus = 1, ranks = 1 }: Resources): number {
  return cpus * ranks;
}

function share(amount: number, slots: number, per: Per): number {
  return per === 'slot' ? amount / slots : amount;
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}

function impossible(resources: Resources, site: SgeSettings): string[] {
  const { nodes = 1, qos, gpus, exclusive } = resources;
  const slots = slotsOf(resources);
  const count = gpus?.count ?? 0;
  const reasons: string[] = [];
  if (nodes > 1)
    reasons.push('Grid Engine gives slots, not nodes: ask for ranks, which its parallel environment spreads');
  if (qos !== undefined)
    reasons.push('Grid Engine has no QOS: leave it out, or use queue, account or options.sge');
  if (count > 0 && site.gpuResource === undefined)
    reasons.push('the configuration does not say which resource stands for GPUs here (gpuResource)');
  if (count > 0 && gpus?.type !== undefined && site.gpuTypeResource === undefined)
    reasons.push(
      'the configuration does not say by which resource a type of GPU is chosen (gpuTypeResource)',
    );
  if (site.gpuPer === 'slot' && count % slots !== 0)
    reasons.push(`${count} GPUs cannot be shared out evenly among ${slots} slots, as this site counts them`);
  if (exclusive === true && site.exclusiveResource === undefined)
    reasons.push(
      'the configuration does not say by which resource a job gets hosts of its own (exclusiveResource)',
    );
  return reasons;
}

/**
 * A value must not become an option, nor a second request of a list that we write. To a project that is not ASCII qsub
 * answers "Error reading answer list from qmaster", as if it were an outage (observed with 8.1.9).
 */
function oddValues({ queue, account, reservation, constraint, gpus }: Resources): readonly string[] {
  const values = { queue, account, reservation, constraint, 'the type of gpus': gpus?.type };
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (!/^[!-,.-~][!-~]*$/.test(value))
      return [
        `${name} is '${value}', but Grid Engine has only names of printable ASCII characters without blanks, that do not begin with -`,
      ];
    return name === 'the type of gpus' && value.includes(',')
      ? [`${name} is '${value}', but a comma would begin another request`]
      : [];
  });
}

/**
 * Options by which the job would not be ours, not be found, not run its script, or qsub not come back. Grid
 * Engine knows no abbreviations of options.
 */
const OURS: ReadonlySet<string> = new Set([
  ...['-N', '-o', '-e', '-j', '-wd', '-cwd', '-S', '-C', '-r', '-t', '-clear', '-terse', '-notify'],
  ...['-b', '-shell', '-w', '-verify', '-help', '-sync', '-now', '-@'],
]);
