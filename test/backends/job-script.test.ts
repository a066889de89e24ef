import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { logPath, submissionFiles } from '../../backends/job-script.ts';
import { shellQuote } from '../../backends/shell-quote.ts';
import { makePlace, type Place, SHELLS, shellCommand, TAG } from './job-script-fixture.ts';

const places: Place[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

function place(runName?: string): Place {
  const made = makePlace(runName);
  places.push(made);
  return made;
}

test('a submission is a batch script and two files for each attempt', () => {
  const job = place();
  job.write({ command: { kind: 'script', text: '#!/bin/sh\n', args: [] } });
  expect(readFileSync(job.script, 'utf8').startsWith('#!/bin/sh\n')).toBe(true);
  expect(logPath('/run/.wfd/t')).toBe('/run/.wfd/t/log');
  expect(job.read('script')).toBe('#!/bin/sh\n');
});

test('each element of an array finds its own attempt by its index', () => {
  const job = place();
  const element = (directory: string) => ({
    directory,
    command: shellCommand(''),
    env: {},
    login: false,
    workdir: '/',
    outputs: {},
    successCodes: [0],
  });
  const elements = [element('/r/a/0/1'), element('/r/a/1/1')];
  const files = submissionFiles({
    tag: TAG,
    directory: job.run,
    spoolDirectory: job.spool,
    preamble: 'wf_index=1',
    elements,
  });
  expect(files.map((file) => file.path)).toEqual([
    `${job.run}/job`,
    '/r/a/0/1/script',
    '/r/a/0/1/env',
    '/r/a/1/1/script',
    '/r/a/1/1/env',
  ]);
  const head = (files[0]?.content ?? '').split('\nesac\n')[0];
  expect(execFileSync('sh', ['-c', `${head}\nesac\necho "$wf_dir"`], { encoding: 'utf8' })).toBe(
    '/r/a/1/1\n',
  );
});

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('under $name', ({ shell }) => {
  test('runs the command once, with its output and its marks', async () => {
    const job = place();
    job.write({ command: shellCommand('echo out; echo err >&2; pwd'), workdir: '/usr' });
    expect(await job.start(shell)).toEqual({ code: 0, log: '' });
    expect(job.read('stdout')).toBe('out\n/usr\n');
    expect(job.read('stderr')).toBe('err\n');
    expect(job.claim()).toBe('4711.0');
    expect(job.exit()).toMatchObject({
      nativeId: '4711',
      runCount: 0,
      exitCode: 0,
      succeeded: true,
      missing: [],
    });
    expect(job.spooled()).toEqual([`E,${TAG},0,4711,0,0,s`, `S,${TAG},0,4711,0`]);
  });

  test.each([3, 137, 255])('exit code %i reaches the mark, the spool and the scheduler', async (code) => {
    const job = place();
    job.write({ command: shellCommand(`exit ${code}`) });
    expect((await job.start(shell)).code).toBe(code);
    expect(job.exit()).toMatchObject({ exitCode: code, succeeded: false });
    expect(job.spooled()[0]).toBe(`E,${TAG},0,4711,0,${code},f`);
  });

  test('a success code is 0 to the scheduler and itself in the mark', async () => {
    const job = place();
    job.write({ command: shellCommand('exit 3'), successCodes: [0, 3] });
    expect((await job.start(shell)).code).toBe(0);
    expect(job.exit()).toMatchObject({ exitCode: 3, succeeded: true });
  });

  test('a command killed by a signal has code 128 + signal', async () => {
    const job = place();
    job.write({ command: shellCommand('kill -s KILL $$') });
    expect((await job.start(shell)).code).toBe(137);
    expect(job.exit()).toMatchObject({ exitCode: 137, succeeded: false });
  });

  test('a script runs by its #! line with its arguments', async () => {
    const job = place();
    const text = '#!/usr/bin/env bash\nprintf "%s|" "$0" "$@"\n';
    job.write({ command: { kind: 'script', text, args: ['a b', "it's", '$HOME', ''] } });
    await job.start(shell);
    expect(job.read('stdout')).toBe(`${job.attempt}/script|a b|it's|$HOME||`);
  });

  test('missing outputs are named, and the job fails for the scheduler', async () => {
    const job = place();
    const outputs = { here: '/usr', 'odd *name; $(id)': '/nonexistent/a b', bam: "/nonexistent/it's" };
    job.write({ outputs });
    expect((await job.start(shell)).code).toBe(1);
    expect(job.exit()).toMatchObject({ exitCode: 0, succeeded: false, missing: ['odd *name; $(id)', 'bam'] });
  });

  test('odd characters in every path and value arrive as they are', async () => {
    const job = place('a "b" $HOME `id` \'c\'\nd *');
    const value = 'x \'y\' "z" $HOME\n`id` \\ *';
    job.write({ command: shellCommand('printf %s "$ODD"; pwd'), env: { ODD: value }, workdir: job.run });
    expect(await job.start(shell)).toEqual({ code: 0, log: '' });
    expect(job.read('stdout')).toBe(`${value}${job.run}\n`);
    expect(job.spooled()).toHaveLength(2);
  });

  test('the task sees its variables and nothing of the wrapper', async () => {
    const job = place();
    job.write({ command: shellCommand('env'), env: { WF_TASK: 'align' } });
    await job.start(shell);
    expect(job.read('stdout')).toContain('WF_TASK=align\n');
    expect(job.read('stdout')).not.toMatch(/^wf_/m);
  });

  test('a variable that no shell can set is a launch failure with its name', async () => {
    const job = place();
    job.write({ env: { 'my-var': '1', UID: '5' } });
    expect((await job.start(shell)).code).toBe(1);
    expect(job.exit()?.launchFailure).toContain('"my-var", "UID"');
  });

  test('a missing working directory is a launch failure, and the command does not run', async () => {
    const job = place();
    job.write({ workdir: '/nonexistent/dir' });
    expect((await job.start(shell)).code).toBe(1);
    expect(job.exit()).toMatchObject({ exitCode: 1, succeeded: false });
    expect(job.exit()?.launchFailure).toContain('cannot enter the working directory /nonexistent/dir');
    expect(job.read('stdout')).toBe('');
  });

  test('an env file that is not whole stops the job before the claim', async () => {
    const job = place();
    job.write({});
    writeFileSync(join(job.attempt, 'env'), '');
    const { code, log } = await job.start(shell);
    expect(code).toBe(1);
    expect(log).toContain('cannot read');
    expect(existsSync(join(job.attempt, 'claim'))).toBe(false);
  });

  test('an attempt directory that is gone stops the job, and says so', async () => {
    const job = place();
    job.write({});
    rmSync(job.attempt, { recursive: true });
    const { code, log } = await job.start(shell);
    expect(code).toBe(1);
    expect(log).toMatch(/^wfd: cannot read .*; the command was not run$/m);
  });

  test('a claim that cannot be made stops the job', async () => {
    const job = place();
    job.write({});
    const shims = shimDirectory(job, { ln: 'echo "ln: no space left on device" >&2; exit 1' });
    const { code, log } = await job.start(shell, '4711.0', { PATH: `${shims}:${process.env['PATH']}` });
    expect(code).toBe(1);
    expect(log).toMatch(/^wfd: cannot claim .* the command was not run$/m);
    expect(existsSync(join(job.attempt, 'exit'))).toBe(false);
  });

  test('an exit mark that cannot be written leaves the command its code', async () => {
    const job = place();
    job.write({ command: shellCommand('exit 3') });
    const shims = shimDirectory(job, { mv: 'exit 1' });
    expect((await job.start(shell, '4711.0', { PATH: `${shims}:${process.env['PATH']}` })).code).toBe(3);
    expect(job.exit()).toBeUndefined();
  });

  test('a second job leaves a duplicate mark and does not run the command', async () => {
    const job = place();
    job.write({});
    await job.start(shell, '4711.0');
    expect(await job.start(shell, '4712.0')).toEqual({ code: 0, log: '' });
    expect(existsSync(join(job.attempt, 'duplicate.4712'))).toBe(true);
    expect(job.claim()).toBe('4711.0');
    expect(job.read('stdout')).toBe('hello\n');
  });

  test.each([
    ['4711', '4711.3'],
    ['4711.3', '4711'],
    ['4711[3]', '47113'],
  ])('%s is not taken for %s', async (first, second) => {
    const job = place();
    job.write({});
    await job.start(shell, `${first}.0`);
    await job.start(shell, `${second}.0`);
    expect(existsSync(join(job.attempt, `duplicate.${second}`))).toBe(true);
  });

  test('a job that finds its own claim goes on: NFS may report success as EEXIST', async () => {
    const job = place();
    job.write({});
    symlinkSync('4711.0', join(job.attempt, 'claim'));
    await job.start(shell);
    expect(job.exit()).toMatchObject({ runCount: 0, exitCode: 0 });
  });

  test('a rerun claims again, and its output replaces the earlier one', async () => {
    const job = place();
    job.write({});
    symlinkSync('4711.0', join(job.attempt, 'claim'));
    writeFileSync(join(job.attempt, 'stdout'), 'of the first run\n');
    await job.start(shell, '4711.1');
    expect(job.claim()).toBe('4711.1');
    expect(job.exit()).toMatchObject({ runCount: 1, exitCode: 0 });
    expect(job.read('stdout')).toBe('hello\n');
    expect(existsSync(join(job.attempt, 'void.4711.0'))).toBe(true);
  });

  test('a rerun ends at once where an exit mark exists', async () => {
    const job = place();
    job.write({ command: shellCommand('echo ran; exit 3') });
    await job.start(shell, '4711.0');
    expect(await job.start(shell, '4711.1')).toEqual({ code: 0, log: '' });
    expect(job.read('stdout')).toBe('ran\n');
    expect(job.exit()).toMatchObject({ runCount: 0, exitCode: 3 });
  });

  test('an earlier run that comes late does not run, and is no duplicate', async () => {
    const job = place();
    job.write({});
    symlinkSync('4711.2', join(job.attempt, 'claim'));
    expect((await job.start(shell, '4711.1')).code).toBe(0);
    expect(job.claim()).toBe('4711.2');
    expect(existsSync(join(job.attempt, 'duplicate.4711'))).toBe(false);
  });

  test('a run that has been superseded writes no exit mark', async () => {
    const job = place();
    job.write({ command: shellCommand(`: >${shellQuote(`${job.attempt}/void.4711.0`)}`) });
    await job.start(shell, '4711.0');
    expect(job.exit()).toBeUndefined();
  });

  test('a job whose scheduler names no id does not run', async () => {
    const job = place();
    job.write({});
    expect((await job.start(shell, '.0')).log).toContain('the scheduler did not say which job this is');
  });

  test('an ordinary job starts two external processes besides the command', async () => {
    const job = place();
    job.write({ command: { kind: 'shell', text: 'echo hi', shell: ['/bin/sh'] } });
    const names = [
      'ln',
      'mv',
      'mkdir',
      'readlink',
      'uname',
      'rm',
      'cat',
      'date',
      'sleep',
      'env',
      'expr',
      'sed',
    ];
    const shims = shimDirectory(
      job,
      Object.fromEntries(names.map((name) => [name, realAfterNoting(job, name)])),
    );
    mkdirSync(job.spool, { recursive: true });
    await job.start(shell, '4711.0', { PATH: `${shims}:${process.env['PATH']}` });
    expect(readFileSync(join(job.run, 'started'), 'utf8')).toBe('ln\nmv\n');
  });
});

/** Programs that stand before the real ones on PATH. */
function shimDirectory(job: Place, programs: Readonly<Record<string, string>>): string {
  const directory = join(job.run, 'shims');
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

function realAfterNoting(job: Place, name: string): string {
  return `echo ${name} >>${shellQuote(join(job.run, 'started'))}\nexec /usr/bin/${name} "$@"`;
}
