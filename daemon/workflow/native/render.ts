/**
 * One attempt's job: texts filled in, resources grown, paths made absolute. Pure and repeatable: rendered
 * anew for every attempt, and nothing is kept.
 */
import { posix } from 'node:path';
import type { Resources } from '../../../backends/backend.ts';
import { whyNotGiven, whyNotWritten } from '../../../backends/process-text.ts';
import type { RenderContext, Rendered, RenderedJob } from '../language.ts';
import { EvaluationProblem, type Scope, shellTextOf, textOf } from './evaluate.ts';
import type { Task } from './model.ts';
import { grown, parseResource } from './resources.ts';
import { builtinsOf, type Names, scopeOf } from './scopes.ts';

export function render(task: Task, index: number, names: Names, context: RenderContext): Rendered {
  const scope = scopeOf({ ...names, builtin: builtinsOf(context, index) });
  try {
    return { kind: 'job', job: jobOf(task, scope, context) };
  } catch (problem) {
    if (problem instanceof EvaluationProblem) return { kind: 'failed', reason: problem.message };
    throw problem;
  }
}

function jobOf(task: Task, scope: Scope, context: RenderContext): RenderedJob {
  const resources = grown(resourcesOf(task, scope), task.grow, context.growth);
  const workdir = workdirOf(task, scope, context);
  return {
    command: commandOf(task, scope),
    env: envOf(task.env, scope),
    login: task.login,
    resources,
    workdir,
    outputs: mapValues(task.outputs, ({ parts }, name) =>
      absolute(workdir, textOf(parts, scope), `output '${name}'`),
    ),
    successCodes: task.successCodes,
  };
}

function commandOf(task: Task, scope: Scope): RenderedJob['command'] {
  const { command } = task;
  if (command.kind === 'shell') {
    return { kind: 'shell', text: shellTextOf(command.text.parts, scope), shell: command.shell };
  }
  return {
    kind: 'script',
    text: command.content,
    args: command.args.map(({ parts }) => refusing(whyNotGiven, textOf(parts, scope), 'an argument')),
  };
}

function resourcesOf(task: Task, scope: Scope): Resources {
  const late = task.lateResources.map(({ key, text }) => {
    const parsed = parseResource(key, textOf(text.parts, scope));
    if (!parsed.ok) throw new EvaluationProblem(`resource '${key}' ${parsed.message}`);
    return parsed.value;
  });
  return Object.assign({}, task.resources, ...late);
}

function workdirOf(task: Task, scope: Scope, context: RenderContext): string {
  if (task.workdir === 'submit') return context.submitDir;
  if (task.workdir === 'call') return context.callDir;
  return absolute(context.submitDir, textOf(task.workdir.parts, scope), "'workdir'");
}

function envOf(texts: Task['env'], scope: Scope): Record<string, string> {
  return mapValues(texts, ({ parts }, name) => {
    const value = textOf(parts, scope);
    refusing(whyNotGiven, `${name}=${value}`, `variable '${name}'`);
    return value;
  });
}

function absolute(directory: string, path: string, name: string): string {
  if (path === '') throw new EvaluationProblem(`${name} is an empty path`);
  return posix.resolve(directory, refusing(whyNotWritten, path, name));
}

function refusing(whyNot: (text: string) => string | undefined, text: string, name: string): string {
  const reason = whyNot(text);
  if (reason !== undefined) throw new EvaluationProblem(`${name} ${reason}`);
  return text;
}

function mapValues<From, To>(
  from: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value, name)]));
}
