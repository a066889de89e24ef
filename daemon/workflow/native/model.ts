/**
 * A workflow as the program uses it: names resolved, defaults merged, texts split into plain text and
 * expressions. Built by compile.ts, checked by check.ts, and from then on taken as right.
 */
import type { Resources } from '../../../backends/backend.ts';
import type { FailureMode, StepKey, TaskPolicy, Value } from '../language.ts';
import type { Hole, Part } from './expression.ts';
import { references } from './expression.ts';
import type { Path } from './source.ts';

/** A text that may hold expressions, and where it stands in the file. */
export interface Text {
  readonly parts: readonly Part[];
  readonly path: Path;
}

export interface Workflow {
  readonly name: string;
  readonly failureMode: FailureMode | undefined;
  readonly backend: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly ignoresAbort: boolean;
  readonly blockedFailAfterMs: number | undefined;
  readonly inputs: ReadonlyMap<string, Value>;
  /** In the order written. */
  readonly tasks: ReadonlyMap<string, Task>;
  readonly steps: ReadonlyMap<StepKey, Task>;
  readonly outputs: Readonly<Record<string, Text>>;
}

export interface Task {
  readonly name: string;
  readonly path: Path;
  /** Waits for every call of these; those its expressions refer to are among them. */
  readonly needs: readonly string[];
  readonly scatter: Scatter | undefined;
  readonly command:
    | { readonly kind: 'shell'; readonly text: Text; readonly shell: readonly string[] }
    | { readonly kind: 'script'; readonly content: string; readonly args: readonly Text[] };
  readonly env: Readonly<Record<string, Text>>;
  readonly login: boolean;
  readonly workdir: 'submit' | 'call' | Text;
  readonly outputs: Readonly<Record<string, Text>>;
  readonly successCodes: readonly number[];
  readonly resources: Resources;
  /** Resources that are expressions; known when an attempt is rendered. */
  readonly lateResources: readonly LateResource[];
  readonly grow: { readonly memory: number; readonly time: number };
  readonly policy: TaskPolicy;
}

export interface LateResource {
  readonly key: string;
  readonly text: Text;
}

export type Scatter =
  | { readonly kind: 'each'; readonly task: string }
  | { readonly kind: 'lists'; readonly variables: readonly Variable[]; readonly isZip: boolean };

export interface Variable {
  readonly name: string;
  readonly list: ListSource;
}

export type ListSource =
  | { readonly kind: 'known'; readonly values: readonly Value[] }
  | { readonly kind: 'items'; readonly items: readonly Text[] }
  | { readonly kind: 'expression'; readonly text: Text }
  | { readonly kind: 'range'; readonly bounds: readonly Text[] }
  /** Read as the owner, once the path is known. */
  | { readonly kind: 'read'; readonly how: 'lines' | 'glob'; readonly path: Text };

/** What a text is for decides what its expressions may be. */
export type Role = 'shell' | 'data' | 'list' | 'result';

/** Every text of a task, but those of its lists. */
export function* textsOf(task: Task): Generator<{ readonly text: Text; readonly role: Role }> {
  if (task.command.kind === 'shell') yield { text: task.command.text, role: 'shell' };
  else for (const text of task.command.args) yield { text, role: 'data' };
  for (const text of Object.values(task.env)) yield { text, role: 'data' };
  for (const text of Object.values(task.outputs)) yield { text, role: 'data' };
  if (typeof task.workdir !== 'string') yield { text: task.workdir, role: 'data' };
  for (const { text } of task.lateResources) yield { text, role: 'data' };
}

export function listTextsOf(scatter: Scatter | undefined): readonly Text[] {
  if (scatter?.kind !== 'lists') return [];
  return scatter.variables.flatMap(({ list }) => textsOfList(list));
}

/** The tasks whose outputs the texts refer to. */
export function tasksReferredTo(texts: Iterable<Text>): Set<string> {
  const tasks = new Set<string>();
  for (const text of texts) {
    for (const { expression } of holesOf(text)) {
      for (const { to } of references(expression)) if (to.kind === 'output') tasks.add(to.task);
    }
  }
  return tasks;
}

export function holesOf(text: Text): readonly Hole[] {
  return text.parts.filter((part) => typeof part !== 'string');
}

/** The tasks whose counterpart a call of this task follows: `each`, the `each` of that one, and so on. */
export function chainOf(tasks: ReadonlyMap<string, Task>, task: Task): ReadonlySet<string> {
  const chain = new Set<string>();
  for (let next = eachOf(task); next !== undefined && !chain.has(next); ) {
    chain.add(next);
    const followed = tasks.get(next);
    next = followed && eachOf(followed);
  }
  return chain;
}

export function eachOf(task: Task): string | undefined {
  return task.scatter?.kind === 'each' ? task.scatter.task : undefined;
}

/** The task at the end of the chain of `each`, which has the lists, or is not scattered at all. */
export function rootOf(tasks: ReadonlyMap<string, Task>, task: Task): Task {
  const last = [...chainOf(tasks, task)].at(-1);
  return (last === undefined ? undefined : tasks.get(last)) ?? task;
}

export function isScattered(tasks: ReadonlyMap<string, Task>, task: Task): boolean {
  return rootOf(tasks, task).scatter?.kind === 'lists';
}

function textsOfList(list: ListSource): readonly Text[] {
  switch (list.kind) {
    case 'known':
      return [];
    case 'items':
      return list.items;
    case 'range':
      return list.bounds;
    case 'expression':
      return [list.text];
    case 'read':
      return [list.path];
    default:
      return list satisfies never;
  }
}
