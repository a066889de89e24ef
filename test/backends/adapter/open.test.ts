/** What a module must be to become a backend, and what is said where it is not. */
import { afterAll, expect, test } from 'vitest';
import { openAdapter } from '../../../backends/adapter/open.ts';
import type { Backend } from '../../../backends/backend.ts';
import { createSite, moduleText } from './modules.ts';

const site = createSite();
afterAll(() => site.remove());

test('a module becomes a backend, which knows what the site says', async () => {
  const backend = await opened(moduleText(), { options: { slots: 4 }, env: { A: 'b' } });
  expect(backend).toMatchObject({ name: 'site', kind: 'toy', capabilities: { arrays: false } });
  expect(JSON.parse((await backend.probe()).summary)).toEqual({
    name: 'site',
    options: { slots: 4 },
    env: { A: 'b' },
  });
});

test("the site's numbers go before the adapter's, and those before the driver's", async () => {
  const text = moduleText('', 'export const defaults = { pollMs: 70, settleMs: 80 };');
  expect(await opened(text, { pollMs: 6 })).toMatchObject({ pollMs: 6, settleMs: 80, maxActive: 5_000 });
});

test('a CommonJS module and a package are found', async () => {
  const common = moduleText().replaceAll(/^export const (\w+) =/gm, 'exports.$1 =');
  const path = site.write('common.cjs', common);
  expect(await openAdapter('a', { kind: 'adapter', module: path, from: '/', options: {} })).toMatchObject({
    ok: true,
  });
  site.write(
    'node_modules/wfd-toy/package.json',
    '{"name": "wfd-toy", "type": "module", "exports": "./toy.js"}',
  );
  site.write('node_modules/wfd-toy/toy.js', moduleText());
  const packaged = { kind: 'adapter', module: 'wfd-toy', from: site.directory, options: {} } as const;
  expect(await openAdapter('a', packaged)).toMatchObject({ ok: true });
  expect(await openAdapter('a', { ...packaged, from: '/nowhere' })).toEqual(
    refused(/^cannot be loaded: Cannot find module 'wfd-toy'/),
  );
});

test.each([
  [
    'another version',
    'export const apiVersion = 2; export const createScheduler = 1;',
    /^exports no adapter: apiVersion: /,
  ],
  ['no version', 'export const x = 1;', /^exports no adapter: apiVersion: /],
  [
    'no scheduler',
    'export const apiVersion = 1;',
    /^exports no adapter: createScheduler: must be a function/,
  ],
  [
    'an unknown default',
    moduleText('', 'export const defaults = { poll: 3 };'),
    /^exports no adapter: defaults: .*"poll"/,
  ],
  ['a syntax error', 'export const a = ;', /^cannot be loaded: /],
  ['an error at its top', 'throw new Error("no licence\\nhere");', /^cannot be loaded: no licence; here$/],
  ['a member of the wrong type', moduleText('abort: 1,'), /no scheduler: abort: must be a function$/],
  [
    'a kind with blanks',
    moduleText('kind: "Toy 1",'),
    /no scheduler: kind: must be of small letters, digits and -$/,
  ],
  ['no capabilities', moduleText('capabilities: {},'), /no scheduler: capabilities\.reconnect: /],
  [
    'half a preamble',
    moduleText('preamble: () => "wf_native=1 wf_count=0",'),
    /preamble\(\) does not set wf_index$/,
  ],
  [
    'a preamble that is no text',
    moduleText('preamble: () => 7,'),
    /no scheduler: preamble\(\) must return text$/,
  ],
  ['an error at its start', moduleText('...site.options.missing.deep,'), /^failed at its start: TypeError: /],
  [
    'a check of options that is none',
    moduleText('', 'export const checkOptions = () => "no";'),
    /^checkOptions\(\) returned no list: /,
  ],
])('a module with %s is refused', async (_name, text, message) => {
  expect(await site.open(text)).toEqual(refused(message));
});

test('what is wrong with the options is said of the key', async () => {
  const text = moduleText(
    '',
    `export const checkOptions = ({ slots }) =>
       slots > 0 ? [] : [{ option: 'slots', message: 'must be a number' }, { message: 'need slots' }];`,
  );
  expect(await site.open(text, { options: { slots: 1 } })).toMatchObject({ ok: true });
  expect(await site.open(text)).toEqual({
    ok: false,
    mistakes: [
      { path: ['options', 'slots'], message: 'must be a number' },
      { path: ['options'], message: 'need slots' },
    ],
  });
});

async function opened(...given: Parameters<typeof site.open>): Promise<Backend> {
  const result = await site.open(...given);
  if (!result.ok) throw new Error(JSON.stringify(result.mistakes));
  return result.backend;
}

function refused(message: RegExp) {
  return { ok: false, mistakes: [{ path: ['module'], message: expect.stringMatching(message) }] };
}
