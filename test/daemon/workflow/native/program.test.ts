/** The calls of a workflow as facts arrive: which there are, which may start, which never will. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fact, Told } from '../../../../daemon/workflow/language.ts';
import { drive, ended, job, open, text } from './open-for-test.ts';

/** Every form of waiting in one workflow: needs, each of each, a list that a task makes, a list of outputs. */
const WORKFLOW = `
inputs: {samples: [a, b, c]}
tasks:
  align:
    scatter: {sample: "\${{ inputs.samples }}"}
    run: align \${{ sample }}
    outputs: {bam: "\${{ sample }}.bam"}
  index: {scatter: {each: align}, run: "index \${{ tasks.align.outputs.bam }} \${{ sample }}", outputs: {bai: "\${{ sample }}.bai"}}
  check: {scatter: {each: index}, run: "check \${{ tasks.align.outputs.bam }} \${{ tasks.index.outputs.bai }}"}
  merge: {needs: [align, index], run: "merge \${{ tasks.align.outputs.bam }}", outputs: {list: list.txt}}
  part: {scatter: {p: {linesOf: "\${{ tasks.merge.outputs.list }}"}}, run: "part \${{ p }}", outputs: {o: "\${{ p }}.out"}}
  again: {scatter: {f: "\${{ tasks.part.outputs.o }}"}, run: "again \${{ f }}"}
  last: {needs: [part, again], run: "echo \${{ length(tasks.part.outputs.o) }}"}
outputs: {merged: "\${{ tasks.merge.outputs.list }}", parts: "\${{ tasks.part.outputs.o }}", note: "n=\${{ length(inputs.samples) }}"}
`;

test('a run whose calls all succeed: the graph grows while it runs', () => {
  const program = open(WORKFLOW);
  const run = drive(program, () => 'Succeeded', ['p1', 'p2', '']);
  expect(run.calls).toEqual([
    ...['align[0]', 'align[1]', 'align[2]', 'index[0]', 'index[1]', 'index[2]'],
    ...['check[0]', 'check[1]', 'check[2]', 'merge', 'last'],
    ...['part[0]', 'part[1]', 'again[0]', 'again[1]'],
  ]);
  expect(run).toMatchObject({ skipped: [], failed: [], exhausted: true });
  expect(text(program, 'check[1]')).toBe('check /home/ada/b.bam /home/ada/b.bai');
  expect(text(program, 'index[2]')).toBe('index /home/ada/c.bam c');
  expect(text(program, 'merge')).toBe('merge /home/ada/a.bam /home/ada/b.bam /home/ada/c.bam');
  expect(text(program, 'again[1]')).toBe('again /home/ada/p2.out');
  expect(text(program, 'last')).toBe('echo 2');
  expect(program.outputs()).toEqual({
    values: { merged: '/home/ada/list.txt', parts: ['/home/ada/p1.out', '/home/ada/p2.out'], note: 'n=3' },
    problems: [],
  });
});

test('each waits only for its own counterpart', () => {
  const program = open(WORKFLOW);
  expect(program.tell([]).ready).toEqual(['align[0]', 'align[1]', 'align[2]']);
  expect(program.tell([ended('align[1]', 'Succeeded', { bam: '/b' })]).ready).toEqual(['index[1]']);
});

test('what depends on a failed call is skipped, with the call named; what needs its list never comes to be', () => {
  const run = drive(open(WORKFLOW), (call) => (call === 'align[1]' ? 'Failed' : 'Succeeded'));
  const reasons = Object.fromEntries(run.skipped.map(({ call, reason }) => [call, reason]));
  expect(reasons).toEqual({
    'index[1]': 'needs align[1], which failed',
    'check[1]': 'needs index[1], which was skipped',
    merge: 'needs align[1], which failed',
    last: 'needs part, which can never start: it needs merge, which was skipped',
  });
  expect(run).toMatchObject({ failed: [], exhausted: true });
  expect(run.calls).not.toContain('part[0]');
});

test.each(['Aborted', 'Skipped'] as const)('a call that ended %s is named so', (status) => {
  const program = open('tasks:\n  a: {run: x}\n  b: {run: y, needs: a}\n');
  program.tell([]);
  const words = { Aborted: 'was aborted', Skipped: 'was skipped' }[status];
  expect(program.tell([ended('a', status)]).skipped).toEqual([
    { call: 'b', reason: `needs a, which ${words}` },
  ]);
});

test('calls that come to be when something they need has failed already are announced, and skipped', () => {
  const program = open(
    'tasks:\n  a: {run: x, outputs: {l: l}}\n  b: {run: x}\n  c: {needs: b, scatter: {v: {linesOf: "${{ tasks.a.outputs.l }}"}}, run: x}\n',
  );
  program.tell([ended('b', 'Failed')]);
  const asked = program.tell([ended('a', 'Succeeded', { l: '/s/l' })]);
  expect(asked).toMatchObject({ reads: [{ id: 'c.v', kind: 'lines', path: '/s/l' }], exhausted: false });
  const told = program.tell([{ kind: 'read', id: 'c.v', result: { kind: 'lines', lines: ['p'] } }]);
  expect(told).toMatchObject({
    calls: [{ key: 'c[0]' }],
    ready: [],
    skipped: [{ call: 'c[0]', reason: 'needs b, which failed' }],
    exhausted: true,
  });
});

describe('facts', () => {
  const FULL = new Set(['align[0]', 'align[1]', 'align[2]', 'index[1]']);

  /** What a program has come to, whatever was said when: its calls, those that may still start, those skipped. */
  function state(told: readonly Told[], facts: readonly Fact[]) {
    const done = new Set(facts.flatMap((fact) => (fact.kind === 'callEnded' ? [fact.call] : [])));
    return {
      calls: told.flatMap(({ calls }) => calls.map(({ key }) => key)).sort(),
      ready: told.flatMap(({ ready }) => ready.filter((call) => !done.has(call))).sort(),
      skipped: told.flatMap(({ skipped }) => skipped.map(({ call }) => call)).sort(),
      exhausted: told.at(-1)?.exhausted,
    };
  }

  function batches(facts: readonly Fact[], cuts: readonly number[]): Fact[][] {
    const bounds = [
      0,
      ...[...cuts].map((cut) => cut % (facts.length + 1)).sort((a, b) => a - b),
      facts.length,
    ];
    return bounds.slice(1).map((end, index) => facts.slice(bounds[index], end));
  }

  const histories = fc.record({
    failing: fc.subarray([...FULL, 'merge', 'part[0]', 'check[0]']),
    seed: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
    cuts: fc.array(fc.nat(40), { maxLength: 5 }),
    upTo: fc.nat(40),
  });

  test('may come in any order and in any portions', () => {
    fc.assert(
      fc.property(histories, ({ failing, seed, cuts, upTo }) => {
        const history = drive(open(WORKFLOW), (call) => (failing.includes(call) ? 'Failed' : 'Succeeded'), [
          'p1',
          'p2',
        ]);
        const facts = history.facts.slice(0, upTo);
        const shuffled = facts
          .map((fact, index) => ({ fact, key: seed[index] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ fact }) => fact);
        const inOrder = open(WORKFLOW);
        const mixed = open(WORKFLOW);
        const expected = state([inOrder.tell([]), ...facts.map((fact) => inOrder.tell([fact]))], facts);
        expect(
          state(
            batches(shuffled, cuts).map((batch) => mixed.tell(batch)),
            facts,
          ),
        ).toEqual(expected);
      }),
    );
  });

  test('told again change nothing', () => {
    fc.assert(
      fc.property(histories, ({ failing, upTo }) => {
        const history = drive(open(WORKFLOW), (call) => (failing.includes(call) ? 'Failed' : 'Succeeded'), [
          'p1',
          'p2',
        ]);
        const facts = history.facts.slice(0, upTo);
        const program = open(WORKFLOW);
        const before = program.tell(facts);
        expect(program.tell(facts)).toEqual({
          calls: [],
          ready: [],
          skipped: [],
          reads: [],
          exhausted: before.exhausted,
        });
      }),
    );
  });

  test('of calls that are not of this workflow are passed over', () => {
    const program = open('tasks:\n  a: {run: x}\n');
    program.tell([]);
    const facts = ['nobody', 'a[0]', 'a[', 'onAbort'].map((call) => ended(call, 'Failed'));
    expect(program.tell(facts)).toMatchObject({ calls: [], ready: [], skipped: [] });
  });
});

describe('scatter', () => {
  const texts = (scatter: string, body = 'x ${{ v }}', inputs = '{}'): string[] => {
    const program = open(`inputs: ${inputs}\ntasks:\n  t:\n    scatter: ${scatter}\n    run: "${body}"\n`);
    return program.tell([]).calls.map(({ key }) => text(program, key));
  };

  test.each([
    ['literals, digits as written', '{v: [a, 007, 1.10]}', ['x a', 'x 007', 'x 1.10']],
    ['a range', '{v: {range: [1, 3]}}', ['x 1', 'x 2', 'x 3']],
    ['a range with a step', '{v: {range: [0, 1, 0.25]}}', ['x 0', 'x 0.25', 'x 0.5', 'x 0.75', 'x 1']],
    ['a range that falls', '{v: {range: [3, 1, -2]}}', ['x 3', 'x 1']],
    ['nothing', '{v: []}', []],
  ])('%s', (_, scatter, expected) => {
    expect(texts(scatter)).toEqual(expected);
  });

  test('several variables: every combination, in the order written', () => {
    expect(texts('{v: [a, b], w: [1, 2]}', '${{ v }}${{ w }}')).toEqual(['a1', 'a2', 'b1', 'b2']);
  });

  test('zip: pairwise', () => {
    expect(texts('{v: [a, b], w: [1, 2], mode: zip}', '${{ v }}${{ w }}')).toEqual(['a1', 'b2']);
  });

  test('the bounds of a range and the items of a list may be inputs', () => {
    expect(texts('{v: {range: [1, "${{ inputs.n }}"]}}', 'x ${{ v }}', '{n: 2}')).toEqual(['x 1', 'x 2']);
    expect(texts('{v: [a, "${{ inputs.n }}"]}', 'x ${{ v }}', '{n: 2}')).toEqual(['x a', 'x 2']);
  });

  test('an empty list is a task with no calls, satisfied as soon as what it waits for is', () => {
    const program = open(
      'tasks:\n  first: {run: x}\n  none: {needs: first, scatter: {v: []}, run: x}\n  after: {needs: none, run: x}\n',
    );
    expect(program.tell([]).ready).toEqual(['first']);
    expect(program.tell([ended('first', 'Succeeded')]).ready).toEqual(['after']);
  });

  test('a list that cannot be read fails the run, and nothing more is to come', () => {
    const program = open(WORKFLOW);
    drive(program, () => 'Succeeded');
    const again = open(WORKFLOW);
    const facts = drive(open(WORKFLOW), () => 'Succeeded', ['p']).facts.filter(
      (fact) => fact.kind !== 'read',
    );
    again.tell(facts.slice(0, 20));
    const told = again.tell([
      { kind: 'read', id: 'part.p', result: { kind: 'failed', reason: 'permission denied' } },
    ]);
    expect(told.failed).toBe(
      "task 'part': its list could not be read from /home/ada/list.txt: permission denied",
    );
    expect(told.exhausted).toBe(true);
  });

  test('two calls with one output path fail the run, both named', () => {
    const program = open(
      'tasks:\n  t: {scatter: {v: [a, b, a]}, run: "x ${{ v }}", outputs: {o: "${{ v }}.txt"}}\n',
    );
    expect(program.tell([])).toMatchObject({
      calls: [],
      failed: "t[0] and t[2] declare the same output path 'a.txt'",
      exhausted: true,
    });
  });

  test('a hundred thousand calls', () => {
    const program = open(
      'tasks:\n  t: {scatter: {v: {range: [1, 100000]}}, run: "x ${{ v }}", outputs: {o: "${{ v }}"}}\n  e: {scatter: {each: t}, run: y}\n  z: {needs: e, run: z}\n',
    );
    const told = program.tell([]);
    expect(told.calls).toHaveLength(200_001);
    expect(program.tell(told.ready.map((call) => ended(call, 'Succeeded', { o: '/o' }))).ready).toHaveLength(
      100_000,
    );
    expect(
      program.tell(Array.from({ length: 100_000 }, (_, index) => ended(`e[${index}]`, 'Succeeded'))).ready,
    ).toEqual(['z']);
  });

  test('a chain of ten thousand tasks', () => {
    const tasks = Array.from(
      { length: 10_000 },
      (_, index) => `  t${index}: {run: x${index > 0 ? `, needs: t${index - 1}` : ''}}`,
    );
    const program = open(`tasks:\n${tasks.join('\n')}\n`);
    expect(program.tell([]).ready).toEqual(['t0']);
    expect(program.tell([ended('t0', 'Failed')]).skipped).toHaveLength(9_999);
  });
});

describe('steps of finalization', () => {
  const program = open(
    'inputs: {d: scratch}\ndefaults: {resources: {time: 2h, queue: q}}\ntasks: {a: {run: x, outputs: {o: p}}}\nonAbort: {run: "rm -r ${{ inputs.d }} ${{ run.id }}"}\nfinally: {run: "cp ${{ tasks.a.outputs.o }} .", resources: {time: 1h}}\n',
  );

  test('have a time of their own', () => {
    expect(program.steps).toEqual(['onAbort', 'finally']);
    expect(job(program, 'onAbort')).toMatchObject({
      command: { text: 'rm -r scratch 17' },
      resources: { timeSeconds: 600, queue: 'q' },
    });
  });

  test('may use the outputs of tasks that have succeeded', () => {
    program.tell([]);
    expect(
      program.render('finally', {
        runId: 1,
        runDir: '/r',
        submitDir: '/s',
        callDir: '/c',
        attempt: 1,
        growth: 0,
      }),
    ).toEqual({
      kind: 'failed',
      reason: "output 'o' of a is not known: it has not succeeded",
    });
    program.tell([ended('a', 'Succeeded', { o: '/s/p' })]);
    expect(job(program, 'finally')).toMatchObject({
      command: { text: 'cp /s/p .' },
      resources: { timeSeconds: 3600 },
    });
  });
});
