/** What an adapter in a directory of its own gets of us: `wfd/backend` as it is built, with types that hold. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let directory: string;
const adapter = (): string => join(directory, 'mine/queue.mjs');
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wfd-outside-'));
  execFileSync(process.execPath, ['build.mjs', join(directory, 'wfd/dist'), 'backend.mjs']);
  copyFileSync('package.json', join(directory, 'wfd/package.json'));
  mkdirSync(join(directory, 'mine/node_modules'), { recursive: true });
  symlinkSync('../../wfd', join(directory, 'mine/node_modules/wfd'));
  copyFileSync('examples/backend/queue.mjs', adapter());
});
afterAll(() => rmSync(directory, { recursive: true }));

test('the example can be imported by plain node', () => {
  const script = `import { createScheduler } from ${JSON.stringify(adapter())};
    const scheduler = createScheduler({ name: 'q', options: {}, env: {} });
    const ask = async ({ args }) => ({ exitCode: 2, stdout: '', stderr: 'no ' + args[0], timedOut: false });
    console.log(await scheduler.submit({ tag: 't', script: 's', resources: {} }, ask));`;
  expect(run(process.execPath, '--input-type=module', '--eval', script)).toContain(
    "{ kind: 'rejected', reason: 'queue: no submit' }",
  );
});

test('its types are checked against what is built, in both ways in which they are looked for', () => {
  const check = (module: string, resolution: string): string =>
    run(
      ...[
        process.execPath,
        resolve('node_modules/typescript/bin/tsc'),
        '--ignoreConfig',
        '--noEmit',
        '--strict',
      ],
      ...['--checkJs', '--target', 'es2023', '--module', module, '--moduleResolution', resolution, adapter()],
    );
  expect(check('nodenext', 'nodenext')).toBe('');
  expect(check('esnext', 'bundler')).toBe('');
});

test('the example has the types of the sources', () => {
  expect(run(process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'examples/backend')).toBe('');
});

/** What it printed, also where it failed. */
function run(program: string, ...args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `failed: ${stdout}${stderr}`;
  }
}
