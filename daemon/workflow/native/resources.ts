/**
 * Resources as a workflow writes them → as a backend takes them, and how they grow from try to try.
 */
import type { Resources } from '../../../backends/backend.ts';
import type { RequestPart } from '../language.ts';
import { hasExpression } from './expression.ts';
import type { ResourcesBody } from './schema.ts';
import type { Path } from './source.ts';
import { type Parsed, parseCount, parseGpus, parseMemoryMiB, parseTimeSeconds } from './units.ts';

/** One layer of settings, each key either worked out or, with an expression in it, still open. */
export interface ResourceLayer {
  readonly known: Resources;
  readonly open: ReadonlyMap<
    keyof Resources,
    { readonly key: string; readonly written: string; readonly path: Path }
  >;
  /** Where the file says a part of it; the nearest place around what it does not say. */
  pathOf(part: RequestPart): Path;
}

export function layerOf(body: ResourcesBody = {}, path: Path): ResourceLayer {
  const { options, ...single } = body;
  const open = new Map<keyof Resources, { key: string; written: string; path: Path }>();
  let known: Resources = options === undefined ? {} : { options: texts(options) };
  for (const [key, written] of Object.entries(single)) {
    if (typeof written === 'string' && hasExpression(written)) {
      open.set(fieldOf(key), { key, written, path: [...path, key] });
      continue;
    }
    const parsed = parseResource(key, written);
    if (parsed.ok) known = { ...known, ...parsed.value };
  }
  return { known, open, pathOf: (part) => [...path, ...stepsTo(part, single)] };
}

/** Resources that no `resources` says: all of them stand at one place. */
export function impliedLayer(known: Resources, path: Path): ResourceLayer {
  return { known, open: new Map(), pathOf: () => path };
}

/** The layer that has the last word on a part of the request. */
export function lastWordOn(part: RequestPart, layers: readonly ResourceLayer[]): ResourceLayer | undefined {
  return layers.findLast(({ known, open }) => {
    if (part.kind === 'option') return known.options?.[part.of] !== undefined;
    return part.kind === 'resource' && (part.name in known || open.has(part.name));
  });
}

/** Later layers override earlier ones, key by key. */
export function mergeLayers(layers: readonly ResourceLayer[]): Pick<ResourceLayer, 'known' | 'open'> {
  const nothing: Pick<ResourceLayer, 'known' | 'open'> = { known: {}, open: new Map() };
  return layers.reduce((below, above) => {
    const open = new Map([...below.open].filter(([field]) => !(field in above.known)));
    for (const [field, text] of above.open) open.set(field, text);
    const known = { ...below.known, ...above.known };
    for (const field of above.open.keys()) delete known[field];
    const options = { ...below.known.options, ...above.known.options };
    return { known: Object.keys(options).length > 0 ? { ...known, options } : known, open };
  }, nothing);
}

/** One setting, when its text is known. */
export function parseResource(key: string, written: unknown): Parsed<Resources> {
  switch (key) {
    case 'cpus':
    case 'nodes':
    case 'ranks':
      return named(key, parseCount(written));
    case 'memory':
      return named('memoryMiB', parseMemoryMiB(written));
    case 'time':
      return named('timeSeconds', parseTimeSeconds(written));
    case 'gpus':
      return named('gpus', parseGpus(written));
    case 'exclusive':
      return { ok: true, value: { exclusive: written === true } };
    default:
      return { ok: true, value: { [fieldOf(key)]: String(written) } };
  }
}

/** Multiplied once for every retry that grows, rounded up. */
export function grown(
  resources: Resources,
  factors: { memory: number; time: number },
  growth: number,
): Resources {
  const { memoryMiB, timeSeconds } = resources;
  if (growth === 0) return resources;
  return {
    ...resources,
    ...(memoryMiB === undefined ? {} : { memoryMiB: roundUp(memoryMiB * factors.memory ** growth) }),
    ...(timeSeconds === undefined ? {} : { timeSeconds: roundUp(timeSeconds * factors.time ** growth) }),
  };
}

const FIELDS: Readonly<Record<string, keyof Resources>> = {
  cpus: 'cpus',
  memory: 'memoryMiB',
  time: 'timeSeconds',
  gpus: 'gpus',
  nodes: 'nodes',
  ranks: 'ranks',
  partition: 'queue',
  queue: 'queue',
  account: 'account',
  qos: 'qos',
  constraint: 'constraint',
  exclusive: 'exclusive',
  reservation: 'reservation',
};

function fieldOf(key: string): keyof Resources {
  const field = FIELDS[key];
  if (field === undefined) throw new Error(`the schema lets '${key}' pass, but it is no resource`);
  return field;
}

function stepsTo(part: RequestPart, single: Readonly<Record<string, unknown>>): Path {
  if (part.kind === 'option') return ['options', part.of, part.index];
  const key = part.kind === 'resource' && Object.keys(single).find((each) => fieldOf(each) === part.name);
  return key ? [key] : [];
}

function named(field: keyof Resources, parsed: Parsed<unknown>): Parsed<Resources> {
  return parsed.ok ? { ok: true, value: { [field]: parsed.value } } : parsed;
}

function texts(options: NonNullable<ResourcesBody['options']>): Record<string, string[]> {
  const given = Object.entries(options).filter(([, words]) => words !== undefined);
  return Object.fromEntries(given.map(([kind, words]) => [kind, (words ?? []).map(String)]));
}

/** 10 × 1.1 is 11, although a computer says 11.000000000000002. */
function roundUp(value: number): number {
  return Math.ceil(value - 1e-9);
}
