/**
 * State on a file system that is really full (SEMANTICS 6, our own troubles): the daemon is degraded, never
 * wrong. Only root can mount one.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DaemonUnderTest } from './daemon-under-test.ts';

let daemon: DaemonUnderTest;

beforeEach(() => {
  daemon = new DaemonUnderTest();
  mkdirSync(daemon.stateDirectory, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', daemon.stateDirectory]);
});

afterEach(async () => {
  await daemon.stop('SIGKILL');
  execFileSync('umount', ['--lazy', daemon.stateDirectory]);
  await daemon.remove();
});

test.skipIf(process.getuid?.() !== 0)(
  'a full disk stops dispatch and submits, loses nothing, and is over when there is space again',
  async () => {
    await daemon.start();
    const file = daemon.write(
      'many.yaml',
      'defaults: {backend: local, resources: {cpus: 1, memory: 10M}}\ninputs: {n: {range: [1, 30]}}\ntasks:\n  a:\n    scatter: {i: "${{ inputs.n }}"}\n    run: echo ${{ i }} >> starts; sleep 0.5\n',
    );
    const id = await daemon.submit(file);
    fillUp(daemon.place('state', 'filler'));

    await expect.poll(() => daemonState(), { timeout: 30_000 }).toBe('degraded');
    const refused = await daemon.wfctl('submit', file);
    expect(refused).toMatchObject({ code: 75, stdout: '' });
    expect(refused.stderr).toMatch(/cannot store anything at the moment .*nothing was changed/s);
    const aborted = await daemon.wfctl('abort', id);
    expect(aborted.code).toBe(75);
    expect((await daemon.wfctl('status', id)).stdout).toMatch(/degraded/);

    rmSync(daemon.place('state', 'filler'));
    await expect.poll(() => daemonState(), { timeout: 30_000 }).toBe('serving');
    expect((await daemon.untilEnded(id)).status).toBe('Succeeded');
    const starts = readFileSync(daemon.place('starts'), 'utf8').trim().split('\n').map(Number);
    expect(starts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(daemon.isRunning()).toBe(true);
  },
);

async function daemonState(): Promise<unknown> {
  return JSON.parse((await daemon.wfctl('daemon', 'status', '--json')).stdout).state;
}

/** Down to the last byte: the second, small writes take what the large ones left. */
function fillUp(path: string): void {
  for (const size of [1024 * 1024, 4096]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}
