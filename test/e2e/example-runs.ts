/** What each example must do, on any backend. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import type { AnswerOf } from '../../daemon/protocol/operations.ts';
import type { DaemonUnderTest } from './daemon-under-test.ts';

type Run = AnswerOf<'getRun'>;

export const EXAMPLES: Readonly<Record<string, (daemon: DaemonUnderTest, backend: string) => Promise<void>>> =
  {
    'hello.yaml': async (daemon, backend) => {
      const run = await runToEnd(daemon, 'hello.yaml', backend, '--input', 'who=Ada');
      expect(readStdout(run, 'greet')).toMatch(/^Hello, Ada, from \S+\n$/);
    },
    'cohort.yaml': async (daemon, backend) => {
      const run = await runToEnd(daemon, 'cohort.yaml', backend);
      expect(run.calls.Succeeded).toBe(14);
      expect(call(run, 'reference').attempts.map(({ cause, exitCode }) => [cause, exitCode])).toEqual([
        ['NonZeroExit', 75],
        ['Succeeded', 0],
      ]);
      const table = readFileSync(String(run.outputs?.['table']), 'utf8').trim().split('\n');
      const counted = table.map((line) => Number(line.split(' ')[1]));
      expect(table).toHaveLength(10);
      expect(counted.reduce((sum, count) => sum + count, 0)).toBe(6 * 5000);
    },
    'retry.yaml': async (daemon, backend) => {
      const run = await runToEnd(daemon, 'retry.yaml', backend);
      expect(call(run, 'flaky').attempts).toHaveLength(2);
    },
    'dynamic.yaml': async (daemon, backend) => {
      const run = await runToEnd(daemon, 'dynamic.yaml', backend, '--input', 'parts=3');
      expect(run.calls.Succeeded).toBe(5);
      expect(readStdout(run, 'gather')).toBe('part-1 done\npart-2 done\npart-3 done\n');
    },
    'abort-cleanup.yaml': async (daemon, backend) => {
      const id = await daemon.submit(resolve('examples/abort-cleanup.yaml'), '--backend', backend);
      const directory = (await status(daemon, id)).directory;
      const scratch = join(directory, 'scratch');
      await expect.poll(() => existsSync(join(scratch, 'step')), { timeout: 60_000 }).toBe(true);
      const aborted = await daemon.wfctl('abort', id, '--wait');
      expect(aborted).toMatchObject({ code: 0 });
      const run = await status(daemon, id);
      expect(run.status).toBe('Aborted');
      expect(run.problems).toEqual([]);
      expect(readFileSync(join(attemptDirectory(run, 'simulate'), 'checkpoint.txt'), 'utf8')).toMatch(
        /^saved at step \d+\n$/,
      );
      expect(existsSync(scratch)).toBe(false);
      expect(run.stepList?.map(({ call: step, status: end }) => [step, end])).toEqual([
        ['onAbort', 'Succeeded'],
        ['finally', 'Succeeded'],
      ]);
    },
  };

async function runToEnd(
  daemon: DaemonUnderTest,
  example: string,
  backend: string,
  ...words: string[]
): Promise<Run> {
  const id = await daemon.submit(resolve('examples', example), '--backend', backend, ...words);
  await daemon.wfctl('status', id, '--wait');
  const run = await status(daemon, id);
  expect(run, daemon.log()).toMatchObject({ status: 'Succeeded', problems: [] });
  return run;
}

async function status(daemon: DaemonUnderTest, id: string): Promise<Run> {
  const { stdout } = await daemon.wfctl('status', id, '--calls', '--json');
  return JSON.parse(stdout) as Run;
}

function call(run: Run, key: string) {
  const found = run.callList?.find((candidate) => candidate.call === key);
  if (found === undefined) throw new Error(`run ${run.id} has no call ${key}`);
  return found;
}

function attemptDirectory(run: Run, key: string): string {
  return call(run, key).attempts.at(-1)?.directory ?? '';
}

function readStdout(run: Run, key: string): string {
  return readFileSync(join(attemptDirectory(run, key), 'stdout'), 'utf8');
}
