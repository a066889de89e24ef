/** Real processes: two daemons on one state, and a daemon that is killed while it commits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bundled, HOST, MIGRATIONS, opened, refusal, temporaryDirectory } from './places.ts';

const bundles = mkdtempSync(join(tmpdir(), 'wfd-store-programs-'));
let worker: string;
let commitLoop: string;
let takeLeases: string;

beforeAll(async () => {
  worker = await bundled('daemon/store/worker.ts', bundles);
  commitLoop = await bundled('test/daemon/store/programs/commit-loop.ts', bundles);
  takeLeases = await bundled('test/daemon/store/programs/take-leases.ts', bundles);
});

afterAll(() => rmSync(bundles, { recursive: true, force: true }));

describe.each(['local', 'network'] as const)('%s mode', (journal) => {
  test('a second daemon is refused with the name of the first; when that is killed, the next gets in', async () => {
    const directory = temporaryDirectory();
    const first = startCommitting(directory, journal);
    await first.printed(2);

    const error = refusal(directory, { journal });

    expect(error).toMatchObject({ kind: 'held', holder: { host: HOST, pid: first.pid } });
    expect(error.message).toContain(`host ${HOST}, pid ${first.pid}`);

    await first.kill();
    const store = opened(directory, { journal });
    expect((await store.load()).runs.length).toBeGreaterThan(0);
  });

  test('killed while it commits: whatever was acknowledged is there, whole', async () => {
    const directory = temporaryDirectory();
    const acknowledged: number[] = [];
    for (const lines of [2, 3, 9, 30, 61]) {
      const daemon = startCommitting(directory, journal);
      await daemon.printed(lines);
      acknowledged.push(...(await daemon.kill()));
    }

    const { runs, nextRunId } = await opened(directory, { journal }).load();

    const stored = runs.map(({ run }) => run.id);
    expect(acknowledged.length).toBeGreaterThan(90);
    expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([]);
    expect(runs.filter(({ calls }) => calls.length !== 20).map(({ run }) => run.id)).toEqual([]);
    expect(nextRunId).toBe(Math.max(...stored) + 1);
  });
});

test('of many that reach for an expired lease at once, exactly one gets it', async () => {
  const root = temporaryDirectory();
  const directories = Array.from({ length: 60 }, (_, index) => join(root, String(index)));
  for (const directory of directories) leaveExpiredLease(directory);
  const rivals = Array.from({ length: 4 }, () => startRival(directories));
  await Promise.all(rivals.map(({ ready }) => ready));

  const taken = (await Promise.all(rivals.map(({ go }) => go()))).flat();

  expect(taken.sort()).toEqual([...directories].sort());
});

function leaveExpiredLease(directory: string): void {
  const holder = { host: 'login9', pid: 1, bootId: 'b', startedAt: '', heartbeatAt: '', nonce: 'old' };
  mkdirSync(directory);
  writeFileSync(join(directory, 'lease.json'), JSON.stringify(holder));
  const longAgoSeconds = Date.now() / 1_000 - 61;
  utimesSync(join(directory, 'lease.json'), longAgoSeconds, longAgoSeconds);
}

function startRival(directories: readonly string[]) {
  const child = spawn(process.execPath, [takeLeases, ...directories]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  const printed = (lines: number) =>
    untilPrinted(
      child,
      () => output.split('\n').length > lines,
      () => '',
    );
  return {
    ready: printed(1),
    go: async (): Promise<readonly string[]> => {
      child.stdin.write('go\n');
      await printed(2);
      return JSON.parse(output.split('\n')[1] ?? '');
    },
  };
}

interface Committing {
  readonly pid: number | undefined;
  /** Resolves when so many lines have been printed, `open` among them. */
  printed(lines: number): Promise<void>;
  /** kill -9; the ids it had printed by then. */
  kill(): Promise<readonly number[]>;
}

function startCommitting(directory: string, journal: string): Committing {
  const child = spawn(process.execPath, [commitLoop, directory, MIGRATIONS, worker, HOST, journal]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  return {
    pid: child.pid,
    printed: (lines) =>
      untilPrinted(
        child,
        () => output.split('\n').length > lines,
        () => errors,
      ),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
      return idsIn(output);
    },
  };
}

function untilPrinted(child: ChildProcess, enough: () => boolean, errors: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => (enough() ? resolve() : undefined);
    child.stdout?.on('data', look);
    child.once('close', (code) => reject(new Error(`it ended with ${code}: ${errors()}`)));
    look();
  });
}

/** Only lines that were printed to their end. */
function idsIn(output: string): readonly number[] {
  return output.split('\n').slice(1, -1).map(Number);
}
