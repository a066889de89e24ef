/**
 * Command lines as a site writes them: words with placeholders in braces. A word becomes one argument, whatever
 * its values hold, since nothing ever parses it again. `{{` and `}}` stand for braces themselves.
 */

/** A list within the list drops out as a whole where one of its values is absent: `[-q, "{queue}"]`. */
export type Words = readonly (string | readonly string[] | Joined)[];

/** One word of several pieces, of which those in lists of their own drop out in the same way. */
export interface Joined {
  readonly word: readonly (string | readonly string[])[];
}

/** Of a list each value becomes a word of its own; it can only be asked for by a placeholder that is a whole word. */
export type Values = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Which placeholders one template may have. `maybe`: the value may be absent; `many`: it may be several words. */
export type Placeholders = Readonly<Record<string, 'always' | 'maybe' | 'many'>>;

export function render(words: Words, values: Values): readonly string[] {
  return words.flatMap((item) => {
    if (typeof item === 'string') return renderWord(item, values);
    if ('word' in item) return [render(item.word, values).join('')];
    return item.every((word) => hasAll(word, values)) ? item.flatMap((word) => renderWord(word, values)) : [];
  });
}

export function placeholdersOf(words: Words): ReadonlySet<string> {
  const written = words.flatMap((item) =>
    typeof item === 'object' && 'word' in item ? item.word.flat() : item,
  );
  return new Set(written.flatMap(placeholdersIn));
}

export function placeholdersIn(word: string): readonly string[] {
  return [...word.matchAll(PIECE)].flatMap(([, name]) => name ?? []);
}

/** The name, where the word is one placeholder and nothing else. */
export function soleName(word: string): string | undefined {
  return /^\{([A-Za-z]+)\}$/.exec(word)?.[1];
}

/** A brace that is neither doubled nor part of a placeholder. */
export function hasLoneBrace(word: string): boolean {
  return /[{}]/.test(word.replaceAll(PIECE, ''));
}

export function isPresent(value: Values[string]): boolean {
  return typeof value === 'string' || (value !== undefined && value.length > 0);
}

const PIECE = /\{\{|\}\}|\{([A-Za-z]+)\}/g;

function renderWord(word: string, values: Values): readonly string[] {
  const name = soleName(word);
  const whole = name === undefined ? undefined : values[name];
  if (Array.isArray(whole)) return whole;
  return [word.replaceAll(PIECE, (piece, inner?: string) => (inner ? text(values[inner]) : piece.charAt(0)))];
}

function text(value: Values[string]): string {
  return typeof value === 'string' ? value : '';
}

function hasAll(word: string, values: Values): boolean {
  return placeholdersIn(word).every((name) => isPresent(values[name]));
}
