/** The real Grid Engine under the tests, and how to make trouble for it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, ClusterDaemonUnderTest, command, type Job, withFrozen } from './cluster.ts';
import type { DaemonOptions } from './daemon-under-test.ts';
import { hasUser } from './people.ts';
import { endProcess, processesInGroup } from './processes.ts';

/** Made by test/schedulers/sge-up. Elsewhere the tests are guests: they neither stop daemons nor change anything. */
const SPOOL = '/var/spool/gridengine';
export const isOwnCluster = process.getuid?.() === 0 && masterPid() !== undefined;

const cluster: Cluster = {
  backend: 'sge',
  // Grid Engine takes no jobs of root (min_uid, sge_conf(5)).
  ...(hasUser('wfalice') && { user: 'wfalice' }),
  async jobs() {
    return readJobs(await command('qstat', '-s', 'a', '-xml', '-u', '*'));
  },
  // It says 1 where one of them has ended meanwhile.
  end: (ids) => command('qdel', ...ids).catch(() => undefined),
};

export class SgeDaemonUnderTest extends ClusterDaemonUnderTest {
  constructor(options: DaemonOptions = {}) {
    super(cluster, options);
  }
}

/** qmaster hangs while `work` goes on: it takes connections and answers nothing. */
export function withHungMaster<T>(work: () => Promise<T>): Promise<T> {
  return withFrozen(masterPid(), work);
}

/** qmaster is gone while `work` goes on: nobody listens on its port. */
export function withoutMaster<T>(work: () => Promise<T>): Promise<T> {
  return without(masterPid, work);
}

/** No job is started and no end is noticed while `work` goes on; jobs run on. */
export function withoutExecd<T>(work: () => Promise<T>): Promise<T> {
  return without(execdPid, work);
}

/** All processes of a job and the one that watches over them, as if its host had crashed; execd must be away. */
export function crashJob(id: string): void {
  const record = (name: string): number =>
    Number(readFileSync(join(execdDirectory(), 'active_jobs', `${id}.1`, name), 'utf8'));
  for (const pid of [record('pid'), ...processesInGroup(record('addgrpid'))]) endProcess(pid);
}

/** So many slots are all that the jobs of a project get while `work` goes on; the rest of them wait. */
export async function withRoomFor<T>(slots: number, work: (project: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'wfd-e2e-'));
  const file = join(directory, 'quota');
  const limit = `limit projects ${PROJECT} to slots=${slots}`;
  writeFileSync(file, `{\nname ${QUOTA}\ndescription NONE\nenabled TRUE\n${limit}\n}\n`);
  try {
    await command('qconf', '-Arqs', file);
    return await work(PROJECT);
  } finally {
    await command('qconf', '-drqs', QUOTA);
    rmSync(directory, { recursive: true });
  }
}

/** Made by sge-up. */
const PROJECT = 'wfproj';
const QUOTA = 'wfd_e2e';

async function without<T>(pidOf: () => number | undefined, work: () => Promise<T>): Promise<T> {
  const pid = pidOf();
  if (!isOwnCluster || pid === undefined) throw new Error('this cluster is not ours, or not complete');
  await untilNoneIsOnItsWay();
  endProcess(pid);
  try {
    while (pidOf() !== undefined) await sleep(20);
    return await work();
  } finally {
    await command(resolve('test/schedulers/sge-up'));
  }
}

/**
 * A job that is handed over (`t`) while qmaster or execd ends is handed over again five minutes later, and its host
 * is given no other job meanwhile: observed with 8.1.9, MAX_JOB_DELIVER_TIME in its sources. Tests do not wait so long.
 */
async function untilNoneIsOnItsWay(): Promise<void> {
  while ((await cluster.jobs()).some(({ state }) => state.includes('t'))) await sleep(50);
}

/** Elements of an array are one job each where they run, and one together where they wait. */
function readJobs(xml: string): readonly Job[] {
  const field = (job: string, name: string): string => job.match(`<${name}>(.*?)</${name}>`)?.[1] ?? '';
  return xml
    .split('<job_list')
    .slice(1)
    .map((job) => ({
      id: field(job, 'JB_job_number'),
      state: field(job, 'state'),
      name: field(job, 'JB_name'),
    }));
}

function masterPid(): number | undefined {
  return pidIn(join(SPOOL, 'qmaster/qmaster.pid'), 'sge_qmaster');
}

function execdPid(): number | undefined {
  return pidIn(join(execdDirectory(), 'execd.pid'), 'sge_execd');
}

/** Named as the host calls itself, which need not be its name in Grid Engine. */
function execdDirectory(): string {
  const [host = ''] = readdirSync(join(SPOOL, 'execd'));
  return join(SPOOL, 'execd', host);
}

function pidIn(file: string, name: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name ? pid : undefined;
  } catch {
    return undefined;
  }
}
