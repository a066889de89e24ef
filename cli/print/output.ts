/** Where a command prints: plain lines into a pipe, colours only for a person at a terminal. */
import type { WriteStream } from 'node:tty';
import type { Environment } from '../../daemon/protocol/paths.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

export interface Output {
  readonly isTerminal: boolean;
  /** Tables are cut to it; 80 where nobody says. */
  readonly width: number;
  line(text: string): void;
  json(value: unknown): void;
  /** As it is, no newline added. */
  raw(bytes: Uint8Array): void;
  /** To stderr: what is not the answer. */
  note(text: string): void;
  paint(colour: Colour, text: string): string;
}

export function createOutput(
  stdout: NodeJS.WriteStream | WriteStream,
  stderr: NodeJS.WriteStream,
  env: Environment,
): Output {
  const isTerminal = stdout.isTTY === true;
  const isColoured = isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return {
    isTerminal,
    width: isTerminal ? Math.max(40, stdout.columns || NARROW) : NARROW,
    line: (text) => void stdout.write(`${text}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    raw: (bytes) => void stdout.write(bytes),
    note: (text) => void stderr.write(`${text}\n`),
    paint: (colour, text) => (isColoured ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text),
  };
}

const NARROW = 80;
const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const satisfies Record<Colour, number>;
