/**
 * What is wrong in a configuration file, said with its place and what to write instead. Knows nothing of
 * single keys: it reads the schema for the names that would have been right.
 */
import { z } from 'zod';
import { suggestion } from '../protocol/nearest-name.ts';
import type { Mistake } from '../workflow/language.ts';
import type { Path, Source } from '../workflow/native/source.ts';
import { show } from '../workflow/native/units.ts';
import { configSchema } from './config-schema.ts';

/** The part of JSON Schema that zod writes for a configuration. */
export interface KeySchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly additionalProperties?: KeySchema | boolean;
  readonly oneOf?: readonly KeySchema[];
}

/** The schema of the file as people write it: durations are text. */
export function keySchema(): KeySchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as KeySchema;
}

export function schemaMistakes(source: Source, issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) =>
        source.mistake(source.placeOfKey([...path, key]), unknownKey(path, key)),
      );
    }
    return [
      source.mistake(
        source.placeOf(path),
        `${subject(path)} ${complaint(issue, valueAt(source.plain, path))}`,
      ),
    ];
  });
}

/** The nearest of the names, or all of them. */
export function nameHint(written: string, names: readonly string[]): string {
  return suggestion(written, names) || `; possible here: ${names.join(', ')}`;
}

function unknownKey(path: Path, key: string): string {
  const where = path.length === 0 ? '' : ` in ${subject(path)}`;
  return `unknown key '${key}'${where}${nameHint(key, keysAt(keySchema(), path))}`;
}

function complaint(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_value':
      return oneOf(issue.values.map(String), value);
    case 'invalid_union':
      return oneOf(('options' in issue && issue.options ? issue.options : []).map(String), value);
    case 'invalid_type':
      // Hints of our own are whole sentences; zod's start with "Invalid input".
      return issue.message.startsWith('Invalid')
        ? `must be ${kindWords(issue.expected)}; ${show(value)} is not`
        : issue.message;
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

function oneOf(names: readonly string[], value: unknown): string {
  return `must be one of ${names.join(', ')}; ${show(value)} is not${typeof value === 'string' ? suggestion(value, names) : ''}`;
}

function kindWords(expected: string): string {
  const words: Record<string, string> = {
    object: 'a map of keys to values',
    record: 'a map of keys to values',
    array: 'a list',
    int: 'a whole number',
    number: 'a number',
    string: 'text (put it in quotes)',
    boolean: 'true or false',
  };
  return words[expected] ?? expected;
}

function subject(path: Path): string {
  return path.length === 0 ? 'the configuration' : `'${path.join('.')}'`;
}

function valueAt(plain: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    plain,
  );
}

/** Names that may stand below a path; of a union, those of every variant. */
function keysAt(schema: KeySchema, path: Path): string[] {
  let candidates = [schema];
  for (const step of path) candidates = candidates.flatMap((candidate) => below(candidate, String(step)));
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
