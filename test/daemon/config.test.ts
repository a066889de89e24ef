import { expect, test } from 'vitest';
import { type ConfigOptions, loadConfig, mistakeText } from '../../daemon/config/config.ts';
import { DEFAULT_SETTINGS } from '../../daemon/engine/settings.ts';
import { DEFAULT_PHASE_TIMEOUTS_MS } from '../../daemon/lifecycle/phases.ts';
import type { Environment } from '../../daemon/protocol/paths.ts';
import { configurationPage } from './config-page.ts';

interface Given {
  readonly options?: ConfigOptions;
  readonly env?: Environment;
  readonly files?: Readonly<Record<string, string>>;
  readonly programs?: readonly string[];
}

function load({ options = {}, env = { HOME: '/home/ada' }, files = {}, programs = [] }: Given) {
  return loadConfig({
    options,
    env,
    readFile: (path) => files[path],
    hasProgram: (name) => programs.includes(name),
  });
}

function loaded(given: Given) {
  const result = load(given);
  if (!result.ok) throw new Error(result.mistakes.map(mistakeText).join('\n'));
  return result.config;
}

const FILE = '/home/ada/.config/wfd/config.yaml';

function mistakes(source: string): string[] {
  const result = load({ files: { [FILE]: source } });
  return result.ok ? [] : result.mistakes.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

test('no file is needed', () => {
  const config = loaded({});
  expect(config).toMatchObject({
    stateDir: '/home/ada/.local/state/wfd',
    socket: '/home/ada/.local/state/wfd/wfd.sock',
    journal: 'auto',
    engine: { ...DEFAULT_SETTINGS, backend: 'local' },
    backends: [{ name: 'local', options: { kind: 'local', stateDir: '/home/ada/.local/state/wfd/local' } }],
    shutdown: { graceful: true, abortRuns: false, timeoutsMs: DEFAULT_PHASE_TIMEOUTS_MS },
  });
  expect(config).not.toHaveProperty('file');
  expect(config).not.toHaveProperty('runsDir');
});

test.each([
  [['sbatch'], ['slurm', 'local']],
  [
    ['qsub', 'qconf'],
    ['sge', 'local'],
  ],
  [['bsub'], ['lsf', 'local']],
  [
    ['qconf', 'sbatch'],
    ['slurm', 'sge', 'local'],
  ],
  [['qsub'], ['local']],
])('with %j on PATH the backends are %j, the first by default', (programs, backends) => {
  const config = loaded({ programs });
  expect(config.backends.map((backend) => backend.name)).toEqual(backends);
  expect(config.engine.backend).toBe(backends[0]);
});

test('options go before the environment, the environment before the file, the file before defaults', () => {
  const files = { [FILE]: 'state: {dir: /file}\nsocket: /file.sock\n' };
  const env = { HOME: '/home/ada' };
  expect(loaded({ files, env })).toMatchObject({ stateDir: '/file', socket: '/file.sock' });
  const withEnv = { ...env, WFD_STATE_DIR: '/env', WFD_SOCKET: '/env.sock' };
  expect(loaded({ files, env: withEnv })).toMatchObject({ stateDir: '/env', socket: '/env.sock' });
  const options = { state: '/option', socket: '/option.sock' };
  expect(loaded({ files, env: withEnv, options })).toMatchObject({
    stateDir: '/option',
    socket: '/option.sock',
  });
});

test('a state directory chosen on the command line has its socket beside it', () => {
  const env = { HOME: '/home/ada', XDG_RUNTIME_DIR: '/run/user/7' };
  expect(loaded({ env }).socket).toBe('/run/user/7/wfd/wfd.sock');
  expect(loaded({ env, options: { state: '/tmp/s' } }).socket).toBe('/tmp/s/wfd.sock');
});

test('a relative path on the command line is taken from where the daemon was started', () => {
  const config = loaded({ options: { state: 'state', socket: 'wfd.sock' } });
  expect(config.stateDir).toBe(`${process.cwd()}/state`);
  expect(config.socket).toBe(`${process.cwd()}/wfd.sock`);
});

test('durations become milliseconds, memory MiB, ~ the home directory', () => {
  const config = loaded({
    files: {
      [FILE]: `
runs: {dir: ~/runs}
retries: {infrastructure: 5, delay: 0.5s, maxDelay: 2h}
shutdown: {timeouts: {commands-done: 2m}}
backends:
  cluster: {kind: slurm, poll: 3s, settle: 1m, env: {SLURM_CONF: /etc/other.conf}}
  local: {kind: local, cpus: 4, memory: 16G}
`,
    },
  });
  expect(config.file).toBe(FILE);
  expect(config.runsDir).toBe('/home/ada/runs');
  expect(config.engine).toMatchObject({ infraRetries: 5, retryDelayMs: 500, retryDelayMaxMs: 7_200_000 });
  expect(config.shutdown.timeoutsMs).toEqual({ ...DEFAULT_PHASE_TIMEOUTS_MS, 'commands-done': 120_000 });
  expect(config.backends).toEqual([
    {
      name: 'cluster',
      options: {
        kind: 'slurm',
        pollMs: 3000,
        settleMs: 60_000,
        env: { SLURM_CONF: '/etc/other.conf' },
      },
    },
    {
      name: 'local',
      options: { kind: 'local', stateDir: '/home/ada/.local/state/wfd/local', cpus: 4, memoryMiB: 16_384 },
    },
  ]);
});

test('the first file that exists is read', () => {
  const system = { '/etc/wfd/config.yaml': 'failureMode: ContinueWhilePossible' };
  expect(loaded({ files: system }).engine.failureMode).toBe('ContinueWhilePossible');
  const both = { ...system, '/x/wfd/config.yaml': '' };
  expect(loaded({ files: both, env: { XDG_CONFIG_HOME: '/x' } }).engine.failureMode).toBe('NoNewCalls');
});

test('a file that was named must be there', () => {
  const result = load({ options: { config: '/etc/none.yaml' } });
  expect(result).toMatchObject({
    ok: false,
    mistakes: [{ file: '/etc/none.yaml', message: expect.stringContaining('--config') }],
  });
});

test('every mistake is reported at once, each with its place and what would be right', () => {
  const source = `failuremode: NoNewCalls
state: {jurnal: auto, lease: 5}
retries:
  infrastructure: -1
restart: {resume: perhaps}
log: {level: inf}
backends:
  cluster: {kind: slrm}
  other: {kind: slurm, pol: 3s}
socket: wfd.sock
`;
  expect(mistakes(source).sort()).toEqual([
    "10:9: 'socket' must be an absolute path, or begin with ~/",
    "1:1: unknown key 'failuremode'; did you mean 'failureMode'?",
    "2:30: 'state.lease' must be a duration with a unit, such as 30s, 5m or 2h; 5 is not",
    "2:9: unknown key 'jurnal' in 'state'; did you mean 'journal'?",
    "4:19: 'retries.infrastructure' must be at least 0",
    "5:19: 'restart.resume' must be true or false; 'perhaps' is not",
    "6:14: 'log.level' must be one of trace, debug, info, warn, error; 'inf' is not; did you mean 'info'?",
    "8:19: 'backends.cluster.kind' must be one of slurm, sge, lsf, local, template, adapter; 'slrm' is not; did you mean 'slurm'?",
    "9:24: unknown key 'pol' in 'backends.other'; did you mean 'poll'?",
  ]);
});

test.each([
  ['backend: slurn', "1:10: there is no backend 'slurn'"],
  ['a: [', 'is not valid YAML'],
  ['state: {}\nstate: {}', "2:1: duplicate key 'state'"],
  ['- a', '1:1: the configuration must be a map of keys to values; a list is not'],
  [
    'backends: {"a b": {kind: local}}',
    "1:19: 'backends.a b' must begin with a letter and have only letters, digits, - and _",
  ],
])('%s is refused with one clear sentence', (source, expected) => {
  expect(mistakes(source)).toEqual([expect.stringContaining(expected)]);
});

test('a mistake is shown under its line', () => {
  const mistake = { file: 'c.yaml', line: 2, column: 3, message: 'no', text: 'a b' };
  expect(mistakeText(mistake)).toBe('c.yaml:2:3: no\n    a b\n      ^');
});

test('docs/configuration.md says what the schema says (vitest -u writes it anew)', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../docs/configuration.md');
});
