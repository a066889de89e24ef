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
  /** Below the list: a word, a word in a list within it, a piece of a word. */
  readonly path: Path;
  readonly message: string;
}

type Path = readonly (string | number)[];

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
  return isList(written) && written.every((item) => isWordOrGroup(item) || isJoined(item));
}

function isWordOrGroup(item: unknown): boolean {
  return typeof item === 'string' || (isList(item) && item.every((word) => typeof word === 'string'));
}

function isJoined(item: unknown): boolean {
  if (typeof item !== 'object' || item === null || !('word' in item)) return false;
  return Object.keys(item).length === 1 && isList(item.word) && item.word.every(isWordOrGroup);
}

function isList(written: unknown): written is readonly unknown[] {
  return Array.isArray(written) && written.length > 0;
}

function shapeMistakes(written: unknown): readonly WordMistake[] {
  const items = isList(written) ? written : [];
  const at = items.findIndex((item) => !isWords([item]));
  return [{ path: at < 0 ? [] : [at], message: at < 0 ? NO_LIST : NO_WORD }];
}

const NO_LIST = 'must be a list of words, such as [qsub, "{script}"]';
const NO_WORD =
  'must be text (in quotes where it is a number); or a list of words that drop out together where a value is absent, such as [-q, "{queue}"]; or one word of several pieces, such as {word: ["select=1", [":ncpus={cpus}"]]}';

interface Place {
  readonly word: string;
  readonly path: Path;
  readonly isInGroup: boolean;
  /** Only a piece of a word. */
  readonly isPiece: boolean;
}

function places(written: Words, isPiece = false): readonly Place[] {
  return written.flatMap((item, at): readonly Place[] => {
    if (typeof item === 'string') return [{ word: item, path: [at], isInGroup: false, isPiece }];
    if ('word' in item)
      return places(item.word, true).map((place) => ({ ...place, path: [at, 'word', ...place.path] }));
    return item.map((word, within) => ({ word, path: [at, within], isInGroup: true, isPiece }));
  });
}

function programMistakes(written: Words): readonly WordMistake[] {
  const [program] = written;
  if (typeof program === 'string' && program !== '' && placeholdersIn(program).length === 0) return [];
  return [{ path: [0], message: 'must name a program; values are for the words after it' }];
}

function placeholderMistakes(written: Words, known: Placeholders): readonly WordMistake[] {
  return places(written).flatMap((place) => {
    const message = wordMistake(place, known);
    return message === undefined ? [] : [{ path: place.path, message }];
  });
}

function wordMistake({ word, isInGroup, isPiece }: Place, known: Placeholders): string | undefined {
  if (hasLoneBrace(word))
    return `has a brace that belongs to no placeholder: write {{ and }} for braces, {name} for one of ${Object.keys(known).join(', ')}`;
  for (const name of placeholdersIn(word)) {
    const presence = known[name];
    if (presence === undefined) return unknownPlaceholder(name, known);
    if (presence === 'many' && (isPiece || soleName(word) === undefined))
      return `{${name}} may be several words, so it must be a word of its own`;
    if (presence === 'maybe' && !isInGroup)
      return `{${name}} may be absent: put this into a list of its own, ["${word}"], together with the words that go with it; it then drops out`;
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
