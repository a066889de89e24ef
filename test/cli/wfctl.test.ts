import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NativeId, Tag } from '../../backends/backend.ts';
import { type Served, serveFake } from '../daemon/api/api-fixture.ts';
import { aCall, anAttempt, ME, SLURM, T0 } from '../daemon/api/fake-engine.ts';
import { buildWfctl, type Ended, type Wfctl } from './wfctl-fixture.ts';

let wfctl: Wfctl;
beforeAll(async () => {
  wfctl = await buildWfctl();
});
afterAll(() => wfctl.remove());

let served: Served;
beforeEach(async () => {
  served = await serveFake();
});
afterEach(async () => {
  await served.close();
});

const run = (...words: string[]): Promise<Ended> => wfctl.run(['--socket', served.socket, ...words]);

const WORKFLOW = [
  'name: hello',
  'inputs: {who: null}',
  'tasks:',
  '  greet:',
  '    run: printf "%s\\n" hello',
  '',
].join('\n');

function writeWorkflow(text: string): string {
  const file = join(mkdtempSync(join(wfctl.directory, 'work-')), 'hello.yaml');
  writeFileSync(file, text);
  return file;
}

describe('status', () => {
  test('--json has exactly the names that scripts rely on', async () => {
    served.fake.add();
    const { code, stdout } = await run('status', '1', '--json');
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout))).toEqual([
      'id',
      'uuid',
      'name',
      'owner',
      'status',
      'failing',
      'held',
      'failureMode',
      'backend',
      'labels',
      'submittedAt',
      'startedAt',
      'endedAt',
      'calls',
      'orphans',
      'problems',
      'abort',
      'outputs',
      'submitDir',
      'directory',
    ]);
  });

  test('--json --calls adds the calls and their attempts', async () => {
    aFailedRun();
    const { callList } = JSON.parse((await run('status', '1', '--json', '--calls')).stdout);
    expect(Object.keys(callList[0])).toEqual(expect.arrayContaining(['call', 'status', 'attempts']));
    expect(Object.keys(callList[0].attempts[0])).toEqual(
      expect.arrayContaining([
        'number',
        'state',
        'cause',
        'backend',
        'nativeId',
        'backendStatus',
        'exitCode',
        'queuedAt',
        'startedAt',
        'endedAt',
        'directory',
      ]),
    );
  });

  test('in words tells what failed and why, and what may be left', async () => {
    aFailedRun();
    const { stdout, code } = await run('status', '1');
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'Run 1  align-cohort  Failed',
        '  submitted 2021-03-01 08:00 by ada, to slurm, NoNewCalls',
        '  started   2021-03-01 08:00, ended 2021-03-01 08:10 after 9m59s',
        '  calls     7 Succeeded, 1 Failed, 2 Skipped of 10',
        '  directory /home/ada/wf-runs/align-cohort-1',
        'Problems',
        '  finally step failed (since 2021-03-01 08:00)',
        'Failed',
        '  align[3] ran out of memory (asked 1G), job 4711, attempt 2',
        '    /home/ada/wf-runs/align-cohort-1/align/3/2',
        '2 jobs may still be running: 4712 (sort, slurm), sort.1.cccccccccc (id unknown, submitted on login1) (sort, slurm); the daemon goes on ending them',
        '',
      ].join('\n'),
    );
  });

  test('shows marks of a run and banners of its backend and of the daemon', async () => {
    served.fake.add({ failing: true, held: { by: 'ada', reason: 'wait' } }, { Active: 2 });
    served.fake.status = {
      state: { kind: 'degraded', reason: 'the disk is full' },
      backends: [{ ...SLURM, reachable: 'no', summary: 'squeue: connection refused', sinceMs: T0 }],
    };
    const { stdout } = await run('status', '1');
    expect(stdout).toMatch(/^Run 1 {2}align-cohort {2}Running \(failing, held\)$/m);
    expect(stdout).toMatch(/^The daemon is degraded: the disk is full$/m);
    expect(stdout).toMatch(/^Backend slurm cannot be reached since .*: squeue: connection refused/m);
  });

  test('--wait returns when the run has ended, with 1 unless it succeeded', async () => {
    served.fake.add();
    served.fake.add();
    const waiting = [run('status', '1', '--wait'), run('status', '2', '--wait')];
    served.fake.change(1, { status: 'Succeeded', endedAtMs: T0 });
    served.fake.change(2, { status: 'Aborted', endedAtMs: T0 });
    served.fake.emit({ runId: 1, type: 'run.succeeded' });
    served.fake.emit({ runId: 2, type: 'run.aborted' });
    expect((await Promise.all(waiting)).map((ended) => ended.code)).toEqual([0, 1]);
  });

  test('without yargs and with it are the same', async () => {
    aFailedRun();
    const quick = await run('status', '1', '--calls');
    expect(await run('status', '1', '--calls=true')).toEqual(quick);
  });
});

describe('lists', () => {
  test('and tables of calls fit 80 columns, whatever the names', async () => {
    const long = 'a-very-long-name-'.repeat(8);
    served.fake.add({ name: long, status: 'ForceAborting', held: { by: 'ada', reason: 'x' } });
    served.fake.add({ name: 'short', owner: { ...ME, name: 'a-colleague-with-a-long-name' } });
    served.fake.calls.set(1, [
      aCall({ runId: 1, key: `${long}[10000]`, status: 'Skipped', attempts: 0, reason: long }),
    ]);
    for (const words of [['list'], ['backends']]) {
      const { stdout } = await run(...words);
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    }
    const calls = (await run('status', '1', '--calls')).stdout
      .split('\n')
      .filter((line) => /^(CALL|a-very)/.test(line));
    expect(calls).toHaveLength(2);
    expect(Math.max(...calls.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('are filtered, and say where the next page is', async () => {
    for (let i = 0; i < 3; i++) served.fake.add({ labels: { p: String(i % 2) } });
    expect((await run('list', '--label', 'p=1')).stdout).toMatch(/^ID .*\n 2 /);
    expect((await run('list', '--limit', '2')).stderr).toBe('there are more: wfctl list --before 2\n');
    expect(JSON.parse((await run('list', '--json', '--status', 'Failed')).stdout)).toEqual([]);
  });

  test('cut off by the reader of a pipe are no error', async () => {
    for (let i = 0; i < 500; i++) served.fake.add();
    const line = `set -o pipefail; '${wfctl.program}' --socket '${served.socket}' list --limit 1000 | head -1`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', line], { env: wfctl.env });
    expect([stdout.split('\n').length, stderr]).toEqual([2, '']);
  });
});

describe('submit', () => {
  test('prints the id alone, and sends contents, labels and surroundings', async () => {
    const file = writeWorkflow(WORKFLOW);
    const ended = await run(
      'submit',
      file,
      '--input',
      'who=world',
      '--label',
      'p=1',
      '--name',
      'mine',
      '--hold',
      '--failure-mode',
      'ContinueWhilePossible',
    );
    expect(ended).toEqual({ code: 0, stdout: '1\n', stderr: '' });
    expect(served.fake.runs.get(1)?.run).toMatchObject({
      name: 'mine',
      status: 'OnHold',
      labels: { p: '1' },
      submitDir: wfctl.env['HOME'],
      umask: process.umask(),
    });
  });

  test('--wait answers by the end of the run; --json is the run', async () => {
    const waiting = run('submit', writeWorkflow(WORKFLOW), '--input', 'who=world', '--wait', '--json');
    await expect.poll(() => served.fake.runs.size, { timeout: 10_000 }).toBe(1);
    served.fake.change(1, { status: 'Failed', endedAtMs: T0 });
    served.fake.emit({ runId: 1 });
    const { code, stdout } = await waiting;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, status: 'Failed' });
  });

  test('of what is not valid shows every mistake with its place, and asks no daemon', async () => {
    const file = writeWorkflow('name: x\ntasks:\n  a:\n    rnu: echo\n  b:\n    run: echo\n    needs: c\n');
    const { code, stderr } = await run('submit', file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/hello\.yaml:4:5: .*run/);
    expect(stderr).toMatch(/hello\.yaml:7:\d+: /);
    expect(served.fake.wishes).toEqual([]);
  });

  test('while the daemon restarts waits for it', async () => {
    await served.api.close();
    const waiting = run('submit', writeWorkflow(WORKFLOW), '--input', 'who=world');
    const again = await serveFake({}, served);
    expect(await waiting).toEqual({ code: 0, stdout: '1\n', stderr: '' });
    await again.close();
  });

  test('makes one run where the connection broke after it had arrived', async () => {
    const gate = served.fake.pauseWishes();
    const waiting = run('submit', writeWorkflow(WORKFLOW), '--input', 'who=world');
    await expect.poll(() => served.fake.wishes, { timeout: 10_000 }).toEqual(['submit']);
    await served.api.close();
    gate.letGo();
    const again = await serveFake({}, served);
    expect(await waiting).toEqual({ code: 0, stdout: '1\n', stderr: '' });
    expect(served.fake.wishes).toEqual(['submit', 'submit']);
    expect(served.fake.runs.size).toBe(1);
    await again.close();
  });
});

describe('abort', () => {
  test('of one run returns when it is stored, of a call names it', async () => {
    served.fake.add({}, { Active: 3 });
    expect((await run('abort', '1', '--force', '--reason', 'wrong data')).stdout).toMatch(
      /^Run 1 is Aborting; it ends when its 3 active calls have/,
    );
    expect((await run('abort', '1', '--call', 'align[3]')).stdout).toMatch(
      /^align\[3\] of run 1 is asked to end/,
    );
    expect(served.fake.wishes).toEqual(['abort 1 --force', 'abort 1 align[3]']);
  });

  test('--force --wait tells of jobs that may be left', async () => {
    served.fake.add({}, {}, [anOrphan('4712')]);
    const waiting = run('abort', '1', '--force', '--wait');
    await expect.poll(() => served.fake.wishes, { timeout: 10_000 }).toEqual(['abort 1 --force']);
    served.fake.change(1, { status: 'Aborted', endedAtMs: T0 });
    served.fake.emit({ runId: 1 });
    const { code, stdout } = await waiting;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Run 1 has ended: Aborted\.\n1 job may still be running: 4712 \(sort, slurm\)/);
  });

  test('of several runs by label, and of ids some of which are not there', async () => {
    for (const p of ['1', '2', '1']) served.fake.add({ labels: { p } });
    expect((await run('abort', '--label', 'p=1', '--yes')).stdout).toBe('Asked to abort: 3, 1\n');
    const { code, stdout, stderr } = await run('abort', '2', '99');
    expect([code, stdout]).toEqual([3, 'Asked to abort: 2\n']);
    expect(stderr).toMatch(/no run 99/);
  });
});

describe('logs', () => {
  test('are read by wfctl itself', async () => {
    const attempt = aRunWithLogs();
    expect((await run('logs', '1')).stdout).toBe('hello\n');
    expect((await run('logs', '1', 'align[3]', '--stderr')).stdout).toBe('oh\n');
    expect(await run('logs', '1', 'algin[3]')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/did you mean align\[3\]/),
    });
    expect(readFileSync(join(attempt, 'stdout'), 'utf8')).toBe('hello\n');
  });

  test('are followed until the attempt has ended', async () => {
    const directory = aRunWithLogs('running');
    const following = run('logs', '1', '--follow');
    appendFileSync(join(directory, 'stdout'), 'world\n');
    served.fake.attempts.set(1, [anAttempt({ runId: 1, call: 'align[3]', directory, state: ENDED })]);
    expect(await following).toEqual({ code: 0, stdout: 'hello\nworld\n', stderr: '' });
  });

  test('that are not there are told, with the next place to look', async () => {
    served.fake.add();
    served.fake.calls.set(1, [aCall({ runId: 1, key: 'a' })]);
    served.fake.attempts.set(1, [anAttempt({ runId: 1, call: 'a', directory: '/nowhere', state: ENDED })]);
    const { code, stderr } = await run('logs', '1', 'a');
    expect(code).toBe(2);
    expect(stderr).toMatch(/\/nowhere\/stdout is not there\n.*\.wfd\/align\.1\.abcdefghij\/log/);
  });
});

describe('validate', () => {
  test('needs no daemon', async () => {
    const file = writeWorkflow(WORKFLOW);
    expect(await wfctl.run(['validate', file, '--input', 'who=world'])).toEqual({
      code: 0,
      stdout: `${file} is valid: 1 call is known from the start\n`,
      stderr: '',
    });
    expect(await wfctl.run(['validate', file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/who/),
    });
    const { code, stdout } = await wfctl.run(['validate', file, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).mistakes[0]).toMatchObject({ line: 2, message: expect.stringMatching(/who/) });
  });

  test('of a file that cannot be read names it', async () => {
    expect(await wfctl.run(['validate', 'missing.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/missing\.yaml/),
    });
  });
});

describe('small commands', () => {
  test('hold and release, why and events', async () => {
    served.fake.add();
    served.fake.emit({ runId: 1, call: 'align[3]', attempt: 1, text: 'align[3] has started' });
    expect((await run('hold', '1', '--reason', 'wait')).stdout).toBe(
      'Run 1 is Running (held); wfctl release 1 lets it go on.\n',
    );
    expect((await run('why', '1')).stdout).toMatch(/It is held by .* \(wait\)/);
    expect((await run('release', '1')).stdout).toMatch(/^Run 1 is Running/);
    expect((await run('events', '1')).stdout).toMatch(/ {2}1 align\[3\] #1 {2}align\[3\] has started\n$/);
    expect(JSON.parse((await run('events', '--json')).stdout)).toMatchObject({ seq: 1, runId: 1 });
  });

  test('backends are listed, shown, paused and resumed', async () => {
    expect((await run('backends')).stdout).toMatch(/^NAME .*\nslurm {2}reachable /);
    const shown = await run('backends', 'slurm');
    expect(shown.stdout).toMatch(/^Backend slurm {2}reachable\n {2}kind +slurm\n/);
    expect(await run('backends', 'show', 'slurm')).toEqual(shown);
    const paused = await run('backends', 'pause', 'slurm', '--reason', 'maintenance');
    expect(paused.stdout).toMatch(
      /^Backend slurm {2}reachable, paused\n(?:.*\n)* .* maintenance \(wfctl backends resume slurm\)/,
    );
    expect(JSON.parse((await run('backends', 'resume', 'slurm', '--json')).stdout)).toMatchObject({
      name: 'slurm',
      paused: null,
    });
  });

  test.each([
    [['pause', 'slurm'], 2, /--reason TEXT/],
    [['pause'], 2, /say which backend: wfctl backends pause NAME/],
    [['puase', 'slurm'], 2, /there is no action 'puase'; did you mean 'pause'\?/],
    [['slrum'], 3, /there is no backend named "slrum"; did you mean 'slurm'\?/],
  ])('backends %j is refused', async (words, code, message) => {
    expect(await run('backends', ...words)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });

  test('--json has exactly the names that are documented, in their order', async () => {
    const [backend] = JSON.parse((await run('backends', '--json')).stdout) as object[];
    expect(JSON.parse((await run('backends', 'slurm', '--json')).stdout)).toEqual(backend);
    const page = readFileSync('docs/backends.md', 'utf8');
    const documented = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name);
    expect(namesIn(backend ?? {})).toEqual(documented);
  });

  test('daemon', async () => {
    expect((await run('daemon', 'drain')).stdout).toMatch(/draining: asked by /);
    expect((await run('daemon')).stdout).toMatch(/^wfd 1\.2\.3 on login1, pid \d+, since /);
    expect(JSON.parse((await run('daemon', 'resume', '--json')).stdout)).toMatchObject({ state: 'serving' });
    expect((await run('daemon', 'reload')).stdout).toBe(
      'There is no configuration file: the defaults count.\n  nothing has changed\n',
    );
  });
});

/** `commands.total.probe`; what is null is named, not looked into. */
function namesIn(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, part]) =>
    typeof part === 'object' && part !== null ? namesIn(part, `${path}${key}.`) : [`${path}${key}`],
  );
}

const ENDED = { kind: 'ended', outcome: { cause: 'Succeeded' }, nativeId: '4711' as NativeId } as const;

function aRunWithLogs(state: 'ended' | 'running' = 'ended'): string {
  const directory = mkdtempSync(join(wfctl.directory, 'attempt-'));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'stdout'), 'hello\n');
  writeFileSync(join(directory, 'stderr'), 'oh\n');
  served.fake.add();
  served.fake.calls.set(1, [aCall({ runId: 1, key: 'align[3]' })]);
  served.fake.attempts.set(1, [
    anAttempt({ runId: 1, call: 'align[3]', directory, ...(state === 'ended' ? { state: ENDED } : {}) }),
  ]);
  return directory;
}

function anOrphan(nativeId?: string) {
  const id = nativeId === undefined ? {} : { nativeId: nativeId as NativeId };
  return {
    runId: 1,
    tag: 'sort.1.cccccccccc' as Tag,
    backend: 'slurm',
    owner: ME,
    call: 'sort',
    host: 'login1',
    sinceMs: T0,
    ...id,
  };
}

function aFailedRun(): void {
  served.fake.add(
    {
      status: 'Failed',
      endedAtMs: T0 + 600_000,
      problems: [{ key: 'f', text: 'finally step failed', sinceMs: T0 }],
    },
    { Succeeded: 7, Failed: 1, Skipped: 2 },
    [anOrphan('4712'), anOrphan()],
  );
  served.fake.calls.set(1, [aCall({ runId: 1, key: 'align[3]', index: 3, status: 'Failed', attempts: 2 })]);
  const outcome = { cause: 'OutOfMemory', detail: 'asked 1G' } as const;
  served.fake.attempts.set(
    1,
    [1, 2].map((number) =>
      anAttempt({
        runId: 1,
        call: 'align[3]',
        number,
        state: { kind: 'ended', outcome, nativeId: '4711' as NativeId },
        endedAtMs: T0 + 600_000,
        directory: `/home/ada/wf-runs/align-cohort-1/align/3/${number}`,
      }),
    ),
  );
}
