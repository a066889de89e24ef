/** What the shared lines at the top of a script do, in a real shell. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownLog, ownUmask, ownVariables } from '../../backends/preamble.ts';

const sh = (text: string): string => execFileSync('sh', ['-eu', '-c', text], { encoding: 'utf8' });

describe('the log', () => {
  let base = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "wf ünd, it's: "));
  });
  afterEach(() => rmSync(base, { recursive: true }));

  test('takes stdout and stderr, and is begun anew', () => {
    const log = join(base, 'a$HOME,b:c');
    writeFileSync(log, 'of an earlier run\n');
    expect(sh(`${ownLog({ log, elements: 1 })}\necho out; echo err >&2`)).toBe('');
    expect(readFileSync(log, 'utf8')).toBe('out\nerr\n');
  });

  test('is one per element', () => {
    const log = join(base, 'log');
    sh(`wf_index=3\n${ownLog({ log, elements: 5 })}\necho out`);
    expect(readFileSync(`${log}.3`, 'utf8')).toBe('out\n');
  });

  test('that cannot be written does not stop the job', () => {
    const log = join(base, 'nowhere/log');
    expect(sh(`${ownLog({ log, elements: 1 })}\necho goes on`)).toBe('goes on\n');
  });
});

test.each([0o022, 0o077, 0])('umask %o', (umask) => {
  expect(Number.parseInt(sh(`${ownUmask({ umask })}\numask`), 8)).toBe(umask);
});

test('variables arrive as they were written', () => {
  const env = { ODD: `it's "$HOME" \\ , : \n next`, EMPTY: '' };
  const show = `${ownVariables(env)}\nsh -c 'printf "%s|%s" "$ODD" "$EMPTY"'`;
  expect(sh(show)).toBe(`${env.ODD}|`);
  expect(ownVariables({})).toBe('');
  expect(ownVariables({ PATH: '/opt/scheduler/bin' })).toBe('');
});
