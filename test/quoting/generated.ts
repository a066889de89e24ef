/** Texts and paths at random, made of what is odd about those of the table and of any characters there are. */
import fc from 'fast-check';
import { TEXTS } from './cases.ts';

/** Characters that somebody on the way might take for syntax, alone. */
const MARKS = [...'\'"`\\$!*?[]{}()<>|&;#~%,:=+-@^/ \t\n\r'];

/** Any text that a process can be given. */
export const text: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...MARKS),
      fc.constantFrom(...Object.values(TEXTS)),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join('').replaceAll('\0', ''));

/** A name in a directory: at most 255 bytes, without a slash. */
export const name: fc.Arbitrary<string> = text
  .map((given) => firstBytes(given.replaceAll('/', '|'), 255))
  .map((cut) => (/^\.{0,2}$/.test(cut) ? `x${cut}` : cut));

export const path: fc.Arbitrary<string> = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'));

function firstBytes(given: string, max: number): string {
  let cut = '';
  for (const character of given) {
    if (Buffer.byteLength(cut + character) > max) return cut;
    cut += character;
  }
  return cut;
}
