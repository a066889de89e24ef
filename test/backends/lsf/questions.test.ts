/** Which questions are asked, and what is made of answers that do not fit together. */
import { describe, expect, test } from 'vitest';
import type { NativeId, Owner, Tag } from '../../../backends/backend.ts';
import type { Ask } from '../../../backends/batch-driver.ts';
import { DialectFinder } from '../../../backends/lsf/dialect.ts';
import { createLsf } from '../../../backends/lsf/lsf.ts';
import { account, observe, probe } from '../../../backends/lsf/questions.ts';
import type { CommandResult } from '../../../backends/run-command.ts';
import { failed, jobNamed, jobsOf, outOfTime, printed, reply } from './fixture.ts';

const OWNER: Owner = { uid: 1, gid: 1, name: 'alice', home: '/home/alice', shell: '/bin/sh' };
const LISTING = 'bjobs -o jobid stat start_time job_name -a -u alice';

/** Answers each question as the table says, and notes it; what is not there is asked in vain. */
function talk(answers: Readonly<Record<string, CommandResult>>) {
  const asked: string[] = [];
  const ask: Ask = async ({ program, args }) => {
    const question = [program, ...args].join(' ');
    asked.push(question);
    return (
      answers[question] ??
      answers[Object.keys(answers).find((each) => question.startsWith(each)) ?? ''] ??
      NOBODY
    );
  };
  const dialects = new DialectFinder();
  const tags = (...names: string[]) => names.map((tag) => ({ tag: tag as Tag }));
  return {
    asked,
    dialects,
    observe: (...names: string[]) => observe(dialects, OWNER, tags(...names), ask),
    account: (...jobs: { tag: string; nativeId?: string }[]) =>
      account(dialects, { owner: OWNER, jobs: jobs as { tag: Tag; nativeId: NativeId }[], sinceMs: 0 }, ask),
    probe: () => probe(dialects, ask),
  };
}

const NOBODY = failed('Connection refused by server\n');
const RELATIVE = {
  'bjobs -noheader': reply('relative-bjobs-options'),
  [LISTING]: reply('relative-bjobs-list'),
};
const ROW = '7^0^EXIT^-^-^Nov 20 07:31^t.1.abc\n';

describe('an open relative', () => {
  test('is found out once; the listing alone tells of jobs that nobody waits for', async () => {
    const { asked, observe: look, dialects } = talk(RELATIVE);
    expect(jobsOf(await look('guarded'))).toHaveLength(20);
    expect(dialects.known).toBe('relative');
    await look('guarded');
    expect(asked).toEqual([expect.stringMatching(/^bjobs -noheader/), LISTING, LISTING]);
  });

  test('ends of jobs that are waited for: bjobs -l for codes, bhist for those that may have been killed', async () => {
    const { asked, observe: look } = talk({
      ...RELATIVE,
      'bjobs -l': reply('relative-bjobs-long'),
      'bhist -l': reply('relative-bhist-long'),
    });
    const jobs = jobsOf(await look('exit3', 'ok', 'cancelled', 'never', 'timelimit', 'shells'));
    // `never` needs no words; `ok` and `shells` are DONE, whatever bjobs -l says.
    expect(asked.slice(2)).toEqual(['bjobs -l 20 5 1', 'bhist -l 19 5 8']);
    expect(jobNamed(jobs, 'exit3')).toMatchObject({
      backendStatus: 'EXIT (Exited with exit code 3)',
      end: { kind: 'NonZeroExit', exitCode: 3 },
    });
    expect(jobNamed(jobs, 'cancelled').end).toMatchObject({ kind: 'Cancelled', exitCode: 130 });
    expect(jobNamed(jobs, 'timelimit').end).toMatchObject({ kind: 'TimeLimit' });
    expect(jobNamed(jobs, 'ok')).toMatchObject({ backendStatus: 'DONE', end: { kind: 'Unknown' } });
  });

  test.each([
    ['does not answer', NOBODY],
    [
      'complains of more than unknown ids',
      { ...reply('relative-bjobs-long'), stderr: 'lsb_readjobinfo: End of file\n' },
    ],
    ['is cut off', outOfTime(reply('relative-bjobs-long').stdout)],
  ])('where bjobs -l %s, it is no answer at all', async (_, answer) => {
    const { observe: look } = talk({ ...RELATIVE, 'bjobs -l': answer });
    expect(await look('exit3')).toMatchObject({ kind: 'unavailable' });
  });

  test.each([
    ['does not answer', NOBODY],
    ['may not read the event files', failed('/lsf/work/logdir/lsb.events: Permission denied\n')],
    ['has forgotten', reply('relative-bhist-unknown')],
  ])('where bhist %s, only the finer cause is lost', async (_, answer) => {
    const { observe: look } = talk({
      ...RELATIVE,
      'bjobs -l': reply('relative-bjobs-long'),
      'bhist -l': answer,
    });
    expect(jobNamed(jobsOf(await look('cancelled')), 'cancelled').end).toMatchObject({
      kind: 'NonZeroExit',
      exitCode: 130,
    });
  });
});

describe('what the listing lacks', () => {
  const listing = { ...RELATIVE, [LISTING]: reply('relative-bjobs-nothing') };

  test('is asked of bhist, in all event files, by the ids that are known', async () => {
    const { asked, account: recall } = talk({ ...listing, 'bhist -n 0 -l': reply('relative-bhist-long') });
    const jobs = jobsOf(await recall({ tag: 'exit3', nativeId: '20' }, { tag: 'nameless' }));
    expect(asked.at(-1)).toBe('bhist -n 0 -l 20');
    expect(jobs).toMatchObject([{ tag: 'exit3', state: 'ended', end: { kind: 'NonZeroExit', exitCode: 3 } }]);
  });

  test('what the listing has is not', async () => {
    const { asked, account: recall } = talk(RELATIVE);
    expect(jobsOf(await recall({ tag: 'guarded', nativeId: '25' }))).toMatchObject([{ state: 'running' }]);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['was never there', reply('relative-bhist-unknown')],
    ['is in files that nobody may read', failed('/lsf/work/logdir/lsb.events: Permission denied\n')],
    [
      'would be told by a command that is not there',
      failed('setpriv: failed to execute bhist: No such file or directory', 127),
    ],
  ])('%s: there is no record', async (_, answer) => {
    const { account: recall } = talk({ ...listing, 'bhist -n 0 -l': answer });
    expect(await recall({ tag: 'x', nativeId: '9' })).toEqual({ kind: 'complete', jobs: [] });
  });

  test.each([
    ['does not answer', NOBODY],
    ['is cut off', printed('\nJob <20>, Job Name <exit3>, User <al')],
  ])('bhist %s: nothing is known', async (_, answer) => {
    const { account: recall } = talk({ ...listing, 'bhist -n 0 -l': answer });
    expect(await recall({ tag: 'exit3', nativeId: '20' })).toMatchObject({ kind: 'unavailable' });
  });
});

describe('10.1', () => {
  const SPECTRUM = {
    "bjobs -noheader -o jobid jobindex stat exit_code exit_reason start_time job_name delimiter='^' 1":
      failed('Job <1> is not found\n'),
    'bjobs -noheader': printed(ROW),
  };

  test('is known by its answer; an end without code and reason is asked for in full', async () => {
    const { dialects, observe: look } = talk({
      ...SPECTRUM,
      'bjobs -l': printed(
        '\nJob <7>, Job Name <t.1.abc>, User <alice>, Project <default>\nFri Nov 20 07:31:00: Started 1 Task(s) on Host(s) <h>;\nFri Nov 20 07:31:09: Exited by signal 9. The CPU time used is 0.0 seconds;\n',
      ),
    });
    expect(jobsOf(await look('t.1.abc'))[0]?.end).toEqual({ kind: 'Signaled', signal: 9, started: true });
    expect(dialects.known).toBe('spectrum');
  });

  test.each([
    ['no connection', NOBODY],
    ['nonsense', printed('a\\u0001\\u00ff<|>,;{\n')],
    ['nothing', printed('')],
    ['no such program', failed('setpriv: failed to execute bjobs: No such file or directory', 127)],
    ['out of time', outOfTime()],
  ])('%s tells of no dialect', async (_, answer) => {
    const { dialects, observe: look } = talk({ bjobs: answer });
    expect(await look()).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(/bjobs/) });
    expect(dialects.known).toBeUndefined();
  });
});

describe('a probe', () => {
  const answers = { ...RELATIVE, lsid: reply('relative-lsid'), 'bjobs -o': failed('Job <1> is not found\n') };

  test('tells the version and where ends are known from', async () => {
    expect(await talk(answers).probe()).toEqual({
      reachable: true,
      hasAccounting: true,
      summary:
        'volclava project 2.2, Nov 20 2026, an open relative of LSF: ends by bjobs -l and bhist, and DONE alone is no success',
    });
  });

  test('asks every time: options are refused without asking anybody', async () => {
    const deaf = talk({ ...answers, 'bjobs -o': NOBODY });
    const nobodyThere = { reachable: false, summary: expect.stringMatching(/Connection refused/) };
    expect(await deaf.probe()).toMatchObject(nobodyThere);
    expect(deaf.dialects.known).toBe('relative');
    expect(await deaf.probe()).toMatchObject(nobodyThere);
  });

  test('needs no lsid', async () => {
    expect(await talk({ ...answers, lsid: failed('not found', 127) }).probe()).toMatchObject({
      reachable: true,
      summary: expect.stringMatching(/^LSF, /),
    });
  });
});

test('a site’s own number of tries is for its jobs, too', () => {
  const head = { log: '/log', umask: 0o022, elements: 1 };
  expect(createLsf('site', {}).preamble(head)).toContain('unset LSB_NTRIES');
  expect(createLsf('site', { env: { LSB_NTRIES: '3' } }).preamble(head)).not.toContain('unset');
});
