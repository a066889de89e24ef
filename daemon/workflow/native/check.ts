/**
 * What a workflow of the right shape may still have wrong: tasks without a command, names that refer to
 * nothing, waiting in a circle. What its expressions say is check-expressions.ts.
 */

import { whyNotWritten } from '../../../backends/process-text.ts';
import { suggestion } from '../../protocol/nearest-name.ts';
import { checkExpressions } from './check-expressions.ts';
import { dependenciesOf } from './compile.ts';
import { breakingOption } from './directives.ts';
import { type Draft, isRecord, STEPS } from './draft.ts';
import { hasExpression, ROOTS } from './expression.ts';
import { eachOf, type Task, type Workflow } from './model.ts';
import { OutputClaims } from './output-claims.ts';
import type { TaskBody } from './schema.ts';
import { earlyScope } from './scopes.ts';
import type { Path } from './source.ts';
import { subject } from './validate.ts';

export function check(draft: Draft, workflow: Workflow): void {
  checkTexts(draft, [], draft.source.plain);
  checkTop(draft);
  for (const key of STEPS) {
    const body = draft.file[key];
    if (body !== undefined) checkBody(draft, [key], body);
  }
  for (const task of workflow.tasks.values()) {
    checkTask(draft, task);
    checkBody(draft, task.path, draft.file.tasks[task.name] ?? {});
  }
  checkCycles(draft, workflow);
  checkExpressions(draft, workflow);
  checkOutputPaths(draft, workflow);
}

function checkTop(draft: Draft): void {
  const { file } = draft;
  if (Object.keys(file.tasks).length === 0 && draft.declared.tasks.size === 0) {
    draft.report(draft.source.placeOfKey(['tasks']), "'tasks' is empty; a workflow has at least one task");
  }
  noExpressions(draft, ['inputs'], file.inputs);
  noExpressions(draft, ['labels'], file.labels);
  noExpressions(draft, ['defaults', 'backend'], file.defaults?.backend);
  noExpressions(draft, ['defaults', 'shell'], file.defaults?.shell);
  checkResources(draft, ['defaults', 'resources'], file.defaults?.resources);
}

/** YAML can write what no file and no process can hold (`"\\0"`, `"\\uD83E"`): refused wherever it stands. */
function checkTexts(draft: Draft, path: Path, value: unknown): void {
  if (typeof value === 'string') {
    const reason = whyNotWritten(value);
    if (reason !== undefined) draft.report(draft.source.placeOf(path), `${subject(path)} ${reason}`);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkTexts(draft, [...path, index], item);
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) checkTexts(draft, [...path, key], item);
  }
}

function checkTask(draft: Draft, task: Task): void {
  if (STEPS.some((step) => step === task.name)) {
    draft.report(
      draft.source.placeOfKey(task.path),
      `a task cannot be named '${task.name}': that is a step of finalization`,
    );
  }
  const body = draft.file.tasks[task.name];
  if (Array.isArray(body?.needs))
    for (const [index, name] of body.needs.entries()) checkNeed(draft, [...task.path, 'needs', index], name);
  else if (body?.needs !== undefined) checkNeed(draft, [...task.path, 'needs'], String(body.needs));

  const each = eachOf(task);
  if (each !== undefined) checkNeed(draft, [...task.path, 'scatter', 'each'], each);
  if (task.scatter?.kind === 'lists') checkVariables(draft, task);
  noExpressions(draft, [...task.path, 'maxParallel'], body?.maxParallel);
}

function checkNeed(draft: Draft, path: Path, name: string): void {
  const known = draft.declared.tasks;
  if (known.has(name)) return;
  draft.report(draft.source.placeOf(path), `there is no task '${name}'${suggestion(name, known)}`);
}

function checkVariables(draft: Draft, task: Task): void {
  if (task.scatter?.kind !== 'lists') return;
  for (const { name } of task.scatter.variables) {
    const path = [...task.path, 'scatter', name];
    if (ROOTS.some((root) => root === name)) {
      draft.report(
        draft.source.placeOfKey(path),
        `a scatter variable cannot be named '${name}', which means something else in expressions`,
      );
    }
  }
}

function checkBody(draft: Draft, path: Path, body: TaskBody): void {
  const isStep = path[0] !== 'tasks';
  const hasRun = isPresent(draft, path, 'run') || body.run !== undefined;
  const hasScript = isPresent(draft, path, 'script') || body.script !== undefined;
  if (!hasRun && !hasScript)
    draft.report(
      draft.source.placeOfKey(path),
      `${named(path)} has nothing to do: give it 'run' or 'script'`,
    );
  if (hasRun && hasScript)
    draft.report(
      draft.source.placeOfKey([...path, 'script']),
      `${named(path)} has both 'run' and 'script'; it can have only one`,
    );
  if (body.args !== undefined && !hasScript)
    draft.report(
      draft.source.placeOfKey([...path, 'args']),
      `'args' are for a 'script'; ${named(path)} has none`,
    );
  if (body.shell !== undefined && hasScript)
    draft.report(
      draft.source.placeOfKey([...path, 'shell']),
      `'shell' is for 'run'; a script runs by its own #! line`,
    );
  if (body.run?.trim() === '')
    draft.report(draft.source.placeOfKey([...path, 'run']), `'run' of ${named(path)} is empty`);
  checkResources(draft, [...path, 'resources'], body.resources);
  for (const key of ['backend', 'shell', 'script'] as const) noExpressions(draft, [...path, key], body[key]);
  if (isStep) noExpressions(draft, [...path, 'retries'], body.retries);
}

function named(path: Path): string {
  return path[0] === 'tasks' ? subject(path) : `'${path[0]}'`;
}

/** Also when its value was wrong and has been reported. */
function isPresent(draft: Draft, path: Path, key: string): boolean {
  const body = path.reduce<unknown>(
    (value, step) => (isRecord(value) ? value[step] : undefined),
    draft.source.plain,
  );
  return isRecord(body) && key in body;
}

function checkResources(draft: Draft, path: Path, resources: TaskBody['resources']): void {
  if (resources?.queue !== undefined && resources.partition !== undefined) {
    draft.report(
      draft.source.placeOfKey([...path, 'partition']),
      "'partition' is another word for 'queue'; give only one of them",
    );
  }
  for (const [kind, words] of Object.entries(resources?.options ?? {})) {
    words?.forEach((word, index) => {
      const at = [...path, 'options', kind, index];
      noExpressions(draft, at, word);
      const breaking = breakingOption(kind, String(word));
      if (breaking !== undefined) {
        draft.report(
          draft.source.placeOf(at),
          `option ${breaking} cannot be passed through: the daemon needs it to run the job and find it again`,
        );
      }
    });
  }
}

/** Reports expressions in a place where nothing evaluates them. */
function noExpressions(draft: Draft, path: Path, value: unknown): void {
  if (typeof value === 'string' && hasExpression(value)) {
    draft.report(
      draft.source.placeInText(path, 0, value.indexOf('${{')),
      `an expression cannot be used in ${subject(path)}`,
    );
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) noExpressions(draft, [...path, index], item);
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) noExpressions(draft, [...path, key], item);
  }
}

/** What remains when tasks that wait for nothing are taken away again and again goes in circles. */
function checkCycles(draft: Draft, workflow: Workflow): void {
  const waits = new Map(
    [...workflow.tasks.values()].map((task) => [
      task.name,
      new Set(dependenciesOf(task).filter((name) => workflow.tasks.has(name))),
    ]),
  );
  const waiters = new Map<string, string[]>();
  for (const [name, needed] of waits)
    for (const need of needed) waiters.set(need, [...(waiters.get(need) ?? []), name]);
  const free = [...waits].flatMap(([name, needed]) => (needed.size === 0 ? [name] : []));
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    waits.delete(name);
    for (const waiter of waiters.get(name) ?? []) {
      const needed = waits.get(waiter);
      needed?.delete(name);
      if (needed?.size === 0) free.push(waiter);
    }
  }
  for (const cycle of cyclesOf(waits)) {
    const [first = ''] = cycle;
    const round =
      cycle.length === 1
        ? `task '${first}' waits for itself`
        : `tasks wait for each other in a circle: ${[...cycle, first].join(' needs ')}`;
    draft.report(draft.source.placeOfKey(['tasks', first]), round);
  }
}

/** Every task left waits for another one left, so following them leads into a cycle; each is named once. */
function cyclesOf(waits: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const cycles: string[][] = [];
  const visited = new Set<string>();
  for (const start of waits.keys()) {
    const trail: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && !visited.has(name)) {
      visited.add(name);
      trail.push(name);
      name = [...(waits.get(name) ?? [])].find((next) => waits.has(next));
    }
    const begin = name === undefined ? -1 : trail.indexOf(name);
    if (begin >= 0) cycles.push(trail.slice(begin));
  }
  return cycles;
}

/** Paths that are known before anything runs; the others are compared when their calls come to be. */
function checkOutputPaths(draft: Draft, workflow: Workflow): void {
  const claims = new OutputClaims();
  for (const task of workflow.tasks.values()) {
    if (task.scatter !== undefined) continue;
    const clash = claims.claim(task, 'early', task.name, earlyScope(workflow));
    if (clash === undefined) continue;
    const place = draft.source.placeOf([...task.path, 'outputs', clash.output]);
    draft.report(
      place,
      `task '${task.name}' and task '${clash.holder}' declare the same output path '${clash.path}'`,
    );
  }
}
