/** What a real SLURM does to jobs meanwhile, and what a site gives to them (SEMANTICS 3 and 6). */
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { command } from './cluster.ts';
import { callOf, isState, jobOf, stdoutOf } from './daemon-under-test.ts';
import { isOwnCluster, SlurmDaemonUnderTest, withHungController } from './slurm-cluster.ts';

let daemon: SlurmDaemonUnderTest;
afterEach(() => daemon.remove());

test.runIf(isOwnCluster)('a preempted job is tried again, the budget of its task untouched', async () => {
  daemon = new SlurmDaemonUnderTest({
    user: 'wfalice',
    config: { backend: 'slurm', retries: { delay: '1s' } },
  });
  const id = await submit(`
name: preempted
tasks:
  victim:
    retries: 0
    resources: {queue: preempt, cpus: 64, nodes: 1, memory: 50M, time: 10m}
    run: '[ "$WF_ATTEMPT" -gt 1 ] || sleep 300'
`);
  const job = jobOf(await daemon.until(id, (run) => isState(run, 'victim', 'running')), 'victim');
  const node = (await command('squeue', '-h', '-o', '%N', '-j', job)).trim();
  const rival = ['sbatch', '--parsable', '-p', 'high', '-w', node, '-c', '64', '-t', '1', '-o', '/dev/null'];
  expect(await daemon.speak([...rival, '-J', 'rival', '--wrap', 'sleep 1'])).toMatchObject({ code: 0 });
  const run = await daemon.untilEnded(id, 180_000);
  expect(run.status, daemon.log()).toBe('Succeeded');
  expect(callOf(run, 'victim').attempts.map(({ cause }) => cause)).toEqual(['Preempted', 'Succeeded']);
});

test.runIf(isOwnCluster)(
  'a job lost with its node is tried again, the budget of its task untouched',
  async () => {
    daemon = new SlurmDaemonUnderTest({ config: { backend: 'slurm', retries: { delay: '1s' } } });
    const id = await submit(`
name: lost
tasks:
  victim:
    retries: 0
    resources: {exclusive: true, cpus: 1, memory: 50M, time: 10m}
    run: '[ "$WF_ATTEMPT" -gt 1 ] || sleep 300'
`);
    const job = jobOf(await daemon.until(id, (run) => isState(run, 'victim', 'running')), 'victim');
    const node = (await command('squeue', '-h', '-o', '%N', '-j', job)).trim();
    await command('scontrol', 'update', `nodename=${node}`, 'state=down', 'reason=wfd-e2e');
    try {
      const run = await daemon.untilEnded(id, 120_000);
      expect(run.status, daemon.log()).toBe('Succeeded');
      expect(callOf(run, 'victim').attempts.map(({ cause }) => cause)).toEqual(['NodeFailure', 'Succeeded']);
    } finally {
      await resume(node);
    }
  },
);

test.runIf(isOwnCluster)('an outage is a banner in status; nothing fails, and it goes away', async () => {
  daemon = new SlurmDaemonUnderTest();
  const id = await submit('name: outage\ntasks: {a: {run: sleep 20}}\n');
  await daemon.until(id, (run) => isState(run, 'a', 'running'));
  const banner = async () => (await daemon.wfctl('status', id)).stdout;
  await withHungController(async () => {
    await expect.poll(banner, { timeout: 60_000, interval: 500 }).toMatch(/slurm cannot be reached/);
    expect((await daemon.run(id)).status).not.toBe('Failed');
  });
  expect((await daemon.untilEnded(id)).status, daemon.log()).toBe('Succeeded');
  await submit('name: next\ntasks: {b: {run: sleep 1}}\n');
  await expect.poll(banner, { timeout: 60_000, interval: 500 }).not.toMatch(/cannot be reached/);
});

test.runIf(isOwnCluster)('a job that SLURM kills and requeues is the same attempt', async () => {
  daemon = new SlurmDaemonUnderTest();
  const id = await submit(`
name: requeued
tasks:
  again:
    resources: {cpus: 1, memory: 50M, time: 10m}
    run: |
      echo "run \${SLURM_RESTART_COUNT:-0}"
      trap '' TERM                    # so that no exit mark is left
      [ "\${SLURM_RESTART_COUNT:-0}" -gt 0 ] || for i in $(seq 300); do sleep 1; done
`);
  const job = await requeue(id);
  await daemon.until(id, (run) => isState(run, 'again', 'queued'));
  await expect.poll(() => startNow(job), { timeout: 60_000, interval: 1_000 }).toMatch(/RUNNING|COMPLET/);
  const run = await daemon.untilEnded(id);
  expect(run.status, daemon.log()).toBe('Succeeded');
  const [attempt, ...others] = callOf(run, 'again').attempts;
  expect(others).toEqual([]);
  expect(attempt).toMatchObject({ cause: 'Succeeded', nativeId: job });
  expect(readlinkSync(join(String(attempt?.directory), 'claim'))).toBe(`${job}.1`);
  expect(stdoutOf(run, 'again')).toBe('run 1\n');
});

test.runIf(isOwnCluster)(
  'a job that had time to leave its exit mark is not run again by a requeue',
  async () => {
    daemon = new SlurmDaemonUnderTest({ config: { backend: 'slurm', retries: { delay: '1s' } } });
    const id = await submit(`
name: requeued
tasks:
  again:
    resources: {cpus: 1, memory: 50M, time: 10m}
    run: 'echo "$SLURM_JOB_ID" >> ${daemon.place('starts')}; [ "$WF_ATTEMPT" -gt 1 ] || sleep 300'
`);
    const job = await requeue(id);
    await daemon.until(id, (run) => callOf(run, 'again').attempts.length === 2);
    await expect
      .poll(() => startNow(job), { timeout: 60_000, interval: 1_000 })
      .toMatch(/COMPLETED|CANCELLED/);
    const run = await daemon.untilEnded(id);
    expect(run.status, daemon.log()).toBe('Succeeded');
    expect(callOf(run, 'again').attempts.map(({ cause }) => cause)).toEqual(['Preempted', 'Succeeded']);
    const starts = readFileSync(daemon.place('starts'), 'utf8').trim().split('\n');
    expect(starts).toEqual([job, jobOf(run, 'again')]);
  },
);

test.runIf(isOwnCluster)('blocked jobs are problems in plain words, and end by an abort', async () => {
  daemon = new SlurmDaemonUnderTest();
  const id = await submit(`
name: blocked
tasks:
  held: {resources: {cpus: 1, memory: 50M, time: 1m, options: {slurm: ["--begin=now+1hour"]}}, run: "true"}
  long: {resources: {queue: short, cpus: 1, memory: 50M, time: 10m}, run: "true"}
`);
  const queued = await daemon.until(
    id,
    (run) => isState(run, 'held', 'queued') && isState(run, 'long', 'queued'),
  );
  await command('scontrol', 'hold', jobOf(queued, 'held'));
  const run = await daemon.until(id, ({ problems }) => problems.length === 2, 60_000);
  expect(run.status).toBe('Running');
  const reasons = ['held', 'long'].map((call) => callOf(run, call).attempts[0]?.blocked);
  expect(reasons).toEqual([expect.stringContaining('held'), expect.stringContaining('time')]);
  const { stdout } = await daemon.wfctl('status', id);
  expect(stdout).toContain('Problems');
  expect(stdout).toMatch(/held waits: /);
  expect((await daemon.wfctl('why', id, 'long')).stdout).toMatch(/time/);
  await command('scontrol', 'release', jobOf(queued, 'held'));
  await daemon.until(id, ({ problems }) => problems.length === 1, 60_000);
  await daemon.wfctl('abort', id, '--wait');
  expect(await daemon.run(id)).toMatchObject({ status: 'Aborted', calls: { Aborted: 2 }, problems: [] });
  expect(await daemon.jobs()).toEqual([]);
});

test.runIf(isOwnCluster)('a limit on queued jobs is waited for, and fails nothing', async () => {
  const config = { backend: 'slurm', jobs: { throttleDelay: '2s' } };
  daemon = new SlurmDaemonUnderTest({ user: 'wfalice', config });
  const id = await submit(`
name: capped
tasks:
  one:
    scatter: {n: {range: [1, 12]}}
    resources: {cpus: 1, memory: 50M, time: 1m, qos: capped}
    run: sleep 1
`);
  const run = await daemon.untilEnded(id, 240_000);
  expect(run, daemon.log()).toMatchObject({ status: 'Succeeded', calls: { Succeeded: 12 } });
  expect(run.callList?.map(({ attempts }) => attempts.length)).toEqual(Array.from({ length: 12 }, () => 1));
});

test.runIf(isOwnCluster)(
  'shell functions from profile.d are there, the environment of the daemon is not',
  async () => {
    const profile = `/etc/profile.d/wfd-e2e-${process.pid}.sh`;
    writeFileSync(profile, 'module() { echo "module: $*"; }\n');
    try {
      const env = {
        NOTIFY_SOCKET: '/nowhere',
        INVOCATION_ID: 'abc',
        OWN_SECRET: 'abc',
        BASH_ENV: '/dev/null',
      };
      daemon = new SlurmDaemonUnderTest({ user: 'wfalice', env });
      const id = await submit(WHAT_A_JOB_SEES, 'umask 027; exec "$@"');
      const run = await daemon.untilEnded(id);
      expect(run.status, daemon.log()).toBe('Succeeded');
      const [module, umask, user, groups, home, ...variables] = stdoutOf(run, 'sees').trim().split('\n');
      expect([module, umask, user, home]).toEqual(['module: load bwa', '0027', 'wfalice', '/home/wfalice']);
      expect(groups?.split(' ')).toEqual(expect.arrayContaining(['wfalice', 'wfshared', 'wfteam']));
      const names = variables.map((line) => line.split('=')[0]);
      for (const name of [...Object.keys(env), 'WFD_SOCKET', 'WFD_STATE_DIR', 'WFD_CONFIG']) {
        expect(names).not.toContain(name);
      }
      expect(variables).toEqual(
        expect.arrayContaining([
          'COLOUR=deep blue',
          'WF_TASK=sees',
          'WF_CPUS=2',
          'WF_MEMORY_MB=50',
          'WF_ATTEMPT=1',
        ]),
      );
    } finally {
      rmSync(profile);
    }
  },
);

const WHAT_A_JOB_SEES = `
name: sees
tasks:
  sees:
    env: {COLOUR: deep blue}
    resources: {cpus: 2, memory: 50M, time: 1m}
    run: |
      module load bwa
      umask; id -un; id -Gn; echo "$HOME"
      env
`;

async function submit(text: string, shell = 'exec "$@"'): Promise<string> {
  await daemon.start();
  const file = daemon.write('workflow.yaml', text);
  const spoken = await daemon.speak([
    'sh',
    '-c',
    shell,
    'sh',
    join(process.cwd(), 'dist/wfctl'),
    'submit',
    file,
  ]);
  expect(spoken, readFileSync(file, 'utf8')).toMatchObject({ code: 0, stderr: '' });
  return spoken.stdout.trim();
}

/** Where SLURM has not done so itself (ReturnToService). */
async function resume(node: string): Promise<void> {
  const state = await command('sinfo', '--noheader', '--nodes', node, '--format=%T');
  if (/down|drain/.test(state)) await command('scontrol', 'update', `nodename=${node}`, 'state=resume');
}

/** As an administrator may, though we submit our jobs as not to be requeued. */
async function requeue(id: string): Promise<string> {
  const job = jobOf(await daemon.until(id, (run) => isState(run, 'again', 'running')), 'again');
  await command('scontrol', 'update', `jobid=${job}`, 'requeue=1');
  await command('scontrol', 'requeue', job);
  return job;
}

/** SLURM lets a requeued job wait for two minutes; an administrator may shorten that. */
async function startNow(job: string): Promise<string> {
  const listed = await command('squeue', '--noheader', '--states=all', '--format=%i %T');
  const state = listed.split('\n').find((line) => line.startsWith(`${job} `)) ?? '';
  if (state.endsWith('PENDING')) await command('scontrol', 'update', `jobid=${job}`, 'starttime=now');
  return state;
}
