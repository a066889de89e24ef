/** What a backend says of itself and of a request before any job is there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Backend, Resources, ScriptHead } from '../../../backends/backend.ts';
import { hasEnded, newTag, success, type World } from '../world.ts';

export function whatIsSaidIsTrue(world: () => World): void {
  test('a probe finds the scheduler and says so in one line', async () => {
    const probe = await world().backend.probe();
    expect(probe).toMatchObject({ reachable: true, summary: expect.stringMatching(/^[^\n]+$/) });
  });

  test('what can never be asked is refused before any command runs, with words', async () => {
    const { backend, habitat, submit } = world();
    expect(backend.check({})).toBeUndefined();
    if (habitat.impossible === 'nothing') {
      expect(backend.check(everything(backend))).toBeUndefined();
      return;
    }
    const reason = backend.check(habitat.impossible);
    expect(reason).toMatch(/\w+ \w+/);
    const submits = backend.commandUse().total.submit;
    const { reply } = await submit('true', { resources: habitat.impossible });
    expect(reply).toEqual({ kind: 'rejected', reason });
    expect(backend.commandUse().total.submit).toBe(submits);
  });

  test('what the scheduler refuses is rejected, with words; what it does not is accepted', async () => {
    const { backend, habitat, submit } = world();
    const refusesNothing = habitat.refused === 'nothing';
    const resources = refusesNothing ? passing(backend, everything(backend)) : habitat.refused;
    expect(backend.check(resources)).toBeUndefined();
    const { reply, nativeId } = await submit('exec sleep 600', { resources });
    if (refusesNothing) {
      expect(reply).toEqual({ kind: 'accepted', nativeId });
      await backend.abort(habitat.owner, [nativeId], { kind: 'kill' });
    } else {
      expect(reply).toEqual({ kind: 'rejected', reason: expect.stringMatching(/\w+ \w+/) });
    }
  });

  test('an ordinary request is accepted, with any priority', async () => {
    const { backend, habitat, submit } = world();
    const resources = passing(backend, { cpus: 1, memoryMiB: 200, timeSeconds: 600 });
    for (const priority of [-5, 5]) {
      const job = await submit('exit 0', { resources, priority });
      expect(job.reply).toEqual({ kind: 'accepted', nativeId: job.nativeId });
      expect((await job.seen(hasEnded)).end).toMatchObject(success(habitat));
    }
  });

  test.each(shells())('the preamble does no more than it says, in %s', (shell) => {
    const { backend, habitat } = world();
    const place = `${habitat.directory}/${newTag()}`;
    mkdirSync(place);
    for (const elements of backend.capabilities.arrays ? [1, 3] : [1]) {
      const head = { log: `${place}/log`, umask: 0o027, elements };
      const { before, after, said } = surroundings(shell, place, backend, head);
      expect(after.exported).toEqual(expect.arrayContaining([...before.exported]));
      const added = after.exported.filter((line) => !before.exported.includes(line));
      const names = added.map((line) => line.split('=')[0]);
      expect(names.filter((name) => !Object.hasOwn(habitat.siteEnv, name ?? ''))).toEqual([]);
      expect(after.rest).toEqual(before.rest);
      expect(said).toBe('');
      expect(readFileSync(`${place}/native`, 'utf8')).toBe('');
    }
  });
}

/** More than most schedulers have. */
function everything({ kind }: Backend): Resources {
  return {
    cpus: 3,
    memoryMiB: 100,
    timeSeconds: 90,
    gpus: { count: 1, type: 'x' },
    nodes: 2,
    ranks: 2,
    queue: 'no-such-queue',
    account: 'nobody',
    qos: 'none',
    constraint: 'none',
    exclusive: true,
    reservation: 'none',
    options: { [kind]: ['--no-such-option'] },
  };
}

/** As much of it as `check` lets through; words for the submit command are left out. */
function passing(backend: Backend, { options, ...resources }: Resources): Resources {
  const wishes = Object.entries(resources).filter(
    ([name, value]) => backend.check({ [name]: value }) === undefined,
  );
  const all = Object.fromEntries(wishes);
  return backend.check(all) === undefined ? all : {};
}

/** A batch script is for /bin/sh, which is one of these. */
function shells(): readonly string[] {
  const candidates = ['sh', 'dash', 'bash --posix', 'busybox sh'];
  return candidates.filter((shell) => {
    try {
      execFileSync('sh', ['-c', `command -v ${shell.split(' ')[0]}`], { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  });
}

interface Surroundings {
  readonly exported: readonly string[];
  /** Directory, arguments, options, traps. */
  readonly rest: string;
}

/** Runs the preamble outside of any job, where it knows no id. */
function surroundings(
  shell: string,
  place: string,
  backend: Backend,
  head: ScriptHead,
): { readonly before: Surroundings; readonly after: Surroundings; readonly said: string } {
  const look = (when: string): string =>
    `{ pwd; echo "$#" "$-"; trap; } > '${place}/${when}.rest'; env -0 > '${place}/${when}.exported'`;
  const lines = [
    `cd '${place}'`,
    'wf_native= wf_count= wf_index= wf_reserved= wf_tag=',
    look('before'),
    backend.preamble(head),
    look('after'),
    `printf %s "$wf_native" > '${place}/native'`,
  ];
  const [program = 'sh', ...options] = shell.split(' ');
  writeFileSync(`${place}/outside`, `${lines.join('\n')}\n`);
  const { stdout, stderr } = spawnSync(program, [...options, `${place}/outside`], {
    env: { PATH: process.env['PATH'] },
    // bash takes a socket for a remote login, and reads its owner's start files.
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  // The preamble may have opened the log before it complained.
  const said = `${stdout}${stderr}${existsSync(head.log) ? readFileSync(head.log, 'utf8') : ''}`;
  const seen = (when: string): Surroundings => ({
    exported: readFileSync(`${place}/${when}.exported`, 'utf8').split('\0').filter(isOwn),
    rest: readFileSync(`${place}/${when}.rest`, 'utf8'),
  });
  return { before: seen('before'), after: seen('after'), said };
}

/** Shells set `_`, and some export their level and directory. */
function isOwn(line: string): boolean {
  return line !== '' && !/^(_|SHLVL|PWD|OLDPWD)=/.test(line);
}
