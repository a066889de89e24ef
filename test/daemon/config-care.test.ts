/** The keys about the care of the state. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config/config.ts';

const FILE = '/home/ada/.config/wfd/config.yaml';
const DAY_MS = 86_400_000;

function load(source: string) {
  return loadConfig({
    options: {},
    env: { HOME: '/home/ada' },
    readFile: (path) => (path === FILE ? source : undefined),
    hasProgram: () => false,
  });
}

function care(source: string) {
  const result = load(source);
  return result.ok ? result.config.care : result.mistakes.map(({ message }) => message);
}

test('by default a week of daily backups beside the state, and every run is kept', () => {
  expect(care('')).toEqual({
    backup: { dir: '/home/ada/.local/state/wfd/backups', everyMs: DAY_MS, keep: 7 },
    retention: { directories: 'keep' },
  });
});

test('what is written', () => {
  const source = 'backup: {dir: ~/b, every: 6h, keep: 30}\nretention: {runs: 90d, directories: remove}';
  expect(care(source)).toEqual({
    backup: { dir: '/home/ada/b', everyMs: DAY_MS / 4, keep: 30 },
    retention: { runsMs: 90 * DAY_MS, directories: 'remove' },
  });
});

test('backups may be left to people', () => {
  expect(care('backup: {every: never}')).toMatchObject({ backup: { keep: 7 } });
  expect(care('backup: {every: never}')).not.toHaveProperty('backup.everyMs');
});

test.each([
  [
    'backup: {every: sometimes}',
    "'backup.every' must be a duration with a unit, such as 30s, 5m or 2h; 'sometimes' is not; or `never`",
  ],
  ['backup: {keep: 0}', "'backup.keep' must be at least 1"],
  ['backup: {dir: backups}', "'backup.dir' must be an absolute path, or begin with ~/"],
  ['retention: {runs: 30m}', "'retention.runs' must be at least 1h"],
  [
    'retention: {directories: delete}',
    "'retention.directories' must be one of keep, remove; 'delete' is not",
  ],
])('%s is refused', (source, message) => {
  expect(care(source)).toEqual([message]);
});
