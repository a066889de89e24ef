/** Records of real jobs, each of which ended in its own way; and what other Grid Engines write otherwise. */
import { describe, expect, test } from 'vitest';
import type { EndReport, JobObservation, Tag } from '../../../backends/backend.ts';
import type { CommandResult } from '../../../backends/run-command.ts';
import { readRecords } from '../../../backends/sge/accounting.ts';
import { jobsNamed, jobsOf, printed } from '../slurm/fixture.ts';
import { reply } from './fixture.ts';

const tagOf = (name: string): Tag => `${name}.1.fixturefix` as Tag;

function read(result: CommandResult, ...names: readonly string[]) {
  return readRecords(result, new Set(names.map(tagOf)));
}

function only(name: string, result = reply('records')): Omit<JobObservation, 'nativeId' | 'tag'> | undefined {
  return jobsNamed(read(result, name), tagOf(name))[0];
}

describe('ends', () => {
  test.each<[string, EndReport]>([
    ['ok', { kind: 'Succeeded', exitCode: 0, started: true }],
    ['exit3', { kind: 'NonZeroExit', exitCode: 3, started: true }],
    ['exit137', { kind: 'NonZeroExit', exitCode: 137, started: true }],
    ['child', { kind: 'NonZeroExit', exitCode: 137, started: true }],
    ['self', { kind: 'Signaled', signal: 9, started: true }],
    ['deleted', { kind: 'Signaled', signal: 9, started: true }],
    ['deaf', { kind: 'Signaled', signal: 9, started: true }],
    ['time', { kind: 'TimeLimit', started: true }],
    ['time-alone', { kind: 'TimeLimit', started: true }],
    ['memory', { kind: 'OutOfMemory', started: true }],
    ['memory-slots', { kind: 'OutOfMemory', started: true }],
    ['orphan', { kind: 'NodeFailure' }],
    // It was run again, or tried again, and ended then.
    ['once', { kind: 'Succeeded', exitCode: 0, started: true }],
    ['error', { kind: 'Succeeded', exitCode: 0, started: true }],
    // Not the exit status of what it had started on a host, which has a record of its own.
    ['slave', { kind: 'NonZeroExit', exitCode: 3, started: true }],
  ])('%s', (name, end) => {
    expect(only(name)).toMatchObject({ state: 'ended', index: 0, end });
  });

  test.each(['exit100', 'often', 'error-gone'])('%s: a record of a job that stays is no end', (name) => {
    expect(only(name)).toBeUndefined();
  });

  test('a limit of the queue: what was asked for and kept rules itself out', () => {
    const records = reply('records-of-queue');
    expect(only('memory-kept', records)?.end).toEqual({ kind: 'TimeLimit', started: true });
    expect(only('time-of-queue', records)?.end).toEqual({ kind: 'Signaled', signal: 9, started: true });
    const memoryOfQueue = changed('memory', 'h_rt=3600,h_vmem=100M', 'h_rt=3600');
    expect(only('memory', memoryOfQueue)?.end).toEqual({ kind: 'OutOfMemory', started: true });
    // More than one slot may have, and less than both of them.
    const keptBySlots = changed('memory-slots', 'h_vmem=60M', 'h_vmem=150M');
    expect(only('memory-slots', keptBySlots)?.end).toEqual({ kind: 'TimeLimit', started: true });
  });

  test('the scheduler’s own words are kept', () => {
    expect(only('exit3')?.backendStatus).toBe('exit_status 3');
    expect(only('time')?.backendStatus).toBe(
      'failed 37: qmaster enforced h_rt, h_cpu, or h_vmem limit, exit_status 137 (Killed)',
    );
  });

  test('elements are told apart, and the last record of each counts', () => {
    const jobs = jobsOf(read(reply('records'), 'elements', 'error-array'));
    expect(jobs.map(({ tag, index, end }) => [tag, index, end?.kind]).sort()).toEqual(
      ['elements', 'error-array']
        .flatMap((name) => [0, 1, 2].map((i) => [tagOf(name), i, 'Succeeded']))
        .sort(),
    );
    expect(jobs.every(({ nativeId, index }) => nativeId.endsWith(`.${index + 1}`))).toBe(true);
  });

  // sge_status(5); those that no test cluster shows on demand.
  test.each<[string, EndReport | undefined]>([
    ['1 : assumedly before job', undefined],
    ['8 : in prolog', undefined],
    ['21 : in recognizing job', undefined],
    ['38 : adding supplementary group', undefined],
    ['15 : in epilog', { kind: 'Unknown' }],
    ['18 : shepherd returned error', { kind: 'NodeFailure' }],
    ['100 : assumedly after job', { kind: 'Unknown', started: true }],
  ])('failed %s', (failed, end) => {
    const text = changed('ok', /^failed .*$/m, `failed       ${failed}`);
    expect(only('ok', text)?.end).toEqual(end);
  });
});

describe('other Grid Engines (constructed)', () => {
  test('Univa and Altair tell of a deletion', () => {
    const running = changed('deleted', /^failed/m, 'deleted_by   wfalice@vm\nfailed');
    expect(only('deleted', running)?.end).toEqual({ kind: 'Cancelled', started: true });
    const waiting = changed('error-gone', /^failed .*$/m, 'deleted_by   wfalice@vm\nfailed       0');
    expect(only('error-gone', waiting)?.end).toEqual({ kind: 'Cancelled', started: false });
    const ended = changed('ok', /^failed/m, 'deleted_by   NONE\nfailed');
    expect(only('ok', ended)?.end?.kind).toBe('Succeeded');
  });

  test('6.2u5 writes no units and no category: then limits cannot be told apart', () => {
    const text = changed('time', /^category .*\n/m, '').stdout.replace(/^(ru_wallclock +\d+)s/gm, '$1');
    expect(only('time', printed(text))?.end?.kind).toBe('Signaled');
    expect(only('exit3', printed(text))?.end).toEqual({ kind: 'NonZeroExit', exitCode: 3, started: true });
  });

  test('where `-m` is unknown, a task of a parallel job is known by its pe_taskid', () => {
    const [, slave = '', master = ''] = reply('records-slaves').stdout.split(/^=+\n/m);
    const named = slave.replace(/^taskid/m, 'pe_taskid    1.vm\ntaskid');
    const text = ['', master, named].join('====\n');
    expect(only('slave', printed(text))?.end).toMatchObject({ kind: 'NonZeroExit', exitCode: 3 });
    expect(only('slave', printed(['', named].join('====\n')))).toBeUndefined();
  });
});

describe('answers', () => {
  test.each(['qacct-unknown', 'qacct-no-file', 'qacct-missing'])('%s: no records are an answer', (name) => {
    expect(read(reply(name), 'ok')).toEqual({ kind: 'complete', jobs: [] });
  });

  test('jobs that were not asked for are left out', () => {
    expect(jobsOf(read(reply('records'), 'ok')).map(({ tag }) => tag)).toEqual([tagOf('ok')]);
    expect(jobsOf(read(reply('records'), 'o'))).toEqual([]);
  });

  test.each([
    ['cut off', printed(reply('records').stdout.slice(0, -5))],
    ['garbled', printed('a\u0001<|>,;{\n')],
    ['without an end', changed('ok', /^exit_status .*\n/m, '')],
    ['without a name', printed(reply('records').stdout.replace(/^jobname .*\n/m, ''))],
    ['refused', reply('qacct-option')],
    ['out of time', { ...printed(''), exitCode: 1, stderr: 'stale file handle\n' }],
  ])('records %s are none', (_, result) => {
    expect(read(result, 'ok')).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringMatching(/\w \w/),
    });
  });
});

/** The captured records, with one of them changed. */
function changed(name: string, what: RegExp | string, by: string): CommandResult {
  const records = reply('records').stdout.split(/^(?==+\n)/m);
  const text = records
    .map((record) =>
      new RegExp(`^jobname +${tagOf(name)} *$`, 'm').test(record) ? record.replace(what, by) : record,
    )
    .join('');
  return printed(text);
}
