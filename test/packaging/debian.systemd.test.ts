/**
 * The Debian package on a machine that knows nothing of wfd: installed, used, upgraded under running jobs, removed,
 * installed again, purged. The tests are one story and rely on their order.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { RunAnswer } from '../../daemon/protocol/answers.ts';
import { Machine, until } from '../systemd/machine.ts';

const VERSION: string = JSON.parse(readFileSync('package.json', 'utf8')).version;
const NEWER = `${VERSION}.1`;

let machine: Machine;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wfd-debian-'));
  machine = await Machine.up('package');
  const built = build();
  put(built, '/root/wfd.deb');
  put(newer(built), '/root/wfd-newer.deb');
  execFileSync(resolve('test/schedulers/tsp-up'));
  put('/usr/bin/tsp', '/usr/bin/tsp');
  // The package has to bring its own.
  await machine.do(['rm', '/usr/local/bin/node']);
  // A server of task spooler belongs to whoever starts it.
  await machine.do(['tsp', '-S', '4'], 'alice');
}, 300_000);
afterAll(() => {
  machine?.down();
  rmSync(directory, { recursive: true });
});

function build(): string {
  const env = { ...process.env, DPKG_DEB_COMPRESSOR_TYPE: 'none' };
  const said = execFileSync(resolve('systemd/debian/build'), [directory], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return said.trim().split('\n').at(-1) ?? '';
}

/** The same programs, which call themselves newer. */
function newer(built: string): string {
  const root = join(directory, 'newer');
  execFileSync('dpkg-deb', ['--raw-extract', built, root]);
  for (const program of ['wfd', 'wfctl', 'wfctl-commands.cjs']) {
    edit(join(root, 'usr/lib/wfd/dist', program), (text) => text.replaceAll(`"${VERSION}"`, `"${NEWER}"`));
  }
  edit(join(root, 'DEBIAN/control'), (text) => text.replace(/^Version: .*$/m, `Version: ${NEWER}-1`));
  const file = join(directory, 'newer.deb');
  execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '--build', root, file]);
  return file;
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function put(file: string, inside: string): void {
  copyFileSync(file, machine.path(inside));
}

/** Jobs of task spooler are children of `tsp`, which would be killed with the service: it gets a unit of its user. */
function configuration(): string {
  const config = parse(readFileSync('examples/config/task-spooler.yaml', 'utf8'));
  const { submit } = config.backends.spooler;
  const words = [
    'systemd-run',
    '--user',
    '--quiet',
    '--collect',
    '--wait',
    '--pipe',
    '--property=KillMode=process',
  ];
  const inOwnUnit = `XDG_RUNTIME_DIR=/run/user/$(id -u) exec ${words.join(' ')} "$@"`;
  submit.command = ['sh', '-c', inOwnUnit, 'sh', ...submit.command];
  return `# of the site\n${JSON.stringify(config)}\n`;
}

const as = async (user: 'alice' | 'bob', ...words: string[]) => JSON.parse(await machine.do(words, user));
const statusOf = (id: string): Promise<RunAnswer> => as('alice', 'wfctl', 'status', id, '--calls', '--json');

async function submit(workflow: string): Promise<string> {
  machine.write('/home/alice/work.yaml', workflow);
  const id = await machine.do(['sh', '-c', 'cd && wfctl submit work.yaml --backend spooler'], 'alice');
  await until(
    () => statusOf(id),
    (run) => run.callList?.[0]?.attempts[0]?.state === 'running',
  );
  return id;
}

/** Runs until a file of this name is there. */
function waitingFor(file: string): string {
  return `name: waiting\ntasks:\n  work:\n    run: until [ -e /home/alice/${file} ]; do sleep 0.2; done; id -un\n`;
}

const units = async (property: string) =>
  (
    await machine.do(['systemctl', 'show', 'wfd.socket', 'wfd.service', `--property=${property}`, '--value'])
  ).split(/\n+/);

test('installed, the socket waits for the first request', async () => {
  const said = await machine.do(['dpkg', '--install', '/root/wfd.deb']);
  expect(said).toContain('Setting up wfd');
  expect(await units('UnitFileState')).toEqual(['enabled', 'enabled']);
  expect(await units('ActiveState')).toEqual(['active', 'inactive']);
  expect(await as('bob', 'wfctl', 'daemon', 'status', '--json')).toMatchObject({
    version: VERSION,
    state: 'serving',
  });
});

test('it runs by the Node that it has brought', async () => {
  const pid = await machine.property('MainPID');
  expect(await machine.do(['readlink', `/proc/${pid}/exe`])).toBe('/usr/lib/wfd/node');
});

test('pages and completions lie where they are looked for', async () => {
  const files = await machine.do(['dpkg', '--listfiles', 'wfd']);
  expect(files.split('\n')).toEqual(
    expect.arrayContaining([
      '/usr/share/man/man1/wfctl.1.gz',
      '/usr/share/man/man8/wfd.8.gz',
      '/usr/share/man/man5/wfd.yaml.5.gz',
      '/usr/share/bash-completion/completions/wfctl',
      '/usr/share/zsh/vendor-completions/_wfctl',
      '/usr/share/fish/vendor_completions.d/wfctl.fish',
      '/usr/share/doc/wfd/copyright',
    ]),
  );
});

test('files and rights are as the package says', async () => {
  expect(await machine.do(['dpkg', '--verify', 'wfd'])).toBe('');
  expect(
    await machine.do([
      'find',
      '/usr/lib/wfd',
      '-not',
      '-user',
      'root',
      '-o',
      '-perm',
      '/022',
      '-not',
      '-type',
      'l',
    ]),
  ).toBe('');
});

test('wfctl service install --system takes the units of the package', async () => {
  machine.write('/etc/wfd/config.yaml', configuration());
  const said = await machine.do(['wfctl', 'service', 'install', '--system']);
  expect(said).toContain('The units are those of a package.');
  await machine.do(['systemctl', 'restart', 'wfd']);
});

test('an upgrade fails no request, and jobs that run go on', async () => {
  const id = await submit(waitingFor('upgraded'));
  const before = await statusOf(id);
  const pid = await machine.property('MainPID');

  let isDone = false;
  const upgrade = machine.run(['dpkg', '--install', '/root/wfd-newer.deb']).finally(() => {
    isDone = true;
  });
  const asked: number[] = [];
  while (!isDone) asked.push((await machine.run(['wfctl', 'status', id], 'alice')).code);
  expect(await upgrade).toMatchObject({ code: 0, stdout: expect.not.stringContaining('onfiguration file') });

  expect(asked.length).toBeGreaterThan(3);
  expect(new Set(asked)).toEqual(new Set([0]));
  expect(await machine.property('MainPID')).not.toBe(pid);
  expect(await as('alice', 'wfctl', 'daemon', 'status', '--json')).toMatchObject({ version: NEWER });
  await machine.do(['touch', '/home/alice/upgraded']);
  const after = await until(
    () => statusOf(id),
    (run) => run.endedAt !== null,
  );
  expect(after.status).toBe('Succeeded');
  expect(after.callList?.[0]?.attempts.map(({ nativeId }) => nativeId)).toEqual(
    before.callList?.[0]?.attempts.map(({ nativeId }) => nativeId),
  );
  expect(await machine.do(['wfctl', 'logs', id], 'alice')).toBe('alice');
}, 120_000);

test('a configuration that the site has changed stays', () => {
  expect(machine.read('/etc/wfd/config.yaml')).toMatch(/^# of the site\n/);
});

test('removed, the daemon is gone and jobs go on; installed again, it takes them up', async () => {
  const id = await submit(waitingFor('back'));
  await machine.do(['dpkg', '--remove', 'wfd']);
  expect(await machine.do(['systemctl', 'list-units', '--no-legend', '--state=active', 'wfd*'])).toBe('');
  expect((await machine.run(['wfctl', 'list'], 'alice')).code).not.toBe(0);

  await machine.do(['dpkg', '--install', '/root/wfd.deb']);
  expect((await statusOf(id)).status).toBe('Running');
  await machine.do(['touch', '/home/alice/back']);
  const ended = await until(
    () => statusOf(id),
    (run) => run.endedAt !== null,
  );
  expect(ended).toMatchObject({ status: 'Succeeded' });
}, 120_000);

test('units that the administrator has disabled stay so', async () => {
  await machine.do(['systemctl', 'disable', '--now', 'wfd.socket', 'wfd.service']);
  await machine.do(['dpkg', '--install', '/root/wfd-newer.deb']);
  expect(await units('UnitFileState')).toEqual(['disabled', 'disabled']);
  expect(await units('ActiveState')).toEqual(['inactive', 'inactive']);
});

test('purged, nothing is left but the state, and that is said', async () => {
  machine.write('/etc/wfd/environment', 'PATH=/opt/slurm/bin:/usr/bin\n');
  const said = await machine.do(['dpkg', '--purge', 'wfd']);
  expect(said).toContain('/var/lib/wfd stays');
  const left = await machine.do([
    'find',
    '/etc',
    '/usr',
    '/run',
    '/var/lib',
    '-name',
    '*wfd*',
    '-not',
    '-path',
    '/usr/src/*',
  ]);
  expect(left.split('\n').filter((path) => path !== '/run/wfd')).toEqual(['/var/lib/wfd']);
  await machine.do(['test', '-s', '/var/lib/wfd/state.db']);
});
