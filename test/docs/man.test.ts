/** The manual pages: all that there is stands in them, and man reads them without complaint. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS, GLOBAL_OPTIONS } from '../../cli/all-commands.ts';
import { OPTIONS } from '../../daemon/command-line.ts';
import { configSchema } from '../../daemon/config/config-schema.ts';
import { ERRORS } from '../../daemon/protocol/errors.ts';
import { marked } from '../../docs/man/roff.ts';
import { wfctlPage } from '../../docs/man/wfctl-page.ts';
import { wfdPage } from '../../docs/man/wfd-page.ts';
import { EXAMPLE, wfdYamlPage } from '../../docs/man/wfd-yaml-page.ts';

const edition = {
  version: '1.2.3',
  date: '2021-03-01',
  errorsPage: readFileSync('docs/errors.md', 'utf8'),
};

const directory = mkdtempSync(join(tmpdir(), 'wfd-man-'));
const pages = ['wfctl.1', 'wfd.8', 'wfd.yaml.5'] as const;
beforeAll(async () => {
  const texts = [await wfctlPage(edition), wfdPage(edition), wfdYamlPage(edition)];
  for (const [index, name] of pages.entries()) writeFileSync(join(directory, name), texts[index] ?? '');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** As people read it, on lines without end; without any marks where man is not there. */
function read(name: (typeof pages)[number]): string {
  const text = readFileSync(join(directory, name), 'utf8');
  return text
    .replace(/\\f[BIR]/g, '')
    .replaceAll('\\(aq', "'")
    .replaceAll('\\(dq', '"')
    .replaceAll('\\-', '-');
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

test('wfctl(1) has every command, as its help names it', () => {
  const page = read('wfctl.1');
  const usages = COMMANDS.map(({ usage }) =>
    usage.replace(/<(\w+)>/g, '$1').replace(/\[(\w+)\.\.\]/g, '[$1 ...]'),
  );
  expect(usages.filter((usage) => !page.includes(`\n.SS wfctl ${usage} [options]\n`))).toEqual([]);
});

test('wfctl(1) has every option that the sources of the commands name', () => {
  const page = read('wfctl.1');
  const sources = [
    'cli/options.ts',
    ...readdirSync('cli/commands').map((name) => join('cli/commands', name)),
  ].map((path) => readFileSync(path, 'utf8'));
  const named = sources.flatMap((source) =>
    [...source.matchAll(/\.option\('([\w-]+)'/g)].map(([, name = '']) => name),
  );
  expect(named.length).toBeGreaterThan(40);
  const all = [...named, ...Object.keys(GLOBAL_OPTIONS), 'input', 'inputs', 'to', 'state'];
  expect(all.filter((name) => !new RegExp(`\n(-\\w, )?--${name}\\b`).test(page))).toEqual([]);
});

test('wfctl(1) has every exit code', () => {
  const page = read('wfctl.1');
  const codes = new Set([0, 1, ...Object.values(ERRORS).map(({ exitCode }) => exitCode)]);
  expect([...codes].filter((code) => !page.includes(`\n.TP\n${code}\n`))).toEqual([]);
});

test('wfd(8) has every option', () => {
  const page = read('wfd.8');
  expect(Object.keys(OPTIONS).filter((name) => !page.includes(`\n.TP\n--${name}`))).toEqual([]);
});

test('wfd.yaml(5) has every key of the reference', () => {
  const reference = readFileSync('docs/configuration.md', 'utf8');
  const keys = [...reference.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key = '']) => key);
  expect(keys.length).toBeGreaterThan(80);
  const page = read('wfd.yaml.5');
  expect(keys.filter((key) => !page.includes(`\n.TP\n${key}: `))).toEqual([]);
});

test('the example of wfd.yaml(5) is a configuration', () => {
  expect(configSchema.safeParse(parse(EXAMPLE.join('\n')))).toMatchObject({ success: true });
});

test('every variable that the programs read is in one of the pages', () => {
  const files = ['cli', 'daemon'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const sources = files.filter((name) => name.endsWith('.ts')).map((name) => readFileSync(name, 'utf8'));
  const names = sources.flatMap((source) =>
    [...source.matchAll(/\benv\['([A-Z_]+)'\]/g)].map(([, name = '']) => name),
  );
  expect(new Set(names).size).toBeGreaterThan(10);
  const text = pages.map(read).join('');
  expect([...new Set(names)].filter((name) => !text.includes(name))).toEqual([]);
});

describe.each(pages)('%s', (name) => {
  test.skipIf(!isThere('mandoc'))('mandoc finds nothing wrong (left out where it is not installed)', () => {
    const { stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', join(directory, name)], {
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toBe('');
  });

  test.skipIf(!isThere('man'))(
    'man formats it without a warning (left out where it is not installed)',
    () => {
      const { stdout, stderr } = spawnSync('man', ['--warnings', '--local-file', join(directory, name)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '100', MANPAGER: 'cat' },
      });
      expect(stderr).toBe('');
      expect(stdout).toContain('wfd 1.2.3');
    },
  );
});

test('marks of roff in a text do nothing', () => {
  expect(marked("a\\b 'c' `--d` – [e](f.md#g)")).toBe('a\\eb \\(aqc\\(aq \\fB\\-\\-d\\fR \\[u2013] e');
});
