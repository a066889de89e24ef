/** Directories of runs that are removed: which, and all that must be left in place. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Owner } from '../../backends/backend.ts';
import { presentRunWithCalls } from '../../daemon/api/present.ts';
import { createDirectOwnerFiles } from '../../daemon/files/direct-owner-files.ts';
import { createOwnersFiles } from '../../daemon/files/owners/owners-files.ts';
import { sampleRun } from './store/samples.ts';

const { uid, gid, username, homedir } = userInfo();
const owner: Owner = { uid, gid, name: username, home: homedir, shell: '/bin/sh' };
const files = createDirectOwnerFiles();
const RUN = sampleRun(17);
let base = '';
let directory = '';

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'wfd-tree-'));
  directory = join(base, 'wf-runs/align-17-0f3a9c2e');
  put('run.json', record());
  put('.wfd/spool/x', '');
  put('.wfd/align.17.abc/script', 'true');
  put('align/0/1/stdout', 'done');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** As the daemon writes it (daemon/loop/record.ts). */
function record(run = RUN): string {
  const counts = { NotStarted: 0, Ready: 0, Active: 0, Succeeded: 0, Failed: 0, Aborted: 0, Skipped: 0 };
  return `${JSON.stringify(presentRunWithCalls({ run, counts, orphans: [] }, [], []), null, 2)}\n`;
}

function put(name: string, content: string): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function remove() {
  return files.removeTree(owner, directory, RUN.uuid);
}

test('the directory of the run goes, whatever is in it; what lies beside it stays', async () => {
  chmodSync(dirname(put('closed/for/writing', '')), 0o500);
  for (let n = 0; n < 300; n += 1) put(`many/${n}`, '');
  const beside = join(base, 'wf-runs/other');
  mkdirSync(beside);

  expect(await remove()).toEqual({ kind: 'ok', value: 'removed' });

  expect(readdirSync(join(base, 'wf-runs'))).toEqual(['other']);
});

test('what links lead to stays', async () => {
  const data = join(base, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'genome.fa'), 'ACGT');
  symlinkSync(data, join(directory, 'align/input'));
  symlinkSync(join(data, 'genome.fa'), join(directory, 'genome.fa'));
  linkSync(join(data, 'genome.fa'), join(directory, 'hard.fa'));
  symlinkSync('/', join(directory, 'root'));

  expect(await remove()).toEqual({ kind: 'ok', value: 'removed' });

  expect(existsSync(directory)).toBe(false);
  expect(readFileSync(join(data, 'genome.fa'), 'utf8')).toBe('ACGT');
});

test('one that is gone already', async () => {
  rmSync(directory, { recursive: true });
  expect(await remove()).toEqual({ kind: 'ok', value: 'absent' });
});

describe('not a file is touched where it is not surely the directory of this run:', () => {
  test.each<[string, () => void]>([
    ['no record', () => rmSync(join(directory, 'run.json'))],
    [
      'the record of another run',
      () => put('run.json', record({ ...RUN, uuid: '11111111-2222-4333-8444-555555555555' })),
    ],
    ['a record of something else', () => put('run.json', `{"name": "${RUN.uuid}"}`)],
    ['an empty record', () => put('run.json', '')],
    [
      'a link in place of the record',
      () => {
        writeFileSync(join(base, 'record'), record());
        rmSync(join(directory, 'run.json'));
        symlinkSync(join(base, 'record'), join(directory, 'run.json'));
      },
    ],
    [
      'a pipe in place of the record',
      () => {
        rmSync(join(directory, 'run.json'));
        execFileSync('mkfifo', [join(directory, 'run.json')]);
      },
    ],
  ])('%s', async (_, change) => {
    change();
    expect(await remove()).toEqual({ kind: 'ok', value: 'foreign' });
    expect(readFileSync(join(directory, 'align/0/1/stdout'), 'utf8')).toBe('done');
  });

  test('a link in place of the directory', async () => {
    const moved = join(base, 'moved');
    cpSync(directory, moved, { recursive: true });
    rmSync(directory, { recursive: true });
    symlinkSync(moved, directory);

    expect(await remove()).toEqual({ kind: 'ok', value: 'foreign' });
    expect(existsSync(join(moved, 'align/0/1/stdout'))).toBe(true);
  });
});

test('a run within the run is left, and the outer one remains known until that is gone', async () => {
  const inner = put('align/0/1/wf-runs/inner-18/.wfd/spool/x', '');
  put('align/0/1/wf-runs/inner-18/run.json', record(sampleRun(18)));

  const answer = await remove();

  expect(answer).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('directory of another run'),
  });
  expect(existsSync(inner)).toBe(true);
  expect(existsSync(join(directory, 'align/0/1/stdout'))).toBe(false);
  rmSync(join(directory, 'align/0/1/wf-runs/inner-18'), { recursive: true });
  expect(await remove()).toEqual({ kind: 'ok', value: 'removed' });
});

test.runIf(uid === 0)('another file system within it is not entered', async () => {
  const mounted = join(directory, 'align/mounted');
  mkdirSync(mounted);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounted]);
  try {
    writeFileSync(join(mounted, 'precious'), 'x');
    expect(await remove()).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('on another file system'),
    });
    expect(readFileSync(join(mounted, 'precious'), 'utf8')).toBe('x');
  } finally {
    execFileSync('umount', ['--lazy', mounted]);
  }
});

const id = (name: string, which: '-u' | '-g'): number => {
  try {
    return Number(
      execFileSync('id', [which, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return 0;
  }
};
const alice: Owner = { ...owner, name: 'wfalice', uid: id('wfalice', '-u'), gid: id('wfalice', '-g') };

test.runIf(uid === 0 && alice.uid !== 0)(
  'of another owner: with his rights alone, so that what is not his stays',
  async () => {
    const program = join(base, 'built');
    execFileSync(process.execPath, ['build.mjs', program, 'owner-files.cjs']);
    chmodSync(base, 0o755);
    chmodSync(program, 0o755);
    const others = createOwnersFiles({ program: join(program, 'owner-files.cjs'), idleMs: 200 });
    onTestFinished(() => others.close());
    execFileSync('chown', ['-R', 'wfalice', join(base, 'wf-runs')]);
    const foreign = put('align/roots/file', 'of root');
    chownSync(dirname(foreign), 0, 0);

    expect(await others.removeTree(alice, directory, RUN.uuid)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('align/roots'),
    });
    expect(readFileSync(foreign, 'utf8')).toBe('of root');
    expect(existsSync(join(directory, 'run.json'))).toBe(true);
    rmSync(dirname(foreign), { recursive: true });
    expect(await others.removeTree(alice, directory, RUN.uuid)).toEqual({ kind: 'ok', value: 'removed' });
  },
);
