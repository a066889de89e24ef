/** wfctl config: what the daemon would say of a file, and what it would work with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildWfctl, type Wfctl } from './wfctl-fixture.ts';

let wfctl: Wfctl;
beforeAll(async () => {
  wfctl = await buildWfctl(['config.cjs']);
});
afterAll(() => wfctl.remove());

function write(name: string, text: string): string {
  const file = join(wfctl.directory, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('check', () => {
  test('no file is no mistake, and it is said where one would be looked for', async () => {
    const { code, stdout } = await wfctl.run(['config', 'check']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^No file: there is no .*\/home\/\.config\/wfd\/config\.yaml, \/etc\/wfd\/config\.yaml\. None is needed\.\n$/,
    );
  });

  test('a sound file', async () => {
    const file = write('good.yaml', 'limits: {perOwner: 7}\n');
    expect(await wfctl.run(['config', 'check', file])).toEqual({
      code: 0,
      stdout: `${file} is valid (named on the command line)\n`,
      stderr: '',
    });
    expect((await wfctl.run(['config', 'check'], { env: { WFD_CONFIG: file } })).stdout).toBe(
      `${file} is valid (named by WFD_CONFIG)\n`,
    );
  });

  test('every mistake at once, with its place', async () => {
    const file = write('bad.yaml', 'limits: {perOwner: 0}\nbakends: {}\nlog:\n  level: loud\n');
    const { code, stdout, stderr } = await wfctl.run(['config', 'check', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`wfctl: ${file} has 3 mistakes (this file: named on the command line)`);
    expect(stderr).toContain(`${file}:1:20: 'limits.perOwner' must be at least 1`);
    expect(stderr).toContain(`${file}:2:1: unknown key 'bakends'; did you mean 'backends'?`);
    expect(stderr).toContain(`${file}:4:10: 'log.level' must be one of`);
  });

  test('what only an adapter can know is found as well', async () => {
    const file = write('adapter.yaml', 'backends:\n  ours:\n    kind: adapter\n    module: ./none.mjs\n');
    const { code, stderr } = await wfctl.run(['config', 'check', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/adapter\.yaml:4:13: 'backends\.ours\.module'/);
  });

  test('--json', async () => {
    const file = write('bad.json.yaml', 'log: {level: loud}\n');
    const { code, stdout } = await wfctl.run(['config', 'check', file, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, file, mistakes: [{ line: 1, column: 14 }] });
  });

  test('a file that is not there', async () => {
    const { code, stderr } = await wfctl.run(['config', 'check', 'none.yaml']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/home\/none\.yaml:1:1: no such file/);
  });
});

describe('show', () => {
  test('every value, and where it comes from', async () => {
    const file = write('mine.yaml', '# ours\nlimits:\n  perOwner: 7\n');
    const { code, stdout } = await wfctl.run(['config', 'show', '--socket', '/run/mine'], {
      env: { WFD_CONFIG: file, WFD_STATE_DIR: '/data/state' },
    });
    expect(code).toBe(0);
    const lines = stdout.split('\n').map((line) => line.trim());
    expect(lines[0]).toBe(`# ${file}: named by WFD_CONFIG`);
    expect(lines).toEqual(
      expect.arrayContaining([
        'dir: /data/state # WFD_STATE_DIR in the environment',
        'socket: /run/mine # --socket',
        `perOwner: 7 # ${file}:3`,
        'runsPerOwner: 5000 # default',
        'kind: local # default: always there',
      ]),
    );
  });

  test('--system is another daemon', async () => {
    const { stdout } = await wfctl.run(['config', 'show', '--system', '--json']);
    const { settings } = JSON.parse(stdout);
    expect(settings).toContainEqual({
      path: ['state', 'dir'],
      value: '/var/lib/wfd',
      from: { kind: 'option', name: '--system' },
    });
  });

  test('what is printed is a configuration file that means the same', async () => {
    const first = await wfctl.run(['config', 'show']);
    const file = write('printed.yaml', first.stdout);
    const second = await wfctl.run(['config', 'show', file, '--json']);
    const values = async (json: string) =>
      JSON.parse(json).settings.map(({ path, value }: { path: string[]; value: unknown }) => [path, value]);
    const original = await wfctl.run(['config', 'show', '--json']);
    expect(await values(second.stdout)).toEqual(await values(original.stdout));
    const { settings } = JSON.parse(second.stdout) as { settings: { from: { kind: string } }[] };
    expect(new Set(settings.map(({ from }) => from.kind))).toEqual(new Set(['file']));
  });

  test('with mistakes there is nothing to show', async () => {
    const file = write('wrong.yaml', 'limits: 7\n');
    expect(await wfctl.run(['config', 'show', file])).toMatchObject({ code: 2, stdout: '' });
  });
});
