/**
 * Removes the directory of a run that ended long ago. Only a directory that carries the record of this very run is
 * touched, no link is followed, and nothing on another file system or of another run within it is removed.
 */
import { constants } from 'node:fs';
import { chmod, lstat, open, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './file-trouble.ts';

export type RemovedTree =
  | 'removed'
  /** It is not there any more. */
  | 'absent'
  /** It carries no record of this run: whatever it is now, it was left as it is. */
  | 'foreign';

/** The record goes last, so that what was cut off is known as the run's when it is tried again. */
export async function removeTree(directory: string, uuid: string): Promise<RemovedTree> {
  const top = await ifThere(lstat(directory));
  if (top === undefined) return 'absent';
  if (!top.isDirectory()) return 'foreign';
  const names = await readdir(directory);
  if (names.length > 0 && (await recordedUuid(join(directory, RECORD))) !== uuid) return 'foreign';
  const obstacles: string[] = [];
  const others = names.filter((name) => name !== RECORD);
  await removeAll(directory, others, { device: top.dev, obstacles });
  if (obstacles[0] !== undefined) throw new Error(obstacles[0]);
  await ifThere(unlink(join(directory, RECORD)));
  await rmdir(directory);
  return 'removed';
}

const RECORD = 'run.json';
/** Where a run keeps what is the daemon's own: found below, it is another run's. */
const OF_A_RUN = '.wfd';
/** libuv has four threads for files, and others want them, too. */
const AT_ONCE = 2;

interface Walk {
  readonly device: number;
  /** Why something was left. */
  readonly obstacles: string[];
}

async function removeAll(directory: string, names: readonly string[], walk: Walk): Promise<void> {
  const queue = names.values();
  const worker = async () => {
    for (const name of queue) await removeOne(join(directory, name), walk);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function removeOne(path: string, walk: Walk): Promise<void> {
  const found = await ifThere(lstat(path));
  if (found === undefined) return;
  if (!found.isDirectory()) return void (await ifThere(unlink(path)));
  if (found.dev !== walk.device) return leave(walk, `${path} is on another file system`);
  if ((found.mode & 0o700) !== 0o700) await chmod(path, found.mode | 0o700);
  const names = await readdir(path);
  if (names.includes(OF_A_RUN)) return leave(walk, `${path} is the directory of another run`);
  const before = walk.obstacles.length;
  await removeAll(path, names, walk);
  if (walk.obstacles.length === before) await ifThere(rmdir(path));
}

function leave({ obstacles }: Walk, reason: string): void {
  obstacles.push(reason);
}

/** A record may be long: it begins with the id and the uuid (loop/record.ts, api/present.ts). */
const HEAD_BYTES = 200;

async function recordedUuid(path: string): Promise<string | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ELOOP') return undefined;
      throw error;
    },
  );
  if (handle === undefined) return undefined;
  try {
    if (!(await handle.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead).toString('utf8');
    return /^\{\s*"id": \d+,\s*"uuid": "([0-9a-f-]{36})"/.exec(head)?.[1];
  } finally {
    await handle.close();
  }
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
