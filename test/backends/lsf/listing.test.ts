/** What bjobs -o printed, read back: of an open relative as captured, of 10.1 as its documentation describes it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { EndReport } from '../../../backends/backend.ts';
import { listCommand, readListing } from '../../../backends/lsf/listing.ts';
import { failed, jobNamed, jobsOf, outOfTime, printed, reply } from './fixture.ts';

describe('an open relative', () => {
  const jobs = jobsOf(readListing(reply('relative-bjobs-list'), 'relative'));

  test('every row is a job', () => {
    expect(jobs).toHaveLength(20);
    expect(jobNamed(jobs, 'guarded')).toEqual({
      tag: 'guarded',
      index: 0,
      nativeId: '25',
      state: 'running',
      backendStatus: 'RUN',
    });
  });

  // Neither code nor reason is printed; whether it ever started is.
  test.each<[string, string, EndReport]>([
    ['ok', 'DONE', { kind: 'Unknown', started: true }],
    ['exit3', 'EXIT', { kind: 'Unknown', started: true }],
    ['cancelled', 'EXIT', { kind: 'Unknown', started: true }],
    ['shells', 'DONE', { kind: 'Unknown', started: true }],
    ['never', 'EXIT', { kind: 'Cancelled', started: false }],
  ])('%s', (name, backendStatus, end) => {
    expect(jobNamed(jobs, name)).toMatchObject({ state: 'ended', backendStatus, end });
  });

  test('a held job is blocked until somebody acts', () => {
    expect(jobNamed(jobs, 'held')).toMatchObject({
      state: 'queued',
      backendStatus: 'PSUSP',
      blocked: { reason: 'PSUSP', forever: false, plain: expect.stringMatching(/bresume/) },
    });
  });

  test('elements of an array are told apart by the index in their name', () => {
    const elements = [0, 1, 2].map((index) => jobNamed(jobs, 'elements', index));
    expect(elements.map(({ nativeId }) => nativeId)).toEqual(['9[1]', '9[2]', '9[3]']);
  });

  test('names of others may hold anything', () => {
    expect(jobNamed(jobs, 'two words').nativeId).toBe('23');
    expect(jobNamed(jobs, 'odd > name, User <x>').nativeId).toBe('24');
    const text = 'JOBID STAT START_TIME JOB_NAME\n7 RUN 11/20-14:05:27 of two\nlines\n8 PEND - next\n';
    const odd = jobsOf(readListing(printed(text), 'relative'));
    expect(odd.map(({ nativeId, tag }) => [nativeId, tag])).toEqual([
      ['7', 'of two\nlines'],
      ['8', 'next'],
    ]);
  });

  test('no jobs is an answer, with 254', () => {
    expect(readListing(reply('relative-bjobs-nothing'), 'relative')).toEqual({ kind: 'complete', jobs: [] });
  });

  test('the columns are those that were captured', () => {
    const capture = readFileSync(new URL('../../fixtures/lsf/capture.sh', import.meta.url), 'utf8');
    const { args } = listCommand({ name: 'USER' }, 'relative');
    const words = args.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ');
    expect(capture).toContain(`bjobs ${words.replace('USER', '"$user"')}; }`);
  });
});

describe('10.1', () => {
  const row = (fields: string): string => `101^0^${fields}^align.1.abc`;
  const read = (fields: string) => jobsOf(readListing(printed(`${row(fields)}\n`), 'spectrum'))[0];

  test('the question', () => {
    expect(listCommand({ name: 'alice' }, 'spectrum')).toEqual({
      program: 'bjobs',
      args: [
        '-noheader',
        '-o',
        "jobid jobindex stat exit_code exit_reason start_time job_name delimiter='^'",
        '-a',
        '-u',
        'alice',
      ],
    });
  });

  test.each<[string, string, EndReport]>([
    ['DONE^-^-^Nov 20 07:31', 'DONE', { kind: 'Succeeded', exitCode: 0, started: true }],
    // SUCCESS_EXIT_VALUES of an application profile.
    ['DONE^4^-^Nov 20 07:31', 'DONE 4', { kind: 'Unknown', exitCode: 4, started: true }],
    ['EXIT^3^-^Nov 20 07:31', 'EXIT 3', { kind: 'NonZeroExit', exitCode: 3, started: true }],
    ['EXIT^137^-^Nov 20 07:31', 'EXIT 137', { kind: 'NonZeroExit', exitCode: 137, started: true }],
    // Killed while pending; lost with its host, and perhaps ended well.
    ['EXIT^-^-^-', 'EXIT', { kind: 'Cancelled', started: false }],
    ['EXIT^-^-^Nov 20 07:31', 'EXIT', { kind: 'Unknown', started: true }],
    [
      'EXIT^130^TERM_OWNER: job killed by owner^Nov 20 07:31',
      'EXIT 130 (TERM_OWNER: job killed by owner)',
      { kind: 'Cancelled', exitCode: 130, started: true },
    ],
    // A shell list such as `tool; exit 0` survives its tool.
    [
      'DONE^-^TERM_MEMLIMIT: job killed after reaching LSF memory usage limit^Nov 20 07:31',
      'DONE (TERM_MEMLIMIT: job killed after reaching LSF memory usage limit)',
      { kind: 'OutOfMemory', started: true },
    ],
  ])('%s', (fields, backendStatus, end) => {
    expect(read(fields)).toEqual({
      tag: 'align.1.abc',
      index: 0,
      nativeId: '101',
      state: 'ended',
      backendStatus,
      end,
    });
  });

  test.each([
    ['TERM_RUNLIMIT: job killed after reaching LSF run time limit', 'TimeLimit'],
    ['TERM_MEMLIMIT: job killed after reaching LSF memory usage limit', 'OutOfMemory'],
    ['TERM_ADMIN', 'Cancelled'],
    ['TERM_FORCE_OWNER', 'Cancelled'],
    ['TERM_PREEMPT', 'Preempted'],
    ['TERM_ZOMBIE', 'NodeFailure'],
    ['TERM_REMOVE_HUNG_JOB', 'NodeFailure'],
    ['TERM_CWD_NOTEXIST', 'LaunchFailure'],
    // These say nothing that the code does not.
    ['TERM_EXTERNAL_SIGNAL', 'NonZeroExit'],
    ['TERM_PROCESSLIMIT', 'NonZeroExit'],
    ['TERM_OWNERSHIP_OF_NOBODY', 'NonZeroExit'],
  ])('%s', (reason, kind) => {
    expect(read(`EXIT^143^${reason}^Nov 20 07:31`)?.end).toMatchObject({ kind, exitCode: 143 });
  });

  test('an element has an index of its own, and its name repeats it', () => {
    const text = '30^4^RUN^-^-^Nov 20 07:31^arr[4]\n';
    expect(jobsOf(readListing(printed(text), 'spectrum'))).toEqual([
      { tag: 'arr', index: 3, nativeId: '30[4]', state: 'running', backendStatus: 'RUN' },
    ]);
  });

  test('a name may hold the delimiter', () => {
    expect(jobsOf(readListing(printed('101^0^RUN^-^-^-^a^b^c\n'), 'spectrum'))[0]?.tag).toBe('a^b^c');
  });

  test.each([
    failed('No job found\n', 255),
    failed('No unfinished job found\n', 0),
    printed('', 'No job found\n'),
  ])('no jobs is an answer, whatever the exit code', (result) => {
    expect(readListing(result, 'spectrum')).toEqual({ kind: 'complete', jobs: [] });
  });

  test('complaints before an answer do not spoil it', () => {
    const late = printed(
      `${row('RUN^-^-^Nov 20 07:31')}\n`,
      'batch system daemon not responding ... still trying\n',
    );
    expect(jobsOf(readListing(late, 'spectrum'))).toHaveLength(1);
    const none = failed('LSF is processing your request. Please wait ...\nNo job found\n');
    expect(readListing(none, 'spectrum')).toEqual({ kind: 'complete', jobs: [] });
  });
});

describe('states that are no end', () => {
  test.each([
    ['PEND', 'queued', 'PEND'],
    ['WAIT', 'queued', 'WAIT'],
    ['PROV', 'queued', 'PROV'],
    ['USUSP', 'running', 'USUSP'],
    ['SSUSP', 'running', 'SSUSP'],
    ['UNKWN', 'unknown', expect.stringMatching(/^UNKWN \(.*may be running\)$/)],
    ['ZOMBI', 'unknown', expect.stringMatching(/^ZOMBI \(to be killed/)],
    ['TELEPORTING', 'unknown', 'TELEPORTING'],
    ['constructor', 'unknown', 'constructor'],
  ])('%s', (stat, state, backendStatus) => {
    const [job] = jobsOf(readListing(printed(`101^0^${stat}^-^-^-^t.1.abc\n`), 'spectrum'));
    expect(job).toEqual({ tag: 't.1.abc', index: 0, nativeId: '101', state, backendStatus });
  });
});

describe('answers that are none', () => {
  const rows = '101^0^RUN^-^-^-^t.1.abc\n';
  test.each([
    ['nobody answers', reply('relative-bjobs-connect'), /Connection refused by server/],
    ['half an answer', { ...printed(rows, 'lsb_readjobinfo: End of file\n'), exitCode: 255 }, /End of file/],
    [
      'half an answer that calls itself whole',
      printed(rows, 'lsb_readjobinfo: End of file\n'),
      /End of file/,
    ],
    [
      'rows, and an error',
      { ...printed(rows, 'Batch system concurrent job query limit exceeded.\n'), exitCode: 255 },
      /limit/,
    ],
    [
      'rows beside the word that there are none',
      { ...printed(rows, 'No job found\n'), exitCode: 255 },
      /No job/,
    ],
    ['out of time', outOfTime(rows), /time limit/],
    ['out of time after saying that there are none', outOfTime('No job found\n'), /time limit/],
    ['silence', printed(''), /said nothing/],
    ['cut off', printed(rows.slice(0, -3)), /cut off/],
    ['a line with too few columns', printed('101^0^RUN\n'), /makes no sense: 101/],
    ['something else altogether', printed('Welcome to the cluster!\n'), /makes no sense: Welcome/],
  ])('%s', (_, result, reason) => {
    expect(readListing(result, 'spectrum')).toEqual({
      kind: 'unavailable',
      reason: expect.stringMatching(reason),
    });
  });

  test.each([
    ['without its header', '101 RUN 11/20-14:05:27 t.1.abc\n'],
    ['of another form', 'JOBID USER STAT\n101 alice RUN\n'],
    ['with a row of another form', 'JOBID STAT START_TIME JOB_NAME\n101\n'],
  ])('a listing of a relative %s', (_, text) => {
    expect(readListing(printed(text), 'relative')).toMatchObject({ kind: 'unavailable' });
  });
});
