/**
 * Files of several owners, worked on by real processes with their rights. As root with the users of the test
 * clusters; elsewhere as ourselves, which shows everything but the change of user.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Owner } from '../../backends/backend.ts';
import { createOwnersFiles, type OwnersFiles } from '../../daemon/files/owners/owners-files.ts';

const isRoot = process.geteuid?.() === 0;
const alice = ownerNamed('wfalice') ?? ourselves();
const bob = ownerNamed('wfbob') ?? ourselves();
const areUsers = isRoot && alice.uid !== bob.uid;

let built = '';
let base = '';
let files: OwnersFiles;
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'wfd-hand-'));
  execFileSync(process.execPath, ['build.mjs', built, 'owner-files.cjs']);
  chmodSync(built, 0o755);
});
afterAll(() => rmSync(built, { recursive: true }));
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'wfd-owners-'));
  chmodSync(base, 0o755);
  files = createOwnersFiles({ program: join(built, 'owner-files.cjs'), idleMs: 200, listerIdleMs: 200 });
});
afterEach(() => {
  files.close();
  rmSync(base, { recursive: true, force: true });
});

function homeOf(owner: Owner, name = `${owner.name}-home`): string {
  const path = join(base, name);
  mkdirSync(path, { mode: 0o700 });
  if (isRoot) chownSync(path, owner.uid, owner.gid);
  return path;
}

describe('work is done with the rights of the owner', () => {
  test('what is written belongs to him, with the modes he asked for', async () => {
    for (const owner of [alice, bob]) {
      const path = join(homeOf(owner, `h${owner.name}`), 'a/f');
      expect(await files.write(owner, 0o027, [{ path, content: `of ${owner.name}`, mode: 0o666 }])).toEqual({
        kind: 'ok',
        value: undefined,
      });
      const { uid, gid, mode } = statSync(path);
      expect([uid, gid, mode & 0o777]).toEqual([owner.uid, owner.gid, 0o640]);
      if (!areUsers) return;
    }
  });

  test.runIf(areUsers)('nobody writes into the directory of another, or of root', async () => {
    const path = join(homeOf(alice), 'f');
    const answer = await files.write(bob, 0o022, [{ path, content: 'x', mode: 0o644 }]);
    expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringContaining('EACCES') });
    expect(await files.mayMake(bob, '/root/wf-runs')).toMatchObject({ kind: 'failed' });
    expect(existsSync(path)).toBe(false);
  });

  test.runIf(areUsers)('a link that leads to another’s directory gives no more rights', async () => {
    const secret = join(homeOf(alice), 'list');
    writeFileSync(secret, 'secret\n', { mode: 0o600 });
    const link = join(homeOf(bob), 'link');
    symlinkSync(secret, link);
    expect(await files.read(bob, { id: 'r', kind: 'lines', path: link })).toMatchObject({ kind: 'failed' });
    expect(await files.readMarks(bob, join(base, `${alice.name}-home`), secret)).toMatchObject({
      kind: 'failed',
    });
  });

  test('pipes in place of marks and logs are not waited for', async () => {
    const home = homeOf(alice);
    for (const name of ['exit', 'log', 'claim']) execFileSync('mkfifo', [join(home, name)]);
    if (isRoot) for (const name of ['exit', 'log']) chownSync(join(home, name), alice.uid, alice.gid);
    expect(await files.readMarks(alice, home, join(home, 'log'))).toEqual({
      kind: 'ok',
      value: { duplicates: [], log: '' },
    });
  });

  test('a claim is taken once, and never from a job', async () => {
    const home = homeOf(alice);
    mkdirSync(join(home, 'taken'));
    mkdirSync(join(home, 'free'));
    symlinkSync('4711.0', join(home, 'taken/claim'));
    if (isRoot) for (const name of ['taken', 'free']) chownSync(join(home, name), alice.uid, alice.gid);
    expect(await files.revoke(alice, join(home, 'free'), '/nonexistent')).toMatchObject({
      kind: 'ok',
      value: { revoked: true },
    });
    expect(await files.revoke(alice, join(home, 'taken'), '/nonexistent')).toMatchObject({
      kind: 'ok',
      value: { claim: { nativeId: '4711', runCount: 0 } },
    });
    expect(await files.revoke(alice, join(home, 'nowhere'), '/nonexistent')).toMatchObject({
      kind: 'ok',
      value: { revoked: true },
    });
  });
});

describe('spools', () => {
  function spool(owner: Owner, names: readonly string[]): string {
    const path = homeOf(owner, 'spool $HOME `x` "');
    for (const name of names) writeFileSync(join(path, name), '');
    return path;
  }

  test('are listed with their times, and nothing else in them', async () => {
    const path = spool(alice, ['S,t.1.abc,0,4711,0', 'E,t.1.abc,0,4711,0,0,s', 'E,nonsense', 'other']);
    const answer = await files.listSpool(alice, path);
    const entries = answer.kind === 'ok' ? answer.value : [];
    expect(entries.map(({ kind, nativeId }) => [kind, nativeId]).sort()).toEqual([
      ['ended', '4711'],
      ['started', '4711'],
    ]);
    for (const { atMs = 0 } of entries) expect(Math.abs(Date.now() - atMs)).toBeLessThan(60_000);
    await files.removeSpool(alice, path, ['S,t.1.abc,0,4711,0']);
    expect(readdirSync(path)).not.toContain('S,t.1.abc,0,4711,0');
  });

  test('one that is not there is empty; one that cannot be entered is no answer', async () => {
    expect(await files.listSpool(alice, join(base, 'no'))).toEqual({ kind: 'ok', value: [] });
    writeFileSync(join(base, 'file'), '');
    expect(await files.listSpool(alice, join(base, 'file'))).toMatchObject({ kind: 'failed' });
    expect(await files.listSpool(alice, 'with\nbreak')).toMatchObject({ kind: 'failed' });
  });

  test('many questions at once are answered each with its own', async () => {
    const home = homeOf(alice);
    const counts = Array.from({ length: 20 }, (_, index) => index);
    for (const count of counts) {
      mkdirSync(join(home, `${count}`));
      for (let n = 0; n < count; n += 1) writeFileSync(join(home, `${count}/S,t.1.abc,${n},9,0`), '');
    }
    const answers = await Promise.all(counts.map((count) => files.listSpool(alice, join(home, `${count}`))));
    expect(answers.map((answer) => (answer.kind === 'ok' ? answer.value.length : -1))).toEqual(counts);
  });
});

describe('the processes', () => {
  const working = (): string[] =>
    execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(join(built, 'owner-files.cjs')));

  test('go when there is nothing to do, and come back', async () => {
    const home = homeOf(alice);
    await files.mayMake(alice, home);
    expect(working()).toHaveLength(1);
    await until(() => working().length === 0);
    expect(await files.mayMake(alice, home)).toEqual({ kind: 'ok', value: undefined });
  });

  test('one that is killed fails what it was asked, and only that', async () => {
    const list = join(homeOf(alice), 'list');
    execFileSync('mkfifo', [list]);
    const asked = files.read(alice, { id: 'r', kind: 'glob', path: '/usr/**/*' });
    await until(() => working().length === 1);
    process.kill(Number.parseInt(working()[0] ?? '', 10), 'SIGKILL');
    expect(await asked).toMatchObject({ kind: 'failed', reason: expect.stringContaining('has gone') });
    expect(await files.mayMake(alice, base.replace(/[^/]+$/, ''))).toMatchObject({ kind: 'ok' });
  });

  test('one that talks nonsense is ended', async () => {
    const program = join(base, 'liar.cjs');
    writeFileSync(program, `process.stdin.once('data', () => console.log('{"id":99,"answer":{}}'))`);
    const liars = createOwnersFiles({ program });
    expect(await liars.mayMake(alice, '/')).toMatchObject({ kind: 'failed' });
    liars.close();
  });

  test('an answer of the wrong shape is no answer', async () => {
    const program = join(base, 'liar.cjs');
    const answer = '{"kind":"ok","value":{"claim":{"nativeId":7}}}';
    writeFileSync(
      program,
      `process.stdin.once('data', (line) => console.log('{"id":'+JSON.parse(line).id+',"answer":${answer}}'))`,
    );
    const liars = createOwnersFiles({ program });
    expect(await liars.readMarks(alice, '/', '/')).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('makes no sense'),
    });
    liars.close();
  });

  test.runIf(areUsers)('are no more at once than allowed, and everybody has his turn', async () => {
    const few = createOwnersFiles({ program: join(built, 'owner-files.cjs'), maxHands: 1 });
    const owners = [alice, bob, alice, bob, ourselves()];
    const answers = await Promise.all(owners.map((owner) => few.mayMake(owner, '/tmp')));
    expect(answers.map(({ kind }) => kind)).toEqual(Array(owners.length).fill('ok'));
    few.close();
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
}

function ourselves(): Owner {
  const { uid, gid, username, homedir } = userInfo();
  return { uid, gid, name: username, home: homedir, shell: '/bin/sh' };
}

function ownerNamed(name: string): Owner | undefined {
  if (!isRoot) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid, , home = '/'] = line?.split(':') ?? [];
  return line === undefined
    ? undefined
    : { uid: Number(uid), gid: Number(gid), name, home, shell: '/bin/sh' };
}
