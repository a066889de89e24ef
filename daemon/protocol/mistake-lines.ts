/** A mistake in a workflow as people read it: both wfctl, which finds most of them, and wfd show them like this. */

interface PlacedMistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The source line. */
  readonly text: string;
}

/** `file:line:column: message`, the line, and a caret under the place. */
export function mistakeLines({ file, line, column, message, text }: PlacedMistake): string[] {
  const head = `${file}:${line}:${column}: ${message}`;
  return text === '' ? [head] : [head, `  ${text}`, `  ${text.slice(0, column - 1).replace(/\S/g, ' ')}^`];
}
