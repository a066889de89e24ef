/** Backends of `kind: adapter`: where their modules are looked for, and mistakes with their places. */
import { afterAll, expect, test } from 'vitest';
import type { ConfigSources } from '../../daemon/config/config.ts';
import { openConfig } from '../../daemon/config/open-config.ts';
import { createSite, moduleText } from '../backends/adapter/modules.ts';

const site = createSite();
afterAll(() => site.remove());
const CHECK = `export const checkOptions = ({ slots }) =>
  slots === undefined ? [{ message: 'must say how many slots there are' }]
  : slots > 0 ? [] : [{ option: 'slots', message: 'must be at least 1' }];`;
site.write('etc/adapters/toy.mjs', moduleText('', CHECK));
site.write('home/toy.mjs', moduleText());
site.write('node_modules/wfd-toy/package.json', '{"name": "wfd-toy", "main": "./toy.mjs"}');
site.write('node_modules/wfd-toy/toy.mjs', moduleText());

const FILE = `${site.directory}/etc/config.yaml`;

function open(text: string) {
  const sources: ConfigSources = {
    options: { config: FILE },
    env: { HOME: `${site.directory}/home` },
    readFile: () => text,
    hasProgram: () => false,
  };
  return openConfig(sources);
}

async function mistakes(text: string): Promise<readonly string[]> {
  const result = await open(text);
  return result.ok ? [] : result.mistakes.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

test('a module is found by its path, from home, from the file, and as a package', async () => {
  const result = await open(`
backend: absolute
backends:
  absolute: {kind: adapter, module: ${site.directory}/home/toy.mjs}
  home: {kind: adapter, module: ~/toy.mjs, poll: 7s}
  beside: {kind: adapter, module: ./adapters/toy.mjs, options: {slots: 2}, env: {A: b}}
  above: {kind: adapter, module: ../home/toy.mjs}
  packaged: {kind: adapter, module: wfd-toy}
`);
  if (!result.ok) throw new Error(JSON.stringify(result.mistakes));
  const { backends } = result;
  expect([...backends.keys()]).toEqual(['absolute', 'home', 'beside', 'above', 'packaged', 'local']);
  expect(backends.get('home')).toMatchObject({ kind: 'toy', pollMs: 7_000, settleMs: 60_000 });
  expect(JSON.parse((await backends.get('beside')?.probe())?.summary ?? '')).toEqual({
    name: 'beside',
    options: { slots: 2 },
    env: { A: 'b' },
  });
});

test('everything that is wrong is said at once, each with its place', async () => {
  const text = `backends:
  gone: {kind: adapter, module: ./gone.mjs}
  few: {kind: adapter, module: ./adapters/toy.mjs, options: {slots: 0}}
  none:
    kind: adapter
    module: ./adapters/toy.mjs
`;
  expect(await mistakes(text)).toEqual([
    expect.stringMatching(/^2:33: 'backends.gone.module' cannot be loaded: ENOENT.*gone\.mjs'$/),
    "3:69: 'backends.few.options.slots' must be at least 1",
    "5:5: 'backends.none.options' must say how many slots there are",
  ]);
});

test('a module must be named', async () => {
  expect(await mistakes('backends: {a: {kind: adapter}, b: {kind: adapter, module: ""}}')).toEqual([
    "1:15: 'backends.a.module' must be the path of a module, or the name of a package",
    "1:59: 'backends.b.module' must be the path of a module, or the name of a package",
  ]);
});
