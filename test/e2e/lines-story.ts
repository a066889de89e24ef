/**
 * SEMANTICS 6, exactly once: every job appends one line to a file as it starts, so that the file tells the truth
 * whatever daemon, scheduler and submit commands go through.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { createRandom } from '../sim/random.ts';
import type { ClusterDaemonUnderTest } from './cluster.ts';
import type { RunAnswer } from './daemon-under-test.ts';

export interface LinesStory {
  readonly jobs: number;
  readonly maxParallel: number;
  /** How long each of them takes, as the shell computes it. */
  readonly seconds: string;
}

export async function submitLines(daemon: ClusterDaemonUnderTest, story: LinesStory): Promise<string> {
  await daemon.start();
  const workflow = daemon.write(
    'lines.yaml',
    `
name: lines
tasks:
  line:
    scatter: {n: {range: [1, ${story.jobs}]}}
    maxParallel: ${story.maxParallel}
    resources: {cpus: 1, memory: 20M, time: 5m}
    run: |
      echo "\${{ n }} \${SLURM_JOB_ID:-}\${JOB_ID:-}" >> ${daemon.place('lines')}
      sleep ${story.seconds}
`,
  );
  return daemon.submit(workflow);
}

/** At once means at once: some are killed before they answer, some in the middle of submits. */
export async function killSometimes(
  daemon: ClusterDaemonUnderTest,
  story: LinesStory,
  kills: number,
  seed: number,
): Promise<void> {
  const random = createRandom(seed);
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random.int(200, 2_500));
    await daemon.stop('SIGKILL');
    daemon.spawn();
  }
  await daemon.stop('SIGKILL');
  expectInTheMiddle(daemon, story);
  await daemon.start();
}

/** Trouble that comes when all is over proves nothing. */
export function expectInTheMiddle(daemon: ClusterDaemonUnderTest, story: LinesStory): void {
  expect(linesOf(daemon).length, 'jobs were still to be started').toBeLessThan(story.jobs);
}

export async function expectEachOnce(
  daemon: ClusterDaemonUnderTest,
  story: LinesStory,
  id: string,
): Promise<void> {
  const run = await daemon.untilEnded(id, 480_000);
  expect(run, daemon.log()).toMatchObject({ status: 'Succeeded', problems: [], orphans: [] });
  const lines = linesOf(daemon);
  expect(lines).toHaveLength(story.jobs);
  expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(story.jobs);
  expect(attemptsOf(run)).toEqual(Array.from({ length: story.jobs }, () => ['Succeeded']));
  await expect.poll(() => daemon.jobs(), { timeout: 60_000, interval: 500 }).toEqual([]);
}

function linesOf(daemon: ClusterDaemonUnderTest): readonly string[] {
  const file = daemon.place('lines');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function attemptsOf(run: RunAnswer) {
  return run.callList?.map(({ attempts }) => attempts.map(({ cause }) => cause));
}

/**
 * A submit command that works, and of whose six replies one is an error and one never comes: a program to put
 * before the real one, in a directory of its own. What it submitted it notes in `submitted` there.
 */
export function forgetful(program: string, error: string, bin: string): string {
  return `#!/bin/bash
PATH=\${PATH#${bin}:}
if [ "$1" = --version ]; then exec ${program} --version; fi
exec 9>>${bin}/lock && flock 9
count=$(( $(cat ${bin}/count 2>/dev/null || echo 0) + 1 ))
echo $count > ${bin}/count
reply=$(${program} "$@") || exit
echo "$reply" >> ${bin}/submitted
exec 9>&-
case $((count % 6)) in
  2) echo '${error}' >&2; exit 1 ;;
  5) exec sleep 600 ;;
  *) echo "$reply" ;;
esac
`;
}
