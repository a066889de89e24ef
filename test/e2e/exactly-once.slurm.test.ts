/**
 * SEMANTICS 6, exactly once, on a real SLURM: every job appends one line to a file as it starts, so that the
 * file tells the truth whatever daemon, controller and submit commands go through.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createRandom } from '../sim/random.ts';
import type { RunAnswer } from './daemon-under-test.ts';
import { isLong, isOwnCluster, SlurmDaemonUnderTest, withHungController } from './slurm-cluster.ts';

const JOBS = isLong ? 200 : 40;
const KILLS = isLong ? 20 : 5;
const OUTAGE_MS = isLong ? 40_000 : 12_000;

let daemon: SlurmDaemonUnderTest;
afterEach(() => daemon.remove());

const users = isOwnCluster ? ['ourselves', 'wfalice'] : ['ourselves'];

test.each(users)(`${JOBS} jobs, the daemon of %s killed ${KILLS} times`, async (user) => {
  daemon = new SlurmDaemonUnderTest({ ...asUser(user), config: { backends: { slurm: hasty() } } });
  const id = await submitLines();
  await killSometimes(KILLS, 20261);
  await expectEachOnce(id);
});

test(`${JOBS} jobs, the daemon killed, its state in the journal for network file systems`, async () => {
  const config = { state: { journal: 'network', lease: '5s' }, backends: { slurm: hasty() } };
  daemon = new SlurmDaemonUnderTest({ config });
  const id = await submitLines();
  await killSometimes(isLong ? KILLS : 3, 20262);
  await expectEachOnce(id);
});

test.runIf(isOwnCluster)(`${JOBS} jobs, slurmctld hanging for ${OUTAGE_MS / 1000} s`, async () => {
  daemon = new SlurmDaemonUnderTest({ config: { backends: { slurm: hasty() } } });
  const id = await submitLines();
  await daemon.until(id, (run) => run.calls.Succeeded > 2);
  await withHungController(async () => {
    await sleep(OUTAGE_MS / 2);
    await daemon.killAndRestart();
    await sleep(OUTAGE_MS / 2);
  });
  await expectEachOnce(id);
});

test(`${JOBS} jobs, the daemon stopped by SIGTERM in the middle of submits`, async () => {
  daemon = new SlurmDaemonUnderTest({ config: { backends: { slurm: hasty() } } });
  const id = await submitLines();
  for (let stop = 0; stop < 3; stop++) {
    await sleep(700);
    await daemon.stop('SIGTERM');
    await daemon.start();
  }
  await expectEachOnce(id);
});

test(`${JOBS} jobs, a third of the replies of sbatch lost`, async () => {
  daemon = new SlurmDaemonUnderTest();
  const bin = daemon.place('bin');
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  daemon.configure({ backend: 'slurm', backends: { slurm: { ...hasty(), commandTimeout: '8s', env } } });
  daemon.write('bin/sbatch', forgetfulSbatch(bin), 0o755);
  const id = await submitLines();
  await expectEachOnce(id);
  expect(readFileSync(`${bin}/submitted`, 'utf8').trim().split('\n')).toHaveLength(JOBS);
});

/** Short waits, so that what is in doubt is settled soon; the long form has the settings people have. */
function hasty() {
  return isLong ? { kind: 'slurm' } : { kind: 'slurm', poll: '2s', settle: '8s', commandTimeout: '20s' };
}

function asUser(user: string): { readonly user?: string } {
  return user === 'ourselves' ? {} : { user };
}

async function submitLines(): Promise<string> {
  await daemon.start();
  const workflow = daemon.write(
    'lines.yaml',
    `
name: lines
inputs: {last: ${JOBS}}
tasks:
  line:
    scatter: {n: {range: [1, ${JOBS}]}}
    maxParallel: ${isLong ? 40 : 12}
    resources: {cpus: 1, memory: 20M, time: 5m}
    run: |
      echo "\${{ n }} $SLURM_JOB_ID" >> ${daemon.place('lines')}
      sleep $((1 + WF_INDEX % 3))
`,
  );
  return daemon.submit(workflow);
}

/** At once means at once: some are killed before they answer, some in the middle of submits. */
async function killSometimes(kills: number, seed: number): Promise<void> {
  const random = createRandom(seed);
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random.int(200, 2_500));
    await daemon.stop('SIGKILL');
    daemon.spawn();
  }
  await daemon.stop('SIGKILL');
  expect(lines().length, 'all jobs had started before the last kill').toBeLessThan(JOBS);
  await daemon.start();
}

async function expectEachOnce(id: string): Promise<void> {
  const run = await daemon.untilEnded(id, 480_000);
  expect(run, daemon.log()).toMatchObject({ status: 'Succeeded', problems: [], orphans: [] });
  expect(lines()).toHaveLength(JOBS);
  expect(new Set(lines().map((line) => line.split(' ')[0])).size).toBe(JOBS);
  expect(attemptsOf(run)).toEqual(Array.from({ length: JOBS }, () => ['Succeeded']));
  await expect.poll(() => daemon.jobs(), { timeout: 60_000, interval: 500 }).toEqual([]);
}

function lines(): readonly string[] {
  const file = daemon.place('lines');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function attemptsOf(run: RunAnswer) {
  return run.callList?.map(({ attempts }) => attempts.map(({ cause }) => cause));
}

/** Submits for real; of every six replies one is an error, and one never comes. */
function forgetfulSbatch(bin: string): string {
  return `#!/bin/bash
if [ "$1" = --version ]; then PATH=\${PATH#${bin}:} exec sbatch --version; fi
exec 9>>${bin}/lock && flock 9
count=$(( $(cat ${bin}/count 2>/dev/null || echo 0) + 1 ))
echo $count > ${bin}/count
PATH=\${PATH#${bin}:}
reply=$(sbatch "$@") || exit
echo "$reply" >> ${bin}/submitted
exec 9>&-
case $((count % 6)) in
  2) echo "sbatch: error: something went wrong after all" >&2; exit 1 ;;
  5) exec sleep 600 ;;
  *) echo "$reply" ;;
esac
`;
}
