/**
 * A file of the right shape → the workflow the program uses: defaults merged in, a script's own directives
 * read, texts parsed, implied needs found.
 *
 * Reports only what it meets on the way (syntax of expressions, lists and scripts that are not there);
 * whether names refer to anything is check.ts.
 */
import { whyNotWritten } from '../../../backends/process-text.ts';
import type { TaskPolicy } from '../language.ts';
import { readDirectives } from './directives.ts';
import { compileText, type Draft, STEPS } from './draft.ts';
import { inputValues } from './inputs.ts';
import { compileScatter } from './lists.ts';
import {
  chainOf,
  eachOf,
  listTextsOf,
  type Task,
  type Text,
  tasksReferredTo,
  textsOf,
  type Workflow,
} from './model.ts';
import { impliedLayer, layerOf, mergeLayers, type ResourceLayer } from './resources.ts';
import type { DefaultsBody, RetriesBody, TaskBody } from './schema.ts';
import type { Path } from './source.ts';
import { parseDurationMs } from './units.ts';

export function compile(draft: Draft): Workflow {
  const { file } = draft;
  const steps = STEPS.flatMap((key) => {
    const body = file[key];
    return body === undefined ? [] : [[key, compileTask(draft, key, [key], body)] as const];
  });
  const onBlocked =
    typeof file.onBlocked === 'object' ? parseDurationMs(file.onBlocked.failAfter) : undefined;
  return {
    name: file.name ?? nameOfFile(draft.bundle.fileName),
    failureMode: file.failureMode,
    backend: file.defaults?.backend === undefined ? undefined : String(file.defaults.backend),
    labels: Object.fromEntries(Object.entries(file.labels ?? {}).map(([key, value]) => [key, String(value)])),
    ignoresAbort: file.abort === 'ignore',
    blockedFailAfterMs: onBlocked?.ok ? onBlocked.value : undefined,
    inputs: inputValues(draft),
    tasks: withImpliedNeeds(compileTasks(draft)),
    steps: new Map(steps),
    outputs: compileTexts(draft, file.outputs, ['outputs']),
  };
}

/** A script's own lines are part of the task: they override the defaults, and the task's keys override them. */
export function resourceLayers(
  { file, bundle }: Pick<Draft, 'file' | 'bundle'>,
  path: Path,
  body: TaskBody,
): readonly ResourceLayer[] {
  const script = body.script === undefined ? undefined : bundle.files[body.script];
  const isStep = path[0] !== 'tasks';
  return [
    layerOf(file.defaults?.resources, ['defaults', 'resources']),
    ...(isStep ? [impliedLayer({ timeSeconds: STEP_SECONDS }, path)] : []),
    ...(script === undefined ? [] : [impliedLayer(readDirectives(script), [...path, 'script'])]),
    layerOf(body.resources, [...path, 'resources']),
  ];
}

/** Steps of finalization are cut off after this, unless they say otherwise (the format: 10 min). */
const STEP_SECONDS = 600;

function compileTasks(draft: Draft): Map<string, Task> {
  const tasks = Object.entries(draft.file.tasks);
  return new Map(tasks.map(([name, body]) => [name, compileTask(draft, name, ['tasks', name], body)]));
}

function compileTask(draft: Draft, name: string, path: Path, body: TaskBody): Task {
  const defaults: DefaultsBody = draft.file.defaults ?? {};
  const retries = mergedRetries(defaults.retries, body.retries);
  const { known, open } = mergeLayers(resourceLayers(draft, path, body));
  return {
    name,
    path,
    needs: body.needs === undefined ? [] : [body.needs].flat(),
    scatter: compileScatter(draft, [...path, 'scatter'], body.scatter),
    command: commandOf(draft, path, body),
    env: {
      ...compileTexts(draft, defaults.env, ['defaults', 'env']),
      ...compileTexts(draft, body.env, [...path, 'env']),
    },
    login: body.login ?? defaults.login ?? true,
    workdir: workdirOf(draft, path, body),
    outputs: compileTexts(draft, body.outputs, [...path, 'outputs']),
    successCodes: body.successCodes ?? [0],
    resources: known,
    lateResources: [...open.values()].map(({ key, written, path: at }) => ({
      key,
      text: compileText(draft, written, at),
    })),
    grow: { memory: retries.grow?.memory ?? 1, time: retries.grow?.time ?? 1 },
    policy: policyOf(body, retries),
  };
}

function commandOf(draft: Draft, path: Path, body: TaskBody): Task['command'] {
  if (body.script === undefined) {
    const shell = [body.shell ?? draft.file.defaults?.shell ?? 'bash -euo pipefail'].flat().map(String);
    const words = shell.length === 1 ? (shell[0] ?? '').trim().split(/\s+/) : shell;
    return { kind: 'shell', text: compileText(draft, body.run ?? '', [...path, 'run']), shell: words };
  }
  const content = draft.bundle.files[body.script];
  if (content === undefined) {
    draft.report(
      draft.source.placeOf([...path, 'script']),
      `the script '${body.script}' was not sent with the workflow`,
    );
  }
  const reason = whyNotWritten(content ?? '');
  if (reason !== undefined)
    draft.report(draft.source.placeOf([...path, 'script']), `the script '${body.script}' ${reason}`);
  const args = (body.args ?? []).map((written, index) =>
    compileText(draft, written, [...path, 'args', index]),
  );
  return { kind: 'script', content: content ?? '', args };
}

function workdirOf(draft: Draft, path: Path, body: TaskBody): Task['workdir'] {
  const isOwn = body.workdir !== undefined;
  const written = String((isOwn ? body.workdir : draft.file.defaults?.workdir) ?? 'submit');
  if (written === 'submit' || written === 'call') return written;
  return compileText(draft, written, isOwn ? [...path, 'workdir'] : ['defaults', 'workdir']);
}

type RetriesMap = Exclude<RetriesBody, number>;

function mergedRetries(below: RetriesBody | undefined, above: RetriesBody | undefined): RetriesMap {
  return { ...retriesMap(below), ...retriesMap(above) };
}

function retriesMap(retries: RetriesBody | undefined): RetriesMap {
  return typeof retries === 'number' ? { max: retries } : (retries ?? {});
}

function policyOf(body: TaskBody, retries: RetriesMap): TaskPolicy {
  const { backend } = body; // the defaults' is the run's, unless another one is given at submit
  const on = retries.on ?? ['NonZeroExit', 'Signaled', 'OutOfMemory', 'TimeLimit'];
  const delay = retries.delay === undefined ? undefined : parseDurationMs(retries.delay);
  return {
    ...(backend === undefined ? {} : { backend: String(backend) }),
    ...(body.maxParallel === undefined ? {} : { maxParallel: Number(body.maxParallel) }),
    priority: body.priority ?? 0,
    retries: {
      max: retries.max ?? (retries.on === undefined ? 0 : 1),
      causes: on.filter((cause) => typeof cause !== 'number') as TaskPolicy['retries']['causes'],
      exitCodes: on.filter((cause) => typeof cause === 'number'),
      ...(delay?.ok ? { delayMs: delay.value } : {}),
    },
    abort: abortOf(body),
  };
}

function abortOf({ abort }: TaskBody): TaskPolicy['abort'] {
  if (abort === undefined || typeof abort === 'string') return { kind: abort ?? 'kill' };
  const grace = parseDurationMs(abort.grace);
  return { kind: 'signal', signal: abort.signal.replace(/^SIG/, ''), graceMs: grace.ok ? grace.value : 0 };
}

/** An expression that refers to a task's outputs waits for that task, unless the call follows its counterpart. */
function withImpliedNeeds(tasks: ReadonlyMap<string, Task>): Map<string, Task> {
  const complete = [...tasks.values()].map((task) => {
    const chain = chainOf(tasks, task);
    const texts = [...[...textsOf(task)].map(({ text }) => text), ...listTextsOf(task.scatter)];
    const implied = [...tasksReferredTo(texts)].filter((name) => !chain.has(name));
    return { ...task, needs: [...new Set([...task.needs, ...implied])] };
  });
  return new Map(complete.map((task) => [task.name, task]));
}

/** Everything a task waits for, as edges of the graph. */
export function dependenciesOf(task: Task): readonly string[] {
  const each = eachOf(task);
  return each === undefined ? task.needs : [...new Set([each, ...task.needs])];
}

function compileTexts(
  draft: Draft,
  written: Readonly<Record<string, unknown>> | undefined,
  path: Path,
): Record<string, Text> {
  const entries = Object.entries(written ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, compileText(draft, value, [...path, key])]));
}

function nameOfFile(fileName: string): string {
  const name = (fileName.split('/').at(-1) ?? '')
    .replace(/\.(ya?ml)$/, '')
    .replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return /^[A-Za-z0-9]/.test(name) ? name.slice(0, 100) : 'workflow';
}
