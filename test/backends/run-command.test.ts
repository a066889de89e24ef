/** Real processes: what comes back of a command, whatever it does. */
import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { asOwner, type Command, ownerEnvironment, runCommand } from '../../backends/run-command.ts';

const PATH = '/usr/local/bin:/usr/bin:/bin';
const shell = (text: string, more: Partial<Command> = {}): Command => ({
  program: 'sh',
  args: ['-c', text],
  env: { PATH },
  timeoutMs: 20_000,
  ...more,
});

describe('a command that ends by itself', () => {
  test('exit code, output and errors come back whole', async () => {
    const result = await runCommand(shell('echo out; echo err >&2; exit 3'));
    expect(result).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'err\n', timedOut: false });
    expect(result).not.toHaveProperty('signal');
    expect(result).not.toHaveProperty('failedToStart');
  });

  test('a signal is not an exit code', async () => {
    const result = await runCommand(shell('kill -9 $$'));
    expect(result).toMatchObject({ signal: 'SIGKILL', timedOut: false });
    expect(result).not.toHaveProperty('exitCode');
  });

  test('its input arrives, and is empty where none is given', async () => {
    expect((await runCommand(shell('cat', { input: "it's\n" }))).stdout).toBe("it's\n");
    expect((await runCommand(shell('cat'))).stdout).toBe('');
  });
});

describe('a command that does not start or does not end', () => {
  test.each([
    ['a program that is not there', { program: '/no/such/program', args: [] }, 'ENOENT'],
    [
      'a directory that is not there',
      { program: 'true', args: [], cwd: '/no/such/directory' },
      '/no/such/directory',
    ],
    ['a NUL byte in an argument', { program: 'true', args: ['a\0b'] }, 'null bytes'],
  ])('%s', async (_, command, message) => {
    const result = await runCommand({ env: { PATH }, timeoutMs: 20_000, ...command });
    expect(result.failedToStart).toContain(message);
    expect(result).not.toHaveProperty('exitCode');
  });

  test('is killed at its limit, and says so', async () => {
    const result = await runCommand(shell('echo began; exec sleep 600', { timeoutMs: 300 }));
    expect(result).toMatchObject({ timedOut: true, stdout: 'began\n' });
    expect(result).not.toHaveProperty('exitCode');
  });

  test('a child that keeps the pipes open keeps nobody waiting', async () => {
    const result = await runCommand(shell('sleep 7 & exec sleep 600', { timeoutMs: 100 }));
    expect(result.timedOut).toBe(true);
  });
});

describe('environment', () => {
  test('holds what was given and nothing of ours', async () => {
    process.env['WFD_SOCKET'] = '/should/not/be/seen';
    process.env['NOTIFY_SOCKET'] = '/should/not/be/seen';
    const result = await runCommand({
      program: 'env',
      args: [],
      env: { PATH, HOME: '/h' },
      timeoutMs: 20_000,
    });
    delete process.env['WFD_SOCKET'];
    delete process.env['NOTIFY_SOCKET'];
    expect(result.stdout.trim().split('\n').sort()).toEqual(['HOME=/h', `PATH=${PATH}`]);
  });

  test('of an owner is that of the person, not of the process', () => {
    const owner = { uid: 1234, gid: 1234, name: 'ann', home: '/home/ann', shell: '/bin/zsh' };
    expect(ownerEnvironment(owner, PATH, { SLURM_CONF: '/etc/slurm.conf' })).toEqual({
      HOME: '/home/ann',
      USER: 'ann',
      LOGNAME: 'ann',
      SHELL: '/bin/zsh',
      PATH,
      LANG: 'C.UTF-8',
      SLURM_CONF: '/etc/slurm.conf',
    });
    expect(ownerEnvironment(undefined, PATH, {})).toMatchObject({ USER: userInfo().username });
  });
});

describe('for an owner', () => {
  test('the umask is the one asked for', async () => {
    expect((await runCommand(shell('umask', { umask: 0o027 }))).stdout).toBe('0027\n');
    expect((await runCommand(shell('umask', { umask: 0o2 }))).stdout).toBe('0002\n');
  });

  test('odd arguments pass through the umask shell as they are', async () => {
    const odd = ['a b', "it's", '$HOME', '--', '"q"', '`id`', 'new\nline'];
    const result = await runCommand({
      program: 'printf',
      args: ['%s|', ...odd],
      env: { PATH },
      umask: 0o22,
      timeoutMs: 20_000,
    });
    expect(result.stdout).toBe(odd.map((word) => `${word}|`).join(''));
  });

  test('without a switch of user nothing is put in front', () => {
    const line = { program: 'squeue', args: ['--me'] };
    const ourselves = { uid: process.geteuid?.() ?? 0, gid: 0, name: 'x', home: '/', shell: '/bin/sh' };
    expect(asOwner(line, undefined, undefined)).toEqual(line);
    expect(asOwner(line, ourselves, undefined)).toEqual(line);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    'root becomes the owner, with the supplementary groups (needs root)',
    async () => {
      const owner = { uid: 65_534, gid: 65_534, name: 'nobody', home: '/', shell: '/bin/sh' };
      const result = await runCommand(shell('id -u; id -g; umask', { owner, umask: 0o077 }));
      expect(result).toMatchObject({ exitCode: 0, stdout: '65534\n65534\n0077\n' });
    },
  );
});
