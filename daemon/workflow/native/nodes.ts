/**
 * The tasks of a run as a graph: who waits for whom, and how far each has got. What happens when is graph.ts.
 */
import type { CallKey, Value } from '../language.ts';
import { type Calls, type Combinations, callKey } from './calls.ts';
import { eachOf, isScattered, listTextsOf, type Task, tasksReferredTo, type Workflow } from './model.ts';
import { hasLateOutputs } from './output-claims.ts';

/** A task while its run goes on. */
export interface Node {
  readonly task: Task;
  readonly isScattered: boolean;
  readonly hasLateOutputs: boolean;
  /** The task whose counterpart each call waits for. */
  follows: Node | undefined;
  readonly followers: Node[];
  /** Tasks that wait for every call of this one. */
  readonly waiters: Node[];
  /** Tasks whose list is made of this one's outputs. */
  readonly listWaiters: Node[];
  openNeeds: number;
  openLists: number;
  combinations: Combinations | undefined;
  /** Absent until its list is known. */
  calls: Calls | undefined;
  /** Every call has succeeded. */
  isComplete: boolean;
  /** Its list will never be known. */
  isBuried: boolean;
  /** Why none of its calls can start. */
  doomed: string | undefined;
}

export function nodesOf(workflow: Workflow): Map<string, Node> {
  const nodes = new Map<string, Node>();
  for (const task of workflow.tasks.values()) nodes.set(task.name, nodeOf(workflow, task));
  for (const node of nodes.values()) connect(nodes, node);
  return nodes;
}

export function keyOf(node: Node, index: number): CallKey {
  return callKey(node.task.name, index, node.isScattered);
}

/** The value of a scatter variable for a call: its own, or that of the call it follows. */
export function variableOf(node: Node, index: number, name: string): Value | undefined {
  let root = node;
  while (root.follows !== undefined) root = root.follows;
  return root.combinations?.value(name, index);
}

/** Does a call of this task follow its counterpart in the other, directly or by way of others? */
export function followsTask(node: Node, task: string): boolean {
  for (let next = node.follows; next !== undefined; next = next.follows)
    if (next.task.name === task) return true;
  return false;
}

function nodeOf(workflow: Workflow, task: Task): Node {
  return {
    task,
    isScattered: isScattered(workflow.tasks, task),
    hasLateOutputs: hasLateOutputs(task),
    follows: undefined,
    followers: [],
    waiters: [],
    listWaiters: [],
    openNeeds: task.needs.length,
    openLists: 0,
    combinations: undefined,
    calls: undefined,
    isComplete: false,
    isBuried: false,
    doomed: undefined,
  };
}

function connect(nodes: ReadonlyMap<string, Node>, node: Node): void {
  const each = eachOf(node.task);
  node.follows = each === undefined ? undefined : nodes.get(each);
  node.follows?.followers.push(node);
  for (const need of node.task.needs) nodes.get(need)?.waiters.push(node);
  const sources = tasksReferredTo(listTextsOf(node.task.scatter));
  node.openLists = sources.size;
  for (const source of sources) nodes.get(source)?.listWaiters.push(node);
}
