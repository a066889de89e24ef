/** The command lines of bsub and bkill. */
import { describe, expect, test } from 'vitest';
import type { NativeId, SubmitRequest, Tag } from '../../../backends/backend.ts';
import { abortCommand, submitCommand } from '../../../backends/lsf/commands.ts';
import { DEFAULTS } from '../../../backends/lsf/settings.ts';

const REQUEST: SubmitRequest = {
  tag: 'align.1.abc' as Tag,
  owner: { uid: 1, gid: 1, name: 'alice', home: '/home/alice', shell: '/bin/sh' },
  umask: 0o022,
  resources: {},
  workdir: '/data',
  script: '/data/run/.wfd/align.1.abc/job',
  log: '/data/run/.wfd/align.1.abc/log',
  elements: 1,
};
const submit = (changes: Partial<SubmitRequest>, dialect?: 'spectrum' | 'relative') =>
  submitCommand({ ...REQUEST, ...changes }, dialect, DEFAULTS, undefined);

describe('bsub', () => {
  test('only what all LSFs understand; the script by standard input', () => {
    expect(submit({})).toEqual({
      program: 'bsub',
      args: ['-J', 'align.1.abc', '-o', '/dev/null'],
      input: "#!/bin/sh\nexec /bin/sh '/data/run/.wfd/align.1.abc/job'\n",
    });
    expect(submit({}, 'relative')).toEqual(submit({}));
  });

  test('an array counts from 1', () => {
    expect(submit({ elements: 3 }).args).toContain('align.1.abc[1-3]');
  });

  test('IBM’s is told never to run a job again', () => {
    expect(submit({}, 'spectrum').args).toEqual(['-J', 'align.1.abc', '-o', '/dev/null', '-rn']);
  });

  test('the words of the user come last', () => {
    const resources = { queue: 'long', options: { lsf: ['-sp', '50'], slurm: ['--hold'] } };
    expect(submit({ resources }).args.slice(4)).toEqual(['-q', 'long', '-sp', '50']);
  });

  test('a path may hold what a shell would read', () => {
    const script = "/data/it's $HOME/job";
    expect(submit({ script }).input).toBe(`#!/bin/sh\nexec /bin/sh '/data/it'\\''s $HOME/job'\n`);
  });

  test('no line of a path is taken for an option', () => {
    const script = '/data/x\n#BSUB -q other\n/job';
    expect(
      submit({ script })
        .input?.split('\n')
        .filter((line) => line.startsWith('#BSUB')),
    ).toEqual([]);
  });
});

describe('bkill', () => {
  const ids = ['4711', '4712[3]'] as NativeId[];
  test.each([
    [{ kind: 'kill' }, ['4711', '4712[3]']],
    [{ kind: 'force' }, ['-r', '4711', '4712[3]']],
    [{ kind: 'signal', signal: 'USR1' }, ['-s', 'USR1', '4711', '4712[3]']],
  ] as const)('%j', (manner, args) => {
    expect(abortCommand(ids, manner)).toEqual({ program: 'bkill', args });
  });
});
