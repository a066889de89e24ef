/** Words of a site: what was put in comes out as one argument, and nothing else is ever made of it. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasLoneBrace, placeholdersIn, placeholdersOf, render } from '../../../backends/template/words.ts';

const ODD = [
  "it's",
  '$HOME',
  '`id`',
  '-rf',
  '',
  ' ',
  'a\nb',
  '{tag}',
  '}{',
  '{{x}}',
  'ünï',
  '$&',
  "$'",
  '\\',
  '*',
  ';',
];

describe('a placeholder', () => {
  test.each(ODD)('takes %j as it is', (odd) => {
    expect(render(['{tag}'], { tag: odd })).toEqual([odd]);
    expect(render(['--name={tag}!'], { tag: odd })).toEqual([`--name=${odd}!`]);
  });

  test('of several words becomes as many, or none', () => {
    expect(render(['rm', '{nativeIds}', '-x'], { nativeIds: ['1', '2'] })).toEqual(['rm', '1', '2', '-x']);
    expect(render(['rm', '{nativeIds}'], { nativeIds: [] })).toEqual(['rm']);
  });

  test('is told from braces that are meant', () => {
    expect(render(['{{id.f58}}|{{{tag}}}', '{{tag}}'], { tag: 'x' })).toEqual(['{id.f58}|{x}', '{tag}']);
    expect(placeholdersIn('{{a}} {b}{c}')).toEqual(['b', 'c']);
  });

  test.each(['{', '}', '{tag', 'tag}', '${x:-1}', '{id.f58}', '{}', '{{{tag}}'])(
    'has a lone brace: %s',
    (word) => {
      expect(hasLoneBrace(word)).toBe(true);
    },
  );
});

describe('words in a list of their own', () => {
  test('drop out together where one value is absent', () => {
    const words = ['qsub', ['-q', '{queue}'], ['-l', 'mem={memoryMiB}mb:{cpus}'], ['-k'], 'x'];
    expect(render(words, { queue: 'q', memoryMiB: '5', cpus: '2' })).toEqual([
      ...['qsub', '-q', 'q', '-l', 'mem=5mb:2', '-k', 'x'],
    ]);
    expect(render(words, { memoryMiB: '5' })).toEqual(['qsub', '-k', 'x']);
  });

  test('stay for a value without any text', () => {
    expect(render([['-l', 'place=excl{exclusive}']], { exclusive: '' })).toEqual(['-l', 'place=excl']);
    expect(render([['-l', 'place=excl{exclusive}']], {})).toEqual([]);
  });
});

test('pieces of one word drop out in the same way', () => {
  const words = ['-l', { word: ['select=1', [':ncpus={cpus}'], [':mem={memoryMiB}mb']] }];
  expect(render(words, { cpus: '4', memoryMiB: '9' })).toEqual(['-l', 'select=1:ncpus=4:mem=9mb']);
  expect(render(words, { memoryMiB: '9' })).toEqual(['-l', 'select=1:mem=9mb']);
  expect(render(words, {})).toEqual(['-l', 'select=1']);
  expect([...placeholdersOf(words)]).toEqual(['cpus', 'memoryMiB']);
});

/** No command line can carry a NUL; half a character would not survive any encoding. */
const value = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
const fixed = fc.string().filter((text) => !/[{}\0]/.test(text));

test('property: every word is one argument, and holds its values unchanged', () => {
  const word = fc.tuple(fixed, value, fixed);
  fc.assert(
    fc.property(fc.array(word), (parts) => {
      const words = parts.map(([before, , after]) => `${before}{tag}${after}`);
      const rendered = words.map((each, at) => render([each], { tag: parts[at]?.[1] ?? '' }));
      expect(rendered).toEqual(parts.map(([before, middle, after]) => [`${before}${middle}${after}`]));
    }),
  );
});

test('property: a real process, behind a shell, is given what was put in', () => {
  const words = ['-c', 'exec "$@"', 'sh', 'printf', '%s\\0', '--name={tag}', ['{queue}'], '{nativeIds}'];
  fc.assert(
    fc.property(value, value, fc.array(value), (tag, queue, nativeIds) => {
      const printed = execFileSync('sh', render(words, { tag, queue, nativeIds }), { encoding: 'utf8' });
      expect(printed).toBe([`--name=${tag}`, queue, ...nativeIds].map((each) => `${each}\0`).join(''));
    }),
    { numRuns: 50 },
  );
});

test('property: what is doubled comes out single', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const doubled = text.replaceAll('{', '{{').replaceAll('}', '}}');
      expect(hasLoneBrace(doubled)).toBe(false);
      expect(render([doubled], {})).toEqual([text]);
    }),
  );
});
