/** One attempt's job: quoting, resources, defaults, directives of scripts. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDirectives } from '../../../../daemon/workflow/native/directives.ts';
import { quoteWord } from '../../../../daemon/workflow/native/evaluate.ts';
import { ended, job, open, text } from './open-for-test.ts';

test('quote(): a real shell gives back the same bytes', () => {
  const value = fc
    .string({ unit: 'binary', maxLength: 30 })
    .filter((written) => !written.includes('\0') && Buffer.from(written).toString() === written);
  const nasty = fc
    .array(fc.constantFrom("'", '"', '\\', '$(date)', '`', '\n', '!', ' ', '*', '~', '-n', '', 'é'), {
      maxLength: 6,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(fc.oneof(value, nasty), { minLength: 1, maxLength: 20 }), (values) => {
      const script = `printf '%s\\0' ${values.map(quoteWord).join(' ')}`;
      const given = execFileSync('bash', ['-c', script]).toString();
      expect(given.split('\0').slice(0, -1)).toEqual(values);
    }),
    { numRuns: 60 },
  );
});

test('a value that is only known when a call runs is held to the same rule', () => {
  const program = open(
    'tasks:\n  a: {run: x, outputs: {o: "a b"}}\n  b: {run: "cat ${{ tasks.a.outputs.o }}"}\n  c: {run: "cat ${{ quote(tasks.a.outputs.o) }}"}\n',
  );
  program.tell([ended('a', 'Succeeded', { o: '/s/a b' })]);
  expect(text(program, 'c')).toBe("cat '/s/a b'");
  expect(() => text(program, 'b')).toThrow(
    'tasks.a.outputs.o is "/s/a b", which contains " ": write quote(tasks.a.outputs.o)',
  );
});

test('functions', () => {
  const program = open(
    "inputs: {p: /a/b.fq.gz, l: [x, y]}\ntasks:\n  t: {run: \"${{ basename(inputs.p, '.fq.gz') }} ${{ dirname(inputs.p) }} ${{ join(inputs.l, ',') }} ${{ length(inputs.l) }} ${{ inputs.l }} ${{ raw(inputs.p) }}\"}\n",
  );
  expect(text(program, 't')).toBe('b /a x,y 2 x y /a/b.fq.gz');
});

test('variables, arguments and paths take values as they are', () => {
  const files = { 's.sh': '#!/bin/sh\n' };
  const program = open(
    'inputs: {v: "a b;c"}\ntasks:\n  t: {script: s.sh, args: ["${{ inputs.v }}"], env: {V: "${{ inputs.v }}"}, outputs: {o: "${{ inputs.v }}"}, workdir: "w/${{ run.id }}"}\n',
    { files },
  );
  expect(job(program, 't')).toMatchObject({
    command: { kind: 'script', text: '#!/bin/sh\n', args: ['a b;c'] },
    env: { V: 'a b;c' },
    workdir: '/home/ada/w/17',
    outputs: { o: '/home/ada/w/17/a b;c' },
  });
});

test('defaults are overridden key by key', () => {
  const program = open(
    'defaults: {resources: {queue: q, cpus: 2, time: 2h}, env: {A: 1, B: 2}, retries: {max: 3, on: [75]}, workdir: call, shell: sh -e}\ntasks:\n  t: {run: x, resources: {cpus: 4}, env: {B: 3}, retries: {delay: 1m}, successCodes: [0, 3]}\n',
  );
  expect(job(program, 't')).toMatchObject({
    command: { kind: 'shell', shell: ['sh', '-e'] },
    resources: { queue: 'q', cpus: 4, timeSeconds: 7200 },
    env: { A: '1', B: '3' },
    workdir: '/runs/17/t/0/1',
    successCodes: [0, 3],
  });
  expect(program.task('t').retries).toEqual({ max: 3, causes: [], exitCodes: [75], delayMs: 60_000 });
});

test('retries as a number mean the four common causes', () => {
  expect(open('tasks: {t: {run: x, retries: 2}}').task('t').retries).toEqual({
    max: 2,
    causes: ['NonZeroExit', 'Signaled', 'OutOfMemory', 'TimeLimit'],
    exitCodes: [],
  });
});

test.each([
  [0, 10_240, 3600],
  [1, 11_264, 5400],
  [2, 12_391, 8100],
])('after %i retries that grow', (growth, memoryMiB, timeSeconds) => {
  const program = open(
    'tasks: {t: {run: x, resources: {memory: 10G, time: 1h}, retries: {max: 3, grow: {memory: 1.1, time: 1.5}}}}',
  );
  expect(job(program, 't', { growth }).resources).toEqual({ memoryMiB, timeSeconds });
});

test('resources may be expressions, checked when they are known', () => {
  const workflow = (memory: string): string =>
    `inputs: {m: ${memory}}\ntasks: {t: {run: x, resources: {memory: "\${{ inputs.m }}", queue: "q\${{ attempt }}"}}}`;
  expect(job(open(workflow('4G')), 't', { attempt: 2 }).resources).toEqual({ memoryMiB: 4096, queue: 'q2' });
  expect(() => open(workflow('4'))).toThrow("'resources.memory' of task 't' needs a unit");
});

describe('directives of scripts', () => {
  const slurm = `#!/bin/bash
#SBATCH -c 4 --mem=4G   # cores and memory
#SBATCH --time 1-2
#SBATCH -p batch -Aproj -q high
#SBATCH -C "a100&fast" -N 2 -n8 --gres=gpu:a100:2
#SBATCH --exclusive --reservation=r1
#SBATCH -J name -o out-%j -e err --array=1-5 -D /tmp --requeue --dependency afterok:1 --parsable
#SBATCH --mail-type=END --licenses lic:1

##SBATCH --qos=commented
echo begin
#SBATCH --qos=late
`;
  test('sbatch', () => {
    expect(readDirectives(slurm)).toEqual({
      cpus: 4,
      memoryMiB: 4096,
      timeSeconds: 93_600,
      queue: 'batch',
      account: 'proj',
      qos: 'high',
      constraint: 'a100&fast',
      nodes: 2,
      ranks: 8,
      gpus: { count: 2, type: 'a100' },
      exclusive: true,
      reservation: 'r1',
      options: { slurm: ['--mail-type=END', '--licenses', 'lic:1'] },
    });
  });

  test.each([
    ['30', 1800],
    ['1:30', 90],
    ['2:00:00', 7200],
    ['1-0:30', 88_200],
  ])('sbatch --time=%s', (written, timeSeconds) => {
    expect(readDirectives(`#SBATCH --time=${written}\n`)).toEqual({ timeSeconds });
  });

  test('qsub: memory is per slot', () => {
    expect(
      readDirectives(
        '#!/bin/sh\n#$ -N x -cwd -V\n#$ -pe smp 4 -l h_vmem=2G,h_rt=1:0:0,ssd=1\n#$ -q long.q -P proj\n#$ -m e\n',
      ),
    ).toEqual({
      cpus: 4,
      memoryMiB: 8192,
      timeSeconds: 3600,
      queue: 'long.q',
      account: 'proj',
      options: { sge: ['-l', 'ssd=1', '-m', 'e'] },
    });
  });

  test('bsub: minutes, and KB', () => {
    expect(
      readDirectives('#BSUB -J x -n 4 -W 1:30 -M 2097152\n#BSUB -q long -P proj -R "span[hosts=1]"\n'),
    ).toEqual({
      cpus: 4,
      memoryMiB: 2048,
      timeSeconds: 5400,
      queue: 'long',
      account: 'proj',
      options: { lsf: ['-R', 'span[hosts=1]'] },
    });
  });

  test("a script's lines override the defaults, and the task's own keys override them", () => {
    const files = { 's.sh': '#!/bin/sh\n#SBATCH -c 4 -t 30\n' };
    const program = open(
      'defaults: {resources: {time: 2h, queue: q}}\ntasks: {t: {script: s.sh, resources: {cpus: 8}}}',
      { files },
    );
    expect(job(program, 't').resources).toEqual({ cpus: 8, timeSeconds: 1800, queue: 'q' });
  });
});

test('what the whole workflow says: names, labels, abort, blocked jobs', () => {
  const program = open(
    'name: n1\nfailureMode: NoNewCalls\nlabels: {a: 1}\nabort: ignore\nonBlocked: {failAfter: 1d}\ndefaults: {backend: slurm}\ntasks: {t: {run: x, abort: {signal: SIGUSR1, grace: 2m}, maxParallel: 5, priority: 3, backend: local}}',
  );
  expect(program).toMatchObject({
    name: 'n1',
    failureMode: 'NoNewCalls',
    labels: { a: '1' },
    ignoresAbort: true,
    blockedFailAfterMs: 86_400_000,
    backend: 'slurm',
  });
  expect(program.task('t')).toMatchObject({
    backend: 'local',
    maxParallel: 5,
    priority: 3,
    abort: { kind: 'signal', signal: 'USR1', graceMs: 120_000 },
  });
});
