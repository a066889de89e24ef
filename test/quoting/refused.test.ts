/** What cannot go through unharmed is refused, with words that say where it is and what to do. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { JobElement } from '../../backends/job-script.ts';
import { submitBody } from '../../daemon/protocol/requests.ts';
import { openNative } from '../../daemon/workflow/native/open.ts';
import { prepareBundle } from '../../daemon/workflow/prepare.ts';
import { makePlace, type Place, shellCommand } from '../backends/job-script-fixture.ts';
import { CONTEXT, drive, mistakesIn, open } from '../daemon/workflow/native/open-for-test.ts';
import { REFUSED_TEXTS } from './cases.ts';

const CASES = Object.entries(REFUSED_TEXTS).map(([what, [text, says]]) => ({ what, text, says }));
const UNWRITABLE = CASES.filter(({ what }) => !what.startsWith('one byte too many'));
const TOO_LONG = CASES.filter(({ what }) => what.startsWith('one byte too many'));

describe('by the job itself, which never runs its command', () => {
  let place: Place;
  afterEach(() => place.remove());

  async function launchFailure(element: Partial<JobElement>): Promise<string | undefined> {
    place = makePlace();
    place.write(element);
    expect((await place.start(['sh'])).code).toBe(1);
    expect(place.read('stdout')).toBe('');
    return place.exit()?.launchFailure;
  }

  test.each(CASES)('$what, in a variable', async ({ text, says }) => {
    expect(await launchFailure({ env: { V00: text } })).toMatch(says);
  });

  test.each(CASES)('$what, in an argument', async ({ text, says }) => {
    const command = { kind: 'script', text: '#!/bin/sh\necho ran\n', args: ['fine', `V00=${text}`] } as const;
    expect(await launchFailure({ command })).toMatch(says);
  });

  test.each(UNWRITABLE)('$what, in a command and in a path', async ({ text, says }) => {
    expect(await launchFailure({ command: shellCommand(`echo ran ${text}`) })).toMatch(says);
    place.remove();
    expect(await launchFailure({ workdir: `/tmp/${text}` })).toMatch(says);
    place.remove();
    expect(await launchFailure({ outputs: { bam: `/tmp/${text}` } })).toMatch(says);
  });
});

describe('when the workflow is opened', () => {
  test.each(UNWRITABLE)('$what, wherever it stands', ({ text, says }) => {
    const odd = JSON.stringify(text);
    const places = [
      `tasks:\n  t: {run: ${odd}}`,
      `tasks:\n  t: {run: x, env: {A: ${odd}}}`,
      `tasks:\n  t: {run: x, workdir: ${odd}}`,
      `tasks:\n  t: {run: x, outputs: {o: ${odd}}}`,
      `tasks:\n  t: {run: x, resources: {queue: ${odd}}}`,
      `tasks:\n  t: {run: x, resources: {options: {slurm: [${odd}]}}}`,
      `tasks:\n  t: {run: x, scatter: {v: [a, ${odd}]}}`,
      `inputs: {i: 1}\ntasks:\n  t: {run: x, shell: [sh, ${odd}]}`,
    ];
    for (const source of places) {
      const [only = '', ...others] = mistakesIn(source);
      expect(only).toMatch(/^[23]:\d+: '.+' of task 't' /);
      expect(only).toMatch(says);
      expect(others).toEqual([]);
    }
  });

  test.each(UNWRITABLE)('$what, in what is given', ({ text, says }) => {
    const source = 'inputs: {one: x, many: [a]}\ntasks: {t: {script: s.sh}}\n';
    const files = { 's.sh': 'true' };
    expect(mistakesIn(source, { files, inputs: { one: text } })[0]).toMatch(says);
    expect(mistakesIn(source, { files, inputs: { many: ['a', text] } })[0]).toMatch(says);
    expect(mistakesIn(source, { files: { 's.sh': text } })[0]).toMatch(says);
  });

  test('bytes that were no UTF-8, in what is given', () => {
    const given = { inputs: { one: 'gr\ufffdn' } };
    expect(mistakesIn('inputs: {one: x}\ntasks: {t: {run: x}}', given)).toEqual([
      "1:10: input 'one' holds bytes that are not UTF-8 (they became U+FFFD); rename the file, or convert the text",
    ]);
  });

  test('names of tasks that no directory can have', () => {
    const long = 'n'.repeat(101);
    expect(mistakesIn(`tasks: {${long}: {run: x}}`)).toEqual([
      expect.stringMatching(/^1:9: task 'n+' must be a name: .* at most 100 characters$/),
    ]);
    expect(mistakesIn(`tasks: {${long.slice(1)}: {run: x}}`)).toEqual([]);
  });

  test('labels that would not be one line, and names of labels that cannot be asked for', () => {
    expect(mistakesIn('labels: {a: "x\\ny", "b=c": z, d: "\\e[31m"}\ntasks: {t: {run: x}}')).toEqual([
      "1:13: 'labels.a' must be one line without control characters",
      "1:21: 'labels.b=c' must be of letters, digits and _ . - / (at most 100)",
      "1:34: 'labels.d' must be one line without control characters",
    ]);
  });
});

describe('when a call is rendered', () => {
  test.each(TOO_LONG)('$what: a value made of inputs', ({ text, says }) => {
    const program = open('inputs: {i: x}\ntasks: {t: {run: x, env: {V00: "${{ inputs.i }}"}}}', {
      inputs: { i: text },
    });
    expect(program.render('t', CONTEXT)).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^variable 'V00' is .*: write it into a file/),
    });
    expect(program.render('t', CONTEXT)).toMatchObject({ reason: expect.stringMatching(says) });
  });

  test('a list that a job wrote, with bytes that are no UTF-8', () => {
    const program = open(`tasks:
  make: {run: x, outputs: {list: list.txt}}
  use: {scatter: {v: {linesOf: "\${{ tasks.make.outputs.list }}"}}, run: x}
`);
    const run = drive(program, () => 'Succeeded', ['fine', 'gr\ufffdn']);
    expect(run.failed[0]).toMatch(
      /a value of the list read from \S+list\.txt holds bytes that are not UTF-8/,
    );
  });
});

describe('when wfctl reads files', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'wf-quoting-'));
    mkdirSync(join(root, 'data'));
    writeFileSync(join(root, 'latin1'), Buffer.from('#!/bin/sh\n# grün\n', 'latin1'));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/data/gr`), Buffer.from([0xfc]), Buffer.from('n')]), '');
  });
  afterAll(() => rmSync(root, { recursive: true }));

  async function mistakes(source: string): Promise<readonly string[]> {
    writeFileSync(join(root, 'w.yaml'), source);
    const prepared = await prepareBundle({ file: 'w.yaml', cwd: root, givenInputs: {} });
    const opened = prepared.ok ? openNative(prepared.bundle) : prepared;
    return opened.ok ? [] : opened.mistakes.map(({ line, message }) => `${line}: ${message}`);
  }
  const NOT_UTF8 =
    'cannot be read: line 2 is not UTF-8 text; convert the file, for example with: iconv -f latin1 -t utf8';

  test('that are not UTF-8', async () => {
    expect(await mistakes('tasks: {t: {script: latin1}}')).toEqual([`1: script 'latin1' ${NOT_UTF8}`]);
    const lines = 'inputs: {l: {linesOf: latin1}}\ntasks: {t: {run: x}}';
    expect(await mistakes(lines)).toEqual([`1: the list for input 'l' cannot be had: 'latin1' ${NOT_UTF8}`]);
    const prepared = await prepareBundle({ file: 'latin1', cwd: root, givenInputs: {} });
    expect(prepared.ok ? '' : prepared.mistakes[0]?.message).toBe(NOT_UTF8);
  });

  test('whose names are not UTF-8', async () => {
    expect(await mistakes("inputs: {f: {glob: 'data/*'}}\ntasks: {t: {run: x}}")).toEqual([
      "1: input 'f' holds bytes that are not UTF-8 (they became U+FFFD); rename the file, or convert the text",
    ]);
    expect(await mistakes("tasks: {t: {run: x, scatter: {f: {glob: 'data/*'}}}}")).toEqual([
      expect.stringMatching(/^1: a value for 'f' holds bytes that are not UTF-8/),
    ]);
  });
});

test('by the API: names, labels, reasons and directories', () => {
  const body = {
    bundle: { language: 'native', fileName: 'w.yaml', source: '', files: {}, inputs: {} },
    submitDir: '/home/ada',
    umask: 0o22,
  };
  expect(submitBody.safeParse({ ...body, name: 'Lauf é 🧬', labels: { a: ' x, y:"z" ' } }).success).toBe(
    true,
  );
  const wrong = [
    { name: 'a\nb' },
    { name: '\u001b[2J' },
    { labels: { a: 'x\ty' } },
    { labels: { 'a b': 'x' } },
    { submitDir: '/home/\ufffd' },
    { submitDir: 'home' },
  ];
  expect(wrong.filter((change) => submitBody.safeParse({ ...body, ...change }).success)).toEqual([]);
});
