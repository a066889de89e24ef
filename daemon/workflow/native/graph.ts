/**
 * Which calls there are, which may start and which never will: the part of a program that is told facts.
 *
 * Every fact costs what follows from it and no more, in whatever order facts come: a call that is not known
 * yet may already have ended. What follows is worked off from an agenda, so that a chain of thousands of
 * tasks needs no deep stack. Knows nothing of texts, but those that lists and output paths are made of.
 */
import type { CallKey, Fact, PlannedCall, ReadRequest, ReadResult, Told, Value } from '../language.ts';
import {
  Calls,
  Combinations,
  parseCallKey,
  READY,
  SKIPPED,
  SUCCEEDED,
  UNSUCCESSFUL,
  WAITING,
} from './calls.ts';
import { EvaluationProblem, type Scope } from './evaluate.ts';
import { listAnswer, valuesRead } from './lists.ts';
import type { Variable, Workflow } from './model.ts';
import { followsTask, keyOf, type Node, nodesOf, variableOf } from './nodes.ts';
import { OutputClaims, type When } from './output-claims.ts';
import { earlyScope, type Names, scopeOf } from './scopes.ts';

export class Graph {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly #workflow: Workflow;
  readonly #claims = new OutputClaims();
  readonly #early = new Map<CallKey, Ended>();
  readonly #results = new Map<string, ReadResult>();
  readonly #asked = new Map<string, Node>();
  readonly #lists = new Map<string, readonly Value[]>();
  #agenda: (() => void)[] = [];
  #news = noNews();
  /** Tasks that may still bring calls. */
  #unexpanded: number;
  #isStarted = false;

  constructor(workflow: Workflow) {
    this.#workflow = workflow;
    this.nodes = nodesOf(workflow);
    this.#unexpanded = this.nodes.size;
  }

  tell(facts: readonly Fact[]): Told {
    this.#news = noNews();
    if (!this.#isStarted) this.#start();
    for (const fact of facts) {
      if (fact.kind === 'read') this.#takeRead(fact.id, fact.result);
      else this.#takeEnd(fact.call, fact);
      this.#workOff();
    }
    return this.#told();
  }

  /** An output of one call. */
  output(node: Node, index: number, output: string): Value {
    const value = node.calls?.outputs[index]?.[output];
    if (value !== undefined) return value;
    throw new EvaluationProblem(
      `output '${output}' of ${keyOf(node, index)} is not known: it has not succeeded`,
    );
  }

  /** An output of a whole task: a list, if it is scattered. */
  outputs(node: Node, output: string): Value {
    if (!node.isScattered) return this.output(node, 0, output);
    const name = `${node.task.name}.${output}`;
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    if (node.calls === undefined)
      throw new EvaluationProblem(`the calls of task '${node.task.name}' never came to be`);
    const list = Array.from({ length: node.calls.count }, (_, index) => this.output(node, index, output));
    this.#lists.set(name, list);
    return list;
  }

  /** What names mean for a call whose needs have been met. */
  names(node: Node, index: number): Names {
    return {
      inputs: this.#workflow.inputs,
      variable: (name) => variableOf(node, index, name),
      output: (task, output) => {
        const other = this.node(task);
        return followsTask(node, task) ? this.output(other, index, output) : this.outputs(other, output);
      },
    };
  }

  node(name: string): Node {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no task '${name}' in this workflow`);
    return node;
  }

  #start(): void {
    this.#isStarted = true;
    for (const node of this.nodes.values())
      if (node.follows === undefined && node.openLists === 0) this.#expand(node);
    this.#workOff();
  }

  #told(): Told {
    const { calls, ready, skipped, reads, failed } = this.#news;
    return {
      calls,
      ready: ready
        .filter(({ node, index }) => node.calls?.status[index] === READY)
        .map(({ node, index }) => keyOf(node, index)),
      skipped,
      reads: reads.filter(({ id }) => !this.#results.has(id)),
      ...(failed === undefined ? {} : { failed }),
      exhausted: this.#unexpanded === 0,
    };
  }

  #workOff(): void {
    while (this.#agenda.length > 0) {
      const agenda = this.#agenda;
      this.#agenda = [];
      for (const work of agenda) work();
    }
  }

  #takeRead(id: string, result: ReadResult): void {
    if (this.#results.has(id)) return;
    this.#results.set(id, result);
    const node = this.#asked.get(id);
    if (node !== undefined) this.#expand(node);
  }

  #takeEnd(call: CallKey, ended: Ended): void {
    const { task, index } = parseCallKey(call);
    const node = this.nodes.get(task);
    if (node?.calls === undefined) this.#early.set(call, ended);
    else if (call === keyOf(node, index) && index < node.calls.count)
      this.#end(node, node.calls, index, ended);
  }

  #end(node: Node, calls: Calls, index: number, ended: Ended): void {
    const status = calls.status[index];
    if (status !== WAITING && status !== READY) return;
    if (ended.status !== 'Succeeded') {
      calls.status[index] = UNSUCCESSFUL;
      this.#spread(node, index, `needs ${keyOf(node, index)}, which ${WORDS[ended.status]}`);
      return;
    }
    calls.status[index] = SUCCEEDED;
    calls.outputs[index] = ended.outputs;
    calls.left -= 1;
    for (const follower of node.followers) this.#consider(follower, index);
    this.#completeIfDone(node);
  }

  #completeIfDone(node: Node): void {
    if (node.isComplete || node.calls === undefined || node.calls.left > 0) return;
    // A task with no calls is satisfied when what it waits for is: the order of the others must hold.
    const waits = node.openNeeds > 0 || node.doomed !== undefined || node.follows?.isComplete === false;
    if (node.calls.count === 0 && waits) return;
    node.isComplete = true;
    this.#agenda.push(() => {
      for (const waiter of node.waiters) this.#needMet(waiter);
      for (const waiter of node.listWaiters) if (--waiter.openLists === 0) this.#expand(waiter);
      for (const follower of node.followers) this.#completeIfDone(follower);
    });
  }

  #needMet(node: Node): void {
    node.openNeeds -= 1;
    if (node.openNeeds > 0) return;
    for (let index = 0; index < (node.calls?.count ?? 0); index += 1) this.#consider(node, index);
    this.#completeIfDone(node);
  }

  /** Announces the call as ready, if nothing is left to wait for. */
  #consider(node: Node, index: number): void {
    if (node.calls?.status[index] !== WAITING || node.openNeeds > 0 || node.doomed !== undefined) return;
    if (node.follows !== undefined && node.follows.calls?.status[index] !== SUCCEEDED) return;
    const clash = node.hasLateOutputs ? this.#clash(node, index, 'late') : undefined;
    if (clash !== undefined) {
      this.#news.failed ??= clash;
      this.#skip(node, index, clash);
      return;
    }
    node.calls.status[index] = READY;
    this.#news.ready.push({ node, index });
  }

  /** A call will not succeed: what waits for it never starts. */
  #spread(node: Node, index: number, reason: string): void {
    this.#agenda.push(() => {
      for (const follower of node.followers) this.#skip(follower, index, reason);
      this.#spreadToWaiters(node, reason);
    });
  }

  #spreadToWaiters(node: Node, reason: string): void {
    for (const waiter of node.waiters) this.#doom(waiter, reason);
    for (const waiter of node.listWaiters) this.#bury(waiter, reason);
  }

  #skip(node: Node, index: number, reason: string): void {
    if (node.calls?.status[index] !== WAITING) return;
    node.calls.status[index] = SKIPPED;
    const call = keyOf(node, index);
    this.#news.skipped.push({ call, reason });
    this.#spread(node, index, `needs ${call}, which was skipped`);
  }

  #doom(node: Node, reason: string): void {
    if (node.doomed !== undefined) return;
    node.doomed = reason;
    this.#skipAll(node, reason);
  }

  #skipAll(node: Node, reason: string): void {
    if (node.calls === undefined) return;
    for (let index = 0; index < node.calls.count; index += 1) this.#skip(node, index, reason);
    if (node.calls.count === 0) this.#agenda.push(() => this.#giveUp(node, reason));
  }

  /** Its list will never be known: it has no calls to announce, and never will. */
  #bury(node: Node, reason: string): void {
    if (node.calls !== undefined || node.isBuried) return;
    node.isBuried = true;
    node.doomed ??= reason;
    this.#unexpanded -= 1;
    this.#agenda.push(() => this.#giveUp(node, reason));
  }

  #giveUp(node: Node, reason: string): void {
    const because = `needs ${node.task.name}, which can never start: it ${reason}`;
    for (const follower of node.followers) {
      if (node.calls === undefined) this.#bury(follower, because);
      else this.#doom(follower, because);
    }
    this.#spreadToWaiters(node, because);
  }

  #fail(node: Node, reason: string): void {
    this.#news.failed ??= reason;
    this.#bury(node, `cannot be expanded: ${reason}`);
  }

  /** Works out the task's list and announces its calls, or asks for what has to be read first. */
  #expand(node: Node): void {
    if (node.calls !== undefined || node.isBuried) return;
    try {
      const combinations = this.#combinations(node);
      if (combinations === undefined) return;
      node.combinations = combinations;
      this.#announce(node, combinations.count);
    } catch (problem) {
      if (!(problem instanceof EvaluationProblem)) throw problem;
      this.#fail(node, `task '${node.task.name}': ${problem.message}`);
    }
  }

  #combinations(node: Node): Combinations | undefined {
    const { scatter } = node.task;
    if (scatter?.kind !== 'lists') return new Combinations(new Map(), false);
    const scope = scopeOf(this.names(node, 0));
    const lists = new Map<string, readonly Value[]>();
    for (const variable of scatter.variables) {
      const list = this.#list(node, variable, scope);
      if (list !== undefined) lists.set(variable.name, list);
    }
    return lists.size === scatter.variables.length ? new Combinations(lists, scatter.isZip) : undefined;
  }

  #list(node: Node, { name, list }: Variable, scope: Scope): readonly Value[] | undefined {
    const answer = listAnswer(list, scope);
    if (answer.kind === 'values') return answer.values;
    const request: ReadRequest = { id: `${node.task.name}.${name}`, kind: answer.how, path: answer.path };
    if (!request.path.startsWith('/'))
      throw new EvaluationProblem(`the path '${request.path}' of variable '${name}' is not absolute`);
    const result = this.#results.get(request.id);
    if (result !== undefined) return valuesRead(request, result);
    if (!this.#asked.has(request.id)) this.#news.reads.push(request);
    this.#asked.set(request.id, node);
    return undefined;
  }

  #announce(node: Node, count: number): void {
    const clash = this.#firstClash(node, count);
    if (clash !== undefined) {
      this.#fail(node, clash);
      return;
    }
    const calls = new Calls(count);
    node.calls = calls;
    this.#unexpanded -= 1;
    for (let index = 0; index < count; index += 1) {
      const call = { key: keyOf(node, index), task: node.task.name };
      this.#news.calls.push(node.isScattered ? { ...call, index } : call);
    }
    for (const follower of node.followers) this.#announce(follower, count);
    this.#agenda.push(() => this.#begin(node, calls));
  }

  #firstClash(node: Node, count: number): string | undefined {
    if (Object.keys(node.task.outputs).length === 0) return undefined;
    for (let index = 0; index < count; index += 1) {
      const clash = this.#clash(node, index, 'early');
      if (clash !== undefined) return clash;
    }
    return undefined;
  }

  /** Calls may have ended before they were known, and what they wait for, too. */
  #begin(node: Node, calls: Calls): void {
    for (let index = 0; index < calls.count; index += 1) {
      const key = keyOf(node, index);
      const ended = this.#early.size > 0 ? this.#early.get(key) : undefined;
      this.#early.delete(key);
      if (ended !== undefined) this.#end(node, calls, index, ended);
      else this.#consider(node, index);
    }
    if (node.doomed !== undefined) this.#skipAll(node, node.doomed);
    this.#completeIfDone(node);
  }

  /** Why the call cannot have its output paths: another one has declared one of them. */
  #clash(node: Node, index: number, when: When): string | undefined {
    const scope = earlyScope(this.names(node, index), index);
    const clash = this.#claims.claim(node.task, when, keyOf(node, index), scope);
    return clash && `${clash.holder} and ${keyOf(node, index)} declare the same output path '${clash.path}'`;
  }
}

type Ended = Extract<Fact, { readonly kind: 'callEnded' }>;

const WORDS = { Failed: 'failed', Aborted: 'was aborted', Skipped: 'was skipped' } as const;

interface News {
  readonly calls: PlannedCall[];
  readonly ready: { readonly node: Node; readonly index: number }[];
  readonly skipped: { readonly call: CallKey; readonly reason: string }[];
  readonly reads: ReadRequest[];
  failed: string | undefined;
}

function noNews(): News {
  return { calls: [], ready: [], skipped: [], reads: [], failed: undefined };
}
