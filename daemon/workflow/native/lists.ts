/**
 * The lists of a scatter: from what is written, and from what is written to their values.
 */
import type { ReadRequest, ReadResult, Value } from '../language.ts';
import { compileText, type Draft } from './draft.ts';
import { EvaluationProblem, plainText, resultOf, type Scope, textOf } from './evaluate.ts';
import { hasExpression } from './expression.ts';
import { listKey, whyNotAnyOf } from './inputs.ts';
import { type ListSource, type Scatter, tasksReferredTo } from './model.ts';
import type { ListBody, TaskBody } from './schema.ts';
import type { Path } from './source.ts';

/** More values than any scheduler takes, and fewer than fill the memory. */
export const LIST_MAX = 1_000_000;

export function compileScatter(draft: Draft, path: Path, body: TaskBody['scatter']): Scatter | undefined {
  if (body === undefined) return undefined;
  const { each, mode, ...lists } = body;
  if (mode !== undefined && mode !== 'zip') {
    draft.report(
      draft.source.placeOf([...path, 'mode']),
      "'mode' of a scatter can only be 'zip'; without it every combination is run",
    );
  }
  if (each !== undefined) {
    const isAlone = Object.keys(lists).length === 0 && mode === undefined;
    if (!isAlone)
      draft.report(draft.source.placeOf(path), "'each' cannot stand beside other variables in a scatter");
    if (typeof each === 'string' && !hasExpression(each)) return { kind: 'each', task: each };
    draft.report(draft.source.placeOf([...path, 'each']), "'each' must be the name of a task");
    return undefined;
  }
  const variables = Object.entries(lists).map(([name, list]) => ({
    name,
    list: compileList(draft, [...path, name], list),
  }));
  if (variables.length === 0)
    draft.report(draft.source.placeOf(path), 'a scatter needs a variable with a list, or {each: TASK}');
  return { kind: 'lists', variables, isZip: mode === 'zip' };
}

/** Its values, the request that will give them, or an EvaluationProblem thrown. */
export type ListAnswer =
  | { readonly kind: 'values'; readonly values: readonly Value[] }
  | { readonly kind: 'read'; readonly how: ReadRequest['kind']; readonly path: string };

export function listAnswer(list: ListSource, scope: Scope): ListAnswer {
  switch (list.kind) {
    case 'known':
      return { kind: 'values', values: list.values };
    case 'items':
      return { kind: 'values', values: list.items.map(({ parts }) => resultOf(parts, scope)) };
    case 'expression':
      return { kind: 'values', values: asList(resultOf(list.text.parts, scope)) };
    case 'range':
      return { kind: 'values', values: rangeOf(list.bounds.map(({ parts }) => resultOf(parts, scope))) };
    case 'read':
      return { kind: 'read', how: list.how, path: textOf(list.path.parts, scope) };
    default:
      return list satisfies never;
  }
}

/** The values in what was read for a list; blank lines are none. */
export function valuesRead({ path }: ReadRequest, result: ReadResult): readonly Value[] {
  switch (result.kind) {
    case 'lines':
      return readable(
        path,
        result.lines.filter((line) => line.trim() !== ''),
      );
    case 'glob':
      return readable(path, result.paths);
    case 'size':
      return [result.bytes];
    case 'failed':
      throw new EvaluationProblem(`its list could not be read from ${path}: ${result.reason}`);
    default:
      return result satisfies never;
  }
}

function readable(path: string, values: readonly string[]): readonly string[] {
  const reason = whyNotAnyOf(values);
  if (reason !== undefined) throw new EvaluationProblem(`a value of the list read from ${path} ${reason}`);
  return values;
}

/** `[first, last]` or `[first, last, step]`, both ends included. */
export function rangeOf(bounds: readonly Value[]): number[] {
  const [first, last, step] = bounds.map((bound) => numberOf(bound));
  if (first === undefined || last === undefined)
    throw new EvaluationProblem('a range is [first, last] or [first, last, step]');
  const stride = step ?? (first <= last ? 1 : -1);
  if (stride === 0) throw new EvaluationProblem('the step of a range cannot be 0');
  const length = Math.max(0, Math.floor((last - first) / stride + 1e-9) + 1);
  if (length > LIST_MAX)
    throw new EvaluationProblem(`a range of ${length} values is too long; there may be ${LIST_MAX}`);
  return Array.from({ length }, (_, index) => Number((first + index * stride).toPrecision(12)));
}

function compileList(draft: Draft, path: Path, body: ListBody): ListSource {
  if (typeof body === 'string') return compileExpressionList(draft, path, body);
  if (Array.isArray(body)) return compileItems(draft, path, body);
  if ('range' in body) {
    return {
      kind: 'range',
      bounds: body.range.map((bound, index) => compileText(draft, bound, [...path, 'range', index])),
    };
  }
  const [how, key, written] =
    'glob' in body ? (['glob', 'glob', body.glob] as const) : (['lines', 'linesOf', body.linesOf] as const);
  const file = compileText(draft, written, [...path, key]);
  if (tasksReferredTo([file]).size > 0) return { kind: 'read', how, path: file };
  return { kind: 'known', values: sentList(draft, path) };
}

function compileExpressionList(draft: Draft, path: Path, written: string): ListSource {
  const text = compileText(draft, written, path);
  const isOneExpression = text.parts.length === 1 && typeof text.parts[0] !== 'string';
  if (!isOneExpression && (text.parts.length > 1 || !hasExpression(written))) {
    const message = `variable '${path.at(-1)}' needs a list: [a, b], \${{ inputs.NAME }}, {linesOf: FILE}, {glob: PATTERN} or {range: [first, last]}`;
    draft.report(draft.source.placeOf(path), message);
  }
  return isOneExpression ? { kind: 'expression', text } : { kind: 'known', values: [] };
}

function compileItems(draft: Draft, path: Path, items: readonly Value[]): ListSource {
  if (!items.some((item) => typeof item === 'string' && hasExpression(item)))
    return { kind: 'known', values: items };
  return {
    kind: 'items',
    items: items.map((item, index) => compileText(draft, plainText(item), [...path, index])),
  };
}

/** Files that are known at submit were read then (prepare.ts). */
function sentList(draft: Draft, path: Path): readonly Value[] {
  const [, task, , variable] = path;
  const sent = draft.bundle.inputs[listKey(String(task), String(variable))];
  if (sent !== undefined && typeof sent === 'object' && sent !== null) {
    const reason = whyNotAnyOf(sent);
    if (reason !== undefined) draft.report(draft.source.placeOf(path), `a value for '${variable}' ${reason}`);
    return sent;
  }
  draft.report(
    draft.source.placeOf(path),
    `the list for '${variable}' was not read when the workflow was submitted`,
  );
  return [];
}

function asList(value: Value): readonly Value[] {
  if (typeof value === 'object' && value !== null) return value;
  throw new EvaluationProblem(`a scatter needs a list, not '${plainText(value)}'`);
}

function numberOf(value: Value): number {
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  if (typeof value !== 'object' && Number.isFinite(number)) return number;
  throw new EvaluationProblem(`a range needs numbers, not '${plainText(value)}'`);
}
