/**
 * What is wrong in a configuration file, said with its place and what to write instead. Knows nothing of
 * single keys: it reads the schema for the names that would have been right.
 */
import { type Document, isMap, isNode, isScalar, type LineCounter } from 'yaml';
import { z } from 'zod';
import { configSchema } from './config-schema.ts';
import { nearestName } from './protocol/nearest-name.ts';
import type { Mistake } from './workflow/language.ts';

/** The part of JSON Schema that zod writes for a configuration. */
export interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly additionalProperties?: KeySchema | boolean;
  readonly oneOf?: readonly KeySchema[];
}

export interface ParsedFile {
  readonly file: string;
  readonly source: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** The schema of the file as people write it: durations are text. */
export function keySchema(): KeySchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as KeySchema;
}

export function yamlMistakes(parsed: ParsedFile): Mistake[] {
  return parsed.document.errors.map((error) =>
    mistakeAt(
      parsed,
      error.pos[0],
      `not valid YAML: ${error.message.split('\n')[0]?.replace(/ at line .*/, '')}`,
    ),
  );
}

export function schemaMistakes(parsed: ParsedFile, issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) =>
          mistakeAt(parsed, offsetOfKey(parsed.document, issue.path, key), unknownKey(issue.path, key)),
        )
      : [
          mistakeAt(
            parsed,
            offsetOf(parsed.document, issue.path),
            `${shown(issue.path)} ${complaint(issue, parsed.document)}`,
          ),
        ],
  );
}

export function mistakeAtPath(parsed: ParsedFile, path: readonly PropertyKey[], message: string): Mistake {
  return mistakeAt(parsed, offsetOf(parsed.document, path), message);
}

/** `; did you mean 'x'?` where one of the names is close enough to be a slip, else the names themselves. */
export function suggestion(written: string, names: readonly string[]): string {
  const near = nearestName(written, names);
  return near === undefined ? `; possible here: ${names.join(', ')}` : `; did you mean '${near}'?`;
}

function unknownKey(path: readonly PropertyKey[], key: string): string {
  const where = path.length === 0 ? '' : ` in ${shown(path)}`;
  return `unknown key '${key}'${where}${suggestion(key, keysAt(keySchema(), path))}`;
}

function complaint(issue: z.core.$ZodIssue, document: Document): string {
  const value: unknown = document.getIn(issue.path);
  switch (issue.code) {
    case 'invalid_value': {
      const names = issue.values.map(String);
      return `must be one of ${names.join(', ')}${typeof value === 'string' ? nearHint(value, names) : ''}`;
    }
    case 'invalid_union':
      return `must be one of ${('options' in issue && issue.options ? issue.options : []).join(', ')}`;
    case 'invalid_type':
      // Hints of our own are whole sentences; zod's start with "Invalid input".
      return issue.message.startsWith('Invalid') ? `must be ${kindWords(issue.expected)}` : issue.message;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function kindWords(expected: string): string {
  const words: Record<string, string> = {
    object: 'a mapping of keys to values',
    record: 'a mapping of keys to values',
    int: 'a whole number',
    number: 'a number',
    string: 'text (put it in quotes)',
    boolean: 'true or false',
  };
  return words[expected] ?? expected;
}

function nearHint(written: string, names: readonly string[]): string {
  const near = nearestName(written, names);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

function shown(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file' : `'${path.map(String).join('.')}'`;
}

/** Names that may stand below a path; of a union, those of every variant. */
function keysAt(schema: KeySchema, path: readonly PropertyKey[]): string[] {
  let candidates = [schema];
  for (const part of path) candidates = candidates.flatMap((candidate) => below(candidate, String(part)));
  return [
    ...new Set(candidates.flatMap(variants).flatMap((variant) => Object.keys(variant.properties ?? {}))),
  ];
}

function below(schema: KeySchema, key: string): KeySchema[] {
  return variants(schema).flatMap((variant) => {
    const child = variant.properties?.[key] ?? variant.additionalProperties;
    return child === undefined || typeof child === 'boolean' ? [] : [child];
  });
}

function variants(schema: KeySchema): readonly KeySchema[] {
  return schema.oneOf ?? [schema];
}

/** Where a value stands; where it is missing, the nearest thing around it that is there. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function offsetOfKey(document: Document, path: readonly PropertyKey[], key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(map)
    ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined;
  return pair && isScalar(pair.key) && pair.key.range ? pair.key.range[0] : offsetOf(document, path);
}

function mistakeAt(parsed: ParsedFile, offset: number, message: string): Mistake {
  const { line, col } = parsed.lines.linePos(offset);
  return {
    file: parsed.file,
    line: Math.max(line, 1),
    column: Math.max(col, 1),
    message,
    text: parsed.source.split('\n')[line - 1] ?? '',
  };
}
