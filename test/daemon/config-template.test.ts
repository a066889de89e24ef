/** `kind: template` in the configuration: every mistake is said where it stands, and what to write instead. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { END_KINDS } from '../../backends/backend.ts';
import { SUBMIT_PLACEHOLDERS } from '../../backends/template/placeholders.ts';
import { GROUPS } from '../../backends/template/settings.ts';
import { loadConfig } from '../../daemon/config/config.ts';

interface Entry {
  [key: string]: unknown;
}

/** The least that is needed. */
const BARE: Entry = {
  kind: 'template',
  probe: ['qstat', '-B'],
  submit: { command: ['qsub', '-N', '{tag}', '{script}'], id: '^(?<id>\\d+)' },
  job: { id: 'JOB_ID' },
  status: { command: ['qstat', '-u', '{user}'] },
  answer: { fields: ['^(?<id>\\d+) (?<state>\\S+) (?<name>\\S+)'], states: { Q: 'queued', R: 'running' } },
  abort: ['qdel', '{nativeIds}'],
};

function load(text: string) {
  return loadConfig({
    options: { config: 'wfd.yaml' },
    env: { HOME: '/home/ada' },
    readFile: () => text,
    hasProgram: () => false,
  });
}

/** What is said, each with the text that it points at. */
function mistakes(changes: Entry): readonly (readonly [string, string])[] {
  const entry = { ...BARE, ...changes };
  const text = stringify({ backends: { site: entry } }, { lineWidth: 0, collectionStyle: 'block' });
  const loaded = load(text);
  if (loaded.ok) return [];
  const lines = text.split('\n');
  return loaded.mistakes.map(({ line, column, message }) => [
    (lines[line - 1] ?? '').slice(column - 1),
    message,
  ]);
}

function options(changes: Entry = {}) {
  const loaded = load(stringify({ backends: { site: { ...BARE, ...changes } } }));
  if (!loaded.ok) throw new Error(loaded.mistakes.map(({ message }) => message).join('\n'));
  const found = loaded.config.backends.find(({ name }) => name === 'site')?.options;
  return found?.kind === 'template' ? found : undefined;
}

test('what the site leaves out has a safe default', () => {
  expect(options()).toEqual({
    kind: 'template',
    probe: ['qstat', '-B'],
    submit: {
      command: ['qsub', '-N', '{tag}', '{script}'],
      id: /^(?<id>\d+)/m,
      inputValues: /^(?:\P{Cc}*)$/u,
      rejected: { texts: [], exitCodes: [] },
      throttled: { texts: [], exitCodes: [] },
    },
    job: { id: { variable: 'JOB_ID' }, log: 'script', reservedExitCodes: [] },
    ignores: [],
    status: { command: ['qstat', '-u', '{user}'] },
    answer: {
      fields: [/^(?<id>\d+) (?<state>\S+) (?<name>\S+)/m],
      skip: [],
      states: { Q: { is: 'queued' }, R: { is: 'running' } },
      exits: {},
      signedExit: false,
    },
    abort: ['qdel', '{nativeIds}'],
    gone: [],
    reconnect: true,
    lookUp: true,
  });
});

test('a listing that does not show all jobs by name finds none by its name', () => {
  expect(options({ status: { command: ['qstat', '{nativeIds}'] } })?.lookUp).toBe(false);
  expect(options({ answer: { fields: ['(?<id>.)(?<state>.)'], states: {} } })?.lookUp).toBe(false);
  expect(options({ lookUp: false })?.lookUp).toBe(false);
});

test('states are words for what a job does, or how it ended', () => {
  const states = {
    Q: 'queued',
    E: 'ended',
    T: 'TimeLimit',
    H: { blocked: 'held' },
    X: { blocked: 'x', forever: true },
  };
  expect(options({ answer: { ...(BARE['answer'] as Entry), states } })?.answer.states).toEqual({
    Q: { is: 'queued' },
    E: { is: 'ended' },
    T: { is: 'ended', kind: 'TimeLimit' },
    H: { is: 'queued', blocked: { plain: 'held', forever: false } },
    X: { is: 'queued', blocked: { plain: 'x', forever: true } },
  });
});

test('the tag may be the native id, and an id may be cut', () => {
  expect(options({ job: { id: 'tag' } })?.job.id).toBe('tag');
  expect(options({ job: { id: 'PBS_JOBID', cutAt: '.' } })?.job.id).toEqual({
    variable: 'PBS_JOBID',
    cutAt: '.',
  });
});

const submit = (command: unknown, more: Entry = {}): Entry => ({
  submit: { ...(BARE['submit'] as Entry), command, ...more },
});
const answer = (more: Entry): Entry => ({ answer: { ...(BARE['answer'] as Entry), ...more } });

describe('words', () => {
  test.each<[string, Entry, string, RegExp]>([
    [
      'an unknown name',
      submit(['qsub', '{tga}', '{script}', '{tag}']),
      '"{tga}"',
      /\{tga\} is no value here; did you mean 'tag'\?/,
    ],
    [
      'a value of another command',
      { abort: ['qdel', '{script}', '{nativeId}'] },
      '"{script}"',
      /possible: \{user\} \{uid\} \{nativeId\}/,
    ],
    ['a value where there is none', { probe: ['qstat', '{user}'] }, '"{user}"', /possible: no placeholder/],
    [
      'a value that may be absent',
      submit(['qsub', '--q={queue}', '{tag}', '{script}']),
      '--q={queue}',
      /may be absent: .* \["--q=\{queue\}"\]/,
    ],
    [
      'a piece that may be absent',
      submit(['qsub', { word: ['a', 'q={queue}'] }, '{tag}', '{script}']),
      'q={queue}',
      /may be absent/,
    ],
    [
      'several values in one word',
      { abort: ['qdel', '--ids={nativeIds}'] },
      '--ids={nativeIds}',
      /must be a word of its own/,
    ],
    [
      'several values in a piece',
      submit(['qsub', { word: ['{options}'] }, '{tag}', '{script}']),
      '"{options}"',
      /must be a word of its own/,
    ],
    [
      'a lone brace',
      { status: { command: ['flux', '-o', '{id.f58}'] } },
      '"{id.f58}"',
      /belongs to no placeholder: write \{\{ and \}\}/,
    ],
    ['no list', { probe: 'qstat -B' }, 'qstat -B', /must be a list of words/],
    ['nothing', { probe: [] }, '[]', /must be a list of words/],
    ['a number', { probe: ['qstat', 5] }, '5', /must be text \(in quotes/],
    ['lists too deep', submit(['qsub', [['{queue}']], '{tag}', '{script}']), '- - "{queue}"', /must be text/],
    ['another map', submit(['qsub', { join: ['a'] }, '{tag}', '{script}']), 'join:', /must be text/],
    ['a program that is a value', { abort: ['{nativeId}'] }, '"{nativeId}"', /must name a program/],
    [
      'one and many',
      { abort: ['qdel', '{nativeId}', '{nativeIds}'] },
      '- qdel',
      /one job by \{nativeId\} and many by \{nativeIds\}/,
    ],
    ['nobody', { abort: ['qdel'] }, '- qdel', /does not say which jobs/],
    ['no signal', { signal: ['qsig', '{nativeIds}'] }, '- qsig', /does not say which \{signal\}/],
  ])('%s', (_, changes, at, message) => {
    expect(mistakes(changes)).toEqual([[expect.stringContaining(at), expect.stringMatching(message)]]);
  });

  test.each<[readonly string[]]>([
    [['sh', '-c', 'kill {nativeId}', 'sh']],
    [['/bin/bash', '-e', '-c', 'kill {nativeId}']],
    [['dash', '-ec', 'kill {nativeId}']],
    [['bash', '--norc', '-c', 'kill {nativeId}']],
    [['env', 'A=1', 'sh', '-c', 'kill {nativeId}']],
    [['env', '-Skill {nativeId}']],
    [['python3.11', '-c', 'kill({nativeId})']],
    [['perl', '-e', 'kill {nativeId}']],
    [['ssh', 'head', 'qdel', '{nativeId}']],
    [['su', 'site', '-c', 'qdel {nativeId}']],
  ])('%j would have a value parsed', (abort) => {
    const [[at, message] = [], ...more] = mistakes({ abort });
    expect(more).toEqual([]);
    expect(at).toContain('{nativeId}');
    expect(message).toMatch(/could become a command/);
  });

  test.each<[readonly unknown[]]>([
    [['sh', '-c', 'kill "$1"', 'sh', '{nativeId}']],
    [['sh', '-c', 'exec "$@"', 'sh', ['{nativeIds}']]],
    [['bash', '--norc', '-c', 'true', 'bash', '{nativeId}']],
    [['env', 'ID={nativeId}', 'kill-it']],
    [['kill-it', '-c', '{nativeId}']],
    [['sh', '/site/kill-it', '-c', '{nativeId}']],
  ])('%j is safe', (abort) => {
    expect(mistakes({ abort })).toEqual([]);
  });
});

describe('patterns', () => {
  test.each<[string, Entry, string, RegExp]>([
    ['a broken one', answer({ skip: ['('] }), '(', /is no regular expression: Unterminated group/],
    [
      'a broken one for values',
      submit(['qsub', '{tag}', '{script}'], { inputValues: '[' }),
      '"["',
      /is no regular expression/,
    ],
    ['no text', answer({ record: 5 }), '5', /must be text: a regular expression/],
    ['no list', { gone: 'x' }, 'x', /must be a list of regular expressions/],
    [
      'no group for the id',
      submit(['qsub', '{tag}', '{script}'], { id: '^(\\d+)$' }),
      '^(',
      /has no group \(\?<id>…\)/,
    ],
    [
      'a group that means nothing',
      answer({ fields: ['(?<id>.)(?<sate>.)(?<state>.)'] }),
      '(?<id>',
      /group 'sate' means nothing; did you mean 'state'\?/,
    ],
    ['no state', answer({ fields: ['(?<id>.)'] }), '(?<id>.)', /must find a group \(\?<state>…\)/],
    [
      'a state that is none',
      answer({ states: { Q: 'waiting' } }),
      'waiting',
      /must be one of queued, running, ended, Succeeded/,
    ],
    [
      'a state that is nearly one',
      answer({ states: { Q: 'TimeLimt' } }),
      'TimeLimt',
      /did you mean 'TimeLimit'\?/,
    ],
    ['an end that is none', answer({ exits: { 1: 'Failed' } }), 'Failed', /must be one of Succeeded/],
  ])('%s', (_, changes, at, message) => {
    expect(mistakes(changes)).toEqual([[expect.stringContaining(at), expect.stringMatching(message)]]);
  });
});

describe('statements that do not fit together', () => {
  const inVariable = (more: Entry): Entry => ({ job: { id: 'JOB_ID', ...more } });
  test.each<[string, Entry, RegExp]>([
    ['no script', submit(['qsub', '{tag}']), /hands over no job/],
    ['no name', submit(['qsub', '{script}']), /does not give the job its name/],
    ['no id', { submit: { command: ['qsub', '{tag}', '{script}'] } }, /needs 'id'/],
    [
      'two inputs',
      submit(['qsub', '{tag}'], { input: ['{script}'], stdin: '{script}' }),
      /one standard input/,
    ],
    ['a log nobody is told of', inVariable({ log: 'scheduler' }), /does not tell it \{log\}/],
    [
      'a tag that is not listed',
      { job: { id: 'tag' }, ...answer({ fields: ['(?<id>.)(?<state>.)'] }) },
      /must find it as group 'name'/,
    ],
    ['a tag that is cut', { job: { id: 'tag', cutAt: '.' } }, /a tag is used whole/],
    ['an index without arrays', inVariable({ index: 'INDEX' }), /has no \{elements\} or \{lastElement\}/],
    [
      'arrays without an index',
      submit(['qsub', ['-J', '0-{lastElement}'], '{tag}', '{script}']),
      /does not say how a job knows its index/,
    ],
    [
      'a look-up that cannot be',
      { lookUp: true, status: { command: ['qstat', '{nativeIds}'] } },
      /does not list all jobs/,
    ],
    ['accounting of nothing', { account: {} }, /needs 'byId' or 'byTag'/],
    ['an unknown key', { submits: 5 }, /unknown key 'submits' in 'backends.site'; did you mean 'submit'\?/],
    ['a request that is none', { ignores: ['ram'] }, /must be one of cpus, memory/],
  ])('%s', (_, changes, message) => {
    const said = mistakes(changes).map(([, words]) => words);
    expect(said).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  test('arrays, where all of it is said', () => {
    const fields = ['^(?<id>\\S+) (?<state>.) (?<name>\\S+) (?<index>\\d*)'];
    const command = ['qsub', ['-J', '0-{lastElement}'], '{tag}', '{script}'];
    expect(
      mistakes({ ...submit(command), ...answer({ fields }), ...inVariable({ index: 'INDEX' }) }),
    ).toEqual([]);
    const tagged = { ...submit(command), ...answer({ fields }), job: { id: 'tag', index: 'INDEX' } };
    expect(mistakes(tagged).map(([, words]) => words)).toEqual([expect.stringMatching(/share one tag/)]);
  });
});

test.each(readdirSync('examples/config'))('examples/config/%s is a whole configuration', (file) => {
  const text = readFileSync(`examples/config/${file}`, 'utf8');
  expect(load(text)).toMatchObject({ ok: true });
  expect(Object.keys((parse(text) as Entry)['backends'] as Entry)).toHaveLength(1);
});

test('docs/other-schedulers.md tells of every placeholder, group, request and end', () => {
  const page = readFileSync('docs/other-schedulers.md', 'utf8');
  const placeholders = Object.keys(SUBMIT_PLACEHOLDERS).map((name) => `{${name}}`);
  const words = [...GROUPS, ...END_KINDS].map((word) => `\`${word}\``);
  expect([...placeholders, ...words].filter((word) => !page.includes(word))).toEqual([]);
});
