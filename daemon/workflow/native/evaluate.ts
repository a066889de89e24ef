/**
 * What expressions give, and how values become part of a text.
 *
 * In a text for the shell a value may only stand as it is when it consists of harmless characters: nothing
 * a value contains can become shell code by accident. Everywhere else values are passed as data.
 */
import { posix } from 'node:path';
import type { Value } from '../language.ts';
import { type Expression, type FunctionName, type Part, type Reference, written } from './expression.ts';

/** Gives the value of a reference, or throws an EvaluationProblem. */
export type Scope = (to: Reference) => Value;

/** Thrown by evaluation and caught where a text is rendered: a value that cannot be had, or does not fit. */
export class EvaluationProblem extends Error {}

const HARMLESS = /^[A-Za-z0-9_./:@%+=,-]+$/;

/** A text that is passed as data: an argument, a variable, a path. */
export function textOf(parts: readonly Part[], scope: Scope): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : plainText(evaluate(part.expression, scope))))
    .join('');
}

/** The value of a text: of its expression, if it is nothing else; a text otherwise. */
export function resultOf(parts: readonly Part[], scope: Scope): Value {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string')
    return evaluate(only.expression, scope);
  return textOf(parts, scope);
}

/** A text that a shell will read. */
export function shellTextOf(parts: readonly Part[], scope: Scope): string {
  return parts.map((part) => (typeof part === 'string' ? part : shellText(part.expression, scope))).join('');
}

/** One expression in a text that a shell will read. */
export function shellText(expression: Expression, scope: Scope): string {
  const [argument] = expression.kind === 'function' ? expression.args : [];
  if (expression.kind === 'function' && argument !== undefined) {
    if (expression.name === 'raw') return plainText(evaluate(argument, scope));
    if (expression.name === 'quote') return listed(evaluate(argument, scope)).map(quoteWord).join(' ');
  }
  return listed(evaluate(expression, scope))
    .map((value) => harmless(plainText(value), describe(expression)))
    .join(' ');
}

export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'reference':
      return scope(expression.to);
    case 'function':
      return apply(
        expression.name,
        expression.args.map((argument) => evaluate(argument, scope)),
      );
    default:
      return expression satisfies never;
  }
}

/** One word for a POSIX shell, whatever the value contains. */
export function quoteWord(value: Value): string {
  const text = plainText(value);
  if (text.includes('\0'))
    throw new EvaluationProblem('a value contains a NUL character, which no shell word can hold');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function plainText(value: Value): string {
  if (value === null) return '';
  return typeof value === 'object' ? value.map(plainText).join(' ') : String(value);
}

function apply(name: FunctionName, args: readonly Value[]): Value {
  const [first = null, second] = args;
  switch (name) {
    case 'join':
      return list(first, 'join')
        .map(plainText)
        .join(plainText(second ?? ''));
    case 'length':
      return list(first, 'length').length;
    case 'basename':
      return eachText(first, (path) =>
        posix.basename(path, second === undefined ? undefined : plainText(second)),
      );
    case 'dirname':
      return eachText(first, (path) => posix.dirname(path));
    case 'quote':
    case 'raw':
      throw new EvaluationProblem(`${name}() must be the whole expression, in the text of 'run'`);
    default:
      return name satisfies never;
  }
}

function eachText(value: Value, change: (text: string) => string): Value {
  return typeof value === 'object' && value !== null
    ? value.map((item) => change(plainText(item)))
    : change(plainText(value));
}

function list(value: Value, user: string): readonly Value[] {
  if (typeof value === 'object' && value !== null) return value;
  throw new EvaluationProblem(`${user}() takes a list, not '${plainText(value)}'`);
}

function listed(value: Value): readonly Value[] {
  return typeof value === 'object' && value !== null ? value.flatMap(listed) : [value];
}

function harmless(text: string, name: string): string {
  if (HARMLESS.test(text)) return text;
  if (text === '') {
    throw new EvaluationProblem(
      `${name} is empty; write quote(${name}) for an empty word or raw(${name}) for nothing`,
    );
  }
  const strange = [...text].find((character) => !HARMLESS.test(character)) ?? '';
  throw new EvaluationProblem(
    `${name} is ${JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)}, which contains ${JSON.stringify(strange)}: ` +
      `write quote(${name}) to pass it as one word, or raw(${name}) if it is meant to be shell code`,
  );
}

function describe(expression: Expression): string {
  if (expression.kind === 'reference') return written(expression.to);
  if (expression.kind === 'literal') return JSON.stringify(expression.value);
  return `${expression.name}(${expression.args.map(describe).join(', ')})`;
}
