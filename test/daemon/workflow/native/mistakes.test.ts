/** WORKFLOW-FORMAT: every mistake at once, each with its place and the nearest valid name. */
import { describe, expect, test } from 'vitest';
import { openNative } from '../../../../daemon/workflow/native/open.ts';
import { workflowJsonSchema } from '../../../../daemon/workflow/native/schema.ts';
import { bundleOf, mistakesIn } from './open-for-test.ts';

const task = (line: string): string => `tasks:\n  align:\n    run: x\n    ${line}\n`;

const cases: readonly (readonly [name: string, source: string, expected: readonly string[]])[] = [
  [
    'unknown key',
    task('retires: 3'),
    ["4:5: unknown key 'retires' in task 'align'; did you mean 'retries'?"],
  ],
  [
    'a resource beside resources',
    task('memory: 4G'),
    ["4:5: unknown key 'memory' in task 'align'; it belongs under 'resources'"],
  ],
  [
    'a resource misspelt beside resources',
    task('memmory: 4G'),
    ["4:5: unknown key 'memmory' in task 'align'; did you mean 'memory', which belongs under 'resources'?"],
  ],
  [
    'unknown resource',
    task('resources: {memmory: 4G}'),
    ["4:17: unknown key 'memmory' in 'resources' of task 'align'; did you mean 'memory'?"],
  ],
  [
    'unknown key deep in a choice',
    task('retries: {mx: 3}'),
    ["4:15: unknown key 'mx' in 'retries' of task 'align'; did you mean 'max'?"],
  ],
  [
    'bare time',
    task('resources: {time: 90}'),
    [
      "4:23: 'resources.time' of task 'align' needs a unit: write 90m or 90h (a bare number is refused, because SLURM reads minutes and people mean hours)",
    ],
  ],
  [
    'ambiguous time',
    task('resources: {time: "4:30"}'),
    [
      "4:23: 'resources.time' of task 'align' could be hours:minutes or minutes:seconds: write 4:30:00 for hours:minutes:seconds, or use units, such as 90m",
    ],
  ],
  [
    'bare memory',
    task('resources: {memory: 16}'),
    ["4:25: 'resources.memory' of task 'align' needs a unit: write 16M or 16G (1024-based)"],
  ],
  [
    'bad count',
    task('resources: {cpus: 0}'),
    ["4:23: 'resources.cpus' of task 'align' must be a whole number of at least 1; 0 is not"],
  ],
  [
    'bad gpus',
    task('resources: {gpus: many}'),
    [
      "4:23: 'resources.gpus' of task 'align' must be a number of GPUs or type:number, such as 2 or a100:2; 'many' is neither",
    ],
  ],
  [
    'queue twice',
    task('resources: {queue: a, partition: b}'),
    ["4:27: 'partition' is another word for 'queue'; give only one of them"],
  ],
  [
    'option that breaks us',
    task('resources: {options: {slurm: [--job-name=x]}}'),
    [
      '4:35: option --job-name cannot be passed through: the daemon needs it to run the job and find it again',
    ],
  ],
  [
    'option for a scheduler that is misspelt',
    task('resources: {options: {slrum: [-x], uge: [-y], queue: [-z]}}'),
    ["4:34: 'resources.options.slrum' of task 'align' is for no scheduler; did you mean 'slurm'?"],
  ],
  ['unknown need', task('needs: [aling]'), ["4:13: there is no task 'aling'; did you mean 'align'?"]],
  ['waits for itself', task('needs: align'), ["2:3: task 'align' waits for itself"]],
  [
    'run and script',
    'tasks:\n  a: {run: x, script: y.sh}\n',
    [
      "2:15: task 'a' has both 'run' and 'script'; it can have only one",
      "2:23: the script 'y.sh' was not sent with the workflow",
    ],
  ],
  ['nothing to do', 'tasks:\n  a: {}\n', ["2:3: task 'a' has nothing to do: give it 'run' or 'script'"]],
  ['empty run', 'tasks:\n  a: {run: ""}\n', ["2:7: 'run' of task 'a' is empty"]],
  [
    'failure mode',
    'failureMode: NoNewCals\ntasks: {a: {run: x}}\n',
    [
      "1:14: 'failureMode' must be NoNewCalls or ContinueWhilePossible, not 'NoNewCals'; did you mean 'NoNewCalls'?",
    ],
  ],
  [
    'cause',
    task('retries: {max: 2, on: [OutOfMem]}'),
    [
      "4:28: 'retries.on[0]' of task 'align' is 'OutOfMem', which is no cause that can be retried; did you mean 'OutOfMemory'?",
    ],
  ],
  ['duplicate key', 'tasks:\n  a: {run: x}\n  a: {run: y}\n', ["3:3: duplicate key 'a'"]],
  [
    'reserved variable',
    task('env: {WF_CPUS: 3}'),
    ["4:11: 'env.WF_CPUS' of task 'align' is reserved: variables beginning with WF_ are set for every job"],
  ],
  [
    'task named like a step',
    'tasks:\n  finally: {run: x}\n',
    ["2:3: a task cannot be named 'finally': that is a step of finalization"],
  ],
  [
    'missing input',
    'inputs: {ref: null}\ntasks: {a: {run: x}}\n',
    ["1:10: input 'ref' is required: give it with --input ref=VALUE"],
  ],
  [
    'cycle',
    'tasks:\n  a: {run: x, needs: b}\n  b: {run: x, scatter: {each: c}}\n  c: {run: "x ${{ tasks.a.outputs.o }}", outputs: {p: q}}\n  d: {run: x, needs: a}\n',
    [
      '2:3: tasks wait for each other in a circle: a needs b needs c needs a',
      "4:19: task 'a' has no output 'o'; it declares none",
    ],
  ],
  [
    'same output path',
    'tasks:\n  a: {run: x, outputs: {o: out.txt}}\n  b: {run: x, outputs: {p: ./out.txt}}\n',
    ["3:28: task 'b' and task 'a' declare the same output path 'out.txt'"],
  ],
  [
    'one value scattered',
    'tasks:\n  a: {run: x, outputs: {o: p}}\n  b:\n    run: x\n    scatter: {v: "${{ tasks.a.outputs.o }}"}\n',
    [
      '5:23: variable \'v\' needs a list; tasks.a.outputs.o is one value; to read its lines write {linesOf: "${{ tasks.a.outputs.o }}"}',
    ],
  ],
  [
    'unequal zip',
    'tasks:\n  a: {run: x, scatter: {v: [1, 2], w: [3], mode: zip}}\n',
    ['2:15: lists that are zipped must have the same length: v has 2, w has 1'],
  ],
  [
    'run.id in a list',
    task('scatter: {v: ["${{ run.id }}"]}'),
    ["4:24: 'run.id' cannot be used in a scatter: it is known only when a call runs"],
  ],
  [
    'expression in labels',
    'labels: {a: "${{ run.id }}"}\ntasks: {a: {run: x}}\n',
    ["1:14: an expression cannot be used in 'labels.a'"],
  ],
  ['no tasks', 'name: x\n', ["1:1: 'tasks' is missing: a workflow has at least one task"]],
  ['empty tasks', 'tasks: {}\n', ["1:1: 'tasks' is empty; a workflow has at least one task"]],
  ['empty file', '', ['1:1: the file is empty; a workflow is a map with at least `tasks`']],
  ['a list', '- a\n- b\n', ['1:1: a workflow is a map with at least `tasks`; this file holds a list']],
  [
    'no YAML',
    'tasks:\n  a: b: c\n',
    ['2:6: is not valid YAML: Nested mappings are not allowed in compact mappings'],
  ],
  ['binary', 'a\n\u0000\u0001', ['2:1: the file is not a text file: it contains a control character here']],
];

test.each(cases)('%s', (_, source, expected) => {
  expect(mistakesIn(source)).toEqual(expected);
});

describe('expressions', () => {
  const line = (expression: string): string[] =>
    mistakesIn(
      `inputs: {ref: /a/b, odd: a b, list: [a, b]}\ntasks:\n  t:\n    run: |\n      first line\n        x \${{ ${expression} }}\n    env: {E: "1"}\n`,
    );

  test.each([
    ['inputs.rref', "6:15: there is no input 'rref'; did you mean 'ref'?"],
    ['ref', "6:15: 'ref' refers to nothing; did you mean 'inputs.ref'?"],
    ['tasks.tt.outputs.x', "6:15: there is no task 'tt'; did you mean 't'?"],
    ['tasks.t.x', "6:15: 'tasks.t.x' refers to nothing; an output is written tasks.TASK.outputs.NAME"],
    [
      'upper(inputs.ref)',
      "6:15: there is no function 'upper'; there are join, basename, dirname, length, quote, raw",
    ],
    ['join(inputs.list)', '6:15: join() takes 2 arguments, not 1'],
    ['length(inputs.ref)', '6:15: length() takes a list; inputs.ref is one value'],
    ['basename(quote(inputs.odd))', '6:24: quote() must be the outermost function of the expression'],
    ['inputs.ref', undefined],
    [
      'inputs.odd',
      '6:11: inputs.odd is "a b", which contains " ": write quote(inputs.odd) to pass it as one word, or raw(inputs.odd) if it is meant to be shell code',
    ],
    ['quote(inputs.odd)', undefined],
    ['inputs.ref +', "6:26: expected '}}' in the expression, found '+'"],
  ])('%s', (expression, expected) => {
    expect(line(expression)).toEqual(expected === undefined ? [] : [expected]);
  });

  test('that is not closed', () => {
    expect(mistakesIn('tasks:\n  t: {run: "x ${{ run.id"}\n')).toEqual([
      "2:15: the expression is not closed: '}}' is missing",
    ]);
  });

  test('quoting where values are data', () => {
    expect(mistakesIn('tasks:\n  t: {run: x, env: {A: "${{ quote(attempt) }}"}}\n')).toEqual([
      "2:29: quote() is for the text of 'run'; here the value is passed as it is and needs no quoting",
    ]);
  });

  test('a value of a known list that needs quoting', () => {
    const [mistake] = mistakesIn('tasks:\n  t: {run: "x ${{ v }}", scatter: {v: [a, "b;rm"]}}\n');
    expect(mistake).toContain('2:15: v is "b;rm", which contains ";"');
  });
});

test('all mistakes of a file come at once, with the line they are on', () => {
  const source = 'nmae: x\ntasks:\n  a:\n    run: ${{ inputs.x }}\n    needs: b\n    resources: {time: 1}\n';
  const opened = openNative(bundleOf(source));
  expect(opened.ok ? [] : opened.mistakes.map(({ line, text }) => [line, text])).toEqual([
    [1, 'nmae: x'],
    [4, '    run: ${{ inputs.x }}'],
    [5, '    needs: b'],
    [6, '    resources: {time: 1}'],
  ]);
});

test('an input that was given but is not declared', () => {
  const given = { inputs: { refrence: 'x' } };
  expect(mistakesIn('inputs: {reference: a}\ntasks: {a: {run: x}}\n', given)).toEqual([
    "1:1: there is no input 'refrence'; did you mean 'reference'?",
  ]);
});

const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`)}]`),
];

test.each([
  ['aliases that multiply', bomb.join('\n'), 'aliases that multiply'],
  ['nesting without end', '['.repeat(100_000), 'nested too deeply'],
  ['maps without end', '? '.repeat(100_000), 'nested too deeply'],
  ['anchors without end', '&a '.repeat(100_000), 'anchors and tags'],
  ['quotes without end', 'a: "\n'.repeat(100_000), 'never closed'],
  ['ten megabytes', 'x'.repeat(10_000_000), 'too large'],
])('junk is one clear mistake: %s', (_, source, expected) => {
  const mistakes = mistakesIn(source);
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain(expected);
});

test('a file of unknown keys is not reported without end', () => {
  expect(mistakesIn(Array.from({ length: 20_000 }, (__, index) => `k${index}: 1`).join('\n'))).toHaveLength(
    100,
  );
});

test('the JSON Schema has the keys of the format', () => {
  expect(workflowJsonSchema()).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['tasks'],
  });
  expect(JSON.stringify(workflowJsonSchema())).toContain('"maxParallel"');
});
