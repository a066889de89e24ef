/**
 * The text of expressions, `${{ … }}`: tokens and syntax. What an expression may refer to is checked in
 * check.ts, what it gives is worked out in evaluate.ts.
 *
 * There are no operators: an expression is a name, a text, a number or a function of these.
 */

export type Reference =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'output'; readonly task: string; readonly output: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'builtin'; readonly name: Builtin };

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number; readonly at: number }
  | { readonly kind: 'reference'; readonly to: Reference; readonly at: number }
  | {
      readonly kind: 'function';
      readonly name: FunctionName;
      readonly args: readonly Expression[];
      readonly at: number;
    };

/** One `${{ … }}` of a text. Offsets (`at`, too) count from the beginning of the text that holds it. */
export interface Hole {
  readonly start: number;
  /** Which one in its text, from 0. */
  readonly ordinal: number;
  readonly source: string;
  readonly expression: Expression;
}

export type Part = string | Hole;

export interface SyntaxMistake {
  readonly ordinal: number;
  readonly at: number;
  readonly message: string;
}

export interface ParsedText {
  readonly parts: readonly Part[];
  readonly mistakes: readonly SyntaxMistake[];
}

export const BUILTINS = ['run.id', 'run.dir', 'call.dir', 'call.index', 'attempt'] as const;
export type Builtin = (typeof BUILTINS)[number];

/** Function name → how few and how many arguments it takes. */
export const FUNCTIONS = {
  join: [2, 2],
  basename: [1, 2],
  dirname: [1, 1],
  length: [1, 1],
  quote: [1, 1],
  raw: [1, 1],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;
export type FunctionName = keyof typeof FUNCTIONS;

/** The first words of names; no scatter variable can be called so. */
export const ROOTS = ['inputs', 'tasks', 'run', 'call', 'attempt'] as const;

const OPEN = '${{';

export function hasExpression(text: string): boolean {
  return text.includes(OPEN);
}

/** Splits a text into plain text and expressions; a broken expression is reported and left out. */
export function parseText(text: string): ParsedText {
  const parts: Part[] = [];
  const mistakes: SyntaxMistake[] = [];
  let rest = 0;
  for (let ordinal = 0; ; ordinal += 1) {
    const start = text.indexOf(OPEN, rest);
    if (start < 0) break;
    if (start > rest) parts.push(text.slice(rest, start));
    const read = new Reader(text, start + OPEN.length).hole();
    if (read.ok)
      parts.push({ start, ordinal, source: text.slice(start, read.end), expression: read.expression });
    else mistakes.push({ ordinal, at: read.at ?? start, message: read.message });
    rest = read.end;
  }
  if (rest < text.length) parts.push(text.slice(rest));
  return { parts, mistakes };
}

/** How a reference is written. */
export function written(to: Reference): string {
  switch (to.kind) {
    case 'input':
      return `inputs.${to.name}`;
    case 'output':
      return `tasks.${to.task}.outputs.${to.output}`;
    case 'variable':
    case 'builtin':
      return to.name;
    default:
      return to satisfies never;
  }
}

/** Every reference inside an expression. */
export function* references(
  expression: Expression,
): Generator<{ readonly to: Reference; readonly at: number }> {
  if (expression.kind === 'reference') yield { to: expression.to, at: expression.at };
  if (expression.kind === 'function') for (const argument of expression.args) yield* references(argument);
}

type HoleRead =
  | { readonly ok: true; readonly expression: Expression; readonly end: number }
  | { readonly ok: false; readonly message: string; readonly at?: number; readonly end: number };

class SyntaxProblem extends Error {
  readonly at: number | undefined;
  constructor(message: string, at?: number) {
    super(message);
    this.at = at;
  }
}

const NAME_AT = /[A-Za-z_][A-Za-z0-9_-]*/y;
const NUMBER_AT = /-?\d+(?:\.\d+)?/y;
const STRING_AT = /'[^'\n]*'|"[^"\n]*"/y;
/** Nobody nests functions deeper by hand, and the parser must not run out of stack. */
const DEPTH_MAX = 50;

/** A recursive descent over one hole; it throws only its own SyntaxProblem, caught in `hole`. */
class Reader {
  readonly #text: string;
  #at: number;
  #depth = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  hole(): HoleRead {
    try {
      const expression = this.#expression();
      if (!this.#take('}}')) throw this.#unexpected("'}}'");
      return { ok: true, expression, end: this.#at };
    } catch (problem) {
      if (!(problem instanceof SyntaxProblem)) throw problem;
      const close = this.#text.indexOf('}}', this.#at);
      const end = close < 0 ? this.#text.length : close + 2;
      const { message, at } = problem;
      return at === undefined ? { ok: false, message, end } : { ok: false, message, at, end };
    }
  }

  #expression(): Expression {
    this.#space();
    const at = this.#at;
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new SyntaxProblem('the expression is nested too deeply', at);
    const value = this.#primary(at);
    this.#depth -= 1;
    this.#space();
    return value;
  }

  #primary(at: number): Expression {
    const quoted = this.#match(STRING_AT);
    if (quoted !== undefined) return { kind: 'literal', value: quoted.slice(1, -1), at };
    const digits = this.#match(NUMBER_AT);
    if (digits !== undefined) return { kind: 'literal', value: Number(digits), at };
    const first = this.#match(NAME_AT);
    if (first === undefined) throw this.#unexpected('a name, a text or a number');
    this.#space();
    return this.#take('(') ? this.#function(first, at) : this.#reference(first, at);
  }

  #function(name: string, at: number): Expression {
    if (!isFunction(name)) {
      throw new SyntaxProblem(
        `there is no function '${name}'; there are ${Object.keys(FUNCTIONS).join(', ')}`,
        at,
      );
    }
    const args = this.#arguments();
    const [fewest, most] = FUNCTIONS[name];
    if (args.length < fewest || args.length > most) {
      const wanted = fewest === most ? `${fewest}` : `${fewest} or ${most}`;
      throw new SyntaxProblem(
        `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${args.length}`,
        at,
      );
    }
    return { kind: 'function', name, args, at };
  }

  #arguments(): Expression[] {
    const args: Expression[] = [];
    this.#space();
    if (this.#take(')')) return args;
    do args.push(this.#expression());
    while (this.#take(','));
    if (!this.#take(')')) throw this.#unexpected("')'");
    return args;
  }

  #reference(first: string, at: number): Expression {
    const names = [first];
    while (this.#take('.')) {
      const next = this.#match(NAME_AT);
      if (next === undefined) throw this.#unexpected("a name after '.'");
      names.push(next);
    }
    return { kind: 'reference', to: referenceOf(names, at), at };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #unexpected(wanted: string): SyntaxProblem {
    const next = this.#text[this.#at];
    if (next === undefined) return new SyntaxProblem("the expression is not closed: '}}' is missing");
    return new SyntaxProblem(`expected ${wanted} in the expression, found '${next}'`, this.#at);
  }
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(FUNCTIONS, name);
}

function referenceOf(names: readonly string[], at: number): Reference {
  const [root = '', second, third, fourth] = names;
  const whole = names.join('.');
  if (root === 'inputs' && second !== undefined && names.length === 2) return { kind: 'input', name: second };
  if (
    root === 'tasks' &&
    second !== undefined &&
    third === 'outputs' &&
    fourth !== undefined &&
    names.length === 4
  ) {
    return { kind: 'output', task: second, output: fourth };
  }
  const builtin = BUILTINS.find((known) => known === whole);
  if (builtin !== undefined) return { kind: 'builtin', name: builtin };
  if (names.length === 1 && !ROOTS.some((known) => known === root)) return { kind: 'variable', name: root };
  throw new SyntaxProblem(`'${whole}' refers to nothing${referenceAdvice(root)}`, at);
}

function referenceAdvice(root: string): string {
  if (root === 'tasks') return '; an output is written tasks.TASK.outputs.NAME';
  if (root === 'inputs') return '; an input is written inputs.NAME';
  return `; there are inputs.NAME, tasks.TASK.outputs.NAME, the scatter variables, ${BUILTINS.join(', ')}`;
}
