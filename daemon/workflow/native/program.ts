/**
 * A native workflow as the engine sees it: the graph that is told facts, and the rendering of its jobs.
 */
import type { Program, StepKey, Value } from '../language.ts';
import { callKey, parseCallKey } from './calls.ts';
import { EvaluationProblem, resultOf } from './evaluate.ts';
import { Graph } from './graph.ts';
import type { Task, Workflow } from './model.ts';
import { render } from './render.ts';
import { type Names, scopeOf } from './scopes.ts';

export function createProgram(workflow: Workflow): Program {
  const graph = new Graph(workflow);
  const names: Names = {
    inputs: workflow.inputs,
    output: (task, output) => graph.outputs(graph.node(task), output),
  };
  return {
    name: workflow.name,
    labels: workflow.labels,
    ignoresAbort: workflow.ignoresAbort,
    steps: [...workflow.steps.keys()],
    ...(workflow.failureMode === undefined ? {} : { failureMode: workflow.failureMode }),
    ...(workflow.backend === undefined ? {} : { backend: workflow.backend }),
    ...(workflow.blockedFailAfterMs === undefined ? {} : { blockedFailAfterMs: workflow.blockedFailAfterMs }),
    tell: (facts) => graph.tell(facts),
    task: (name) => taskOf(workflow, name).policy,
    render: (call, context) => {
      const step = stepOf(workflow, call);
      if (step !== undefined) return render(step, 0, names, context);
      const { task, index } = parseCallKey(call);
      const node = graph.node(task);
      if (call !== callKey(task, index, node.isScattered))
        throw new Error(`no call '${call}' in this workflow`);
      return render(node.task, index, graph.names(node, index), context);
    },
    outputs: () => outputsOf(workflow, names),
  };
}

function taskOf(workflow: Workflow, name: string): Task {
  const task = stepOf(workflow, name) ?? workflow.tasks.get(name);
  if (task === undefined) throw new Error(`no task '${name}' in this workflow`);
  return task;
}

function stepOf(workflow: Workflow, key: string): Task | undefined {
  return workflow.steps.get(key as StepKey);
}

function outputsOf(workflow: Workflow, names: Names): ReturnType<Program['outputs']> {
  const values: Record<string, Value> = {};
  const problems: string[] = [];
  for (const [name, { parts }] of Object.entries(workflow.outputs)) {
    try {
      values[name] = resultOf(parts, scopeOf(names));
    } catch (problem) {
      if (!(problem instanceof EvaluationProblem)) throw problem;
      problems.push(`output '${name}' of the workflow: ${problem.message}`);
    }
  }
  return { values, problems };
}
