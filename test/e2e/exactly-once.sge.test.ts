/** SEMANTICS 6, exactly once, on a real Grid Engine. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { isLong } from './cluster.ts';
import { expectEachOnce, expectInTheMiddle, forgetful, killSometimes, submitLines } from './lines-story.ts';
import { isOwnCluster, SgeDaemonUnderTest, withHungMaster, withoutMaster } from './sge-cluster.ts';

/** Long enough for both outages to come in the middle. */
const STORY = isLong
  ? { jobs: 200, maxParallel: 20, seconds: '$((6 + WF_INDEX % 9))' }
  : { jobs: 30, maxParallel: 6, seconds: '$((1 + WF_INDEX % 3))' };
const JOBS = STORY.jobs;
const OUTAGE_MS = isLong ? 40_000 : 6_000;
const OUTAGE = `${OUTAGE_MS / 1000} s`;

let daemon: SgeDaemonUnderTest;
afterEach(() => daemon.remove());

test.runIf(isOwnCluster)(
  `${JOBS} jobs, the daemon killed again and again, qmaster hanging and then gone for ${OUTAGE}`,
  async () => {
    daemon = new SgeDaemonUnderTest({ config: { backends: { sge: hasty() } } });
    const id = await submitLines(daemon, STORY);
    await killSometimes(daemon, STORY, isLong ? 3 : 1, 20264);
    await daemon.until(id, (run) => run.calls.Succeeded > 2);
    for (const outage of [withHungMaster, withoutMaster]) {
      await outage(async () => {
        await sleep(OUTAGE_MS / 2);
        await daemon.killAndRestart();
        await sleep(OUTAGE_MS / 2);
        expectInTheMiddle(daemon, STORY);
      });
    }
    await killSometimes(daemon, STORY, isLong ? 3 : 1, 20265);
    await expectEachOnce(daemon, STORY, id);
  },
);

test(`${JOBS} jobs, a third of the replies of qsub lost`, async () => {
  daemon = new SgeDaemonUnderTest();
  const bin = daemon.place('bin');
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  daemon.configure({ backend: 'sge', backends: { sge: { ...hasty(), commandTimeout: '8s', env } } });
  daemon.write('bin/qsub', forgetful('qsub', NO_ANSWER, bin), 0o755);
  const id = await submitLines(daemon, STORY);
  await expectEachOnce(daemon, STORY, id);
  expect(readFileSync(`${bin}/submitted`, 'utf8').trim().split('\n')).toHaveLength(JOBS);
});

/** What qsub says when its request was taken and the answer did not come. */
const NO_ANSWER =
  'error: failed receiving gdi request response for mid=1 (got syncron message receive timeout error).';

/** Short waits, so that what is in doubt is settled soon; the long form has the settings people have. */
function hasty() {
  return isLong ? { kind: 'sge' } : { kind: 'sge', poll: '2s', settle: '8s', commandTimeout: '20s' };
}
