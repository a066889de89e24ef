/**
 * Which call writes which file: two calls must not declare the same output path.
 *
 * Paths are compared as they are written, relative to the working directory; an absolute path and a relative
 * one that lead to the same file are not recognised, since the directory of the submit is not known here.
 */
import { posix } from 'node:path';
import { EvaluationProblem, type Scope, textOf } from './evaluate.ts';
import { references } from './expression.ts';
import { holesOf, type Task, type Text, tasksReferredTo } from './model.ts';

export interface Clash {
  readonly output: string;
  readonly path: string;
  /** Who declared it first. */
  readonly holder: string;
}

/** `early`: paths that are known as soon as the call is; `late`: those made of other tasks' outputs. */
export type When = 'early' | 'late';

export class OutputClaims {
  readonly #holders = new Map<string, string>();

  /** Notes the paths of a call, and says whether another one has declared one of them. */
  claim(task: Task, when: When, who: string, scope: Scope): Clash | undefined {
    for (const [output, text] of Object.entries(task.outputs)) {
      const path = whenKnown(task, text) === when ? pathOf(task, text, scope) : undefined;
      const holder = path === undefined ? undefined : this.#holders.get(path);
      if (path !== undefined && holder !== undefined && holder !== who) return { output, path, holder };
      if (path !== undefined) this.#holders.set(path, who);
    }
    return undefined;
  }
}

export function hasLateOutputs(task: Task): boolean {
  return Object.values(task.outputs).some((text) => whenKnown(task, text) === 'late');
}

function whenKnown(task: Task, text: Text): When | 'unique' {
  const texts = typeof task.workdir === 'string' ? [text] : [text, task.workdir];
  if (task.workdir === 'call' || texts.some(namesCallDirectory)) return 'unique';
  return tasksReferredTo(texts).size > 0 ? 'late' : 'early';
}

function namesCallDirectory(text: Text): boolean {
  return holesOf(text).some(({ expression }) =>
    [...references(expression)].some(({ to }) => to.kind === 'builtin' && to.name === 'call.dir'),
  );
}

/** A path that cannot be worked out is reported where it is rendered. */
function pathOf(task: Task, text: Text, scope: Scope): string | undefined {
  try {
    const directory = typeof task.workdir === 'string' ? '.' : textOf(task.workdir.parts, scope);
    const path = textOf(text.parts, scope);
    return posix.normalize(posix.isAbsolute(path) ? path : posix.join(directory, path));
  } catch (problem) {
    if (problem instanceof EvaluationProblem) return undefined;
    throw problem;
  }
}
