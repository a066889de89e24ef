/** Listings and reasons of real jobs in every state that a cluster could be brought into. */
import { expect, test } from 'vitest';
import type { JobObservation } from '../../../backends/backend.ts';
import { readListing, readReasons, withReason } from '../../../backends/sge/listing.ts';
import { jobsNamed, jobsOf, printed } from '../slurm/fixture.ts';
import { fixture, reply } from './fixture.ts';

const XML = fixture('qstat-jobs.xml');
const listing = readListing(printed(XML));
const named = (name: string) => jobsNamed(listing, `${name}.1.fixturefix`);

test.each<[string, Partial<JobObservation>]>([
  ['running', { state: 'running', backendStatus: 'r in normal@vm', runCount: 0, index: 0 }],
  ['suspended', { state: 'running', backendStatus: 's in normal@vm' }],
  ['held-running', { state: 'running', backendStatus: 'hr in normal@vm' }],
  ['deaf', { state: 'running', backendStatus: 'dr in normal@vm' }],
  ['later', { state: 'queued', backendStatus: 'qw' }],
  ['often', { state: 'queued', backendStatus: 'Rq', runCount: 1 }],
])('%s', (name, job) => {
  expect(named(name)).toEqual([expect.objectContaining(job)]);
  expect(named(name)[0]).not.toHaveProperty('blocked');
});

test('a held job waits for somebody, but not for ever', () => {
  expect(named('held')).toEqual([
    expect.objectContaining({
      state: 'queued',
      blocked: { reason: 'hqw', plain: expect.stringContaining('qrls'), forever: false },
    }),
  ]);
});

test.each(['error', 'exit100'])('%s: a job in error waits for ever, and can be tried again', (name) => {
  expect(named(name)).toEqual([
    expect.objectContaining({
      state: 'queued',
      backendStatus: 'Eqw',
      blocked: { reason: 'Eqw', plain: expect.any(String), forever: true, clearable: true },
    }),
  ]);
});

test('elements that wait are listed together, and told apart', () => {
  const states = named('array').map(({ index, state }) => `${index} ${state}`);
  expect(states).toEqual(['0 running', '1 queued', '2 queued', '3 queued', '4 queued', '5 queued']);
  const ids = jobsOf(listing)
    .filter(({ tag }) => tag === 'array.1.fixturefix')
    .map(({ nativeId }) => nativeId);
  expect(ids.map((id) => id.replace(/^\d+/, ''))).toEqual(['.1', '.2', '.3', '.4', '.5', '.6']);
});

test.each([
  ['1,3', [0, 2]],
  ['2', [1]],
  ['1-7:3,9', [0, 3, 6, 8]],
])('tasks %s', (tasks, indexes) => {
  const text = XML.replace('<tasks>2-6:1</tasks>', `<tasks>${tasks}</tasks>`);
  const queued = jobsNamed(readListing(printed(text)), 'array.1.fixturefix').filter(
    ({ state }) => state === 'queued',
  );
  expect(queued.map(({ index }) => index)).toEqual(indexes);
});

// sge_status(5); those that no test cluster shows on demand.
test.each([
  ['t', 'running'],
  ['Rr', 'running'],
  ['dRt', 'running'],
  ['S', 'running'],
  ['T', 'running'],
  ['hRwq', 'queued'],
  ['EhRqw', 'queued'],
  ['Ω', 'unknown'],
  ['rX', 'unknown'],
  ['EZ', 'unknown'],
  ['', 'unknown'],
])('state %s', (letters, state) => {
  const text = XML.replace('<state>Rq</state>', `<state>${letters}</state>`);
  expect(jobsNamed(readListing(printed(text)), 'often.1.fixturefix')).toMatchObject([{ state }]);
});

test('no jobs are an answer', () => {
  expect(readListing(reply('qstat-none'))).toEqual({ kind: 'complete', jobs: [] });
});

test('what Univa adds does not matter (constructed)', () => {
  const text = XML.replace(/xmlns:xsd="[^"]*"/, 'xmlns:xsd="https://example.org/other"').replaceAll(
    '<slots>',
    '<jclass_name></jclass_name><slots>',
  );
  expect(readListing(printed(text))).toEqual(listing);
});

test.each([
  ['cut off after a job', printed(XML.slice(0, XML.lastIndexOf('</job_list>') + 11))],
  ['cut off in a job', printed(XML.slice(0, XML.lastIndexOf('<state>')))],
  ['without a number', printed(XML.replace(/<JB_job_number>\d+/, '<JB_job_number>'))],
  ['without a state', printed(XML.replace(/<state>r<\/state>/, ''))],
  ['with tasks of another form', printed(XML.replace('2-6:1', '2..6'))],
  ['empty', printed('')],
  // An ~/.sge_qstat with `-j` in it.
  ['another one', printed("<?xml version='1.0'?>\n<unknown_jobs >\n</unknown_jobs>\n")],
  ['of a qmaster that is gone', reply('qstat-connect')],
])('a listing %s is none', (_, result) => {
  expect(readListing(result)).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(/\w \w/) });
});

test('the reasons of jobs in error, of plain ones and of elements', () => {
  const reasons = readReasons(reply('reasons'));
  const why = "can't chdir to /tmp/work/late: No such file or directory";
  const told = jobsOf(listing)
    .filter(({ tag }) => tag.startsWith('error'))
    .map((job) => withReason(job, reasons).blocked?.plain);
  expect(told).toEqual(Array(4).fill(`the scheduler could not start the job: ${why}`));
  expect(readReasons(reply('reasons-gone')).size).toBe(0);
});
