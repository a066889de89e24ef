/** A module runs with the daemon's rights: whoever may change it, or put another in its place, has them too. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAdapter } from '../../../backends/adapter/open.ts';
import { whoElseMayWrite } from '../../../backends/adapter/trust.ts';
import { moduleText } from './modules.ts';

let directory: string;
let module: string;
beforeEach(() => {
  directory = mkdtempSync(join(realpathSync(tmpdir()), 'wfd-trust-'));
  mkdirSync(join(directory, 'adapters'), { mode: 0o755 });
  module = join(directory, 'adapters', 'toy.mjs');
  writeFileSync(module, moduleText(), { mode: 0o644 });
});
afterEach(() => rmSync(directory, { recursive: true }));

test('what only we may write is loaded, although it lies below a sticky /tmp', () => {
  expect(whoElseMayWrite(module)).toBeUndefined();
});

test.each([
  ['the file', 0o664, (): string => module],
  ['the file', 0o646, () => module],
  ['its directory', 0o775, () => join(directory, 'adapters')],
  ['a directory above', 0o757, () => directory],
])('%s with mode %o is refused', (_name, mode, path) => {
  chmodSync(path(), mode);
  expect(whoElseMayWrite(module)).toBe(`others may write to ${path()}; chmod go-w ${path()}`);
});

test('a link is followed to where it leads, and every step must be safe', () => {
  const link = join(directory, 'link.mjs');
  symlinkSync('adapters/../adapters/toy.mjs', link);
  expect(whoElseMayWrite(link)).toBeUndefined();
  chmodSync(join(directory, 'adapters'), 0o777);
  expect(whoElseMayWrite(link)).toContain(join(directory, 'adapters'));
  const circle = join(directory, 'circle');
  symlinkSync(circle, circle);
  expect(whoElseMayWrite(circle)).toContain('circles');
});

test.skipIf(process.geteuid?.() === 0)('what belongs to somebody else is refused, whatever its mode', () => {
  expect(whoElseMayWrite(module, 4_711)).toMatch(/belongs to uid \d+, who could change it/);
});

test.runIf(process.geteuid?.() === 0)('root does not load what a user owns', async () => {
  chownSync(module, 4_711, 4_711);
  expect(await openAdapter('a', { kind: 'adapter', module, from: '/', options: {} })).toEqual({
    ok: false,
    mistakes: [
      {
        path: ['module'],
        message: `is not loaded: ${module} belongs to uid 4711, who could change it; it must belong to root or to the daemon's user`,
      },
    ],
  });
});
