/** What a job asks for, as bsub is told it, and what can never be asked. */
import { describe, expect, test } from 'vitest';
import type { Resources } from '../../../backends/backend.ts';
import { createLsf } from '../../../backends/lsf/lsf.ts';
import { requestOptions } from '../../../backends/lsf/request.ts';
import { DEFAULTS, type LsfSettings, type MemoryUnit } from '../../../backends/lsf/settings.ts';

function options(resources: Resources, changes: Partial<LsfSettings> = {}, configured?: MemoryUnit): string {
  return requestOptions(resources, { ...DEFAULTS, ...changes }, configured).join(' ');
}

describe('options', () => {
  test.each<[Resources, string]>([
    [{}, ''],
    [{ cpus: 1 }, ''],
    [{ cpus: 4 }, '-n 4 -R span[hosts=1]'],
    [{ timeSeconds: 90 }, '-W 2'],
    [{ timeSeconds: 1 }, '-W 1'],
    [{ timeSeconds: 7200 }, '-W 120'],
    [{ queue: 'long', account: 'proj 42' }, '-q long -P proj 42'],
    [{ reservation: 'r#1', exclusive: true }, '-U r#1 -x'],
    [{ exclusive: false }, ''],
    [{ constraint: 'avx2 && r1m < 2' }, '-R select[avx2 && r1m < 2]'],
    [{ gpus: { count: 0 } }, ''],
    [
      { constraint: 'avx2', memoryMiB: 100, cpus: 2 },
      '-n 2 -M 102400 -R select[avx2] rusage[mem=100] span[hosts=1]',
    ],
  ])('%j', (resources, expected) => {
    expect(options(resources)).toBe(expected);
  });

  test.each<[Resources, string]>([
    // CPUs of a rank lie together; single ones where LSF likes.
    [{ ranks: 8 }, '-n 8'],
    [{ ranks: 8, cpus: 4 }, '-n 32 -R span[ptile=4]'],
    [{ ranks: 1, cpus: 4 }, '-n 4 -R span[hosts=1]'],
    [{ nodes: 2 }, '-n 2 -R span[ptile=1]'],
    [{ nodes: 2, cpus: 16 }, '-n 32 -R span[ptile=16]'],
    [{ nodes: 2, ranks: 8, cpus: 4 }, '-n 32 -R span[ptile=16]'],
    [{ nodes: 1, ranks: 8, cpus: 4 }, '-n 32 -R span[hosts=1]'],
    [{ nodes: 1 }, ''],
  ])('%j', (resources, expected) => {
    expect(options(resources)).toBe(expected);
  });

  test('GPUs are counted by the resource of the site', () => {
    const resources = { gpus: { count: 2 }, memoryMiB: 1 };
    expect(options(resources, { gpuResource: 'ngpus_physical' })).toBe(
      '-M 1024 -R rusage[mem=1,ngpus_physical=2]',
    );
  });
});

describe('memory', () => {
  test.each<[Partial<LsfSettings>, MemoryUnit | undefined, string]>([
    // Without LSF_UNIT_FOR_LIMITS, -M is in KB and rusage in MB.
    [{}, undefined, '-M 1536000 -R rusage[mem=1500]'],
    [{}, 'MB', '-M 1500 -R rusage[mem=1500]'],
    [{}, 'GB', '-M 2 -R rusage[mem=2]'],
    [{ memoryUnit: 'MB' }, 'GB', '-M 1500 -R rusage[mem=1500]'],
    [{ memoryUnit: 'KB' }, undefined, '-M 1536000 -R rusage[mem=1536000]'],
    [{ memoryUnit: 'TB' }, undefined, '-M 1 -R rusage[mem=1]'],
  ])('1500 MiB with %j, where lsf.conf says %s', (changes, configured, expected) => {
    expect(options({ memoryMiB: 1500 }, changes, configured)).toBe(expected);
  });

  test.each<[Resources, Partial<LsfSettings>, string]>([
    [{ cpus: 4 }, {}, '-n 4 -M 1000 -R rusage[mem=1000] span[hosts=1]'],
    [{ cpus: 3 }, { memoryLimitPer: 'slot' }, '-n 3 -M 334 -R rusage[mem=1000] span[hosts=1]'],
    [{ cpus: 4 }, { memoryReservedPer: 'slot' }, '-n 4 -M 1000 -R rusage[mem=250] span[hosts=1]'],
    // Memory is said for each host, as everywhere.
    [{ nodes: 2, cpus: 4 }, {}, '-n 8 -M 2000 -R rusage[mem=1000] span[ptile=4]'],
    [{ nodes: 2, cpus: 4 }, { memoryReservedPer: 'job' }, '-n 8 -M 2000 -R rusage[mem=2000] span[ptile=4]'],
    [
      { nodes: 2, cpus: 4 },
      { memoryLimitPer: 'slot', memoryReservedPer: 'slot' },
      '-n 8 -M 250 -R rusage[mem=250] span[ptile=4]',
    ],
  ])('1000 MB with %j and %j', (resources, changes, expected) => {
    expect(options({ ...resources, memoryMiB: 1000 }, { memoryUnit: 'MB', ...changes })).toBe(expected);
  });
});

describe('what can never be asked', () => {
  const check = (resources: Resources, changes: Partial<LsfSettings> = {}) =>
    createLsf('site', changes).check(resources);

  test.each<[Resources, RegExp]>([
    [{ qos: 'high' }, /no resources\.qos.*-sla/],
    [{ gpus: { count: 1 } }, /gpuResource/],
    [{ queue: '-x' }, /resources\.queue .*dash/],
    [{ queue: ' ' }, /resources\.queue is empty/],
    [{ account: ' -x' }, /resources\.account/],
    [{ reservation: 'a\nb' }, /resources\.reservation .*control character/],
    [{ constraint: '-x' }, /resources\.constraint/],
    [{ constraint: 'a] rusage[mem=1' }, /brackets of select/],
    [{ nodes: 2, ranks: 3 }, /3 ranks cannot be shared by 2 nodes/],
  ])('%j', (resources, reason) => {
    expect(check(resources)).toMatch(reason);
  });

  test('a type of GPU is not a number', () => {
    const gpuResource = 'ngpus_physical';
    expect(check({ gpus: { count: 1 } }, { gpuResource })).toBeUndefined();
    expect(check({ gpus: { count: 1, type: 'a100' } }, { gpuResource })).toMatch(/type of GPU/);
  });

  test.each([
    '-J',
    '-Jname',
    '-J=name',
    '-o',
    '-oo',
    '-ofile',
    '-e',
    '-eo',
    '-env',
    '-cwd',
    '-I',
    '-Is',
    '-Ip',
    '-K',
    '-h',
    '-V',
    '-Zs',
    '-pack',
    '-json',
    '--',
    '-',
  ])('options.lsf: [%s]', (word) => {
    expect(check({ options: { lsf: [word, 'x'] } })).toMatch(/may not contain -.*Remove it/);
  });

  test.each([
    [['hostname']],
    [['-x', 'hostname']],
    [['-q', 'long', 'hostname']],
    [['-Jd', 'two words', 'sleep']],
  ])('options.lsf: %j would run something else', (words) => {
    expect(check({ options: { lsf: words } })).toMatch(/in place of the task/);
  });

  test.each([
    [['-H']],
    [['-x', '-r', '-sp', '50']],
    [['-Jd', 'a description', '-c', '10', '-E', 'touch /tmp/x']],
    [['-app', 'big', '-sla', 'gold', '-ext', 'x', '-eptl', '2:0']],
    [['-R', 'select[avx]']],
  ])('options.lsf: %j may pass', (words) => {
    expect(check({ options: { lsf: words } })).toBeUndefined();
  });

  test('a second -R is refused by the relatives', () => {
    const options = { lsf: ['-R', 'select[avx]'] };
    expect(check({ options, timeSeconds: 60 })).toBeUndefined();
    for (const own of [{ cpus: 2 }, { memoryMiB: 1 }, { constraint: 'avx' }])
      expect(check({ options, ...own })).toMatch(/takes only one/);
  });

  test('what is not known yet is no reason', () => {
    for (const part of [{ ranks: 3 }, { nodes: 2 }, { cpus: 4 }]) expect(check(part)).toBeUndefined();
  });
});
