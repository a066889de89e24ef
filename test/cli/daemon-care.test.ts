/** wfctl daemon backup, check, retention: what people read, and what scripts get. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { printRestored } from '../../cli/print/care.ts';
import type { Output } from '../../cli/print/output.ts';
import type { Restored } from '../../daemon/store/restore.ts';
import { type Served, serveFake } from '../daemon/api/api-fixture.ts';
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

describe('backup', () => {
  test('prints where it is', async () => {
    expect(await run('daemon', 'backup')).toEqual({
      code: 0,
      stdout:
        '/state/backups/state-2030-01-31T02-00-00Z.db  1.4 MiB, 3 runs, 40 calls, 0 attempts, read through\n',
      stderr: '',
    });
  });

  test('--to is from where it was typed', async () => {
    const { stdout } = await wfctl.run(
      ['--socket', served.socket, 'daemon', 'backup', '--to', 'mine.db', '--json'],
      { cwd: '/usr' },
    );
    expect(JSON.parse(stdout)).toMatchObject({ file: '/usr/mine.db', rows: { runs: 3 } });
    expect(served.care.asked).toEqual(['backup /usr/mine.db']);
  });

  test('one that failed has an exit code of its own', async () => {
    served.care.refusal = { code: 'BACKUP_FAILED', message: 'a copy needs 17 MiB in /state' };
    expect(await run('daemon', 'backup')).toEqual({
      code: 74,
      stdout: '',
      stderr: expect.stringMatching(/^wfctl: a copy needs 17 MiB in \/state\n/),
    });
  });
});

describe('check', () => {
  test('a sound state', async () => {
    expect(await run('daemon', 'check')).toEqual({
      code: 0,
      stdout: 'sound: 1.4 MiB, 3 runs, 40 calls, 0 attempts, schema version 2\n',
      stderr: '',
    });
  });

  test('a damaged one ends with 1, and says what helps', async () => {
    served.care.report = { ...served.care.report, findings: ['row 7 missing from index x', 'page 9 is odd'] };
    const { code, stdout } = await run('daemon', 'check');
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: `damaged: 2 findings
  row 7 missing from index x
  page 9 is odd
Restore the newest sound backup: wfctl daemon stop, then wfctl daemon restore FILE
`,
    });
    expect(await run('daemon', 'check', '--json')).toMatchObject({ code: 1 });
  });
});

describe('retention', () => {
  test('where nothing is configured', async () => {
    expect((await run('daemon', 'retention')).stdout).toMatch(
      /^Runs are kept for ever: retention\.runs is not set/,
    );
  });

  test('as if it were', async () => {
    const { stdout } = await run('daemon', 'retention', '--older-than', '90d');
    expect(stdout).toBe(`RUN  NAME   OWNER  STATUS  ENDED             DIRECTORY
  7  align  ada    Failed  2029-08-04 02:00  /home/ada/wf-runs/7
and 1199 more
1200 runs ended before 2029-11-02T02:00:00.000Z.
Nothing is removed: retention.runs is not set.
`);
    expect(served.care.asked).toEqual([`retention ${90 * 86_400_000}`]);
  });

  test('a time without a unit is refused', async () => {
    expect(await run('daemon', 'retention', '--older-than', '90')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('write it with a unit, such as 90d or 12h'),
    });
  });
});

test('status names the newest backup, and what went wrong', async () => {
  served.care.state = {
    newestBackup: { file: '/b/x.db', atMs: 0 },
    problems: ['no backup could be made: …'],
  };
  const { stdout } = await run('daemon', 'status');
  expect(stdout).toContain('\n  newest backup: /b/x.db\n  no backup could be made: …\n');
});

test('restore needs a backup, and one that is there', async () => {
  expect(await run('daemon', 'restore')).toMatchObject({
    code: 2,
    stderr: 'wfctl: say which backup: wfctl daemon restore FILE\n',
  });
  expect(await run('daemon', 'restore', '/nowhere.db')).toMatchObject({
    code: 2,
    stderr: 'wfctl: there is no /nowhere.db\n',
  });
});

describe('what a restore means', () => {
  const report = { findings: [], version: 2, rows: { runs: 2, calls: 8, attempts: 5 }, bytes: 9 };
  const restored: Restored = {
    report,
    madeAtMs: Date.UTC(2030, 0, 31, 2),
    held: [17, 19],
    putAside: '/s/old.db',
  };

  test('with all that could be found out', () => {
    const runs = [{ id: 21, name: 'late', owner: 'ada', status: 'Running', directory: '/r/late-21' }];
    const jobs = [
      { runId: 17, call: 'b', backend: 'slurm', tag: 'b.17.abcdefghij', nativeId: '4711' },
      { runId: 21, call: 'c[2]', backend: 'slurm', tag: 'c.21.klmnopqrst', nativeId: null },
    ];
    expect(said({ ...restored, aftermath: { runs, jobs } })).toBe(
      `/s is now as it was at 2030-01-31T02:00:00.000Z: 2 runs, 8 calls, 5 attempts (/b/x.db).
What was there is kept as /s/old.db.

What happened after that time is not known to it. So that nothing is done twice:
- 2 runs are held until you release them: 17, 19.
- These runs are unknown to it now:
    21  late  ada  Running  /r/late-21
- These jobs are unknown to it and may still run. Let them end, or cancel them, before you release their runs:
    4711  b.17.abcdefghij  slurm  run 17, b
    (id unknown)  c.21.klmnopqrst  slurm  run 21, c[2]
- Aborts, holds, pauses and drains of that time are forgotten: ask for them again.

Start the daemon, look, and release what may go on: wfctl release RUN`,
    );
  });

  test('where nothing happened since', () => {
    const text = said({ ...restored, held: [], aftermath: { runs: [], jobs: [] } });
    expect(text).toContain('- No run was in progress at that time.');
    expect(text).toContain('- No run was submitted after it.');
    expect(text).toContain('- No job of that time is left with a scheduler.');
  });

  test('where what was there cannot be read', () => {
    const text = said(restored);
    expect(text).toContain('cannot be read, so nobody can say what is missing');
    expect(text).toContain('Look for jobs by their names');
  });

  function said(what: Restored): string {
    const lines: string[] = [];
    const out = { line: (text: string) => void lines.push(text) } as Output;
    printRestored('/b/x.db', '/s', what, out);
    return lines.join('\n');
  }
});
