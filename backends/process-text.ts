/**
 * Which texts cannot reach a process as they are: what is refused is refused with these words, wherever it is met.
 * Each answer is the predicate of a sentence about the text.
 */

/** Not as an argument or a variable, nor as a name or a line of a file. */
export function whyNotWritten(text: string): string | undefined {
  if (text.includes('\0')) return 'contains a NUL character, and no process can be given one';
  if (/\p{Surrogate}/u.test(text))
    return 'contains half a character (a UTF-16 surrogate without the other one), and no file can hold it';
  return undefined;
}

/** Not as one argument, or as one variable together with its name. */
export function whyNotGiven(text: string): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes <= GIVEN_BYTES_MAX) return whyNotWritten(text);
  return `is ${bytes} bytes long, and one argument or variable can be ${GIVEN_BYTES_MAX} at most: write it into a file, and give the name of that`;
}

/** MAX_ARG_STRLEN of execve(2): 32 pages and the NUL counts. No page is smaller than this one. */
const GIVEN_BYTES_MAX = 32 * 4096 - 1;
