import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type HandoverParts, watchHandover } from '../../../daemon/lifecycle/handover.ts';
import { type Handover, handoverFile } from '../../../daemon/protocol/handover.ts';

const MINE = { host: 'login1', pid: 4711, startedAt: '2030-01-31T12:00:00.000Z' };

let stateDir: string;
let left: string[];
beforeEach(() => {
  vi.useFakeTimers();
  left = [];
  stateDir = mkdtempSync(join(tmpdir(), 'wfd-handover-'));
  writeFileSync(join(stateDir, 'lease.json'), JSON.stringify({ ...MINE, nonce: 'n', heartbeatAt: 'x' }));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(stateDir, { recursive: true });
});

function watch(more: Partial<HandoverParts> = {}): void {
  const { host, pid } = MINE;
  watchHandover({
    stateDir,
    host,
    pid,
    isUnit: false,
    obstacle: () => undefined,
    leave: (why) => left.push(why),
    ...more,
  });
}

function ask(asked: Partial<Handover> | string): void {
  const text = typeof asked === 'string' ? asked : JSON.stringify({ ...MINE, to: 'login2', ...asked });
  writeFileSync(handoverFile(stateDir), text);
}

test('the daemon that is meant leaves, once', () => {
  watch();
  vi.advanceTimersByTime(10_000);
  expect(left).toEqual([]);
  ask({});
  vi.advanceTimersByTime(10_000);
  expect(left).toEqual(['handed over to login2 (wfctl service move)']);
});

test.each([
  ['for a daemon of another host', { host: 'login3' }],
  ['for another process', { pid: 4712 }],
  ['for an earlier daemon of the same number', { startedAt: '2030-01-30T12:00:00.000Z' }],
  ['that is half written', '{"host": "log'],
  ['that is no object', 'null'],
])('a request %s is not obeyed', (_, asked) => {
  watch();
  ask(asked);
  vi.advanceTimersByTime(10_000);
  expect(left).toEqual([]);
});

test('where something keeps it here, it says so instead, once', () => {
  const obstacle = vi.fn(() => '2 jobs of a local backend run here');
  watch({ obstacle });
  ask({});
  vi.advanceTimersByTime(10_000);
  expect(left).toEqual([]);
  expect(obstacle).toHaveBeenCalledOnce();
  expect(JSON.parse(readFileSync(handoverFile(stateDir), 'utf8'))).toEqual({
    ...MINE,
    to: 'login2',
    refused: '2 jobs of a local backend run here',
  });
});

test('a lease that is no longer ours is nobody to be handed over', () => {
  watch();
  writeFileSync(join(stateDir, 'lease.json'), JSON.stringify({ ...MINE, host: 'login9', nonce: 'n' }));
  ask({ host: 'login9' });
  vi.advanceTimersByTime(10_000);
  expect(left).toEqual([]);
});

test('where systemd started it, its units are stopped, or the socket would start the next one', () => {
  const stopUnits = vi.fn((done: (failed: boolean) => void) => done(false));
  watch({ isUnit: true, stopUnits });
  ask({});
  vi.advanceTimersByTime(2_000);
  expect(stopUnits).toHaveBeenCalledOnce();
  // The signal of systemd is waited for: a second one would cut the stop short.
  expect(left).toEqual([]);
  vi.advanceTimersByTime(5_000);
  expect(left).toHaveLength(1);
});

test('and where systemd does not, it leaves all the same', () => {
  watch({ isUnit: true, stopUnits: (done) => done(true) });
  ask({});
  vi.advanceTimersByTime(2_001);
  expect(left).toHaveLength(1);
});
