/** What reaches a job's processes from outside: signals, and copies of the job that race for one attempt. */
import { spawn } from 'node:child_process';
import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { makePlace, type Place, SHELLS, shellCommand } from './job-script-fixture.ts';

const places: Place[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

function place(): Place {
  const made = makePlace();
  places.push(made);
  return made;
}

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('under $name', ({ shell }) => {
  test.each(['TERM', 'INT', 'HUP', 'USR1', 'USR2', 'QUIT'] as const)(
    '%s to the whole job ends the command, and the wrapper leaves the marks',
    async (signal) => {
      const job = place();
      job.write({ command: shellCommand('echo ready; exec sleep 60') });
      const number = { TERM: 15, INT: 2, HUP: 1, USR1: 10, USR2: 12, QUIT: 3 }[signal];
      expect(await signalled(job, shell, `SIG${signal}`)).toBe(128 + number);
      expect(job.exit()).toMatchObject({ exitCode: 128 + number, succeeded: false });
      expect(job.spooled()).toHaveLength(2);
    },
  );

  test('a command that handles the signal gets it once, and its own code counts', async () => {
    const job = place();
    const text = `trap 'echo saved; n=$((n + 1))' USR1; n=0; echo ready
      while [ "$n" = 0 ]; do sleep 0.05 & wait $! || true; done; exit $((n + 40))`;
    job.write({ command: shellCommand(text) });
    expect(await signalled(job, shell, 'SIGUSR1')).toBe(41);
    expect(job.read('stdout')).toBe('ready\nsaved\n');
    expect(job.exit()).toMatchObject({ exitCode: 41 });
  });

  test('of two copies that race exactly one runs, 50 times', async () => {
    for (let round = 0; round < 50; round++) {
      const job = makePlace();
      job.write({});
      const both = await Promise.all([job.start(shell, '1.0'), job.start(shell, '2.0')]);
      expect(both.map((ended) => ended.code)).toEqual([0, 0]);
      expect(job.read('stdout')).toBe('hello\n');
      const winner = job.exit()?.nativeId;
      expect(job.claim()).toBe(`${winner}.0`);
      expect(job.read(`duplicate.${winner === '1' ? 2 : 1}`)).toBe('');
      job.remove();
    }
  }, 60_000);
});

/** Signals the job's process group as soon as the command has printed `ready`; answers the wrapper's code. */
async function signalled(
  job: Place,
  shell: readonly string[],
  signal: NodeJS.Signals,
): Promise<number | null> {
  const [program = 'sh', ...words] = shell;
  const child = spawn(program, [...words, job.script], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], FAKE_ID: '4711', FAKE_COUNT: '0' },
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await linesIn(join(job.attempt, 'stdout'), job.attempt);
  process.kill(-(child.pid ?? 0), signal);
  return ended;
}

function linesIn(file: string, directory: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      try {
        if (!readFileSync(file, 'utf8').includes('ready\n')) return;
      } catch {
        return; // not there yet
      }
      watcher.close();
      resolve();
    };
    const watcher = watch(directory, look);
    look();
  });
}
