/**
 * Random workflows in the native format (JSON is YAML), small enough to be simulated by the hundred.
 * The checks read what a task allows from the source itself, not from the daemon's understanding of it.
 */
import type { FailureMode, WorkflowBundle } from '../../daemon/workflow/language.ts';
import type { Random } from './random.ts';

export interface WrittenTask {
  readonly run: string;
  readonly needs?: readonly string[];
  readonly scatter?: Readonly<Record<string, unknown>>;
  readonly maxParallel?: number;
  readonly backend?: string;
  readonly priority?: number;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly retries?: {
    readonly max: number;
    readonly on: readonly (string | number)[];
    readonly delay: string;
  };
  readonly abort?: 'kill' | 'finish' | { readonly signal: string; readonly grace: string };
}

export interface WrittenWorkflow {
  readonly name: string;
  readonly failureMode?: FailureMode;
  readonly abort?: 'ignore';
  readonly tasks: Readonly<Record<string, WrittenTask>>;
  readonly onAbort?: { readonly run: string };
  readonly onFailure?: { readonly run: string };
  readonly finally?: { readonly run: string };
}

export interface WorkflowSizes {
  readonly tasks: number;
  readonly scatter: number;
  /** Backends a task may name beside the run's own. */
  readonly backends: readonly string[];
}

export function randomWorkflow(random: Random, number: number, sizes: WorkflowSizes): WorkflowBundle {
  const tasks: Record<string, WrittenTask> = {};
  const names = Array.from({ length: random.int(1, sizes.tasks) }, (_, index) => `t${index}`);
  for (const [index, name] of names.entries()) {
    tasks[name] = randomTask(random, name, names.slice(0, index), tasks, sizes);
  }
  const step = { run: 'true' };
  const workflow: WrittenWorkflow = {
    name: `w${number}`,
    ...(random.chance(0.7)
      ? { failureMode: random.pick(['NoNewCalls', 'ContinueWhilePossible'] as const) }
      : {}),
    ...(random.chance(0.05) ? { abort: 'ignore' } : {}),
    tasks,
    ...(random.chance(0.3) ? { onAbort: step } : {}),
    ...(random.chance(0.3) ? { onFailure: step } : {}),
    ...(random.chance(0.3) ? { finally: step } : {}),
  };
  return {
    language: 'native',
    fileName: 'workflow.yaml',
    source: JSON.stringify(workflow),
    files: {},
    inputs: {},
  };
}

const parsed = new WeakMap<WorkflowBundle, WrittenWorkflow>();

export function writtenWorkflow(bundle: WorkflowBundle): WrittenWorkflow {
  const known = parsed.get(bundle) ?? (JSON.parse(bundle.source) as WrittenWorkflow);
  parsed.set(bundle, known);
  return known;
}

export function taskOf(bundle: WorkflowBundle | undefined, task: string): WrittenTask | undefined {
  return bundle === undefined ? undefined : writtenWorkflow(bundle).tasks[task];
}

function randomTask(
  random: Random,
  name: string,
  earlier: readonly string[],
  tasks: Readonly<Record<string, WrittenTask>>,
  sizes: WorkflowSizes,
): WrittenTask {
  const scatter = random.chance(0.5) ? randomScatter(random, earlier, tasks, sizes) : undefined;
  const needs = earlier.filter(() => random.chance(0.3));
  const file = scatter === undefined ? `${name}.txt` : `${name}-\${{ call.index }}.txt`;
  return {
    run: 'true',
    ...(needs.length > 0 ? { needs } : {}),
    ...(scatter === undefined ? {} : { scatter }),
    ...(random.chance(0.3) ? { maxParallel: random.int(1, 3) } : {}),
    ...(random.chance(0.2) ? { backend: random.pick(sizes.backends) } : {}),
    ...(random.chance(0.2) ? { priority: random.int(0, 5) } : {}),
    outputs: { out: file },
    ...(random.chance(0.5) ? { retries: randomRetries(random) } : {}),
    ...(random.chance(0.3)
      ? { abort: random.pick(['finish', { signal: 'USR1', grace: '20s' }] as const) }
      : {}),
  };
}

function randomScatter(
  random: Random,
  earlier: readonly string[],
  tasks: Readonly<Record<string, WrittenTask>>,
  sizes: WorkflowSizes,
): Readonly<Record<string, unknown>> {
  const scattered = earlier.filter((task) => tasks[task]?.scatter !== undefined);
  const plain = earlier.filter((task) => tasks[task]?.scatter === undefined);
  if (scattered.length > 0 && random.chance(0.4)) return { each: random.pick(scattered) };
  if (plain.length > 0 && random.chance(0.4)) {
    return { item: { linesOf: `\${{ tasks.${random.pick(plain)}.outputs.out }}` } };
  }
  return { item: Array.from({ length: random.int(1, sizes.scatter) }, (_, index) => `s${index}`) };
}

function randomRetries(random: Random): NonNullable<WrittenTask['retries']> {
  const causes = [
    'NonZeroExit',
    'Signaled',
    'OutOfMemory',
    'TimeLimit',
    'MissingOutput',
    'Lost',
    75,
  ] as const;
  return {
    max: random.int(1, 3),
    on: causes.filter(() => random.chance(0.6)),
    delay: `${random.int(1, 20)}s`,
  };
}
