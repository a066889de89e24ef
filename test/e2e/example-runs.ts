/** What each example must do, on any backend. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { callOf, type DaemonUnderTest, type RunAnswer, stdoutOf } from './daemon-under-test.ts';

export const EXAMPLES: Readonly<Record<string, (daemon: DaemonUnderTest, backend: string) => Promise<void>>> =
  {
    'the first workflow of README.md': async (daemon, backend) => {
      const workflow = daemon.write('readme/counts.yaml', firstWorkflow());
      daemon.write('readme/one.txt', 'b\na\nb\n');
      daemon.write('readme/it is two.txt', 'a\n');
      const run = await endOf(daemon, await daemon.submit(workflow, '--backend', backend));
      expect(run.calls.Succeeded).toBe(3);
      const counts = readFileSync(daemon.place('all-counts'), 'utf8');
      expect(
        counts
          .trim()
          .split(/\s*\n\s*/)
          .toSorted(),
      ).toEqual(['1 a', '1 a', '2 b']);
    },
    'hello.yaml': async (daemon, backend) => {
      const run = await runToEnd(daemon, 'hello.yaml', backend, '--input', 'who=Ada');
      expect(stdoutOf(run, 'greet')).toMatch(/^Hello, Ada, from \S+\n$/);
    },
    'cohort.yaml': async (daemon, backend) => {
      const run = await runToEnd(daemon, 'cohort.yaml', backend);
      expect(run.calls.Succeeded).toBe(14);
      expect(callOf(run, 'reference').attempts.map(({ cause, exitCode }) => [cause, exitCode])).toEqual([
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
      expect(callOf(run, 'flaky').attempts).toHaveLength(2);
    },
    'dynamic.yaml': async (daemon, backend) => {
      const run = await runToEnd(daemon, 'dynamic.yaml', backend, '--input', 'parts=3');
      expect(run.calls.Succeeded).toBe(5);
      expect(stdoutOf(run, 'gather')).toBe('part-1 done\npart-2 done\npart-3 done\n');
    },
    'abort-cleanup.yaml': async (daemon, backend) => {
      const id = await daemon.submit(resolve('examples/abort-cleanup.yaml'), '--backend', backend);
      const directory = (await daemon.run(id)).directory;
      const scratch = join(directory, 'scratch');
      await expect.poll(() => existsSync(join(scratch, 'step')), { timeout: 60_000 }).toBe(true);
      const aborted = await daemon.wfctl('abort', id, '--wait');
      expect(aborted).toMatchObject({ code: 0 });
      const run = await daemon.run(id);
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
): Promise<RunAnswer> {
  const file = resolve('examples', example);
  return endOf(daemon, await daemon.submit(file, '--backend', backend, ...words));
}

async function endOf(daemon: DaemonUnderTest, id: string): Promise<RunAnswer> {
  await daemon.wfctl('status', id, '--wait');
  const run = await daemon.run(id);
  expect(run, daemon.log()).toMatchObject({ status: 'Succeeded', problems: [] });
  return run;
}

function firstWorkflow(): string {
  const [, text] = /```yaml\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
  if (text === undefined) throw new Error('README.md shows no workflow');
  return text;
}

function attemptDirectory(run: RunAnswer, key: string): string {
  return callOf(run, key).attempts.at(-1)?.directory ?? '';
}
