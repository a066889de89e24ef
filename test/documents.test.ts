/** What the documents say must be so: tables made from the code, examples that open, links that lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS, errorTableMarkdown } from '../daemon/protocol/errors.ts';

const documents = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs').map((name) => join('docs', name)),
];

test('docs/errors.md has every error code', () => {
  expect(readFileSync('docs/errors.md', 'utf8')).toContain(errorTableMarkdown());
});

test('docs/errors.md has every exit code', () => {
  const page = readFileSync('docs/errors.md', 'utf8');
  const codes = new Set(Object.values(ERRORS).map(({ exitCode }) => exitCode));
  expect([...codes].filter((code) => !page.includes(`\n| ${code} |`))).toEqual([]);
});

test.each(documents)('%s: every link leads to a file', (document) => {
  const links = [...readFileSync(document, 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
    (match) => match[1] ?? '',
  );
  expect(links.filter((link) => !existsSync(join(dirname(document), link)))).toEqual([]);
});
