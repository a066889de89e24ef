/** The words of SLURM's commands, checked one by one; that SLURM understands them the contract suite shows. */
import { describe, expect, test } from 'vitest';
import type { NativeId, Owner, Resources, SubmitRequest, Tag } from '../../../backends/backend.ts';
import {
  abortCommand,
  accountCommands,
  check,
  observeCommand,
  submitCommand,
} from '../../../backends/slurm/commands.ts';
import { fixture } from './fixture.ts';

const owner: Owner = { uid: 1001, gid: 1003, name: 'ann', home: '/home/ann', shell: '/bin/bash' };
const request: SubmitRequest = {
  tag: 'align.17.k3j5h2g4f6' as Tag,
  owner,
  umask: 0o022,
  resources: {},
  workdir: '/work dir',
  script: '/home/ann/run 17/.wfd/tag/job',
  log: '/home/ann/run 17/.wfd/tag/log',
  elements: 1,
};

function args(changes: Partial<SubmitRequest>): readonly string[] {
  return submitCommand({ ...request, ...changes }).args;
}
const added = (resources: Resources): readonly string[] => {
  const plain = args({});
  return args({ resources }).filter((word) => !plain.includes(word));
};

describe('sbatch', () => {
  test('a plain job asks for nothing but to be found again', () => {
    expect(submitCommand(request)).toEqual({
      program: 'sbatch',
      args: [
        '--parsable',
        '--no-requeue',
        '--export=ALL',
        '--propagate=NONE',
        '--job-name=align.17.k3j5h2g4f6',
        '--chdir=/home/ann/run 17/.wfd/tag',
        '--output=/home/ann/run 17/.wfd/tag/log',
        '--open-mode=truncate',
        '/home/ann/run 17/.wfd/tag/job',
      ],
    });
  });

  test.each<[Resources, readonly string[]]>([
    [{ cpus: 4, memoryMiB: 1536.5 }, ['--cpus-per-task=4', '--mem=1537M']],
    [{ timeSeconds: 5_400 }, ['--time=90']],
    [{ timeSeconds: 61 }, ['--time=2']],
    [{ timeSeconds: 1 }, ['--time=1']],
    [{ nodes: 2, ranks: 64, exclusive: true }, ['--nodes=2', '--ntasks=64', '--exclusive']],
    [{ queue: 'short', account: '-odd', qos: 'low' }, ['--partition=short', '--account=-odd', '--qos=low']],
    [{ constraint: 'a&b', reservation: 'r' }, ['--constraint=a&b', '--reservation=r']],
    [{ gpus: { count: 2 } }, ['--gres=gpu:2']],
    [{ gpus: { count: 2, type: 'a100' } }, ['--gres=gpu:a100:2']],
    [{ gpus: { count: 8, type: 'a100' }, nodes: 2 }, ['--nodes=2', '--gpus=a100:8']],
    [{ gpus: { count: 0 } }, []],
    [
      { options: { slurm: ['--licenses=x', '-d', 'singleton'], sge: ['-l', 'h'] } },
      ['--licenses=x', '-d', 'singleton'],
    ],
  ])('%j', (resources, words) => {
    expect(added(resources)).toEqual(words);
  });

  test('priority can be lowered; raising it is for administrators', () => {
    expect(args({ priority: -10 })).toContain('--nice=10');
    expect(args({ priority: 10 }).some((word) => word.startsWith('--nice'))).toBe(false);
  });

  test('an array is numbered from 0, with a log for each element', () => {
    const words = args({ elements: 3 });
    expect(words).toContain('--array=0-2');
    expect(words).toContain('--output=/home/ann/run 17/.wfd/tag/log.%a');
  });

  test.each([
    ['/r/100%j/log', '/r/100%%j/log'],
    ['/r/back\\slash%j/log', '/r/back\\\\slash%j/log'],
  ])('no pattern in the path %s', (log, written) => {
    expect(args({ log })).toContain(`--output=${written}`);
  });

  test.each([
    '--array=0-9',
    '--arr=0-9',
    '-a0-9',
    '-J',
    '--job-name=x',
    '--wrap=true',
    '-W',
    '--test-only',
    '--version',
    '-o',
  ])('an option that would lose the job is refused: %s', (word) => {
    expect(check({ options: { slurm: [word] } })).toContain(`may not contain ${word}:`);
  });

  test.each(['--wait-all-nodes=1', '--hold', '-N2', '--nodelist=n1', '--tmp=1G', 'singleton'])(
    '%s is passed on',
    (word) => {
      const resources = { options: { slurm: [word] } };
      expect(check(resources)).toBeUndefined();
      expect(args({ resources })).toContain(word);
    },
  );
});

test('squeue is asked once for all jobs of the owner, in the columns of the fixtures', () => {
  const { program, args } = observeCommand(owner);
  expect([program, ...args.slice(0, -1)]).toEqual([
    'squeue',
    '--noheader',
    '--array',
    '--all',
    '--states=all',
    '--user=1001',
  ]);
  expect(fixture('capture.sh')).toContain(`'${args.at(-1)}'`);
});

describe('sacct', () => {
  const byTag = ['a.1.x', 'b.1.y'].map((tag) => ({ tag: tag as Tag }));
  const byId = ['12', '122_3'].map((id) => ({ tag: 'a.1.x' as Tag, nativeId: id as NativeId }));
  const DAY_MS = 86_400_000;

  test('by id there is no time window', () => {
    const [line, ...others] = accountCommands({ owner, jobs: byId, sinceMs: 0 }, 0);
    expect(others).toEqual([]);
    expect(line?.args).toContain('--jobs=12,122_3');
    expect(line?.args.some((word) => word.includes('time='))).toBe(false);
    expect(fixture('capture.sh')).toContain(line?.args.slice(0, 5).join(' '));
  });

  test('by tag the window begins before the submit and ends in the future', () => {
    const [line] = accountCommands({ owner, jobs: byTag, sinceMs: 10 * DAY_MS }, 11.5 * DAY_MS);
    expect(line?.args).toEqual(
      expect.arrayContaining(['--name=a.1.x,b.1.y', '--starttime=now-3days', '--endtime=now+1day']),
    );
  });

  test('a clock that went back asks for a day', () => {
    const [line] = accountCommands({ owner, jobs: byTag, sinceMs: 10 * DAY_MS }, 9 * DAY_MS);
    expect(line?.args).toContain('--starttime=now-1days');
  });

  test('about nothing nobody is asked: an empty list means all jobs of today', () => {
    expect(accountCommands({ owner, jobs: [], sinceMs: 0 }, 0)).toEqual([]);
  });
});

describe('scancel', () => {
  const ids = ['12', '122_3'] as unknown as readonly NativeId[];

  test.each([{ kind: 'kill' }, { kind: 'force' }] as const)('$kind', (manner) => {
    expect(abortCommand(ids, manner)).toEqual({ program: 'scancel', args: ['12', '122_3'] });
  });

  test('a signal goes to the shell and its children', () => {
    expect(abortCommand(ids, { kind: 'signal', signal: 'USR1' }).args).toEqual([
      '--signal=USR1',
      '--full',
      '12',
      '122_3',
    ]);
  });
});
