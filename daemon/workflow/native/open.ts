/**
 * From a bundle to a program, or to every mistake in it at once. Pure: reads no file and knows no clock.
 */
import type { Mistake, OpenWorkflow, WorkflowBundle } from '../language.ts';
import { check } from './check.ts';
import { compile } from './compile.ts';
import { declaredNames } from './draft.ts';
import { createProgram } from './program.ts';
import { requestsOf } from './requests.ts';
import { readSource, type Source } from './source.ts';
import { validateShape } from './validate.ts';

export const openNative: OpenWorkflow = (bundle) => {
  const read = readSource(bundle.fileName, bundle.source);
  if (!read.ok) return read;
  return openSource(bundle, read.source);
};

function openSource(bundle: WorkflowBundle, source: Source): ReturnType<OpenWorkflow> {
  const shape = validateShape(source);
  const mistakes: Mistake[] = [...shape.mistakes];
  if (shape.file === undefined) return { ok: false, mistakes: inOrder(mistakes) };
  const draft = {
    source,
    file: shape.file,
    bundle,
    declared: { tasks: declaredNames(source.plain, 'tasks'), inputs: declaredNames(source.plain, 'inputs') },
    report: (place: number, message: string) => void mistakes.push(source.mistake(place, message)),
  };
  const workflow = compile(draft);
  check(draft, workflow);
  return mistakes.length > 0
    ? { ok: false, mistakes: inOrder(mistakes) }
    : { ok: true, program: createProgram(workflow), requests: requestsOf(draft, workflow) };
}

/** As they stand in the file; what several tasks inherit from the defaults is said once. */
function inOrder(mistakes: readonly Mistake[]): Mistake[] {
  const once = new Map(
    mistakes.map((mistake) => [`${mistake.line}:${mistake.column}:${mistake.message}`, mistake]),
  );
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
