import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Owner, Tag } from '../../backends/backend.ts';
import { submissionFiles } from '../../backends/job-script.ts';
import { createDirectOwnerFiles, MAX_READ_BYTES } from '../../daemon/files/direct-owner-files.ts';

const { uid, gid, username, homedir } = userInfo();
const owner: Owner = { uid, gid, name: username, home: homedir, shell: '/bin/sh' };
const files = createDirectOwnerFiles();
let base = '';
const umaskBefore = process.umask();

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'wfd-files-'));
});
afterEach(() => {
  process.umask(umaskBefore);
  rmSync(base, { recursive: true, force: true });
});

function mode(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

describe('write', () => {
  test('makes directories and files with the modes that the umask of the owner leaves', async () => {
    process.umask(0o077);
    const path = join(base, 'a/b/c');
    expect(await files.write(owner, 0o002, [{ path, content: 'x', mode: 0o777 }])).toEqual({
      kind: 'ok',
      value: undefined,
    });
    expect([mode(path), mode(join(base, 'a/b')), mode(join(base, 'a'))]).toEqual(['775', '775', '775']);
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  test('a wider umask of the process does not open what the owner keeps closed', async () => {
    process.umask(0);
    await files.write(owner, 0o027, [{ path: join(base, 'd/f'), content: '', mode: 0o666 }]);
    expect([mode(join(base, 'd')), mode(join(base, 'd/f'))]).toEqual(['750', '640']);
  });

  test('a directory that was there is left as it is, and a new one inherits its group', async () => {
    execFileSync('chmod', ['2710', base]);
    await files.write(owner, 0o022, [{ path: join(base, 'd/f'), content: '', mode: 0o644 }]);
    expect([mode(base), mode(join(base, 'd'))]).toEqual(['2710', '2755']);
  });

  test('replaces a file as a whole', async () => {
    const path = join(base, 'f');
    await files.write(owner, 0o022, [{ path, content: 'a long text', mode: 0o644 }]);
    await files.write(owner, 0o022, [{ path, content: 'short', mode: 0o644 }]);
    expect(readFileSync(path, 'utf8')).toBe('short');
  });

  test('many files in many directories', async () => {
    const many = Array.from({ length: 200 }, (_, n) => ({
      path: join(base, `${n}/f`),
      content: `${n}`,
      mode: 0o644,
    }));
    await files.write(owner, 0o022, many);
    expect(many.map((file) => readFileSync(file.path, 'utf8'))).toEqual(many.map((file) => file.content));
  });

  test('a full disk is told in words, with what to do', async () => {
    const answer = await files.write(owner, 0, [{ path: '/dev/full', content: 'x', mode: 0o666 }]);
    const reason =
      'cannot write /dev/full: no space left on the disk (ENOSPC); free space or choose another runs.dir';
    expect(answer).toEqual({ kind: 'failed', reason });
  });

  test('a file in the way of a directory is told in words', async () => {
    writeFileSync(join(base, 'f'), '');
    const answer = await files.write(owner, 0, [{ path: join(base, 'f/d/x'), content: '', mode: 0o600 }]);
    const reason = `cannot create the directory ${base}/f/d: a part of the path is no directory (ENOTDIR); rename what is in the way`;
    expect(answer).toEqual({ kind: 'failed', reason });
  });

  test('for another user nothing is done', async () => {
    const answer = await files.write({ ...owner, uid: uid + 1, name: 'eve' }, 0, [
      { path: join(base, 'f'), content: '', mode: 0o600 },
    ]);
    const reason = `this daemon works only for the user it runs as, not for eve (uid ${uid + 1})`;
    expect(answer).toEqual({ kind: 'failed', reason });
    expect(() => statSync(join(base, 'f'))).toThrow('ENOENT');
  });
});

describe('marks and spool', () => {
  function runJob(text: string) {
    const attempt = join(base, 'run/t/0/1');
    const spool = join(base, 'run/.wfd/spool');
    const element = {
      directory: attempt,
      command: { kind: 'shell', text, shell: ['sh'] } as const,
      env: {},
      login: false,
      workdir: '/',
      outputs: { bam: '/nonexistent' },
      successCodes: [0],
    };
    const tag = 't.1.abcdefghij' as Tag;
    const preamble = 'wf_native=4711 wf_count=0 wf_index=0';
    const directory = join(base, 'run/.wfd', tag);
    return {
      attempt,
      spool,
      tag,
      written: submissionFiles({ tag, directory, spoolDirectory: spool, preamble, elements: [element] }),
      script: join(directory, 'job'),
    };
  }

  test('what a real job leaves is read back, and the spool can be emptied', async () => {
    const job = runJob('true');
    await files.write(owner, 0o022, job.written);
    expect(() => execFileSync('sh', [job.script])).toThrow('Command failed');
    writeFileSync(join(base, 'log'), `${'x'.repeat(20_000)}the end`);
    const marks = await files.readMarks(owner, job.attempt, join(base, 'log'));
    expect(marks).toMatchObject({
      kind: 'ok',
      value: {
        claim: { nativeId: '4711', runCount: 0 },
        exit: { nativeId: '4711', exitCode: 0, succeeded: false, missing: ['bam'] },
        duplicates: [],
        log: expect.stringMatching(/^x{8185}the end$/),
      },
    });
    const spool = await files.listSpool(owner, job.spool);
    expect(spool).toMatchObject({
      kind: 'ok',
      value: expect.arrayContaining([
        expect.objectContaining({ kind: 'started', tag: job.tag, index: 0, atMs: expect.any(Number) }),
        expect.objectContaining({ kind: 'ended', exitCode: 0, succeeded: false }),
      ]),
    });
    const names = spool.kind === 'ok' ? spool.value.map((entry) => entry.fileName) : [];
    await files.removeSpool(owner, job.spool, [...names, 'gone already']);
    expect(await files.listSpool(owner, job.spool)).toEqual({ kind: 'ok', value: [] });
  });

  test('directories that are not there have no marks and no entries', async () => {
    const value = { duplicates: [], log: '' };
    expect(await files.readMarks(owner, join(base, 'no'), join(base, 'no/log'))).toEqual({
      kind: 'ok',
      value,
    });
    expect(await files.listSpool(owner, join(base, 'no'))).toEqual({ kind: 'ok', value: [] });
  });

  test('what else a user may put in place of a mark is no mark', async () => {
    execFileSync('mkfifo', [join(base, 'log')]);
    mkdirSync(join(base, 'exit'));
    writeFileSync(join(base, 'claim'), '4711.0');
    writeFileSync(join(base, 'duplicate.4712'), '');
    const value = { duplicates: ['4712'], log: '' };
    expect(await files.readMarks(owner, base, join(base, 'log'))).toEqual({ kind: 'ok', value });
  });

  test('an exit mark that is still empty is not there yet', async () => {
    writeFileSync(join(base, 'exit'), '');
    expect(await files.readMarks(owner, base, '/nonexistent')).toEqual({
      kind: 'ok',
      value: { duplicates: [], log: '' },
    });
  });

  test('a mark that cannot be read is no evidence of its absence', async () => {
    symlinkSync('exit', join(base, 'exit'));
    const answer = await files.readMarks(owner, base, '/nonexistent');
    expect(answer).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining(`cannot read ${base}/exit: symbolic links`),
    });
  });
});

describe('read', () => {
  const read = (kind: 'lines' | 'size' | 'glob', path: string) => files.read(owner, { id: 'r', kind, path });

  test.each([
    ['', []],
    ['a', ['a']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\n\n', ['a', '']],
  ])('the lines of %j', async (text, lines) => {
    writeFileSync(join(base, 'f'), text);
    expect(await read('lines', join(base, 'f'))).toEqual({ kind: 'lines', lines });
  });

  test('the size of a file', async () => {
    writeFileSync(join(base, 'f'), 'four');
    expect(await read('size', join(base, 'f'))).toEqual({ kind: 'size', bytes: 4 });
  });

  test('a file that is not there, a directory, and a list too long fail in words', async () => {
    const path = join(base, 'f');
    expect(await read('lines', path)).toEqual({
      kind: 'failed',
      reason: `cannot read ${path}: no such file or directory (ENOENT); check the path; it must be visible on this node`,
    });
    expect(await read('lines', base)).toMatchObject({
      reason: expect.stringContaining('not a regular file'),
    });
    execFileSync('truncate', ['-s', String(MAX_READ_BYTES + 1), path]);
    expect(await read('lines', path)).toMatchObject({
      reason: expect.stringContaining('a list may have 67108864'),
    });
  });

  test.each([
    ['*.txt', ['a.txt', 'b.txt']],
    ['?.md', ['c.md']],
    ['[ab].txt', ['a.txt', 'b.txt']],
    ['[!a].*', ['b.txt', 'c.md']],
    ['.*', ['.hidden.txt']],
    ['**/*.txt', ['a.txt', 'b.txt', 'd/e.txt', 'd/f/g.txt']],
    ['d/*', ['d/e.txt', 'd/f']],
    ['a.txt', ['a.txt']],
    ['*[x', ['odd[x']],
    ['nothing*', []],
    ['no/such/*', []],
  ])('the glob %s', async (pattern, names) => {
    mkdirSync(join(base, 'd/f'), { recursive: true });
    symlinkSync('..', join(base, 'd/f/up'));
    for (const name of ['a.txt', 'b.txt', 'c.md', '.hidden.txt', 'odd[x', 'd/e.txt', 'd/f/g.txt'])
      writeFileSync(join(base, name), '');
    const paths = names.map((name) => join(base, name));
    expect(await read('glob', join(base, pattern))).toEqual({ kind: 'glob', paths });
  });
});
