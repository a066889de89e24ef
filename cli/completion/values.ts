/** What may stand for a value of a command: by its name, since commands only say that it is text. */
import { ACTIONS } from '../commands/backends.ts';
import type { Option, Positional } from './reference.ts';

export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'directory' | 'user' | 'anything' }
  /** What only the daemon knows, beside a few fixed words. */
  | { readonly kind: 'asked'; readonly question: AskedWords; readonly words: readonly string[] };

/** As `wfctl __complete` is asked (candidates.ts); after `calls` comes the id of the run. */
export type AskedWords =
  | readonly ['runs', 'status' | 'abort' | 'hold' | 'release']
  | readonly ['calls']
  | readonly ['backends'];

export function valueFor(verb: string, parameter: Positional | Option): Value {
  return knownValue(verb, parameter) ?? ANYTHING;
}

/** Undefined: nobody has said what may stand there. */
export function knownValue(verb: string, { name, choices }: Positional | Option): Value | undefined {
  if (choices.length > 0) return { kind: 'words', words: choices };
  return BY_COMMAND[`${verb} ${name}`] ?? BY_NAME[name];
}

const FILE: Value = { kind: 'file' };
const DIRECTORY: Value = { kind: 'directory' };
const USER: Value = { kind: 'user' };
const ANYTHING: Value = { kind: 'anything' };
const asked = (...question: AskedWords): Value => ({ kind: 'asked', question, words: [] });

const BY_COMMAND: Readonly<Record<string, Value>> = {
  'abort ids': asked('runs', 'abort'),
  'hold id': asked('runs', 'hold'),
  'release id': asked('runs', 'release'),
  // An action, or the name of one to show.
  'backends action': { kind: 'asked', question: ['backends'], words: ACTIONS },
  'backends name': asked('backends'),
};

const BY_NAME: Readonly<Record<string, Value>> = {
  id: asked('runs', 'status'),
  call: asked('calls'),
  backend: asked('backends'),
  user: USER,
  ...{ file: FILE, inputs: FILE, to: FILE, config: FILE, socket: FILE },
  ...{ state: DIRECTORY, resume: DIRECTORY },
  // A path may stand in it, after the equals sign.
  input: FILE,
  ...{ label: ANYTHING, name: ANYTHING, reason: ANYTHING },
  ...{ since: ANYTHING, 'older-than': ANYTHING },
  ...{ limit: ANYTHING, before: ANYTHING, after: ANYTHING, attempt: ANYTHING },
};
