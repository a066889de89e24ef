/**
 * Keeps junk away from the YAML parser: a single pass over the file's tokens, before anything is built.
 *
 * The parser needs time that grows with the square of some repetitions (anchors before nothing, nesting
 * without end), and a daemon must not be held up by a file. The limits are far beyond any workflow.
 */
import { Lexer } from 'yaml';

const DEPTH_MAX = 64;
const PROPERTIES_MAX = 1000;
const ERRORS_MAX = 100;

/** Where the text stops looking like a workflow, and why; `undefined` for everything a person would write. */
export function refusal(text: string): { readonly place: number; readonly message: string } | undefined {
  let place = 0;
  let flowDepth = 0;
  let lineDepth = 0;
  let properties = 0;
  let unfinished = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flowDepth += 1;
    else if (token === ']' || token === '}') flowDepth -= 1;
    else if (token === '-' || token === '?') lineDepth += 1;
    else if (token === '\n' || token === '\r\n') lineDepth = 0;
    else if (token.startsWith('&') || token.startsWith('!')) properties += 1;
    else if (/^["']/.test(token) && (token.length === 1 || token.at(-1) !== token[0])) unfinished += 1;

    if (flowDepth > DEPTH_MAX || lineDepth > DEPTH_MAX)
      return { place, message: 'the file is nested too deeply to be a workflow' };
    if (properties > PROPERTIES_MAX)
      return {
        place,
        message: `the file has more than ${PROPERTIES_MAX} YAML anchors and tags; a workflow has few`,
      };
    if (unfinished > ERRORS_MAX)
      return { place, message: 'is not valid YAML: quotes are opened and never closed' };
    if (!MARKERS.has(token)) place += token.length;
  }
  return undefined;
}

/** Tokens of the lexer that stand for no text: byte order mark, document, end of flow, scalar. */
const MARKERS = new Set(['\u{FEFF}', '\x02', '\x18', '\x1f']);
