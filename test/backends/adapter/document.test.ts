/** docs/writing-a-backend.md names what there is, and nothing else. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SHAPES } from '../../../backends/adapter/shapes.ts';
import * as forAdapters from '../../../backends/for-adapters.ts';
import { loadConfig } from '../../../daemon/config/config.ts';

const page = readFileSync('docs/writing-a-backend.md', 'utf8');
const example = readFileSync('examples/backend/queue.mjs', 'utf8');

const section = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const codeBlocks = (text: string): string[] =>
  [...text.matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => block.replaceAll(/^ {4}/gm, ''));
const firstColumn = (text: string): string[] =>
  [...text.matchAll(/^\| `(\w+)[^|]*` \|/gm)].map(([, name = '']) => name);

test('what a module exports', () => {
  expect(firstColumn(section('What the module exports'))).toEqual(Object.keys(SHAPES.adapter.shape));
});

test('every member of a scheduler', () => {
  const told = [
    ...firstColumn(section('What the scheduler says of itself')),
    ...[...section('What it does').matchAll(/^### `(\w+)\(/gm)].map(([, name]) => name),
  ];
  const capabilities = Object.keys(SHAPES.scheduler.shape.capabilities.shape);
  expect(told.toSorted()).toEqual([...Object.keys(SHAPES.scheduler.shape), ...capabilities].toSorted());
});

test('every kind of end, every key of a job, every function that may be imported', () => {
  const { options } = SHAPES.causeInLog.unwrap();
  const keys = Object.keys(SHAPES.snapshot.options[0].shape.jobs.element.shape);
  for (const word of [...options, ...keys, ...Object.keys(forAdapters)])
    expect(page).toContain(`\`${word}\``);
});

test('the configuration that is shown has no mistake', () => {
  const [text = ''] = codeBlocks(section('In the configuration'));
  expect(text).toContain('kind: adapter');
  const loaded = loadConfig({ options: {}, env: {}, readFile: () => text, hasProgram: () => false });
  expect(loaded).toMatchObject({ ok: true });
});

test('the preamble that is shown is that of the example', () => {
  const shown = codeBlocks(page)
    .find((block) => block.includes('preamble:'))
    ?.trim();
  expect(example).toContain(shown);
});
