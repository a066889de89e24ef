/** The rules that keep the pieces apart, each with its reason. A new rule is one entry in a table. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

interface Import {
  /** The importing file, from the top of the project. */
  readonly from: string;
  /** As from the top of the project where it is ours, else as written: `zod`, `node:fs`. */
  readonly to: string;
  readonly typeOnly: boolean;
  /** `import(…)`: loaded only when needed. */
  readonly lazy: boolean;
}

interface Rule {
  readonly reason: string;
  /** The files that must obey. */
  readonly among: RegExp;
  readonly allows: (found: Import) => boolean;
}

const OURS = /^(backends|daemon|cli|bench|test)\//;
const SOURCE_FOLDERS = ['backends', 'daemon', 'cli'];

const IMPORT_RULES: Record<string, Rule> = {
  'backends/ imports nothing of ours': {
    reason: 'an adapter can be read, tested and replaced without knowing the daemon',
    among: /^backends\//,
    allows: ({ to }) => !OURS.test(to) || to.startsWith('backends/'),
  },
  'only backends/run-command.ts imports execa': {
    reason:
      'every command has a time limit and a clean environment, because there is one place that runs them',
    among: /^(?!backends\/run-command\.ts)/,
    allows: ({ to }) => to !== 'execa',
  },
  'daemon/engine/ is pure': {
    reason: 'decisions are tested with values and simulated by the thousand: no clock, no disk, no command',
    among: /^daemon\/engine\//,
    allows: ({ to, typeOnly }) =>
      to.startsWith('daemon/engine/') ||
      (typeOnly && (/^backends\/[^/]+\.ts$/.test(to) || to === 'daemon/workflow/language.ts')),
  },
  'daemon/protocol/ imports nothing of ours': {
    reason: 'it is all that the two programs share, so it must not pull either of them in',
    among: /^daemon\/protocol\//,
    allows: ({ to }) =>
      to.startsWith('daemon/protocol/') ||
      ['zod', 'fastest-levenshtein', 'node:os', 'node:path'].includes(to),
  },
  'cli/ knows the protocol; all else it loads only when needed': {
    reason: 'wfctl starts in a few milliseconds, and works with a daemon of another version',
    among: /^cli\//,
    allows: ({ to, typeOnly, lazy }) =>
      !OURS.test(to) || /^(cli|daemon\/protocol)\//.test(to) || typeOnly || lazy,
  },
  'only daemon/store/ knows the database': {
    reason: 'another database can stand behind the same interface',
    among: /^(?!daemon\/store\/)/,
    allows: ({ to }) => !/^(drizzle-orm|better-sqlite3)(\/|$)/.test(to),
  },
  'only daemon/api/ knows the HTTP server': {
    reason: 'the loop never sees a request, only wishes',
    among: /^(?!daemon\/api\/)/,
    allows: ({ to }) => !/^@?fastify(\/|$)/.test(to),
  },
  'the daemon does not know its command line client': {
    reason: 'anything may talk to the socket',
    among: /^daemon\//,
    allows: ({ to }) => !to.startsWith('cli/'),
  },
  'relative imports name the file': {
    reason: 'the sources run as they are, and a reader can follow a path without knowing search rules',
    among: /./,
    allows: ({ to }) => !OURS.test(to) || /\.(ts|json)$/.test(to),
  },
};

interface TextRule {
  readonly reason: string;
  readonly among: RegExp;
  readonly forbids: RegExp;
}

const TEXT_RULES: Record<string, TextRule> = {
  'no silenced compiler or linter': {
    reason: 'mend the cause',
    among: /./,
    forbids: /@ts-(ignore|nocheck|expect-error)|biome-ignore/,
  },
  'no notes to self': {
    reason: 'an issue can be found, a note cannot',
    among: /./,
    forbids: /\b(TODO|FIXME|XXX)\b/,
  },
  'no console': {
    reason: 'the daemon logs with pino, wfctl prints with its printer',
    among: /./,
    forbids: /\bconsole\.\w+\(/,
  },
  'no default exports': { reason: 'a thing has one name', among: /./, forbids: /^export default\b/m },
  'no clock, chance or timer in the engine': {
    reason: 'they are arguments, so that a simulation can hand in its own',
    among: /^daemon\/engine\//,
    forbids: /\b(Date\.now|new Date|Math\.random|performance\.|setTimeout|setInterval|process\.|crypto\.)/,
  },
};

const files = SOURCE_FOLDERS.flatMap(sourcesBelow);
const sources = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
const imports = files.flatMap((file) => importsOf(file, sources.get(file) ?? ''));

test.each(Object.entries(IMPORT_RULES))('%s', (_name, { among, allows, reason }) => {
  const broken = imports.filter((found) => among.test(found.from) && !allows(found));
  expect(
    broken.map(({ from, to }) => `${from} imports ${to}`),
    reason,
  ).toEqual([]);
});

test.each(Object.entries(TEXT_RULES))('%s', (_name, { among, forbids, reason }) => {
  const broken = files.filter((file) => among.test(file)).flatMap((file) => linesMatching(file, forbids));
  expect(broken, reason).toEqual([]);
});

test('a file answers one question: at most 350 lines', () => {
  const long = files.map((file) => ({ file, lines: sources.get(file)?.split('\n').length ?? 0 }));
  expect(long.filter(({ lines }) => lines > 351)).toEqual([]);
});

test('a function fits on a screen: at most 70 lines', () => {
  expect(files.flatMap(longFunctions)).toEqual([]);
});

/** What a bundle of its own offers: its entry is a list of names, and nothing else imports it statically. */
const BUNDLE_ENTRIES = ['backends/for-adapters.ts', 'daemon/workflow/for-cli.ts'];

test('no barrel files: a name is imported from where it is made', () => {
  const barrels = files.filter((file) => /^export (\*|\{[^}]*\}) from/m.test(sources.get(file) ?? ''));
  expect(barrels.filter((file) => !BUNDLE_ENTRIES.includes(file))).toEqual([]);
});

test('no file reaches itself through its imports', () => {
  expect(cycles(imports.filter(({ to }) => sources.has(to)))).toEqual([]);
});

test('the reader of imports sees every form', () => {
  const text = `import type { A } from './a.ts';
import { b,
  type C } from '../daemon/c.ts';
import 'd';
const e = await import('./e.ts');
const f = require('f');
// import { g } from './g.ts';
`;
  expect(importsOf('cli/x.ts', text)).toEqual([
    { from: 'cli/x.ts', to: 'cli/a.ts', typeOnly: true, lazy: false },
    { from: 'cli/x.ts', to: 'daemon/c.ts', typeOnly: false, lazy: false },
    { from: 'cli/x.ts', to: 'd', typeOnly: false, lazy: false },
    { from: 'cli/x.ts', to: 'cli/e.ts', typeOnly: false, lazy: true },
    { from: 'cli/x.ts', to: 'f', typeOnly: false, lazy: true },
  ]);
});

function sourcesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
}

function importsOf(from: string, text: string): Import[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const declared = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
  const loaded = /\b(?:import|require)\(\s*'([^']+)'\s*\)/g;
  return [
    ...[...code.matchAll(declared)].map((match) => ({
      to: match[2] ?? '',
      typeOnly: match[1] !== undefined,
      lazy: false,
    })),
    ...[...code.matchAll(loaded)].map((match) => ({ to: match[1] ?? '', typeOnly: false, lazy: true })),
  ].map(({ to, typeOnly, lazy }) => ({ from, to: resolved(from, to), typeOnly, lazy }));
}

function resolved(from: string, to: string): string {
  return to.startsWith('.') ? normalize(join(dirname(from), to)) : to;
}

function linesMatching(file: string, pattern: RegExp): string[] {
  const lines = (sources.get(file) ?? '').split('\n');
  return lines.flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

/** The formatter puts the head of a function of a module and its closing brace in the first column. */
function longFunctions(file: string): string[] {
  const lines = (sources.get(file) ?? '').split('\n');
  return lines.flatMap((line, start) => {
    const name = /^(?:export )?(?:async )?function\*? (\w+)/.exec(line)?.[1];
    if (name === undefined) return [];
    const length = lines.slice(start).indexOf('}') + 1;
    return length > 70 ? [`${file}: ${name} has ${length} lines`] : [];
  });
}

function cycles(edges: readonly Import[]): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of edges.filter(({ from }) => from === file)) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of new Set(edges.map(({ from }) => from))) visit(file, []);
  return found;
}
