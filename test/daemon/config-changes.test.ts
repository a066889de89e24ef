import { expect, test } from 'vitest';
import { changedKeys, takeUp, waitsForRestart } from '../../daemon/config/changes.ts';
import { loadConfig } from '../../daemon/config/config.ts';
import { keySchema } from '../../daemon/config/config-mistakes.ts';

function load(text: string) {
  const loaded = loadConfig({
    options: { config: '/c.yaml' },
    env: { HOME: '/home/ada' },
    readFile: () => text,
    hasProgram: () => false,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes));
  return loaded;
}

test('changed is what has another value, defaults included', () => {
  const before = load('limits: {perOwner: 50}\nlog: {level: debug}\n').written;
  const after = load('limits: {perOwner: 10000, runsPerOwner: 7}\nbackends: {here: {kind: local}}\n').written;
  expect(changedKeys(before, after)).toEqual([
    'limits.runsPerOwner',
    'limits.perOwner',
    'log.level',
    'backends.here.kind',
  ]);
  expect(changedKeys(load('{}').written, load('limits: {perOwner: 10000}').written)).toEqual([]);
});

test('a list that differs is one change', () => {
  const [before, after] = [load('access: {admins: [ada]}'), load('access: {admins: [ada, bob]}')];
  expect(changedKeys(before.written, after.written)).toEqual(['access.admins']);
});

test('where the state and the schedulers are waits for a restart', () => {
  expect(
    ['state.dir', 'socket', 'backend', 'backends.slurm.poll', 'runs.dir'].filter(waitsForRestart),
  ).toHaveLength(5);
  expect(['run.onSignal', 'backup.dir', 'log.level', 'limits.perOwner'].filter(waitsForRestart)).toEqual([]);
});

test('what was given out is changed where it is', () => {
  const { config } = load('backend: local');
  const { engine, care } = config;
  const next = `
failureMode: ContinueWhilePossible
backends: {here: {kind: local}}
backend: here
limits: {perOwner: 7}
jobs: {throttleDelay: 3s}
access: {admins: [ada], visibility: names, requestsPerSecond: 3}
backup: {every: 2h, keep: 3}
retention: {runs: 90d}
shutdown: {abortRuns: true, timeouts: {unbind: 1s}}
log: {level: warn}
state: {dir: /elsewhere}
`;
  takeUp(config, load(next).config);
  expect(engine).toMatchObject({
    failureMode: 'ContinueWhilePossible',
    maxActivePerOwner: 7,
    throttleMs: 3000,
  });
  expect(care).toMatchObject({
    backup: { everyMs: 7_200_000, keep: 3 },
    retention: { runsMs: 90 * 86_400_000 },
  });
  expect(config).toMatchObject({ access: { admins: ['ada'], visibility: 'names' }, logLevel: 'warn' });
  expect(config.shutdown).toMatchObject({ abortRuns: true, timeoutsMs: { unbind: 1000 } });
  expect(engine.backend, 'it names a backend that is not open').toBe('local');
  expect(config.stateDir).toBe('/home/ada/.local/state/wfd');
});

/** Each section with a value of its own: a new section that nobody thought of is found here. */
test('every section either waits for a restart or is taken up', () => {
  const sections = Object.keys(keySchema().properties ?? {});
  const takenUp = [
    'access',
    'failureMode',
    'limits',
    'retries',
    'abort',
    'jobs',
    'restart',
    'backup',
    'retention',
  ];
  const rest = sections.filter((name) => !waitsForRestart(name) && !takenUp.includes(name));
  expect(rest).toEqual(['run', 'client', 'shutdown', 'log']);
});
