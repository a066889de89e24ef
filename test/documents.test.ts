/** What the documents say must be so: tables made from the code, workflows that open, links that lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ERRORS, errorTableMarkdown } from '../daemon/protocol/errors.ts';
import type { Value } from '../daemon/workflow/language.ts';
import { openNative } from '../daemon/workflow/native/open.ts';

const documents = ['.', 'docs'].flatMap((directory) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(directory, name)),
);

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

const workflows = [
  ...documents.flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      (match) => [document, match[1] ?? ''] as const,
    ),
  ),
  ...readdirSync('examples')
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => [join('examples', name), readFileSync(join('examples', name), 'utf8')] as const),
];

test.each(workflows)(
  'the workflow in %s has no mistake, and its first calls can be rendered',
  (fileName, source) => {
    const opened = openNative({
      language: 'native',
      fileName,
      source,
      files: {},
      inputs: readInputs(source),
    });
    if (!opened.ok) return expect(opened.mistakes).toEqual([]);
    const { ready } = opened.program.tell([]);
    const context = {
      runId: 1,
      runDir: '/run',
      submitDir: '/here',
      callDir: '/run/call',
      attempt: 1,
      growth: 0,
    };
    expect(ready).not.toEqual([]);
    for (const call of ready) expect(opened.program.render(call, context)).toMatchObject({ kind: 'job' });
  },
);

/** What `wfctl` would have read from files, and a value for what must be given. */
function readInputs(source: string): Record<string, Value> {
  const declared = Object.entries((parse(source) as { inputs?: Record<string, unknown> }).inputs ?? {});
  const given = declared.filter(([, value]) => value === null || typeof value === 'object');
  return Object.fromEntries(
    given.map(([name, value]) => [name, value === null ? '/data/given' : ['a', 'b']]),
  );
}
