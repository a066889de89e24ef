/**
 * SEMANTICS 6, exactly once, with the adapters of real schedulers on a scheduler that nobody should have: its
 * commands are our own (test/fake-commands), so that it can be tormented, and on any machine. Its jobs are real.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, test } from 'vitest';
import type { Face } from '../fake-commands/face.ts';
import type { FakeScheduler, Trouble } from '../fake-commands/fake-scheduler.ts';
import { type FakeCommands, openFakeCommands } from '../fake-commands/open.ts';
import { sgeFace } from '../fake-commands/sge/sge.ts';
import { slurmFace } from '../fake-commands/slurm/slurm.ts';
import { createRandom } from '../sim/random.ts';
import { ClusterDaemonUnderTest, isLong } from './cluster.ts';
import { expectEachOnce, killSometimes, submitLines } from './lines-story.ts';

const STORY = { jobs: isLong ? 200 : 40, maxParallel: 12, seconds: '$((2 + WF_INDEX % 3))' };
const KILLS = isLong ? 20 : 4;

/** All that can be wrong with it; lies stay shorter than the settle time below. */
const TROUBLES: readonly Trouble[] = ['down', 'hanging', 'lostReplies', 'emptyListing', 'strangeStates'];
const LONGEST_MS = 2_000;
const SETTINGS = { poll: '1s', settle: '6s', commandTimeout: '4s' };

let directory: string;
let commands: FakeCommands;
let daemon: ClusterDaemonUnderTest;
afterEach(async () => {
  await daemon.remove();
  await commands.close();
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ['slurm', slurmFace, 20271],
  ['sge', sgeFace, 20272],
] as const)(
  `${STORY.jobs} jobs on a tormented %s, the daemon killed ${KILLS} times`,
  async (kind, face, seed) => {
    await open(kind, face);
    const id = await submitLines(daemon, STORY);
    const killed = killSometimes(daemon, STORY, KILLS, seed);
    await torment(commands.scheduler, seed, killed);
    await expectEachOnce(daemon, STORY, id);
  },
  600_000,
);

async function open(kind: 'slurm' | 'sge', face: Face): Promise<void> {
  directory = mkdtempSync('/tmp/wf-tormented-');
  commands = await openFakeCommands(face, directory);
  const { scheduler } = commands;
  const cluster = {
    backend: kind,
    jobs: async () =>
      scheduler
        .jobs()
        .filter(({ end }) => end === undefined)
        .map(({ id, state, name }) => ({ id: String(id), state, name })),
    end: async (ids: readonly string[]) => {
      for (const id of ids) scheduler.ask({ id: Number(id) }, { kind: 'force' });
    },
  };
  const backend = { kind, ...SETTINGS, env: { PATH: commands.path } };
  daemon = new ClusterDaemonUnderTest(cluster, { config: { backends: { [kind]: backend } } });
}

/** One trouble after the other, each at least once, and for as long as something else lasts. */
async function torment({ troubles }: FakeScheduler, seed: number, lasts: Promise<void>): Promise<void> {
  const random = createRandom(seed);
  let over = false;
  const finished = lasts.finally(() => {
    over = true;
  });
  for (let turn = 0; !over || turn < TROUBLES.length; turn++) {
    const trouble = TROUBLES[turn % TROUBLES.length] ?? 'down';
    troubles.add(trouble);
    await sleep(random.int(300, LONGEST_MS));
    troubles.delete(trouble);
    await sleep(random.int(100, 700));
  }
  await finished;
}
