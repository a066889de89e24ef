/** SEMANTICS 6, exactly once, on a real SLURM. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { isLong } from './cluster.ts';
import { expectEachOnce, forgetful, killSometimes, submitLines } from './lines-story.ts';
import { isOwnCluster, SlurmDaemonUnderTest, withHungController } from './slurm-cluster.ts';

const STORY = {
  jobs: isLong ? 200 : 40,
  maxParallel: isLong ? 40 : 12,
  seconds: '$((1 + WF_INDEX % 3))',
};
const JOBS = STORY.jobs;
const KILLS = isLong ? 20 : 5;
const OUTAGE_MS = isLong ? 40_000 : 12_000;

let daemon: SlurmDaemonUnderTest;
afterEach(() => daemon.remove());

const users = isOwnCluster ? ['ourselves', 'wfalice'] : ['ourselves'];

test.each(users)(`${JOBS} jobs, the daemon of %s killed ${KILLS} times`, async (user) => {
  daemon = new SlurmDaemonUnderTest({ ...asUser(user), config: { backends: { slurm: hasty() } } });
  const id = await submitLines(daemon, STORY);
  await killSometimes(daemon, STORY, KILLS, 20261);
  await expectEachOnce(daemon, STORY, id);
});

test(`${JOBS} jobs, the daemon killed, its state in the journal for network file systems`, async () => {
  const config = { state: { journal: 'network', lease: '5s' }, backends: { slurm: hasty() } };
  daemon = new SlurmDaemonUnderTest({ config });
  const id = await submitLines(daemon, STORY);
  await killSometimes(daemon, STORY, isLong ? KILLS : 3, 20262);
  await expectEachOnce(daemon, STORY, id);
});

test.runIf(isOwnCluster)(`${JOBS} jobs, slurmctld hanging for ${OUTAGE_MS / 1000} s`, async () => {
  daemon = new SlurmDaemonUnderTest({ config: { backends: { slurm: hasty() } } });
  const id = await submitLines(daemon, STORY);
  await daemon.until(id, (run) => run.calls.Succeeded > 2);
  await withHungController(async () => {
    await sleep(OUTAGE_MS / 2);
    await daemon.killAndRestart();
    await sleep(OUTAGE_MS / 2);
  });
  await expectEachOnce(daemon, STORY, id);
});

test(`${JOBS} jobs, the daemon stopped by SIGTERM in the middle of submits`, async () => {
  daemon = new SlurmDaemonUnderTest({ config: { backends: { slurm: hasty() } } });
  const id = await submitLines(daemon, STORY);
  for (let stop = 0; stop < 3; stop++) {
    await sleep(700);
    await daemon.stop('SIGTERM');
    await daemon.start();
  }
  await expectEachOnce(daemon, STORY, id);
});

test(`${JOBS} jobs, a third of the replies of sbatch lost`, async () => {
  daemon = new SlurmDaemonUnderTest();
  const bin = daemon.place('bin');
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  daemon.configure({ backend: 'slurm', backends: { slurm: { ...hasty(), commandTimeout: '8s', env } } });
  daemon.write(
    'bin/sbatch',
    forgetful('sbatch', 'sbatch: error: something went wrong after all', bin),
    0o755,
  );
  const id = await submitLines(daemon, STORY);
  await expectEachOnce(daemon, STORY, id);
  expect(readFileSync(`${bin}/submitted`, 'utf8').trim().split('\n')).toHaveLength(JOBS);
});

/** Short waits, so that what is in doubt is settled soon; the long form has the settings people have. */
function hasty() {
  return isLong ? { kind: 'slurm' } : { kind: 'slurm', poll: '2s', settle: '8s', commandTimeout: '20s' };
}

function asUser(user: string): { readonly user?: string } {
  return user === 'ourselves' ? {} : { user };
}
