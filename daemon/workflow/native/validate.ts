/**
 * The shape of a workflow file: every place where it differs from schema.ts, as mistakes; and what is
 * left of the file without them, so that check.ts can report the rest in the same breath.
 */
import type { z } from 'zod';
import { nearestName, suggestion } from '../../protocol/nearest-name.ts';
import type { Mistake } from '../language.ts';
import { type WorkflowFile, workflowJsonSchema, workflowSchema } from './schema.ts';
import type { Path, Source } from './source.ts';
import { show } from './units.ts';

export interface Shape {
  /** Absent when too little is right to look further. */
  readonly file?: WorkflowFile;
  readonly mistakes: readonly Mistake[];
}

export function validateShape(source: Source): Shape {
  if (!isRecord(source.plain)) {
    const message = `a workflow is a map with at least \`tasks\`; this file holds ${show(source.plain)}`;
    return { mistakes: [source.mistake(source.placeOf([]), message)] };
  }
  const parsed = workflowSchema.safeParse(source.plain);
  if (parsed.success) return { file: parsed.data, mistakes: [] };

  const wrongs = parsed.error.issues.flatMap((issue) => wrongsOf(issue, []));
  const mistakes = wrongs
    .slice(0, MISTAKES_MAX)
    .map((wrong) => source.mistake(placeOf(source, wrong), sentence(wrong, source.plain)));
  if (wrongs.length > MISTAKES_MAX) return { mistakes };
  const rest = workflowSchema.safeParse(
    without(
      source.plain,
      wrongs.map(({ path }) => path),
    ),
  );
  return rest.success ? { file: rest.data, mistakes } : { mistakes };
}

/** The thing at a path, as the subject of a sentence: `'resources.time' of task 'align'`. */
export function subject(path: Path): string {
  const [first, second, ...inside] = path;
  if (first === undefined) return 'the workflow';
  if (first !== 'tasks' || second === undefined) return `'${dotted(path)}'`;
  return inside.length === 0 ? `task '${second}'` : `'${dotted(inside)}' of task '${second}'`;
}

/** Nobody reads more, and a file of junk must not keep the reader busy. */
const MISTAKES_MAX = 100;

type Issue = z.core.$ZodIssue;

type Wrong =
  | { readonly kind: 'unknownKey'; readonly path: Path }
  | { readonly kind: 'key'; readonly path: Path; readonly message: string }
  | { readonly kind: 'value'; readonly path: Path; readonly message: string };

function wrongsOf(issue: Issue, around: Path): Wrong[] {
  const path = [...around, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ kind: 'unknownKey', path: [...path, key] }));
  if (issue.code === 'invalid_key')
    return [{ kind: 'key', path, message: issue.issues[0]?.message ?? issue.message }];
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((issues) =>
      issues.every((inner) => inner.path.length > 0 || !isOfKind(inner)),
    );
    if (meant !== undefined) return meant.flatMap((inner) => wrongsOf(inner, path));
  }
  return [{ kind: 'value', path, message: issue.message }];
}

/** Does the issue say that the value is of another kind altogether, so that this alternative was not meant? */
function isOfKind(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union';
}

function placeOf(source: Source, wrong: Wrong): number {
  return wrong.kind === 'value' ? source.placeOf(wrong.path) : source.placeOfKey(wrong.path);
}

function sentence(wrong: Wrong, plain: unknown): string {
  switch (wrong.kind) {
    case 'unknownKey':
      return unknownKey(wrong.path, plain);
    case 'key':
      return `${subject(wrong.path)} ${wrong.message}`;
    case 'value':
      return `${subject(wrong.path)} ${wrong.message}`;
    default:
      return wrong satisfies never;
  }
}

function unknownKey(path: Path, plain: unknown): string {
  const key = String(path.at(-1));
  const around = path.slice(0, -1);
  const start = `unknown key '${key}' in ${subject(around)}`;
  const hint = suggestion(key, keysAt(around, plain));
  if (hint !== '') return start + hint;
  const resource = nearestName(key, keysAt([...around, 'resources'], plain));
  if (resource === key) return `${start}; it belongs under 'resources'`;
  if (resource !== undefined) return `${start}; did you mean '${resource}', which belongs under 'resources'?`;
  const valid = keysAt(around, plain);
  return valid.length > 0 && valid.length <= 8 ? `${start}; the keys there are ${valid.join(', ')}` : start;
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

let schemaRoot: SchemaNode | undefined;

/** The keys the schema knows at a path; read from the generated JSON Schema, which is plain data. */
function keysAt(path: Path, plain: unknown): string[] {
  schemaRoot ??= workflowJsonSchema();
  let nodes: readonly SchemaNode[] = [schemaRoot];
  let value: unknown = plain;
  for (const step of path) {
    nodes = alternatives(nodes).flatMap((node) => childAt(node, step));
    value = isRecord(value) ? value[step] : undefined;
  }
  const maps = alternatives(nodes).flatMap(({ properties }) => (properties ? [Object.keys(properties)] : []));
  const present = isRecord(value) ? Object.keys(value) : [];
  return maps.find((keys) => keys.some((key) => present.includes(key))) ?? maps.flat();
}

function alternatives(nodes: readonly SchemaNode[]): readonly SchemaNode[] {
  return nodes.flatMap((node) => (node.anyOf ? alternatives(node.anyOf) : [node]));
}

function childAt(node: SchemaNode, step: string | number): SchemaNode[] {
  const named = node.properties?.[step];
  if (named !== undefined) return [named];
  if (typeof node.additionalProperties === 'object') return [node.additionalProperties];
  return node.items ? [node.items] : [];
}

/** The value without what stands at the paths. */
function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  const insideOf = (step: string) =>
    paths.filter(([first]) => String(first) === step).map((path) => path.slice(1));
  const kept = (step: string) => !insideOf(step).some((path) => path.length === 0);
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      kept(String(index)) ? [without(item, insideOf(String(index)))] : [],
    );
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([key]) => kept(key));
  return Object.fromEntries(
    entries.map(([key, item]) => [key, paths.length === 0 ? item : without(item, insideOf(key))]),
  );
}

function dotted(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
