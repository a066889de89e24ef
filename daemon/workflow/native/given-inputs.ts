/**
 * Inputs as they are given at submit: `--input name=value`, which wins, and `--inputs FILE`.
 *
 * On the command line a value stays as it was typed; only where a list is wanted, or nothing is known of what
 * is wanted, is it read as YAML: `--input 'samples=[a, b]'`, `--input 'samples={linesOf: more.txt}'`.
 */
import { parse } from 'yaml';
import type { Mistake } from '../language.ts';
import { isRecord } from './draft.ts';
import { type InputBody, inputSchema } from './schema.ts';
import type { Source } from './source.ts';
import { show } from './units.ts';

export interface GivenInput {
  /** The value, read in the light of the default; what is wrong with it goes to `failed`. */
  valueLike(standard: InputBody, failed: (message: string) => void): InputBody;
  /** Reports in the file it came from; absent for what was typed. */
  readonly mistake?: (message: string) => void;
}

export type GivenInputs = ReadonlyMap<string, GivenInput>;

export function givenInputs(
  typed: Readonly<Record<string, string>>,
  file: Source | undefined,
  mistakes: Mistake[],
): GivenInputs {
  const given = new Map<string, GivenInput>();
  for (const [name, value] of file === undefined ? [] : entriesOf(file, mistakes)) given.set(name, value);
  for (const [name, text] of Object.entries(typed)) {
    given.set(name, {
      valueLike: (standard, failed) => checked(name, standard, typedValue(text, standard), failed),
    });
  }
  return given;
}

function entriesOf(file: Source, mistakes: Mistake[]): [string, GivenInput][] {
  if (!isRecord(file.plain)) {
    mistakes.push(
      file.mistake(
        file.placeOf([]),
        `a file of inputs is a map of names to values; this one holds ${show(file.plain)}`,
      ),
    );
    return [];
  }
  return Object.entries(file.plain).map(([name, value]) => {
    const mistake = (message: string) => void mistakes.push(file.mistake(file.placeOfKey([name]), message));
    return [name, { mistake, valueLike: (standard, failed) => checked(name, standard, value, failed) }];
  });
}

function typedValue(text: string, standard: InputBody): unknown {
  const wantsList = typeof standard === 'object';
  if (!wantsList || !/^\s*[[{]/.test(text)) return text;
  try {
    return parse(text, { schema: 'failsafe', maxAliasCount: 100, logLevel: 'silent' });
  } catch {
    return text;
  }
}

function checked(
  name: string,
  standard: InputBody,
  value: unknown,
  failed: (message: string) => void,
): InputBody {
  const parsed = inputSchema.safeParse(value);
  if (!parsed.success) {
    failed(
      `input '${name}' must be a value, a list, {linesOf: FILE}, {glob: PATTERN} or {range: [first, last]}`,
    );
    return standard;
  }
  const isList = typeof parsed.data === 'object' && parsed.data !== null;
  if (isList && typeof standard !== 'object') failed(`input '${name}' is one value, not a list`);
  if (typeof standard === 'number' && !isList && Number.isNaN(Number(parsed.data))) {
    failed(`input '${name}' is a number, such as ${standard}; ${show(parsed.data)} is not`);
  }
  const wantsList = typeof standard === 'object' && standard !== null;
  if (typeof parsed.data === 'object' || !wantsList) return parsed.data;
  return [parsed.data];
}
