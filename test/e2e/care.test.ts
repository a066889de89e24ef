/**
 * The state of a real daemon: backed up while jobs run, lost, restored. Whatever the restored state does not know,
 * no command runs twice (SEMANTICS 6, exactly once).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { callOf, DaemonUnderTest, isState, jobOf, type RunAnswer } from './daemon-under-test.ts';

let daemon: DaemonUnderTest;

afterEach(() => daemon.remove());

/** Each call notes that it has started; `c` waits until it is told to go on. */
function workflow(): string {
  const note = (name: string) => `echo ${name} >> ${daemon.place('starts')}`;
  return daemon.write(
    'chain.yaml',
    [
      'defaults: {backend: local, resources: {cpus: 1, memory: 10M}}',
      'tasks:',
      `  a: {run: "${note('a')}"}`,
      `  b: {needs: a, run: "${note('b')}; until [ -e ${daemon.place('go-b')} ]; do sleep 0.1; done"}`,
      `  c: {needs: b, run: "${note('c')}; until [ -e ${daemon.place('go-c')} ]; do sleep 0.1; done"}`,
      `  d: {needs: c, run: "${note('d')}"}`,
      '',
    ].join('\n'),
  );
}

function starts(): string[] {
  return readFileSync(daemon.place('starts'), 'utf8').trim().split('\n');
}

test('a restored run starts nothing until it is released, and then nothing twice', async () => {
  daemon = new DaemonUnderTest();
  await daemon.start();
  const file = workflow();
  const id = await daemon.submit(file);
  await daemon.until(id, (run) => isState(run, 'b', 'running'));
  const backup = daemon.place('mine.db');
  expect(await daemon.wfctl('daemon', 'backup', '--to', backup)).toMatchObject({ code: 0, stderr: '' });
  writeFileSync(daemon.place('go-b'), '');
  const known = await daemon.until(id, (run) => isState(run, 'c', 'running'));
  const unknownJob = jobOf(known, 'c');
  const refused = await daemon.wfctl('daemon', 'restore', backup);
  expect(refused).toMatchObject({ code: 5, stdout: '' });
  expect(refused.stderr).toMatch(/Another daemon works on the state in .*, pid \d+/);
  await daemon.stop('SIGKILL');

  const restored = await daemon.wfctl('daemon', 'restore', backup);

  expect(restored).toMatchObject({ code: 0, stderr: '' });
  expect(restored.stdout).toContain(`1 run is held until you release it: ${id}.`);
  expect(restored.stdout).toContain(unknownJob);
  await daemon.start();
  const held = await daemon.until(id, (run) => isState(run, 'b', 'ended'));
  expect(held).toMatchObject({ status: 'Running', held: { by: 'wfd' } });
  writeFileSync(daemon.place('go-c'), '');
  await expect.poll(() => existsSync(join(directoryOf(known, 'c'), 'exit')), { timeout: 20_000 }).toBe(true);
  expect(starts()).toEqual(['a', 'b', 'c']);

  expect((await daemon.wfctl('release', id)).code).toBe(0);
  const ended = await daemon.untilEnded(id);

  expect(ended.status).toBe('Succeeded');
  expect(starts()).toEqual(['a', 'b', 'c', 'd']);
  expect(callOf(ended, 'c').attempts.map(({ nativeId }) => nativeId)).toEqual([unknownJob]);
  expect(Number(await daemon.submit(file))).toBeGreaterThan(10_000);
});

test('the state is checked while the daemon works on it, and while none does', async () => {
  daemon = new DaemonUnderTest();
  await daemon.start();
  expect(await daemon.wfctl('daemon', 'check')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^sound: /),
  });
  await daemon.stop();
  const file = join(daemon.stateDirectory, 'state.db');
  expect(await daemon.wfctl('daemon', 'check', '--state', daemon.stateDirectory)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^sound: /),
    stderr: `no daemon answers; ${file} is read as it is\n`,
  });
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 8_192, 16_384);
  writeFileSync(file, bytes);
  expect(await daemon.wfctl('daemon', 'check', '--state', daemon.stateDirectory)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^damaged: /),
  });
});

test.runIf(process.getuid?.() === 0)('without space for a backup the daemon goes on', async () => {
  daemon = new DaemonUnderTest();
  mkdirSync(daemon.stateDirectory, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', daemon.stateDirectory]);
  try {
    await daemon.start();
    writeFileSync(join(daemon.stateDirectory, 'filler'), Buffer.alloc(16 * 1024 * 1024));

    const refused = await daemon.wfctl('daemon', 'backup');

    expect(refused).toMatchObject({ code: 74, stdout: '' });
    expect(refused.stderr).toMatch(/a copy needs \d+ MiB in .*, where \d+ MiB are free: free space there/);
    expect(JSON.parse((await daemon.wfctl('daemon', '--json')).stdout)).toMatchObject({ state: 'serving' });
    rmSync(join(daemon.stateDirectory, 'filler'));
    expect(await daemon.wfctl('daemon', 'backup')).toMatchObject({ code: 0 });
    const [backup = ''] = readdirSync(join(daemon.stateDirectory, 'backups'));
    expect(statSync(join(daemon.stateDirectory, 'backups', backup)).mode & 0o777).toBe(0o600);
  } finally {
    await daemon.stop('SIGKILL');
    execFileSync('umount', ['--lazy', daemon.stateDirectory]);
  }
});

function directoryOf(run: RunAnswer, call: string): string {
  return callOf(run, call).attempts.at(-1)?.directory ?? '';
}
