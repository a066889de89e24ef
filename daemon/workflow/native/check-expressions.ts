/**
 * Every expression of a workflow: does it refer to something, may it stand where it stands, is it of the right
 * kind (one value or a list), and, where its value is known before anything runs, does it work out.
 */

import { suggestion } from '../../protocol/nearest-name.ts';
import type { Value } from '../language.ts';
import type { Draft } from './draft.ts';
import { EvaluationProblem, evaluate, shellText, textOf } from './evaluate.ts';
import { BUILTINS, type Expression, type Hole, type Reference, references, written } from './expression.ts';
import { LIST_MAX, listAnswer } from './lists.ts';
import {
  chainOf,
  holesOf,
  isScattered,
  type ListSource,
  listTextsOf,
  type Role,
  rootOf,
  type Task,
  type Text,
  textsOf,
  type Variable,
  type Workflow,
} from './model.ts';
import { parseResource } from './resources.ts';
import { scopeOf } from './scopes.ts';
import { subject } from './validate.ts';

export function checkExpressions(draft: Draft, workflow: Workflow): void {
  for (const task of [...workflow.tasks.values(), ...workflow.steps.values()]) {
    for (const { text, role } of textsOf(task)) checkText({ draft, workflow, task, text, role });
    for (const text of listTextsOf(task.scatter)) checkText({ draft, workflow, task, text, role: 'list' });
    checkLateResources(draft, workflow, task);
    if (task.scatter?.kind === 'lists')
      checkLists(draft, workflow, task, task.scatter.variables, task.scatter.isZip);
  }
  for (const text of Object.values(workflow.outputs)) checkText({ draft, workflow, text, role: 'result' });
}

interface Use {
  readonly draft: Draft;
  readonly workflow: Workflow;
  readonly task?: Task;
  readonly text: Text;
  readonly role: Role;
}

function checkText(use: Use): void {
  for (const hole of holesOf(use.text)) {
    const before = [...references(hole.expression)].flatMap(({ to, at }) => {
      const message = wrongReference(use, to);
      if (message !== undefined) report(use, hole, at, message);
      return message === undefined ? [] : [message];
    });
    const misplaced = checkKinds(use, hole, hole.expression, true);
    if (before.length === 0 && !misplaced) checkValue(use, hole);
  }
}

function report({ draft, text }: Use, hole: Hole, at: number, message: string): void {
  draft.report(draft.source.placeInText(text.path, hole.ordinal, at), message);
}

function wrongReference(use: Use, to: Reference): string | undefined {
  switch (to.kind) {
    case 'input': {
      const { inputs } = use.workflow;
      if (inputs.has(to.name) || use.draft.declared.inputs.has(to.name)) return undefined;
      return `there is no input '${to.name}'${suggestion(to.name, inputs.keys())}`;
    }
    case 'output':
      return wrongOutput(use, to.task, to.output);
    case 'variable':
      return wrongVariable(use, to.name);
    case 'builtin':
      if (use.role === 'list')
        return `'${to.name}' cannot be used in a scatter: it is known only when a call runs`;
      return use.role === 'result' ? `'${to.name}' cannot be used in the outputs of the workflow` : undefined;
    default:
      return to satisfies never;
  }
}

function wrongOutput({ draft, workflow }: Use, name: string, output: string): string | undefined {
  const task = workflow.tasks.get(name);
  if (task === undefined) {
    const known = draft.declared.tasks;
    return known.has(name) ? undefined : `there is no task '${name}'${suggestion(name, known)}`;
  }
  if (Object.hasOwn(task.outputs, output)) return undefined;
  const outputs = Object.keys(task.outputs);
  const hint =
    suggestion(output, outputs) ||
    (outputs.length > 0 ? `; it has ${outputs.join(', ')}` : '; it declares none');
  return `task '${name}' has no output '${output}'${hint}`;
}

function wrongVariable({ workflow, task, role }: Use, name: string): string | undefined {
  const variables =
    task === undefined || role === 'list' ? [] : variablesOf(workflow, task).map((variable) => variable.name);
  if (variables.includes(name)) return undefined;
  if (
    role === 'list' &&
    task !== undefined &&
    variablesOf(workflow, task).some((variable) => variable.name === name)
  ) {
    return `'${name}' cannot be used in the scatter that defines it`;
  }
  if (workflow.inputs.has(name)) return `'${name}' refers to nothing; did you mean 'inputs.${name}'?`;
  const hint = suggestion(name, [...variables, ...BUILTINS]);
  return `'${name}' refers to nothing${hint || `; there are ${[...variables, 'inputs.NAME', 'tasks.TASK.outputs.NAME', ...BUILTINS].join(', ')}`}`;
}

/** Those of the task's own lists, or of the task it follows. */
function variablesOf(workflow: Workflow, task: Task): readonly Variable[] {
  const { scatter } = rootOf(workflow.tasks, task);
  return scatter?.kind === 'lists' ? scatter.variables : [];
}

type Kind = 'one' | 'list' | 'any';

/** True when something has been reported. */
function checkKinds(use: Use, hole: Hole, expression: Expression, isOutermost: boolean): boolean {
  if (expression.kind !== 'function') return false;
  const { name, args, at } = expression;
  const message = wrongUse(use, name, args, isOutermost);
  if (message !== undefined) report(use, hole, at, message);
  const inner = args.map((argument) => checkKinds(use, hole, argument, false));
  return message !== undefined || inner.includes(true);
}

function wrongUse(
  use: Use,
  name: string,
  args: readonly Expression[],
  isOutermost: boolean,
): string | undefined {
  const [first] = args;
  if (name === 'quote' || name === 'raw') {
    if (use.role !== 'shell')
      return `${name}() is for the text of 'run'; here the value is passed as it is and needs no quoting`;
    return isOutermost ? undefined : `${name}() must be the outermost function of the expression`;
  }
  if ((name === 'join' || name === 'length') && first !== undefined && kindOf(use, first) === 'one') {
    return `${name}() takes a list; ${first.kind === 'reference' ? written(first.to) : 'its argument'} is one value`;
  }
  return undefined;
}

function kindOf({ workflow, task }: Use, expression: Expression): Kind {
  if (expression.kind === 'literal') return 'one';
  if (expression.kind === 'function')
    return expression.name === 'join' || expression.name === 'length' ? 'one' : 'any';
  const { to } = expression;
  if (to.kind === 'builtin') return 'one';
  if (to.kind === 'variable') return 'any';
  if (to.kind === 'input') return Array.isArray(workflow.inputs.get(to.name)) ? 'list' : 'one';
  const referred = workflow.tasks.get(to.task);
  if (referred === undefined) return 'any';
  const isCounterpart = task !== undefined && chainOf(workflow.tasks, task).has(to.task);
  return !isCounterpart && isScattered(workflow.tasks, referred) ? 'list' : 'one';
}

/** Works out what is known before anything runs: values made of inputs, and variables whose list is known. */
function checkValue(use: Use, hole: Hole): void {
  const { workflow, task } = use;
  const needed = new Set([...references(hole.expression)].map(({ to }) => to));
  const names = new Set([...needed].flatMap((to) => (to.kind === 'variable' ? [to.name] : [])));
  if ([...needed].some(({ kind }) => kind === 'output' || kind === 'builtin') || names.size > 1) return;
  const [name] = names;
  const values = name === undefined || task === undefined ? [null] : valuesOf(workflow, task, name);
  for (const value of new Set(values)) {
    const message = problemOf(use, hole.expression, value);
    if (message === undefined) continue;
    report(use, hole, hole.start, message);
    return;
  }
}

function valuesOf(workflow: Workflow, task: Task, name: string): readonly Value[] {
  const list = variablesOf(workflow, task).find((variable) => variable.name === name)?.list;
  return (list && knownValues(workflow, list)) ?? [];
}

/** The values of a list that needs nothing but inputs; absent where they come later or do not work out. */
function knownValues(workflow: Workflow, list: ListSource): readonly Value[] | undefined {
  try {
    const answer = listAnswer(list, scopeOf(workflow));
    return answer.kind === 'values' ? answer.values : undefined;
  } catch (problem) {
    if (problem instanceof EvaluationProblem) return undefined;
    throw problem;
  }
}

function problemOf({ workflow, role }: Use, expression: Expression, variable: Value): string | undefined {
  const scope = scopeOf({ inputs: workflow.inputs, variable: () => variable });
  return problemIn(() => (role === 'shell' ? shellText(expression, scope) : evaluate(expression, scope)));
}

function problemIn(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (problem) {
    if (problem instanceof EvaluationProblem) return problem.message;
    throw problem;
  }
}

function checkLateResources(draft: Draft, workflow: Workflow, task: Task): void {
  for (const { key, text } of task.lateResources) {
    const isKnown = holesOf(text).every(({ expression }) =>
      [...references(expression)].every(({ to }) => to.kind === 'input' && workflow.inputs.has(to.name)),
    );
    if (!isKnown || problemIn(() => textOf(text.parts, scopeOf(workflow))) !== undefined) continue;
    const parsed = parseResource(key, textOf(text.parts, scopeOf(workflow)));
    if (!parsed.ok) draft.report(draft.source.placeOf(text.path), `${subject(text.path)} ${parsed.message}`);
  }
}

function checkLists(
  draft: Draft,
  workflow: Workflow,
  task: Task,
  variables: readonly Variable[],
  isZip: boolean,
): void {
  for (const { name, list } of variables) checkListKind(draft, workflow, task, name, list);
  const lengths = variables.flatMap(({ list }) => knownValues(workflow, list)?.length ?? []);
  const place = (): number => draft.source.placeOfKey([...task.path, 'scatter']);
  if (isZip && new Set(lengths).size > 1) {
    const each = variables
      .map(({ name, list }) => `${name} has ${knownValues(workflow, list)?.length ?? '?'}`)
      .join(', ');
    draft.report(place(), `lists that are zipped must have the same length: ${each}`);
  }
  const combinations = lengths.reduce((product, length) => product * length, 1);
  if (!isZip && combinations > LIST_MAX) {
    draft.report(place(), `${combinations} combinations are too many; a task may have ${LIST_MAX} calls`);
  }
}

function checkListKind(draft: Draft, workflow: Workflow, task: Task, name: string, list: ListSource): void {
  const [text] = list.kind === 'expression' ? [list.text] : list.kind === 'read' ? [list.path] : [];
  const [hole] = text === undefined ? [] : holesOf(text);
  if (text === undefined || hole === undefined) return;
  const use: Use = { draft, workflow, task, text, role: 'list' };
  const kind = kindOf(use, hole.expression);
  const isOutput = hole.expression.kind === 'reference' && hole.expression.to.kind === 'output';
  const source = hole.expression.kind === 'reference' ? written(hole.expression.to) : 'the expression';
  if (list.kind === 'expression' && kind === 'one') {
    const hint = isOutput ? `; to read its lines write {linesOf: "\${{ ${source} }}"}` : '';
    report(use, hole, hole.expression.at, `variable '${name}' needs a list; ${source} is one value${hint}`);
  }
  if (list.kind === 'read' && kind === 'list')
    report(use, hole, hole.expression.at, `linesOf and glob take one path; ${source} is a list`);
}
