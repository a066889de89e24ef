/** The npm package: what is in it, and that it works where nothing else of the clone is. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const isLong = process.env['WFD_TEST_LONG'] === '1';

let directory: string;
let packed: { readonly filename: string; readonly files: readonly { readonly path: string }[] };
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wfd-npm-'));
  chmodSync(directory, 0o755);
  // As `npm pack` in a clone, whose dist/ other tests are using.
  const clone = join(directory, 'clone');
  mkdirSync(clone);
  for (const name of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'docs', 'examples']) {
    cpSync(name, join(clone, name), { recursive: true });
  }
  execFileSync(process.execPath, ['build.mjs', join(clone, 'dist')]);
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  packed = JSON.parse(
    execFileSync('npm', words, { cwd: clone, stdio: ['ignore', 'pipe', 'ignore'] }).toString(),
  )[0];
  rmSync(clone, { recursive: true });
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

test('it has the programs, what they need, and documents; no sources, no tests', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'dist/wfctl',
      'dist/wfd',
      'dist/owner-files.cjs',
      'dist/migrations/meta/_journal.json',
      'dist/systemd/system/wfd.service',
      'dist/systemd/user/wfd.socket',
      'dist/man/wfctl.1',
      'dist/man/wfd.8',
      'dist/man/wfd.yaml.5',
      'dist/third-party-licenses.txt',
      'docs/operations.md',
      'LICENSE',
    ]),
  );
  expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(
    new Set(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'examples', 'package.json']),
  );
  expect(
    paths.filter((path) => /(?<!\.d)\.ts$|\.test\.|node_modules|dist\/systemd\/debian/.test(path)),
  ).toEqual([]);
});

test('whatever package.json names is in it', () => {
  const { bin, man, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named: string[] = [
    ...Object.values<string>(bin),
    ...man,
    ...Object.values<string>(exports['./backend']),
  ];
  const paths = packed.files.map(({ path }) => path);
  expect(named.filter((name) => !paths.includes(name.replace(/^\.\//, '')))).toEqual([]);
});

test('every package that is bundled is named with its license', () => {
  const words = ['-xzOf', join(directory, packed.filename), 'package/dist/third-party-licenses.txt'];
  const parts = execFileSync('tar', words)
    .toString()
    .split(/^-{80}\n(?=\S+ [\d.]+ \()/m)
    .slice(1);
  const names = parts.map((part) => /^(\S+) [\d.]+ \([A-Z][\w.-]+\)\n\n.+/.exec(part)?.[1]);
  expect(names).toEqual(expect.arrayContaining(['fastify', 'zod', 'yargs', 'drizzle-orm', 'pino', 'execa']));
  expect(names).not.toContain(undefined);
});

test('it runs with nothing but its native modules beside it', () => {
  const prefix = join(directory, 'unpacked');
  const installed = join(prefix, 'lib/node_modules/wfd');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(directory, packed.filename), '--strip-components=1', '-C', installed]);
  mkdirSync(join(installed, 'node_modules'));
  for (const name of Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies)) {
    symlinkSync(resolve('node_modules', name), join(installed, 'node_modules', name));
  }
  mkdirSync(join(prefix, 'bin'));
  for (const name of ['wfctl', 'wfd']) symlinkSync(join(installed, 'dist', name), join(prefix, 'bin', name));
  expectToWork(prefix, person('unpacked-home'));
});

test.runIf(isLong)(
  'npm install --global --prefix installs it for an ordinary user (only with WFD_TEST_LONG=1: SQLite may have to be compiled)',
  () => {
    const someone = person('installed-home');
    const prefix = join(someone.home, 'prefix');
    run(someone, ['npm', 'install', '--global', '--prefix', prefix, join(directory, packed.filename)]);
    for (const page of ['man1/wfctl.1', 'man8/wfd.8', 'man5/wfd.yaml.5']) {
      expect(existsSync(join(prefix, 'share/man', page))).toBe(true);
    }
    expectToWork(prefix, someone);
  },
  900_000,
);

interface Person {
  readonly home: string;
  /** Words before a command, so that it runs as him. */
  readonly as: readonly string[];
}

/** Nobody in particular, where the tests run as root. */
function person(name: string): Person {
  const home = join(directory, name);
  mkdirSync(home);
  if (process.getuid?.() !== 0) return { home, as: [] };
  chownSync(home, NOBODY, NOBODY);
  return { home, as: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'] };
}

const NOBODY = 65_534;

/** With all that leads to the registry from here, but not with what npm and npx tell their children. */
function run({ home, as }: Person, words: readonly string[], env: Record<string, string> = {}): string {
  const [program = '', ...rest] = [...as, ...words];
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const surroundings = { ...Object.fromEntries(inherited), HOME: home, ...headers(), ...env };
  const ended = spawnSync(program, rest, { cwd: home, env: surroundings, encoding: 'utf8' });
  expect({ code: ended.status, stderr: ended.status === 0 ? '' : ended.stderr }).toEqual({
    code: 0,
    stderr: '',
  });
  return ended.stdout;
}

/** Those that came with Node spare a compilation another download, as in .ci/prepare. */
function headers(): Record<string, string> {
  const root = dirname(dirname(process.execPath));
  return existsSync(join(root, 'include/node/node.h')) ? { npm_config_nodedir: root } : {};
}

function expectToWork(prefix: string, someone: Person): void {
  const wfctl = (...words: string[]) =>
    run(someone, [join(prefix, 'bin/wfctl'), ...words], { WFD_STATE_DIR: join(someone.home, 'state') });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(wfctl('--version')).toBe(`${version}\n`);
  expect(run(someone, [join(prefix, 'bin/wfd'), '--help'])).toContain('usage: wfd');
  expect(wfctl('validate', resolve('examples/hello.yaml'))).toContain('is valid');
  wfctl('daemon', 'start');
  try {
    const run = JSON.parse(
      wfctl('submit', resolve('examples/hello.yaml'), '--backend', 'local', '--wait', '--json'),
    );
    expect(run).toMatchObject({ status: 'Succeeded' });
  } finally {
    wfctl('daemon', 'stop');
  }
}
