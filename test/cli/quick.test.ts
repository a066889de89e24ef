import { expect, test } from 'vitest';
import { quickStatus } from '../../cli/quick.ts';

const PLAIN = { id: '17', json: false, calls: false, wait: false };

test.each([
  ['status 17', PLAIN],
  ['status 17 --json --calls', { ...PLAIN, json: true, calls: true }],
  ['--socket /s status 17 --wait', { ...PLAIN, wait: true, socket: '/s' }],
  ['status --json 17 --socket /s', { ...PLAIN, json: true, socket: '/s' }],
])('%s is read without yargs', (line, expected) => {
  expect(quickStatus(line.split(' '))).toEqual(expected);
});

test.each([
  'list',
  'status',
  'status 17 18',
  'status 17 --help',
  'status 17 --json=true',
  'status 17 --socket',
  'status 17 --socket --json',
  '--socket=/s status 17',
  'status 17 --start',
])('%s is left to yargs', (line) => {
  expect(quickStatus(line.split(' '))).toBeUndefined();
});
