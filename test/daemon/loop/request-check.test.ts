/** What a scheduler could never do is refused when it is submitted, not job by job. */
import { describe, expect, test } from 'vitest';
import type { Resources } from '../../../backends/backend.ts';
import { whyNever } from '../../../backends/local/capacity.ts';
import { check as whyNotSlurm } from '../../../backends/slurm/commands.ts';
import type { SubmitWish } from '../../../daemon/loop/parts.ts';
import { createLoop, type Loop } from '../../../daemon/loop.ts';
import { drainMicrotasks } from '../../sim/virtual-clock.ts';
import { manyCalls, ONE_CALL, submitWish } from './daemon-story.ts';
import { ScriptedBackend, scriptedParts } from './scripted-parts.ts';

class CheckingBackend extends ScriptedBackend {
  readonly asked: Resources[] = [];
  private readonly whyNot: (resources: Resources) => string | undefined;

  constructor(name: string, whyNot: (resources: Resources) => string | undefined) {
    super(name);
    this.whyNot = whyNot;
  }

  override check(resources: Resources = {}): string | undefined {
    this.asked.push(resources);
    return this.whyNot(resources);
  }
}

const SIZE = { cpus: 8, memoryMiB: 8 * 1024 };

async function begin() {
  const local = new CheckingBackend('local', (resources) => whyNever(SIZE, resources));
  const cluster = new CheckingBackend('cluster', whyNotSlurm);
  const loop = await createLoop(scriptedParts({ backends: [local, cluster] }));
  return { local, cluster, loop };
}

async function submitted(loop: Loop, source: string, change: Partial<SubmitWish> = {}) {
  const answer = loop.desk.submit(submitWish(source, change));
  await drainMicrotasks();
  await loop.tick();
  return answer;
}

/** What a person reads; nothing may have come of the submit. */
async function refused(source: string, change: Partial<SubmitWish> = {}): Promise<readonly string[]> {
  const { loop } = await begin();
  const answer = await submitted(loop, source, change);
  if (answer.ok) return [];
  expect(loop.set.runs.size).toBe(0);
  expect(await loop.set.parts.store.findRun(1)).toBeUndefined();
  const mistakes = answer.error.details?.filter((line) => line.startsWith('w.yaml:')) ?? [];
  return [`${answer.error.code}: ${answer.error.message}`, ...mistakes];
}

const NO_GPUS =
  'the job asks for GPUs, and the local backend has none to give; ask for less, or use another backend';

test('every mistake at once, each with its place and what to do instead', async () => {
  const source = `name: x
tasks:
  a: {run: x, resources: {cpus: 9, memory: 1T, gpus: 2}}
  b: {run: x, backend: clutser}
  c: {run: x, backend: cluster, resources: {options: {slurm: [--hint=nomultithread, --job=x, -V]}}}
finally: {run: x, resources: {nodes: 2}}
`;
  expect(await refused(source)).toEqual([
    'INVALID_WORKFLOW: the workflow has 7 mistakes; nothing was submitted',
    "w.yaml:3:33: 'resources.cpus' of task 'a' is refused by backend 'local': the job asks for 9 CPUs, and local jobs share 8 here; ask for less, or use another backend",
    "w.yaml:3:44: 'resources.memory' of task 'a' is refused by backend 'local': the job asks for 1048576 MiB of memory, and local jobs share 8192 MiB here; ask for less, or use another backend",
    `w.yaml:3:54: 'resources.gpus' of task 'a' is refused by backend 'local': ${NO_GPUS}`,
    "w.yaml:4:24: 'backend' of task 'b' is 'clutser', and there is no such backend here; did you mean 'cluster'?",
    "w.yaml:5:85: 'resources.options.slurm[1]' of task 'c' is refused by backend 'cluster': resources.options.slurm may not contain --job=x: wfd sets it itself, or could not find the job again. Remove it.",
    "w.yaml:5:94: 'resources.options.slurm[2]' of task 'c' is refused by backend 'cluster': resources.options.slurm may not contain -V: wfd sets it itself, or could not find the job again. Remove it.",
    "w.yaml:6:38: 'finally.resources.nodes' is refused by backend 'local': the job asks for 2 nodes, and local jobs have this one machine; ask for less, or use another backend",
  ]);
});

describe('the backend that is asked is the one the task goes to', () => {
  const gpus = 'defaults: {backend: cluster}\ntasks: {a: {run: x, resources: {gpus: 1}}}';

  test('the one of the defaults', async () => {
    expect(await refused(gpus)).toEqual([]);
  });

  test('--backend goes before the defaults', async () => {
    const [summary, mistake] = await refused(gpus, { backend: 'local' });
    expect(summary).toBe('INVALID_WORKFLOW: the workflow has a mistake; nothing was submitted');
    expect(mistake).toBe(
      `w.yaml:2:39: 'resources.gpus' of task 'a' is refused by backend 'local': ${NO_GPUS}`,
    );
    const unknown = gpus.replace('cluster', 'elsewhere');
    expect(await refused(unknown, { backend: 'cluster' })).toEqual([]);
  });

  test("a task's own goes before all", async () => {
    const own = 'tasks: {a: {run: x, backend: cluster, resources: {gpus: 1}}}';
    expect(await refused(own, { backend: 'local' })).toEqual([]);
  });

  test('one that is not there is a mistake where it is written', async () => {
    expect(await refused('defaults: {backend: nowhere}\ntasks: {a: {run: x}, b: {run: x}}')).toEqual([
      'INVALID_WORKFLOW: the workflow has a mistake; nothing was submitted',
      "w.yaml:1:21: 'defaults.backend' is 'nowhere', and there is no such backend here; choose one of: local, cluster",
    ]);
    expect(await refused(ONE_CALL, { backend: 'nowhere' })).toEqual([
      'INVALID_REQUEST: there is no backend named "nowhere" here; choose one of: local, cluster',
    ]);
  });
});

test('what only a call will know is not guessed', async () => {
  const source = `inputs: {threads: 1, more: 1}
tasks:
  later: {scatter: {n: [1, 99]}, resources: {cpus: "\${{ n }}"}, run: x}
  early: {resources: {cpus: "\${{ inputs.threads }}"}, run: x}
`;
  expect(await refused(source)).toEqual([]);
  const bundle = { ...submitWish(source).bundle, inputs: { threads: 99 } };
  expect(await refused(source, { bundle })).toHaveLength(2);
});

test('a task is checked once, whatever number of calls it has', async () => {
  const { local, loop } = await begin();
  expect((await submitted(loop, manyCalls(1_000))).ok).toBe(true);
  expect(local.asked).toHaveLength(1);
});

test('what thousands of tasks inherit is one mistake; of their own mistakes a hundred are enough', async () => {
  const tasks = (body: string) =>
    Array.from({ length: 3_000 }, (_, index) => `  t${index}: {run: x${body}}`).join('\n');
  const inherited = await refused(`defaults: {resources: {gpus: 1}}\ntasks:\n${tasks('')}`);
  expect(inherited.slice(1)).toEqual([
    `w.yaml:1:30: 'defaults.resources.gpus' is refused by backend 'local': ${NO_GPUS}`,
  ]);
  expect((await refused(`tasks:\n${tasks(', backend: nowhere')}`)).slice(1)).toHaveLength(100);
});

test('a reason that no part gives rise to is said of the resources as a whole', async () => {
  const { local, loop } = await begin();
  local.check = () => 'nothing runs here on Sundays';
  const answer = await submitted(loop, ONE_CALL);
  expect(answer.ok ? [] : answer.error.details).toEqual([
    "w.yaml:3:6: 'resources' of task 'A' is refused by backend 'local': nothing runs here on Sundays",
    "    A: { run: 'true' }",
    '       ^',
  ]);
});
