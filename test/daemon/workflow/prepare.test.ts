/** What wfctl reads before it sends a workflow, with real files. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { globPaths } from '../../../daemon/workflow/glob.ts';
import { openNative } from '../../../daemon/workflow/native/open.ts';
import { type PrepareRequest, prepareBundle } from '../../../daemon/workflow/prepare.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'wf-prepare-'));
  const files = {
    'flow/samples.txt': 'a\nb\r\n\nc\n',
    'flow/job.sh': '#!/bin/sh\n#SBATCH -c 3\n',
    'flow/data/x1.fq': '',
    'flow/data/x2.fq': '',
    'flow/data/deep/x3.fq': '',
    'flow/data/.hidden.fq': '',
    'given.txt': 'g1\ng2\n',
    'inputs.yaml': 'samples: {linesOf: given.txt}\nreference: 1.10\n',
    'wrong.yaml': 'reference: x\nsampels: [a]\n',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  symlinkSync('..', join(root, 'flow/data/deep/loop'));
});
afterAll(() => rmSync(root, { recursive: true }));

const WORKFLOW = `inputs:
  reference: ref.fa
  samples: {linesOf: samples.txt}
  n: 3
tasks:
  one: {run: "x \${{ s }} \${{ inputs.n }}", scatter: {s: "\${{ inputs.samples }}"}}
  two: {script: job.sh, scatter: {f: {glob: "data/*.fq"}}, args: ["\${{ f }}"]}
`;

function prepare(source: string, more: Partial<PrepareRequest> = {}) {
  writeFileSync(join(root, 'flow/w.yaml'), source);
  return prepareBundle({ file: 'flow/w.yaml', cwd: root, givenInputs: {}, ...more });
}

async function inputs(more: Partial<PrepareRequest>) {
  const prepared = await prepare(WORKFLOW, more);
  return prepared.ok
    ? prepared.bundle.inputs
    : prepared.mistakes.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
}

test('files named in the workflow are found relative to it, and the bundle opens', async () => {
  const prepared = await prepare(WORKFLOW);
  expect(prepared).toMatchObject({
    ok: true,
    bundle: {
      fileName: 'flow/w.yaml',
      files: { 'job.sh': '#!/bin/sh\n#SBATCH -c 3\n' },
      inputs: {
        reference: 'ref.fa',
        samples: ['a', 'b', 'c'],
        n: 3,
        'tasks.two.scatter.f': [join(root, 'flow/data/x1.fq'), join(root, 'flow/data/x2.fq')],
      },
    },
  });
  const opened = prepared.ok ? openNative(prepared.bundle) : undefined;
  expect(opened?.ok === true && opened.program.tell([]).calls.map(({ key }) => key)).toEqual([
    'one[0]',
    'one[1]',
    'one[2]',
    'two[0]',
    'two[1]',
  ]);
});

describe('what is given at submit', () => {
  test.each<[string, Partial<PrepareRequest>, object]>([
    ['a text stays as typed', { givenInputs: { reference: '[1.10' } }, { reference: '[1.10' }],
    ['a list', { givenInputs: { samples: '[x, 007]' } }, { samples: ['x', '007'] }],
    ['one value where a list is wanted', { givenInputs: { samples: 'x' } }, { samples: ['x'] }],
    [
      'a form, relative to the working directory',
      { givenInputs: { samples: '{linesOf: given.txt}' } },
      { samples: ['g1', 'g2'] },
    ],
    ['a range', { givenInputs: { samples: '{range: [1, 3]}' } }, { samples: [1, 2, 3] }],
    ['a file of inputs', { inputsFile: 'inputs.yaml' }, { samples: ['g1', 'g2'], reference: '1.10' }],
    [
      'the command line before the file',
      { inputsFile: 'inputs.yaml', givenInputs: { reference: 'r' } },
      { samples: ['g1', 'g2'], reference: 'r' },
    ],
  ])('%s', async (_, more, expected) => {
    expect(await inputs(more)).toMatchObject(expected);
  });

  test.each<[string, Partial<PrepareRequest>, string]>([
    [
      'an unknown input',
      { givenInputs: { sampels: 'x' } },
      "flow/w.yaml:1:1: there is no input 'sampels'; did you mean 'samples'?",
    ],
    [
      'an unknown input in a file',
      { inputsFile: 'wrong.yaml' },
      "wrong.yaml:2:1: there is no input 'sampels'; did you mean 'samples'?",
    ],
    [
      'a file of inputs that is not there',
      { inputsFile: 'no.yaml' },
      'no.yaml:1:1: cannot be read: there is no such file (ROOT/no.yaml)',
    ],
    [
      'no number',
      { givenInputs: { n: 'three' } },
      "flow/w.yaml:4:6: input 'n' is a number, such as 3; 'three' is not",
    ],
    [
      'a list that is not there',
      { givenInputs: { samples: '{linesOf: no.txt}' } },
      "flow/w.yaml:3:12: the list for input 'samples' cannot be had: 'no.txt' cannot be read: there is no such file (ROOT/no.txt)",
    ],
  ])('%s is one clear mistake', async (_, more, expected) => {
    expect(await inputs(more)).toEqual([expected.replaceAll('ROOT', root)]);
  });
});

test.each([
  ['no such workflow', 'flow/none.yaml', 'cannot be read: there is no such file'],
  ['a directory', 'flow', 'cannot be read: it is not a file'],
])('%s', async (_, file, expected) => {
  const prepared = await prepareBundle({ file, cwd: root, givenInputs: {} });
  expect(prepared).toMatchObject({ ok: false, mistakes: [{ file, line: 1, column: 1 }] });
  expect(prepared.ok ? '' : prepared.mistakes[0]?.message).toContain(expected);
});

test('files that are not there and other mistakes come together', async () => {
  const prepared = await prepare(
    'inputs: {ref: null, list: {linesOf: no.txt}}\ntasks:\n  a: {script: no.sh, needs: b}\n  c: {run: x, scatter: {v: {linesOf: "${{ inputs.ref }}.txt"}}}\n',
  );
  expect(
    prepared.ok
      ? []
      : prepared.mistakes.map(({ line, message }) => `${line}: ${message.replace(/ \(.*/, '')}`),
  ).toEqual([
    "1: input 'ref' is required: give it with --input ref=VALUE",
    "1: the list for input 'list' cannot be had: 'no.txt' cannot be read: there is no such file",
    "3: script 'no.sh' cannot be read: there is no such file",
    "3: there is no task 'b'",
    "4: the list for 'v' cannot be had: '.txt' cannot be read: there is no such file",
  ]);
});

test.each([
  ['*.fq', ['x1.fq', 'x2.fq']],
  ['x?.fq', ['x1.fq', 'x2.fq']],
  ['x[2-3].fq', ['x2.fq']],
  ['x[!2].fq', ['x1.fq']],
  ['{x1,deep/x3}.fq', ['deep/x3.fq', 'x1.fq']],
  ['**/*.fq', ['deep/x3.fq', 'x1.fq', 'x2.fq']],
  ['.h*', ['.hidden.fq']],
  ['none/*', []],
])('glob %s', async (pattern, expected) => {
  const directory = join(root, 'flow/data');
  expect(await globPaths(pattern, directory)).toEqual(expected.map((name) => join(directory, name)));
});
