/** One daemon for all users of a node, on a real SLURM: nobody gets at what is another's, whatever he tries. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { hasUser } from './people.ts';
import { Person } from './person.ts';

const areUsers = hasUser('wfalice') && hasUser('wfbob');
const SLEEPS = 'name: sleeps\ntasks: {a: {run: sleep 300}}\n';
const WHO = `name: who
tasks:
  who: {run: "id -u; id -G; umask; pwd; echo $HOME; echo mine > made"}
`;

describe.runIf(areUsers)('a system daemon', () => {
  let daemon: DaemonUnderTest;
  let alice: Person;
  let bob: Person;
  beforeAll(async () => {
    daemon = new DaemonUnderTest({ system: true, config: { backend: 'slurm' } });
    alice = new Person('wfalice', daemon);
    bob = new Person('wfbob', daemon);
    await daemon.start();
  });
  afterAll(async () => {
    for (const person of [alice, bob]) await person.wfctl('abort', '--all', '--yes', '--force');
    await daemon.remove();
  });

  test('jobs run as their owners, with their groups, and what they make is theirs', async () => {
    for (const person of [alice, bob]) {
      const id = await person.submit(person.write('who.yaml', WHO));
      const run = await person.untilEnded(id);
      expect(run.status, JSON.stringify(run)).toBe('Succeeded');
      const { stdout } = await person.wfctl('logs', id, 'who');
      const [uid, groups, umask, directory, home] = stdout.split('\n');
      expect({ uid, umask, directory, home }).toEqual({
        uid: `${person.uid}`,
        umask: '0022',
        directory: person.directory,
        home: `/home/${person.name}`,
      });
      const theirs = execFileSync('id', ['-G', person.name], { encoding: 'utf8' }).trim();
      expect(groups?.split(' ').sort()).toEqual(theirs.split(' ').sort());
      expect(statSync(person.place('made')).uid).toBe(person.uid);
      const runs = person.place('wf-runs');
      for (const name of readdirSync(runs, { recursive: true, encoding: 'utf8' }))
        expect(statSync(`${runs}/${name}`, { throwIfNoEntry: false })?.uid ?? person.uid).toBe(person.uid);
    }
  });

  test('nobody sees, aborts or reads the run of another; root does', async () => {
    const id = await alice.submit(alice.write('sleeps.yaml', SLEEPS), '--label', 'project=secret');
    for (const words of [
      ['status', id],
      ['abort', id],
      ['abort', id, '--force'],
      ['hold', id],
      ['release', id],
      ['logs', id],
      ['why', id],
      ['events', id],
    ]) {
      const { code, stdout, stderr } = await bob.wfctl(...words);
      expect({ words, code, stdout }).toEqual({ words, code: 3, stdout: '' });
      expect(stderr).not.toMatch(/secret|sleeps/);
    }
    expect((await bob.wfctl('list', '--json')).stdout).not.toMatch(/secret|"sleeps"/);
    expect((await bob.wfctl('events')).stdout).not.toContain(`run ${id}`);
    const several = await bob.wfctl('abort', '--all', '--yes');
    expect(several.code).toBe(0);
    expect((await alice.run(id)).status).toBe('Running');
    expect((await daemon.wfctl('status', id)).code).toBe(0);
    expect((await daemon.wfctl('abort', id)).code).toBe(0);
    expect(await alice.untilEnded(id)).toMatchObject({ status: 'Aborted', abort: { by: 'root' } });
  });

  test('only an administrator governs the daemon', async () => {
    for (const words of [
      ['daemon', 'drain'],
      ['daemon', 'resume'],
      ['backends', 'pause', 'slurm', '--reason', 'x'],
      ['backends', 'resume', 'slurm'],
      ['daemon', 'backup'],
    ])
      expect(await bob.wfctl(...words)).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('may not do this'),
      });
  });

  /** What bob may put where his run directories would be made. */
  const TRAPS: readonly (readonly [string, (person: Person, other: Person) => void])[] = [
    ['a link to a directory of root', (person) => symlinkSync('/root', person.place('trap/wf-runs'))],
    [
      'a link to another’s directory',
      (person, other) => symlinkSync(other.directory, person.place('trap/wf-runs')),
    ],
    ['a link to itself', (person) => symlinkSync('wf-runs', person.place('trap/wf-runs'))],
    ['a pipe', (person) => execFileSync('mkfifo', [person.place('trap/wf-runs')])],
    ['a file', (person) => void person.write('trap/wf-runs', '')],
    ['a directory that cannot be entered', (person) => void person.mkdir('trap/wf-runs', 0o000)],
    ['a device', (person) => symlinkSync('/dev/full', person.place('trap/wf-runs'))],
  ];

  test.each(TRAPS)('%s in place of his run directories gets him an error', async (_name, set) => {
    const before = readdirSync('/root').sort();
    bob.mkdir('trap');
    set(bob, alice);
    const file = bob.write('ok.yaml', 'name: ok\ntasks: {a: {run: "true"}}\n');
    const { code, stderr } = await bob.speak([resolve('dist/wfctl'), 'submit', file], bob.place('trap'));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/wfctl: .*wf-runs/);
    expect(readdirSync('/root').sort()).toEqual(before);
    expect(existsSync(alice.place('ok-1'))).toBe(false);
    rmSync(bob.place('trap'), { recursive: true, force: true });
    expect((await alice.wfctl('list')).code).toBe(0);
  });

  test('a run directory that vanishes, or turns into something else, harms its run alone', async () => {
    const [gone, turned] = [
      await bob.submit(bob.write('gone.yaml', SLEEPS)),
      await bob.submit(bob.place('gone.yaml')),
    ];
    const other = await alice.submit(alice.write('short.yaml', 'name: s\ntasks: {a: {run: sleep 5}}\n'));
    const [first, second] = [(await bob.run(gone)).directory, (await bob.run(turned)).directory];
    rmSync(first, { recursive: true, force: true });
    rmSync(`${second}/.wfd`, { recursive: true, force: true });
    symlinkSync('/root', `${second}/.wfd`);
    expect(await alice.untilEnded(other)).toMatchObject({ status: 'Succeeded' });
    for (const id of [gone, turned]) expect((await bob.wfctl('abort', id, '--force')).code).toBe(0);
    expect(await bob.untilEnded(gone)).toMatchObject({ status: 'Aborted' });
    expect(daemon.isRunning()).toBe(true);
  });

  test('bad requests of every route, as another user: nothing gets through and nothing crashes', async () => {
    const id = await alice.submit(alice.write('kept.yaml', SLEEPS));
    await expect.poll(async () => (await alice.run(id)).calls.Active, { timeout: 30_000 }).toBe(1);
    const before = await alice.run(id);
    const count = process.env['WFD_TEST_LONG'] === '1' ? 10_000 : 1_500;
    const child = bob.launch([
      resolve('test/e2e/programs/throw-requests.mjs'),
      daemon.socket,
      `${count}`,
      id,
    ]);
    let said = '';
    child.stdout?.on('data', (text: Buffer) => {
      said += text.toString('utf8');
    });
    const [code] = await once(child, 'exit');
    const tally = JSON.parse(said) as { readonly sent: number; readonly statuses: Record<string, number> };
    expect({ code, sent: tally.sent }).toEqual({ code: 0, sent: count });
    expect(Object.keys(tally.statuses).filter((status) => Number(status) >= 500)).toEqual([]);
    const { abort, status, held } = await alice.run(id);
    expect({ abort, status, held }).toEqual({
      abort: before.abort,
      status: before.status,
      held: before.held,
    });
    expect(daemon.log()).not.toContain('a bug of ours');
    const audit = readFileSync(`${daemon.stateDirectory}/audit.log`, 'utf8');
    expect(audit).toContain('"who":"wfbob"');
    await alice.wfctl('abort', id);
    await alice.untilEnded(id);
  });
});
