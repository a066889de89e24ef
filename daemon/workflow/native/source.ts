/**
 * A YAML file as plain values, with the place of each of them: what turns "wrong" into file:line:column.
 *
 * Says nothing about what the file should contain. Broken files end here, with one mistake that a person
 * can act on: syntax errors, duplicate keys, aliases that multiply, what is no text at all.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Mistake } from '../language.ts';
import { refusal } from './yaml-guard.ts';

export type Path = readonly (string | number)[];

/** Where something stands in a file: an offset in its text. */
export type Place = number;

export interface Source {
  readonly fileName: string;
  /** What the file says, as plain values. */
  readonly plain: unknown;
  /** Of the value at the path, or of the nearest thing around it. */
  placeOf(path: Path): Place;
  /** Of the key that ends the path. */
  placeOfKey(path: Path): Place;
  /** Of a character inside an expression, in the text at the path: the `ordinal`-th expression there. */
  placeInText(path: Path, ordinal: number, at: number): Place;
  mistake(place: Place, message: string): Mistake;
}

export type SourceRead =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** A workflow is written by hand: larger files are something else, and would hold up the reader. */
const CHARACTERS_MAX = 2 * 1024 * 1024;
const TOO_DEEP = 'the file is nested too deeply to be a workflow';
/** Aliases are resolved at most so often in all (a few nested ones can multiply without bound). */
const ALIASES_MAX = 100;

/** Texts below these keys keep the digits as written: sample 007, version 1.10. */
const KEEPS_DIGITS = new Set([
  'inputs',
  'env',
  'scatter',
  'labels',
  'args',
  'queue',
  'partition',
  'account',
  'qos',
  'constraint',
  'reservation',
  'options',
]);

/** `keepAllDigits`: numbers anywhere in the file stay as they are written. */
export function readSource(fileName: string, text: string, digits?: 'keepAllDigits'): SourceRead {
  const mistake = (place: Place, message: string): Mistake => located(fileName, text, place, message);
  const broken = (place: Place, message: string): SourceRead => ({
    ok: false,
    mistakes: [mistake(place, message)],
  });

  if (text.length > CHARACTERS_MAX)
    return broken(0, 'the file is too large: a workflow has at most 2 MiB of text');
  const control = unreadableCharacter(text);
  if (control >= 0)
    return broken(control, 'the file is not a text file: it contains a control character here');
  const refused = refusal(text);
  if (refused !== undefined) return broken(refused.place, refused.message);
  try {
    const document = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' });
    const [error] = document.errors;
    if (error?.message.includes('call stack')) return broken(error.pos[0], TOO_DEEP);
    if (error !== undefined) return broken(error.pos[0], `is not valid YAML: ${firstLine(error.message)}`);
    const duplicates = duplicateKeys(document)
      .slice(0, 100)
      .map(({ place, key }) => mistake(place, `duplicate key '${key}'`));
    if (duplicates.length > 0) return { ok: false, mistakes: duplicates };
    if (document.contents === null)
      return broken(0, 'the file is empty; a workflow is a map with at least `tasks`');
    keepDigits(document, digits === 'keepAllDigits');
    return {
      ok: true,
      source: locate(fileName, text, document, document.toJS({ maxAliasCount: ALIASES_MAX }), mistake),
    };
  } catch (error) {
    if (error instanceof RangeError) return broken(0, TOO_DEEP);
    if (error instanceof ReferenceError)
      return broken(0, 'the file uses YAML aliases that multiply beyond measure; write the values out');
    throw error;
  }
}

function locate(
  fileName: string,
  text: string,
  document: Document,
  plain: unknown,
  mistake: Source['mistake'],
): Source {
  const placeOf = (path: Path): Place => deepest(document, path).value;
  return {
    fileName,
    plain,
    placeOf,
    placeOfKey: (path) => deepest(document, path).key,
    placeInText: (path, ordinal, at) =>
      placeInText(text, deepest(document, path).node, ordinal, at) ?? placeOf(path),
    mistake,
  };
}

/** Follows the path as far as it leads. */
function deepest(document: Document, path: Path): { node: Node | null; key: Place; value: Place } {
  let node: Node | null = document.contents;
  let found = { node, key: startOf(node, 0), value: startOf(node, 0) };
  for (const step of path) {
    node = resolved(document, node);
    const pair: Pair | undefined = isMap(node) ? pairAt(node, step) : undefined;
    const next: unknown = isSeq(node) ? node.items[Number(step)] : pair?.value;
    if (pair === undefined && next === undefined) return found;
    node = isNode(next) ? next : null;
    const key = startOf(pair?.key, startOf(node, found.value));
    found = { node, key, value: isEmpty(node) ? key : startOf(node, key) };
  }
  return { ...found, node: resolved(document, found.node) };
}

function resolved(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

function pairAt(map: YAMLMap, step: string | number): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
}

function startOf(node: unknown, otherwise: Place): Place {
  return isNode(node) && node.range ? node.range[0] : otherwise;
}

/** `run:` with nothing behind it: the key is the better place to point at. */
function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.range?.[0] === node.range?.[1]);
}

/**
 * Expressions stand in the file in the order in which they stand in the text, however the text is
 * quoted, indented or folded; within an expression the offset holds as long as it is on one line.
 */
function placeInText(text: string, node: Node | null, ordinal: number, at: number): Place | undefined {
  if (!isScalar(node) || !node.range) return undefined;
  const [start, end] = node.range;
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
  let place = isBlock ? text.indexOf('\n', start) : start - 1;
  let offset = -1;
  for (let count = 0; count <= ordinal; count += 1) {
    place = text.indexOf('${{', place + 1);
    offset = String(node.value).indexOf('${{', offset + 1);
    if (place < 0 || place >= end || offset < 0) return undefined;
  }
  const inside = at - offset;
  const isSame = text.slice(place, place + inside) === String(node.value).slice(offset, at);
  return isSame ? place + inside : place;
}

function duplicateKeys(document: Document): { place: Place; key: string }[] {
  const duplicates: { place: Place; key: string }[] = [];
  visit(document, {
    Map(_, node) {
      const seen = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) duplicates.push({ place: startOf(key, 0), key: name });
        seen.add(name);
      }
    },
  });
  return duplicates;
}

/** YAML reads `007` as 7 and `1.10` as 1.1; where text is meant, what is written counts. */
function keepDigits(document: Document, everywhere: boolean): void {
  visit(document, {
    Scalar(key, node, ancestors) {
      const differs =
        typeof node.value === 'number' && node.source !== undefined && node.source !== String(node.value);
      if (key === 'key' || !differs) return;
      const isText = ancestors.some(
        (pair) => isPair(pair) && isScalar(pair.key) && KEEPS_DIGITS.has(String(pair.key.value)),
      );
      if ((isText || everywhere) && node.source !== undefined) node.value = node.source;
    },
  });
}

function located(fileName: string, text: string, place: Place, message: string): Mistake {
  const before = text.slice(0, place).split('\n');
  return {
    file: fileName,
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    message,
    text: lineAt(text, place),
  };
}

/** The line around a place, shortened: it is shown on a terminal. */
function lineAt(text: string, place: Place): string {
  const start = text.lastIndexOf('\n', place - 1) + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, Math.min(end < 0 ? text.length : end, start + 200));
  return [...line]
    .map((character) => (isControl(character) ? '\uFFFD' : character))
    .join('')
    .trimEnd();
}

function unreadableCharacter(text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13) return index;
    if (code === 0xfffd) return index;
  }
  return -1;
}

function isControl(character: string): boolean {
  return character < ' ' && character !== '\t';
}

/** The yaml package shows the source under its messages; we show it ourselves. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
}
