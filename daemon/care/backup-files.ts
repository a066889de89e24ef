/**
 * The backups in their directory. Their names tell when they were made, so the directory itself says whether the
 * next one is due: nothing else has to be remembered. A file with any other name is not ours and is left alone.
 */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { timeInName, timeOfName } from '../store/time-in-name.ts';

export interface BackupFile {
  readonly file: string;
  readonly atMs: number;
}

export function backupPath(directory: string, atMs: number): string {
  return join(directory, `state-${timeInName(atMs)}.db`);
}

/** Newest first. A directory that is not there has none. */
export async function listBackups(directory: string): Promise<readonly BackupFile[]> {
  const names = await readdir(directory).catch(noneIfMissing);
  const found = names.flatMap((name) => {
    const atMs = timeOfName(/^state-(.*)\.db$/.exec(name)?.[1] ?? '');
    return atMs === undefined ? [] : [{ file: join(directory, name), atMs }];
  });
  return found.sort((a, b) => b.atMs - a.atMs);
}

/** Due by the newest that is not of the future: a clock may have been wrong. */
export function isBackupDue(backups: readonly BackupFile[], everyMs: number, nowMs: number): boolean {
  const newest = backups.find(({ atMs }) => atMs <= nowMs);
  return newest === undefined || nowMs - newest.atMs >= everyMs;
}

export async function removeOldBackups(directory: string, keep: number): Promise<void> {
  for (const { file } of (await listBackups(directory)).slice(keep)) await rm(file);
}

/** Complete under its name, or not there at all; also on another file system. */
export async function moveFile(file: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await rename(file, target).catch((error: unknown) => {
    if (errorCode(error) !== 'EXDEV') throw error;
    return copyOver(file, target);
  });
  await synchronise(dirname(target));
}

export async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT',
  );
}

async function copyOver(file: string, target: string): Promise<void> {
  const partial = `${target}.partial`;
  try {
    await rm(partial, { force: true });
    await copyFile(file, partial, constants.COPYFILE_EXCL);
    await synchronise(partial);
    const [whole, copied] = await Promise.all([stat(file), stat(partial)]);
    if (whole.size !== copied.size) throw new Error(`${partial} has ${copied.size} bytes of ${whole.size}`);
    await rename(partial, target);
    await rm(file);
  } finally {
    await rm(partial, { force: true });
  }
}

async function synchronise(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

function noneIfMissing(error: unknown): string[] {
  if (errorCode(error) === 'ENOENT') return [];
  throw error;
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
