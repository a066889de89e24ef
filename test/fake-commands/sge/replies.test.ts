/** The referee of what is said beside listings: what real commands answered to the same words (capture.sh). */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Answer, Call } from '../command-server.ts';
import { FakeScheduler } from '../fake-scheduler.ts';
import { sgeFace } from './sge.ts';

const OTHER_USER = 1001;

let directory = '';
let scheduler: FakeScheduler;

beforeAll(() => {
  directory = mkdtempSync('/tmp/wf-replies-');
  mkdirSync(`${directory}/spool`);
  writeFileSync(`${directory}/ok`, 'sleep 60\n');
  scheduler = new FakeScheduler();
});
afterAll(() => {
  scheduler.close();
  rmSync(directory, { recursive: true });
});

describe('qsub', () => {
  test.each([
    ['accepted', []],
    ['accepted-array', ['-t', '1-3']],
    ['queue', ['-q', 'nosuch']],
    ['resource', ['-l', 'nosuch=1']],
    ['time', ['-l', 'h_rt=abc']],
    ['project', ['-P', 'nosuch']],
    ['pe', ['-pe', 'nosuch', '2']],
    ['reservation', ['-ar', '5']],
    ['suitable', ['-w', 'e', '-l', 'h_vmem=999999G']],
    ['tasks', ['-t', '0-5']],
    ['option', ['-nosuch']],
    ['priority', ['-p', '-2000']],
    ['garbled', ['-N', 'two words']],
  ])('%s', (name, options) => {
    const said = answer('qsub', ['-terse', ...options, `${directory}/ok`]);
    expect(steady(said)).toEqual(steady(captured(name)));
  });

  test('script', () => {
    const { stderr, ...said } = answer('qsub', ['-terse', '/tmp/work/missing']);
    expect({ ...said, stderr }).toEqual(captured('script'));
  });
});

describe('qdel and qmod', () => {
  const held = (): string => answer('qsub', ['-terse', '-h', `${directory}/ok`]).stdout.trim();

  test('delete-foreign', () => {
    expect(steady(answer('qdel', [held()], OTHER_USER))).toEqual(steady(captured('delete-foreign')));
  });

  test('unblock-foreign', () => {
    expect(steady(answer('qmod', ['-cj', held()], OTHER_USER))).toEqual(steady(captured('unblock-foreign')));
  });

  test('delete: what waits is gone at once, and what is gone is denied', async () => {
    const waiting = held();
    const lines = captured('delete').stdout.split('\n');
    expect(steady(answer('qdel', [waiting, '99999999']))).toEqual(
      steady({ exitCode: 1, stdout: `${lines[3]}\n${lines[2]}\n`, stderr: '' }),
    );
    await vi.waitFor(() => expect(answer('qdel', [waiting]).stdout).toContain('does not exist'));
  });

  test('unblock: what is not in error stays as it is', () => {
    const [, , third, fourth] = captured('unblock').stdout.split('\n');
    expect(steady(answer('qmod', ['-cj', held(), '99999999']))).toEqual(
      steady({ exitCode: 1, stdout: `${third}\n${fourth}\n`, stderr: '' }),
    );
  });
});

describe('queries', () => {
  test('qstat-none', () => {
    const before = new FakeScheduler();
    const said = sgeFace.answer(call('qstat', ['-s', 'a', '-xml', '-u', 'nobody']), before, directory);
    before.close();
    expect(said).toEqual(captured('qstat-none'));
  });

  test('reasons-gone', () => {
    expect(answer('qstat', ['-j', '99999999'])).toEqual(captured('reasons-gone'));
  });

  test('qacct-unknown', () => {
    expect(answer('qacct', ['-m', '-o', 'wfalice', '-j', 'nosuch.*'])).toEqual(captured('qacct-unknown'));
  });
});

describe('nobody takes the request', () => {
  test.each([
    ['connect', 'qsub'],
    ['qstat-connect', 'qstat'],
    ['qdel-connect', 'qdel'],
    ['qmod-connect', 'qmod'],
  ])('%s', (name, program) => {
    expect(steady(sgeFace.down(call(program, []), scheduler))).toEqual(steady(captured(name)));
  });

  test('frozen', () => {
    expect(steady(sgeFace.lost(call('qsub', [])))).toEqual(steady(captured('frozen')));
  });
});

function captured(name: string): Answer {
  const text = readFileSync(new URL(`../../fixtures/sge/reply-${name}.txt`, import.meta.url), 'utf8');
  const [, exitCode, stdout = '', stderr = ''] =
    /^exit (\d+)\n--- stdout\n([\s\S]*)--- stderr\n([\s\S]*)$/.exec(text) ?? [];
  return { exitCode: Number(exitCode), stdout, stderr };
}

function answer(program: string, args: readonly string[], uid = 0): Answer {
  return sgeFace.answer(call(program, args, uid), scheduler, `${directory}/spool`);
}

function call(program: string, args: readonly string[], uid = 0): Call {
  return { program, args, uid, env: { USER: 'wfalice' }, cwd: '/', umask: 0o022, input: '' };
}

/** An id that was given out is another one each time; so is the port of a qmaster that is not there. */
function steady({ exitCode, stdout, stderr }: Answer): Answer {
  const plain = (text: string): string =>
    text.replaceAll(/^\d+(?=\.|$)/gm, 'ID').replaceAll(/(?<=job "?)\d+|(?<=port )\d+/gi, 'NUMBER');
  return { exitCode, stdout: plain(stdout), stderr: plain(stderr) };
}
