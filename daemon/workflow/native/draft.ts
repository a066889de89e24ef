/**
 * A workflow on its way from file to program: what all parts of compilation and checking have at hand.
 */
import type { StepKey, WorkflowBundle } from '../language.ts';
import { parseText } from './expression.ts';
import type { Text } from './model.ts';
import type { WorkflowFile } from './schema.ts';
import type { Path, Place, Source } from './source.ts';

/** `report` collects mistakes. */
export interface Draft {
  readonly source: Source;
  readonly file: WorkflowFile;
  readonly bundle: WorkflowBundle;
  /** Names as the file has them: one whose value was wrong, and has been reported, is there all the same. */
  readonly declared: { readonly tasks: ReadonlySet<string>; readonly inputs: ReadonlySet<string> };
  report(place: Place, message: string): void;
}

export const STEPS = ['onAbort', 'onFailure', 'finally'] as const satisfies readonly StepKey[];

/** Parses a text and reports what is wrong with its expressions. */
export function compileText(draft: Pick<Draft, 'source' | 'report'>, written: unknown, path: Path): Text {
  const { parts, mistakes } = parseText(String(written));
  for (const { ordinal, at, message } of mistakes)
    draft.report(draft.source.placeInText(path, ordinal, at), message);
  return { parts, path };
}

export function declaredNames(plain: unknown, key: 'tasks' | 'inputs'): ReadonlySet<string> {
  const names = isRecord(plain) ? plain[key] : undefined;
  return new Set(isRecord(names) ? Object.keys(names) : []);
}

export function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
