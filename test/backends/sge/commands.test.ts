/** The words of Grid Engine's commands, checked one by one; that it understands them the contract suite shows. */
import { describe, expect, test } from 'vitest';
import type { NativeId, Owner, Resources, SubmitRequest, Tag } from '../../../backends/backend.ts';
import {
  abortCommand,
  accountCommands,
  observeCommand,
  reasonsCommand,
  submitCommand,
  unblockCommand,
} from '../../../backends/sge/commands.ts';
import { refusal } from '../../../backends/sge/resources.ts';
import { DEFAULTS, type SgeSettings } from '../../../backends/sge/settings.ts';

const owner: Owner = { uid: 1001, gid: 1003, name: 'ann', home: '/home/ann', shell: '/bin/bash' };
const site: SgeSettings = { ...DEFAULTS, ranksPe: 'mpi' };
const rich: SgeSettings = {
  ...site,
  pe: 'threads',
  memoryResources: ['m_mem_free', 'h_vmem'],
  timeResource: 's_rt',
  gpuResource: 'gpu',
  gpuTypeResource: 'gpu_card',
  exclusiveResource: 'excl',
};
const request: SubmitRequest = {
  tag: 'align.17.k3j5h2g4f6' as Tag,
  owner,
  umask: 0o022,
  resources: {},
  workdir: '/work dir',
  script: '/home/ann/run 17,a:b/.wfd/tag/job',
  log: '/home/ann/run 17,a:b/.wfd/tag/log',
  elements: 1,
};

const args = (changes: Partial<SubmitRequest> = {}, settings = site): readonly string[] =>
  submitCommand({ ...request, ...changes }, settings).args;
const PLAIN = args();
const added = (resources: Resources, settings = site): readonly string[] => {
  const words = args({ resources }, settings);
  expect([...words.slice(0, PLAIN.length - 1), words.at(-1)]).toEqual(PLAIN);
  return words.slice(PLAIN.length - 1, -1);
};

describe('qsub', () => {
  test('a plain job asks for nothing but to be found again, and is given no path but that of its script', () => {
    expect(submitCommand(request, site)).toEqual({
      program: 'qsub',
      args: [
        '-clear',
        '-terse',
        ...['-C', ''],
        ...['-N', 'align.17.k3j5h2g4f6'],
        ...['-wd', '/', '-j', 'y', '-o', '/dev/null'],
        ...['-S', '/bin/sh'],
        ...['-r', 'n'],
        ...['-w', 'e'],
        '/home/ann/run 17,a:b/.wfd/tag/job',
      ],
    });
  });

  test.each<[Resources, readonly string[]]>([
    [{ cpus: 1 }, []],
    [{ cpus: 4 }, ['-pe', 'smp', '4']],
    [{ ranks: 8 }, ['-pe', 'mpi', '8']],
    [{ ranks: 8, cpus: 2 }, ['-pe', 'mpi', '16']],
    [{ ranks: 8, nodes: 1 }, ['-pe', 'smp', '8']],
    [{ memoryMiB: 1536.5 }, ['-l', 'h_vmem=1537M']],
    // h_vmem is counted per slot.
    [{ cpus: 3, memoryMiB: 1000 }, ['-pe', 'smp', '3', '-l', 'h_vmem=334M']],
    [{ timeSeconds: 5400.2 }, ['-l', 'h_rt=5401']],
    [{ memoryMiB: 1, timeSeconds: 0.1 }, ['-l', 'h_vmem=1M,h_rt=1']],
    [{ queue: 'short', account: 'proj', reservation: '17' }, ['-q', 'short', '-P', 'proj', '-ar', '17']],
    [{ constraint: 'arch=lx-amd64,avx' }, ['-l', 'arch=lx-amd64,avx']],
    [{ nodes: 1, exclusive: false, gpus: { count: 0, type: 'a100' } }, []],
    [{ options: { sge: ['-l', 'x=1', '-h'], slurm: ['--hold'] } }, ['-l', 'x=1', '-h']],
  ])('%j', (resources, words) => {
    expect(added(resources)).toEqual(words);
    expect(refusal(resources, site)).toBeUndefined();
  });

  test.each<[Resources, Partial<SgeSettings>, readonly string[]]>([
    [{ cpus: 2, memoryMiB: 512 }, {}, ['-pe', 'threads', '2', '-l', 'm_mem_free=256M,h_vmem=256M']],
    [
      { cpus: 2, memoryMiB: 512 },
      { memoryPer: 'job', memoryResources: ['rss'] },
      ['-pe', 'threads', '2', '-l', 'rss=512M'],
    ],
    [{ memoryMiB: 512 }, { memoryResources: [] }, []],
    [{ timeSeconds: 60, exclusive: true }, {}, ['-l', 's_rt=60,excl=true']],
    [{ gpus: { count: 2, type: 'a100' } }, {}, ['-l', 'gpu=2,gpu_card=a100']],
    [{ gpus: { count: 4 }, cpus: 2 }, {}, ['-pe', 'threads', '2', '-l', 'gpu=2']],
    [{ gpus: { count: 1 }, cpus: 2 }, { gpuPer: 'job' }, ['-pe', 'threads', '2', '-l', 'gpu=1']],
  ])('%j with %j, as the site calls it', (resources, changes, words) => {
    const settings = { ...rich, ...changes };
    expect(added(resources, settings)).toEqual(words);
    expect(refusal(resources, settings)).toBeUndefined();
  });

  test('elements are numbered from 1', () => {
    expect(args({ elements: 3 }).join(' ')).toContain(' -t 1-3 ');
    expect(args()).not.toContain('-t');
  });

  test('a warning must be asked for', () => {
    expect(args({ warning: { signal: 'TERM', graceMs: 1 } })).toContain('-notify');
    expect(args()).not.toContain('-notify');
  });

  test('priority can be lowered; raising it is for operators', () => {
    expect(args({ priority: -10 }).join(' ')).toContain(' -p -10 ');
    expect(args({ priority: -5000 }).join(' ')).toContain(' -p -1023 ');
    expect(args({ priority: 10 })).not.toContain('-p');
  });

  test('a site may leave the check out, and say words that a task may say otherwise', () => {
    const words = args(
      { resources: { account: 'mine' } },
      { ...site, verify: false, submitOptions: ['-P', 'site'] },
    );
    expect(words).not.toContain('-w');
    expect(words.slice(0, 3)).toEqual(['-clear', '-P', 'site']);
    expect(words.slice(-3)).toEqual(['-P', 'mine', request.script]);
  });
});

describe('what cannot be asked for is refused, with words', () => {
  test.each<[Resources, RegExp]>([
    [{ nodes: 2 }, /slots, not nodes/],
    [{ qos: 'high' }, /no QOS/],
    [{ exclusive: true }, /exclusiveResource/],
    [{ gpus: { count: 1 } }, /gpuResource/],
    [{ queue: '-x' }, /queue is '-x'/],
    [{ account: '' }, /account is ''/],
    [{ reservation: '-1' }, /reservation is '-1'/],
    [{ constraint: 'a b' }, /constraint is 'a b'/],
    [{ queue: 'a\nb' }, /queue is/],
    [{ account: 'grün' }, /account is 'grün', .* ASCII/],
  ])('%j', (resources, words) => {
    expect(refusal(resources, site)).toMatch(words);
  });

  test.each<[Resources, RegExp]>([
    [{ gpus: { count: 1, type: 'a,h_rt=1' } }, /a comma would begin another/],
    [{ gpus: { count: 1 }, cpus: 4 }, /1 GPUs cannot be shared out evenly among 4 slots/],
    [{ gpus: { count: 3 }, ranks: 2 }, /3 GPUs/],
  ])('%j where the site has GPUs', (resources, words) => {
    expect(refusal(resources, rich)).toMatch(words);
  });

  test('a type of GPU where the site names none', () => {
    const { gpuTypeResource, ...without } = rich;
    expect(refusal({ gpus: { count: 1, type: 'a100' } }, without)).toMatch(/gpuTypeResource/);
    expect(refusal({ gpus: { count: 1 } }, without)).toBeUndefined();
  });

  test.each(['-N', '-t', '-sync', '-now', '-b', '-w', '-r', '-o', '-notify', '-@', '-terse', '-wd', '-C'])(
    'an option that would lose the job: %s',
    (word) => {
      expect(refusal({ options: { sge: ['-l', 'x=1', word] } }, site)).toMatch(
        new RegExp(`may not contain ${word}:`),
      );
    },
  );

  test.each(['-h', '-hold_jid', '-l', '-pe', '-v', '-M', '-tc', '-ac', '-binding'])(
    '%s is passed on',
    (word) => {
      expect(refusal({ options: { sge: [word] } }, site)).toBeUndefined();
      expect(refusal({ options: { slurm: ['-N', '-t'] } }, site)).toBeUndefined();
    },
  );
});

test('qstat is asked once for all jobs of the owner, whatever their own ~/.sge_qstat says', () => {
  expect(observeCommand(owner)).toEqual({
    program: 'qstat',
    args: ['-s', 'a', '-xml', '-u', 'ann'],
  });
});

describe('qacct', () => {
  const tags = (run: number, count: number): Tag[] =>
    Array.from(
      { length: count },
      (_, i) => `align.${run}.${(i + 100).toString(32).padStart(10, 'zyxwvutsrq')}` as Tag,
    );
  const patterns = (all: readonly Tag[]): string[] =>
    accountCommands({ owner, jobs: all.map((tag) => ({ tag })), sinceMs: 0 }).map(
      ({ program, args: words }) => {
        expect([program, ...words.slice(0, -1)]).toEqual(['qacct', '-m', '-o', 'ann', '-j']);
        return words.at(-1) ?? '';
      },
    );
  const matches = (pattern: string, tag: Tag): boolean => {
    const expression = pattern.replaceAll('.', '\\.').replaceAll('*', '.*');
    return new RegExp(`^${expression}$`).test(tag);
  };

  test('one job by its name', () => {
    expect(patterns(['a.1.k3j5h2g4f6' as Tag, 'a.1.k3j5h2g4f6' as Tag])).toEqual(['a.1.k3j5h2g4f6']);
  });

  test('some jobs by what their names have in common, which matches hardly any other', () => {
    const few = ['a.1.k3j5h2g4f6', 'longer-name.17.abcdefghij', 'b_c.2.2345672345'] as Tag[];
    const [pattern = '', ...others] = patterns(few);
    expect(others).toEqual([]);
    expect(pattern).toBe('*[ka2][3b][jc4][5d][he6][2f7][g2][4h3][fi4][6j5]');
    expect(few.filter((tag) => !matches(pattern, tag))).toEqual([]);
    expect(tags(1, 1000).filter((tag) => matches(pattern, tag))).toEqual([]);
  });

  test('names with shorter endings are not missed', () => {
    const odd = ['a.1.abcd', 'b.1.vwxyz'] as Tag[];
    const [pattern = ''] = patterns(odd);
    expect(odd.filter((tag) => !matches(pattern, tag))).toEqual([]);
  });

  test('many jobs of a run with one command, those of many runs with few', () => {
    expect(patterns(tags(17, 1000))).toEqual(['*.17.*']);
    const ofManyRuns = Array.from({ length: 60 }, (_, run) => tags(run, 1)).flat();
    const all = patterns([...ofManyRuns, ...tags(99, 21)]);
    expect(all).toHaveLength(4);
    const missed = [...ofManyRuns, ...tags(99, 21)].filter((tag) => !all.some((each) => matches(each, tag)));
    expect(missed).toEqual([]);
  });
});

test('jobs are asked by their numbers, or as elements where that is understood', () => {
  const ids = ['12', '122.3', '122.4'] as unknown as readonly NativeId[];
  expect(reasonsCommand(ids).args).toEqual(['-j', '12,122']);
  expect(abortCommand(ids)).toEqual({ program: 'qdel', args: ['12', '122.3', '122.4'] });
  expect(unblockCommand(ids)).toEqual({ program: 'qmod', args: ['-cj', '12', '122.3', '122.4'] });
});
