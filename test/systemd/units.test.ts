/** The units that are shipped, judged by systemd itself where its tool is there. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const UNITS = ['system', 'user'].flatMap((mode) => [
  `systemd/${mode}/wfd.socket`,
  `systemd/${mode}/wfd.service`,
]);
const analyze = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
const version = Number(/^systemd (\d+)/.exec(analyze.stdout ?? '')?.[1] ?? 0);

describe.skipIf(version === 0)('systemd-analyze (skipped where there is none)', () => {
  test.each(UNITS)('%s has nothing that systemd does not know', (unit) => {
    const mode = unit.includes('/user/') ? '--user' : '--system';
    const { stderr } = spawnSync('systemd-analyze', ['verify', mode, '--man=no', unit], { encoding: 'utf8' });
    // Whether the programs are there is a matter of the installation.
    const complaints = stderr
      .split('\n')
      .filter((line) => line.includes('wfd.') && !line.includes('is not executable'));
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(version < 250)(
  'systemd-analyze security (skipped before systemd 250, which needs a running unit)',
  () => {
    test('the exposure of the system unit is at most 4.5', () => {
      const words = [
        'security',
        '--offline=true',
        '--threshold=45',
        '--no-pager',
        'systemd/system/wfd.service',
      ];
      const judged = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
      expect(judged.stdout).toMatch(/Overall exposure level for wfd\.service: \d\.\d/);
      expect(judged.status, judged.stdout).toBe(0);
    });
  },
);

/** Each of them was seen to go wrong otherwise, on systemd 252. */
test.each(['system', 'user'])('the %s unit avoids what is known to go wrong', (mode) => {
  const service = readFileSync(`systemd/${mode}/wfd.service`, 'utf8');
  const socket = readFileSync(`systemd/${mode}/wfd.socket`, 'utf8');
  expect(service).toMatch(/^StartLimitIntervalSec=0$/m);
  expect(service).toMatch(/^KillMode=mixed$/m);
  expect(service).toMatch(/^Type=notify$/m);
  expect(service).toMatch(/^WatchdogSec=60$/m);
  expect(service).not.toMatch(
    /^(MemoryDenyWriteExecute|PrivateTmp|PrivateUsers|ProtectHome|RuntimeDirectory)=/m,
  );
  expect(socket).toMatch(/^Backlog=4096$/m);
});
