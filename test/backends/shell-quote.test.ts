/** Any text is one word, in every shell that /bin/sh may be; and no scheduler finds options to itself in it. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shellQuote } from '../../backends/shell-quote.ts';
import { TEXTS } from '../quoting/cases.ts';
import { text } from '../quoting/generated.ts';
import { SHELLS } from './job-script-fixture.ts';

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('under $name', ({ shell }) => {
  const [program = 'sh', ...options] = shell;
  const words = (texts: readonly string[]): readonly string[] => {
    const script = `printf '%s\\0' ${texts.map(shellQuote).join(' ')}`;
    const printed = execFileSync(program, options, { input: script, encoding: 'utf8' });
    return printed.split('\0').slice(0, -1);
  };

  test('the table', () => {
    expect(words(Object.values(TEXTS))).toEqual(Object.values(TEXTS));
  });

  test('any text', () => {
    const many = fc.array(text, { minLength: 50, maxLength: 50 });
    const arrive = (texts: readonly string[]): void => {
      expect(words(texts)).toEqual(texts);
    };
    fc.assert(fc.property(many, arrive), { seed: 3, numRuns: 10 });
  });
});

test('only its first line begins with what was quoted, and no line ends with a carriage return', () => {
  const script = shellQuote('a\n#PBS -h\r\n\n#$ -h\n#SBATCH --hold');
  const [, ...rest] = script.split('\n');
  expect(rest.filter((line) => !line.startsWith("''"))).toEqual([]);
  expect(script).not.toContain('\r\n');
});
