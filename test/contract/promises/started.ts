/** A job starts as its owner, where it was put, with what was asked for, and with nothing of ours. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { hasEnded, success, until, type World } from '../world.ts';

export function jobsStartClean(world: () => World): void {
  test.each([
    "sp ace and 'quotes'",
    'per cent 100%j %',
    'dollar $HOME "double" *',
    'back\\slash',
    'ünï-cødé',
  ])('in a place named %s', async (odd) => {
    const job = await world().submit('pwd > where; echo "to the log"', { place: odd });
    expect((await job.seen(hasEnded)).end).toMatchObject(success(world().habitat));
    expect(job.read('where')).toBe(`${job.place}\n`);
    await until(() => job.read('log').includes('to the log'));
  });

  test('the umask and the variables of the site arrive, and nothing of the service does', async () => {
    const job = await withEnvironment(OF_THE_SERVICE, () =>
      world().submit('umask > umask; env -0 > environment', { umask: 0o027 }),
    );
    await job.seen(hasEnded);
    expect(job.read('umask')).toBe('0027\n');
    const environment = job.read('environment').split('\0');
    const names = environment.map((line) => line.split('=')[0]);
    expect(names).not.toEqual(expect.arrayContaining([expect.toBeOneOf(Object.keys(OF_THE_SERVICE))]));
    const { owner, siteEnv } = world().habitat;
    const wanted = { HOME: owner.home, USER: owner.name, LOGNAME: owner.name, ...siteEnv };
    const lines = Object.entries(wanted).map(([name, value]) => `${name}=${value}`);
    expect(environment).toEqual(expect.arrayContaining(lines));
  });

  test('the job belongs to its owner, with all groups', async () => {
    const { owner } = world().habitat;
    const job = await world().submit('id -u > uid; id -Gn > groups 2> /dev/null');
    await job.seen(hasEnded);
    expect(job.read('uid')).toBe(`${owner.uid}\n`);
    const groups = execFileSync('id', ['-Gn', owner.name], { encoding: 'utf8' });
    // Grid Engine marks the processes of a job by a group that has no name, only a number.
    expect(words(job.read('groups')).filter((name) => !/^\d+$/.test(name))).toEqual(words(groups));
  });

  test('our own limits stay with us, or go with the job', async () => {
    const job = await withOpenFiles(777, () => world().submit('ulimit -n > limit'));
    await job.seen(hasEnded);
    expect(job.read('limit')).toMatch(world().habitat.dropsLimits ? /^(?!777\n)\w+\n$/ : /^777\n$/);
  });
}

/** What systemd gives to a service, and we to our own programs. */
const OF_THE_SERVICE = {
  NOTIFY_SOCKET: '/n',
  LISTEN_FDS: '1',
  WATCHDOG_USEC: '1',
  INVOCATION_ID: '1',
  JOURNAL_STREAM: '1',
  WFD_SOCKET: '/s',
};

async function withEnvironment<T>(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

/** With another soft limit on open files in this very process while `work` is done. */
async function withOpenFiles<T>(limit: number, work: () => Promise<T>): Promise<T> {
  const set = (soft: string): string =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`], { encoding: 'utf8' });
  const soft = execFileSync('sh', ['-c', 'ulimit -Sn'], { encoding: 'utf8' }).trim();
  set(String(limit));
  try {
    return await work();
  } finally {
    set(soft);
  }
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/).sort();
}
