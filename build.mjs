/**
 * Bundles the programs into dist/ (or the directory given): one file each, so that they start fast.
 *
 * What wfctl needs only now and then (the parser, the engine) are files of their own beside it, required when
 * a command wants them. Native add-ons cannot go into a bundle and stay in node_modules.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(fileURLToPath(import.meta.url));
/** `node build.mjs [DIRECTORY [NAME …]]`: tests build into a directory of their own, and only what they need. */
const [outDir = join(ROOT, 'dist'), ...only] = process.argv.slice(2);
const OUT = resolve(outDir);
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Runnable files; the others are loaded by them, under these names. */
const PROGRAMS = { wfctl: 'cli/main.ts', wfd: 'daemon/main.ts' };
const PARTS = {
  'wfctl-commands.cjs': 'cli/all-commands.ts',
  'workflow.cjs': 'daemon/workflow/for-cli.ts',
  'run-mode.cjs': 'daemon/run-mode.ts',
  'care.cjs': 'daemon/care/offline.ts',
  'config.cjs': 'daemon/config/for-cli.ts',
  'store-worker.cjs': 'daemon/store/worker.ts',
  'store-inspector.cjs': 'daemon/store/inspect-worker.ts',
  'owner-files.cjs': 'daemon/files/owners/hand-main.ts',
};
/** What adapters of a site import: a module, with its types beside it (package.json, `exports`). */
const FOR_ADAPTERS = { 'backend.mjs': 'backends/for-adapters.ts' };
/** Parts that wfctl imports where its sources say so: left outside its bundle. */
const LAZY = new Map(
  ['wfctl-commands.cjs', 'workflow.cjs', 'run-mode.cjs', 'care.cjs', 'config.cjs'].map((part) => [
    join(ROOT, PARTS[part]),
    `./${part}`,
  ]),
);

const leaveOutside = {
  name: 'lazy-parts',
  setup(context) {
    context.onResolve({ filter: /\.ts$/, namespace: 'file' }, ({ path, resolveDir, kind }) => {
      const part = LAZY.get(join(resolveDir, path));
      return part !== undefined && kind === 'dynamic-import' ? { path: part, external: true } : undefined;
    });
  },
};

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const wanted = (programs) =>
  Object.entries(programs).filter(([name]) => only.length === 0 || only.includes(name));
const bundles = await Promise.all([
  ...wanted(PROGRAMS).map(([name, entry]) => bundle(name, entry, '#!/usr/bin/env node\n')),
  ...wanted(PARTS).map(([name, entry]) => bundle(name, entry, '')),
  ...wanted(FOR_ADAPTERS).map(([name, entry]) => bundleForAdapters(name, entry)),
]);
for (const [name] of wanted(PROGRAMS)) chmodSync(join(OUT, name), 0o755);
const migrations = join(ROOT, 'daemon/store/migrations');
if (existsSync(migrations)) cpSync(migrations, join(OUT, 'migrations'), { recursive: true });
// `wfctl service install` makes the units of an installation from them.
for (const mode of ['system', 'user']) {
  cpSync(join(ROOT, 'systemd', mode), join(OUT, 'systemd', mode), { recursive: true });
}
if (only.length === 0) await writeManual();
writeFileSync(join(OUT, 'third-party-licenses.txt'), licensesOf(bundles));
// The repository's own package.json says "module"; these files are CommonJS.
writeFileSync(join(OUT, 'package.json'), '{"type":"commonjs"}\n');

function bundle(name, entry, shebang) {
  return build({
    ...common(name, entry),
    format: 'cjs',
    minifyWhitespace: true,
    external: ['better-sqlite3', 'koffi'],
    // yargs 17 as a module relies on import.meta and top-level await, which CommonJS has not.
    alias: { yargs: join(ROOT, 'node_modules/yargs/index.cjs') },
    define: { WFD_VERSION: JSON.stringify(version), 'import.meta.url': 'importMetaUrl' },
    banner: {
      js: `${shebang}const importMetaUrl=require('node:url').pathToFileURL(__filename).href;`,
    },
    plugins: [leaveOutside],
  });
}

/** The manual pages are made of the commands and the schemas, so they say nothing else. */
async function writeManual() {
  await bundle('write-pages.cjs', 'docs/man/write-pages.ts', '');
  const program = join(OUT, 'write-pages.cjs');
  execFileSync(process.execPath, [program, join(OUT, 'man')], { cwd: ROOT, stdio: 'inherit' });
  rmSync(program);
}

function bundleForAdapters(name, entry) {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const types = ['-p', join(ROOT, 'tsconfig.types.json'), '--outDir', join(OUT, 'types')];
  execFileSync(process.execPath, [compiler, ...types], { stdio: 'inherit' });
  writeFileSync(join(OUT, 'types/package.json'), '{"type":"module"}\n');
  return build({ ...common(name, entry), format: 'esm' });
}

function common(name, entry) {
  return {
    entryPoints: [join(ROOT, entry)],
    outfile: join(OUT, name),
    bundle: true,
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    // They are in third-party-licenses.txt.
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  };
}

/** Of every package that a bundle has something of: most licenses ask for no more, and for no less. */
function licensesOf(bundles) {
  const inputs = bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)].sort().map(licenseIn).join('\n');
}

function licenseIn(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((found) => /^licen[cs]e/i.test(found));
  const text =
    file === undefined ? '(its package has no text of it)' : readFileSync(join(folder, file), 'utf8');
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text.trim()}\n`;
}
