/** `login: true`: what a site's /etc/profile may do, and what must come of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { JobElement } from '../../backends/job-script.ts';
import { makePlace, type Place, SHELLS } from './job-script-fixture.ts';

const places: Place[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

const BASH = ['bash', '-euo', 'pipefail'];

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('under $name', ({ shell }) => {
  async function run(profile: string, text: string, element: Partial<JobElement> = {}): Promise<Place> {
    const job = makePlace();
    places.push(job);
    writeFileSync(join(job.run, '../profile'), profile);
    job.write(
      { command: { kind: 'shell', text, shell: BASH }, login: true, ...element },
      join(job.run, '../profile'),
    );
    expect(await job.start(shell)).toEqual({ code: 0, log: '' });
    return job;
  }

  test('a function of the profile works in the task and in its children', async () => {
    const job = await run(
      'module() { echo "loaded $2"; }',
      "module load bwa; bash -c 'module load samtools'",
    );
    expect(job.read('stdout')).toBe('loaded bwa\nloaded samtools\n');
    expect(job.read('stderr')).toBe('');
  });

  test('a variable of the profile is there, and one of the task wins over it', async () => {
    const env = { COLOUR: 'red' };
    const job = await run('export COLOUR=blue SITE=here', 'echo $COLOUR $SITE', { env });
    expect(job.read('stdout')).toBe('red here\n');
  });

  test.each([
    ['fails', 'false'],
    ['returns non-zero', 'return 1'],
    ['exits', 'exit 7'],
    ['exits under set -e', 'set -e; false'],
    ['reads unset variables', 'echo $NOT_SET_ANYWHERE'],
    ['reads unset variables under set -u', 'set -u; echo $NOT_SET_ANYWHERE'],
    ['is no shell text', 'if then ((('],
    ['prints', 'echo noise; echo noise >&2'],
    ['changes positional parameters', 'set -- x y z; shift'],
    ['changes IFS and globbing', 'IFS=:; set -f'],
    ['exports all it sets', 'set -a'],
    ['changes directory', 'cd /tmp'],
    ['changes the umask', 'umask 077'],
    ['turns off the redirection', 'exec >/dev/null'],
  ])('a profile that %s does not break the task', async (_name, profile) => {
    const before = process.umask(0o022);
    const job = await run(profile, 'printf "%s|" "$0" "$-" "$PWD" "$(umask)"', { workdir: '/usr' });
    process.umask(before);
    expect(job.read('stdout')).toBe(`${job.attempt}/script|ehuB|/usr|0022|`);
    expect(job.read('stderr')).toBe('');
  });

  test('no process stays between the wrapper and the task', async () => {
    const job = await run('', 'ps -o args= -p $PPID');
    expect(job.read('stdout')).toContain(job.script);
  });

  test('a script with its own #! line is started in the same way', async () => {
    const command = { kind: 'script', text: '#!/usr/bin/env bash\nhi "$1"\n', args: ['a b'] } as const;
    const job = await run('hi() { echo "hi $1"; }', '', { command });
    expect(job.read('stdout')).toBe('hi a b\n');
  });

  test('nothing of the wrapper and of the login is left in the environment', async () => {
    const job = await run('f() { :; }', 'env; declare -F; ls /proc/self/fd');
    expect(job.read('stdout')).not.toMatch(/wf_/);
    expect(job.read('stdout')).not.toMatch(/^[4-9]$/m);
  });

  test('without login the profile is not read', async () => {
    const job = await run('export SITE=here', 'set +u; echo "<$SITE>"', { login: false });
    expect(job.read('stdout')).toBe('<>\n');
  });

  test('a profile that is not there is none', async () => {
    const job = makePlace();
    places.push(job);
    job.write({ login: true }, '/nonexistent/profile');
    await job.start(shell);
    expect(job.read('stdout')).toBe('hello\n');
  });
});
