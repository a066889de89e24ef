/** Commands of a site as they are written in the configuration: what is wrong in them, and where. */
import { z } from 'zod';
import {
  hasLoneBrace,
  type Placeholders,
  placeholdersIn,
  soleName,
  type Words,
} from '../../../backends/template/words.ts';
import { suggestion } from '../../protocol/nearest-name.ts';

interface WordMistake {
  /** Below the list: a word, or a word in a list within it. */
  readonly path: readonly number[];
  readonly message: string;
}

export function command(description: string, placeholders: Placeholders) {
  return words(description, 'command', (written) => [
    ...programMistakes(written),
    ...placeholderMistakes(written, placeholders),
    ...shellMistakes(written),
  ]);
}

/** Lines of an input; they obey the rules of words. */
export function inputLines(description: string, placeholders: Placeholders) {
  return words(description, 'list of lines', (written) => placeholderMistakes(written, placeholders));
}

function words(description: string, format: string, check: (written: Words) => readonly WordMistake[]) {
  return z
    .unknown()
    .transform((written, context): Words => {
      const mistakes = isWords(written) ? check(written) : shapeMistakes(written);
      for (const { path, message } of mistakes)
        context.addIssue({ code: 'custom', path: [...path], message });
      return isWords(written) ? written : [];
    })
    .meta({ format, description });
}

function isWords(written: unknown): written is Words {
  const isText = (item: unknown): boolean => typeof item === 'string';
  return (
    Array.isArray(written) &&
    written.length > 0 &&
    written.every((item) => isText(item) || (Array.isArray(item) && item.length > 0 && item.every(isText)))
  );
}

function shapeMistakes(written: unknown): readonly WordMistake[] {
  const items: readonly unknown[] = Array.isArray(written) ? written : [];
  const at = items.findIndex((item) => !isWords([item]));
  const message =
    'must be a list of words, each of them text (in quotes where it is a number), such as [qsub, "{script}"]; words in a list of their own drop out together where a value is absent';
  return [{ path: at < 0 ? [] : [at], message }];
}

interface Place {
  readonly word: string;
  readonly path: readonly number[];
  readonly isInGroup: boolean;
}

function places(written: Words): readonly Place[] {
  return written.flatMap((item, at): readonly Place[] =>
    typeof item === 'string'
      ? [{ word: item, path: [at], isInGroup: false }]
      : item.map((word, within) => ({ word, path: [at, within], isInGroup: true })),
  );
}

function programMistakes(written: Words): readonly WordMistake[] {
  const [program] = written;
  if (typeof program === 'string' && program !== '' && placeholdersIn(program).length === 0) return [];
  return [{ path: [0], message: 'must name a program; values are for the words after it' }];
}

function placeholderMistakes(written: Words, known: Placeholders): readonly WordMistake[] {
  return places(written).flatMap(({ word, path, isInGroup }) => {
    const mistake = wordMistake(word, isInGroup, known);
    return mistake === undefined ? [] : [{ path, message: mistake }];
  });
}

function wordMistake(word: string, isInGroup: boolean, known: Placeholders): string | undefined {
  if (hasLoneBrace(word))
    return `has a brace that belongs to no placeholder: write {{ and }} for braces, {name} for one of ${Object.keys(known).join(', ')}`;
  for (const name of placeholdersIn(word)) {
    const presence = known[name];
    if (presence === undefined) return unknownPlaceholder(name, known);
    if (presence === 'many' && soleName(word) === undefined)
      return `{${name}} may be several words, so it must be a word of its own`;
    if (presence === 'maybe' && !isInGroup)
      return `{${name}} may be absent: put the words that need it into a list of their own, such as [-x, "${word}"], which then drops out`;
  }
  return undefined;
}

function unknownPlaceholder(name: string, known: Placeholders): string {
  const names = Object.keys(known);
  const possible = names.length === 0 ? 'no placeholder' : names.map((each) => `{${each}}`).join(' ');
  return `{${name}} is no value here${suggestion(name, names) || `; possible: ${possible}`}`;
}

/** What a program takes as a text to be parsed: the option before it, or every word after the program. */
const PARSED: readonly (readonly [RegExp, 'c' | 'e' | 'S' | 'all'])[] = [
  [/^(ba|da|a|mk|k|z|c|tc)?sh$/, 'c'],
  [/^(python[\d.]*|runuser)$/, 'c'],
  [/^(perl|ruby|node)$/, 'e'],
  [/^env$/, 'S'],
  [/^(ssh|rsh|su|eval|watch|script)$/, 'all'],
];

/** A value inside a program text could become part of the program. As an argument beside it, it cannot. */
function shellMistakes(written: Words): readonly WordMistake[] {
  const all = places(written);
  return all.flatMap(({ word }, at) => {
    const [, letter] = PARSED.find(([program]) => program.test(baseName(word))) ?? [];
    if (letter === undefined || (at > 0 && letter === 'all')) return [];
    const rest = all.slice(at + 1);
    const texts = letter === 'all' ? rest : textsAfter(rest, letter);
    return texts
      .filter((place) => placeholdersIn(place.word).length > 0)
      .map(({ path }) => ({ path, message: parsedMessage(baseName(word), letter === 'all') }));
  });
}

/** The word after `-c` or `-ec`, or the rest of `-Stext`; options come first. */
function textsAfter(rest: readonly Place[], letter: string): readonly Place[] {
  const end = rest.findIndex(({ word }) => !word.startsWith('-'));
  const options = end < 0 ? rest : rest.slice(0, end);
  const at = options.findIndex(({ word }) => !word.startsWith('--') && word.includes(letter));
  return at < 0 ? [] : rest.slice(at, at + 2);
}

function parsedMessage(program: string, all: boolean): string {
  if (all)
    return `${program} has its words parsed by another shell, so a value could become a command: call a script of the site's own here that quotes its arguments`;
  return `a value inside a text that ${program} parses could become a command: write "$1" there, and after the text a word for $0 and this value, such as [sh, -c, 'kill "$1"', sh, "{nativeId}"]`;
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}
