/** What tasks ask of a scheduler before anything runs, and the places of it. */
import { expect, test } from 'vitest';
import type { RequestPart, TaskRequest } from '../../../../daemon/workflow/language.ts';
import { openNative } from '../../../../daemon/workflow/native/open.ts';
import { bundleOf } from './open-for-test.ts';

function requests(source: string, files: Record<string, string> = {}): readonly TaskRequest[] {
  const opened = openNative(bundleOf(source, { files, inputs: { threads: '8' } }));
  if (!opened.ok) throw new Error(opened.mistakes.map(({ message }) => message).join('\n'));
  return opened.requests;
}

/** `line:column: message` */
function said(request: TaskRequest | undefined, part: RequestPart): string {
  const { line = 0, column = 0, message } = request?.mistake(part, 'is wrong') ?? {};
  return `${line}:${column}: ${message}`;
}

const resource = (name: 'cpus' | 'gpus' | 'memoryMiB' | 'timeSeconds' | 'queue'): RequestPart => ({
  kind: 'resource',
  name,
});

test('constants, and what is made of inputs, are known; what a call must know is left out', () => {
  const [only] = requests(`
inputs: {threads: 1}
tasks:
  t:
    scatter: {n: [1, 2]}
    resources: {memory: 1G, cpus: "\${{ inputs.threads }}", ranks: "\${{ n }}", nodes: "\${{ attempt }}"}
    run: x
`);
  expect(only?.resources).toEqual({ memoryMiB: 1024, cpus: 8 });
});

test('one request of each task and step, however many calls it has', () => {
  const all = requests(`
inputs: {threads: 1}
defaults: {backend: slurm, resources: {queue: batch}}
tasks:
  many: {scatter: {n: {range: [1, 100000]}}, run: x}
  here: {run: x, backend: local}
finally: {run: x}
`);
  expect(all.map(({ backend, resources }) => ({ backend, resources }))).toEqual([
    { backend: undefined, resources: { queue: 'batch' } },
    { backend: 'local', resources: { queue: 'batch' } },
    { backend: undefined, resources: { queue: 'batch', timeSeconds: 600 } },
  ]);
});

test('each part has the place where the file last says it', () => {
  const [t, plain, step] = requests(
    `inputs: {threads: 1}
defaults:
  backend: slurm
  resources: {gpus: 1, queue: batch, memory: 1G, options: {slurm: [--a], sge: [-m]}}
tasks:
  t:
    script: t.sh
    backend: other
    resources:
      memory: "\${{ inputs.threads }}G"
      partition: long
      options: {slurm: [--c, --d]}
  plain: {run: x}
onFailure: {run: x}
`,
    { 't.sh': '#!/bin/sh\n#SBATCH --gpus=2\n#SBATCH -c 4\n' },
  );
  expect(said(t, { kind: 'backend' })).toBe("8:14: 'backend' of task 't' is wrong");
  expect(said(t, resource('memoryMiB'))).toBe("10:15: 'resources.memory' of task 't' is wrong");
  expect(said(t, resource('queue'))).toBe("11:18: 'resources.partition' of task 't' is wrong");
  expect(said(t, { kind: 'option', of: 'slurm', index: 1 })).toBe(
    "12:30: 'resources.options.slurm[1]' of task 't' is wrong",
  );
  expect(said(t, { kind: 'option', of: 'sge', index: 0 })).toBe(
    "4:80: 'defaults.resources.options.sge[0]' is wrong",
  );
  expect(said(t, resource('gpus'))).toBe("7:13: 'script' of task 't' is wrong");
  expect(said(t, { kind: 'resources' })).toBe("10:7: 'resources' of task 't' is wrong");
  expect(said(plain, resource('gpus'))).toBe("4:21: 'defaults.resources.gpus' is wrong");
  expect(said(plain, { kind: 'backend' })).toBe("3:12: 'defaults.backend' is wrong");
  expect(said(plain, { kind: 'resources' })).toBe("13:10: 'resources' of task 'plain' is wrong");
  expect(said(step, resource('timeSeconds'))).toBe("14:12: 'onFailure' is wrong");
});
