/**
 * What the tasks of a new run ask of schedulers that could never give it: told at submit, all at once, instead
 * of one rejected job after the other. What is known only later is checked again at each launch, by the backend.
 */
import type { Backend, Resources } from '../../backends/backend.ts';
import { suggestion } from '../protocol/nearest-name.ts';
import type { Mistake, RequestPart, TaskRequest } from '../workflow/language.ts';

/** Nobody reads more. */
const MISTAKES_MAX = 100;

/** In the order of the file; what several tasks inherit is said once. */
export function requestMistakes(
  requests: readonly TaskRequest[],
  runBackend: string,
  backends: ReadonlyMap<string, Backend>,
): readonly Mistake[] {
  const mistakes = new Set<Mistake>();
  for (const request of requests) {
    for (const mistake of mistakesOf(request, request.backend ?? runBackend, backends)) mistakes.add(mistake);
    if (mistakes.size >= MISTAKES_MAX) break;
  }
  return [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column);
}

function mistakesOf(
  request: TaskRequest,
  name: string,
  backends: ReadonlyMap<string, Backend>,
): readonly Mistake[] {
  const backend = backends.get(name);
  if (backend === undefined) {
    const hint = suggestion(name, backends.keys());
    const predicate = `is '${name}', and there is no such backend here${hint || `; choose one of: ${[...backends.keys()].join(', ')}`}`;
    return [request.mistake({ kind: 'backend' }, predicate)];
  }
  return objections(backend, request.resources).map(({ part, reason }) =>
    request.mistake(part, `is refused by backend '${name}': ${reason}`),
  );
}

interface Objection {
  readonly part: RequestPart;
  readonly reason: string;
}

/** A backend names the first reason it finds: what gives rise to it is taken away, and it is asked again. */
function objections(backend: Backend, resources: Resources): readonly Objection[] {
  const found: Objection[] = [];
  let parts = partsOf(resources);
  for (let reason = backend.check(resources); reason !== undefined; ) {
    const without = (part: RequestPart) => parts.filter((each) => each !== part);
    const part = parts.find((each) => backend.check(only(without(each), resources)) !== reason);
    found.push({ part: part ?? { kind: 'resources' }, reason });
    if (part === undefined) break;
    parts = without(part);
    reason = backend.check(only(parts, resources));
  }
  return found;
}

function partsOf({ options = {}, ...rest }: Resources): readonly RequestPart[] {
  const names = Object.keys(rest) as (keyof typeof rest)[];
  return [
    ...names.map((name): RequestPart => ({ kind: 'resource', name })),
    ...Object.entries(options).flatMap(([of, words]) =>
      words.map((_, index): RequestPart => ({ kind: 'option', of, index })),
    ),
  ];
}

function only(parts: readonly RequestPart[], { options = {}, ...rest }: Resources): Resources {
  const names = new Set(parts.flatMap((part) => (part.kind === 'resource' ? [part.name] : [])));
  const isLeft = (of: string, index: number) =>
    parts.some((part) => part.kind === 'option' && part.of === of && part.index === index);
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => names.has(name as keyof typeof rest))),
    options: Object.fromEntries(
      Object.entries(options).map(([of, words]) => [of, words.filter((_, index) => isLeft(of, index))]),
    ),
  };
}
