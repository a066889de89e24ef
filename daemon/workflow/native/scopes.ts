/**
 * What names mean at different times: before anything runs, when calls come to be, when an attempt is rendered.
 */
import type { RenderContext, Value } from '../language.ts';
import { EvaluationProblem, type Scope } from './evaluate.ts';
import { type Builtin, written } from './expression.ts';

/** Where the values of a call's names come from; absent ones are not known yet. */
export interface Names {
  readonly inputs: ReadonlyMap<string, Value>;
  /** A scatter variable. */
  variable?(name: string): Value | undefined;
  /** An output of a task: of the call's counterpart, or of every call. */
  output?(task: string, output: string): Value;
  builtin?(name: Builtin): Value;
}

export function scopeOf(names: Names): Scope {
  return (to) => {
    switch (to.kind) {
      case 'input':
        return known(names.inputs.get(to.name), written(to));
      case 'variable':
        return known(names.variable?.(to.name), written(to));
      case 'output':
        return known(names.output?.(to.task, to.output), written(to));
      case 'builtin':
        return known(names.builtin?.(to.name), written(to));
      default:
        return to satisfies never;
    }
  };
}

/** Before an attempt runs: what only it knows is stood in for by its name, which is good enough to compare paths. */
export function earlyScope(names: Names, index = 0): Scope {
  return scopeOf({ ...names, builtin: (name) => (name === 'call.index' ? index : `<${name}>`) });
}

export function builtinsOf(context: RenderContext, index: number): (name: Builtin) => Value {
  return (name) => {
    switch (name) {
      case 'run.id':
        return context.runId;
      case 'run.dir':
        return context.runDir;
      case 'call.dir':
        return context.callDir;
      case 'call.index':
        return index;
      case 'attempt':
        return context.attempt;
      default:
        return name satisfies never;
    }
  };
}

function known(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new EvaluationProblem(`${name} is not known here`);
  return value;
}
