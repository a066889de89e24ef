/** Text from the world outside. What is no UTF-8 is refused: read all the same, it would name other files and values. */
import { isUtf8 } from 'node:buffer';
import { whyNotWritten } from '../../backends/process-text.ts';
import type { Parsed } from './native/units.ts';

/** Stands for what a lenient reader could not read, also in the arguments of a program. */
const UNREADABLE = '\ufffd';

export function readUtf8(bytes: Buffer): Parsed<string> {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { ok: true, value: text };
  const line = text.slice(0, text.indexOf(UNREADABLE)).split('\n').length;
  const message = `line ${line} is not UTF-8 text; convert the file, for example with: iconv -f latin1 -t utf8`;
  return { ok: false, message };
}

/** Why a value that was given, read or found is not what somebody meant; the predicate of a sentence about it. */
export function whyNotValue(text: string): string | undefined {
  if (text.includes(UNREADABLE))
    return 'holds bytes that are not UTF-8 (they became U+FFFD); rename the file, or convert the text';
  return whyNotWritten(text);
}
