/** Temporary state directories, and stores in them, for the tests of the store. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import type { CoreOptions, Surroundings } from '../../../daemon/store/core.ts';
import { createInThreadStore } from '../../../daemon/store/in-thread.ts';
import type { StoreOpenError } from '../../../daemon/store/open-error.ts';
import type { OpenedStore } from '../../../daemon/store/open-store.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { newRun, sampleCall, sampleRun } from './samples.ts';

export const REPOSITORY = join(import.meta.dirname, '../../..');
export const MIGRATIONS = join(REPOSITORY, 'daemon/store/migrations');
export const HOST = 'login1';

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'wfd-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** One megabyte: a file system of its own, which really is full when it is full. Only root can make one. */
export function smallDisk(): string {
  const directory = temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', directory]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]));
  return directory;
}

export function open(directory: string, options: Partial<CoreOptions & Surroundings> = {}): OpenedStore {
  const { nowMs = Date.now, onLost = () => undefined, ...core } = options;
  return createInThreadStore(
    { directory, migrationsFolder: MIGRATIONS, host: HOST, ...core },
    { nowMs, onLost },
  );
}

/** Closed at the end of the test. */
export function opened(directory: string, options: Partial<CoreOptions & Surroundings> = {}): Store {
  const result = open(directory, options);
  if (!result.ok) throw new Error(result.error.message);
  onTestFinished(() => result.store.close());
  return result.store;
}

export function refusal(
  directory: string,
  options: Partial<CoreOptions & Surroundings> = {},
): StoreOpenError {
  const result = open(directory, options);
  if (result.ok) throw new Error(`${directory} was opened`);
  return result.error;
}

/** A state directory with one run, closed. */
export async function usedDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  const calls = Array.from({ length: 200 }, (_, position) => sampleCall(1, `a[${position}]`, { position }));
  await inStore(directory, {}, (store) => store.commit(newRun(sampleRun(1), { calls })));
  return directory;
}

export async function inStore<T>(
  directory: string,
  options: Parameters<typeof open>[1],
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const result = open(directory, options);
  if (!result.ok) throw new Error(result.error.message);
  const value = await use(result.store);
  await result.store.close();
  return value;
}

export function runIds(directory: string, migrationsFolder = MIGRATIONS): Promise<readonly number[]> {
  return inStore(directory, { migrationsFolder }, async (store) =>
    (await store.load()).runs.map(({ run }) => run.id),
  );
}

/** Takes all the space there is. */
export function fill(file: string): void {
  const opened = openSync(file, 'w');
  for (const size of [65_536, 4_096, 1]) {
    while (couldWrite(opened, size));
  }
  closeSync(opened);
}

function couldWrite(opened: number, size: number): boolean {
  try {
    return writeSync(opened, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}

/** One file of ours as a program of its own, as the build makes it. Returns its path. */
export async function bundled(source: string, directory: string): Promise<string> {
  const outfile = join(directory, 'bundles', source.replaceAll('/', '-').replace(/\.ts$/, '.cjs'));
  await build({
    entryPoints: [join(REPOSITORY, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Native code cannot be bundled; by its path, since the bundle lies outside of the repository.
    alias: { 'better-sqlite3': join(REPOSITORY, 'node_modules/better-sqlite3') },
    external: [join(REPOSITORY, 'node_modules/better-sqlite3')],
  });
  return outfile;
}
