/**
 * The owner's files by the process's own rights: user mode, where the daemon's user is the owner.
 *
 * It must not be used where they differ. Everything is asynchronous and bounded; a file server that hangs
 * holds up its callers and never the event loop.
 */
import { constants } from 'node:fs';
import {
  access,
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  stat,
  symlink,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Owner } from '../../backends/backend.ts';
import type { FileToWrite } from '../../backends/job-script.ts';
import {
  type Marks,
  parseClaim,
  parseDuplicateName,
  parseExitMark,
  parseSpoolName,
  REVOKED,
  type SpoolEntry,
} from '../../backends/marks.ts';
import { globPaths } from '../workflow/glob.ts';
import type { ReadRequest, ReadResult } from '../workflow/language.ts';
import { errorCode, fileTrouble } from './file-trouble.ts';
import type { FileAnswer, OwnerFiles } from './owner-files.ts';
import { type RemovedTree, removeTree } from './remove-tree.ts';

/** A list that a job made for a scatter; more is a mistake, and would fill the daemon's memory. */
export const MAX_READ_BYTES = 64 * 1024 * 1024;
/** Of a scheduler's log the end is what tells why a job died. */
const LOG_TAIL_BYTES = 8 * 1024;
const MAX_MARK_BYTES = 64 * 1024;
/** Files of one call handled at once; libuv has four threads for files (UV_THREADPOOL_SIZE). */
const AT_ONCE = 4;

export function createDirectOwnerFiles(): OwnerFiles {
  return {
    mayMake: (owner, directory) => asOwner(owner, () => mayMake(directory)),
    write: (owner, umask, files) => asOwner(owner, () => writeAll(umask, files)),
    readMarks: (owner, directory, logPath) => asOwner(owner, () => readMarks(directory, logPath)),
    revoke: (owner, directory, logPath) => asOwner(owner, () => revoke(directory, logPath)),
    listSpool: (owner, directory) => asOwner(owner, () => listSpool(directory)),
    removeSpool: (owner, directory, names) =>
      asOwner(owner, () => inBatches(names, (name) => removeFile(join(directory, name)))),
    async read(owner, request) {
      const answer = await asOwner(owner, () => read(request));
      return answer.kind === 'ok' ? answer.value : answer;
    },
    removeTree: (owner, directory, uuid) => asOwner(owner, () => removeWhole(directory, uuid)),
  };
}

/** The nearest parent that is there must let us in and let us write. */
async function mayMake(directory: string): Promise<void> {
  for (let path = directory; ; path = dirname(path)) {
    const found = await doing(`cannot make ${directory}`, ifThere(stat(path)));
    if (found === undefined) continue;
    if (!found.isDirectory()) throw new FileTrouble(`cannot make ${directory}: ${path} is not a directory`);
    return doing(`cannot make ${directory}: ${path}`, access(path, constants.W_OK | constants.X_OK));
  }
}

/** Carries the words for a person from where a file could not be used to the answer. */
class FileTrouble extends Error {}

async function asOwner<T>(owner: Owner, work: () => Promise<T>): Promise<FileAnswer<T>> {
  if (owner.uid !== process.geteuid?.()) {
    const reason = `this daemon works only for the user it runs as, not for ${owner.name} (uid ${owner.uid})`;
    return { kind: 'failed', reason };
  }
  try {
    return { kind: 'ok', value: await work() };
  } catch (error) {
    if (error instanceof FileTrouble) return { kind: 'failed', reason: error.message };
    // Whatever else a file server answers is no reason for the daemon to end.
    if (errorCode(error) !== undefined)
      return { kind: 'failed', reason: fileTrouble('a file operation failed', error) };
    throw error;
  }
}

async function doing<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new FileTrouble(fileTrouble(what, error));
  }
}

/** The answer, or undefined where there is no such file. */
async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function writeAll(umask: number, files: readonly FileToWrite[]): Promise<void> {
  const directories = new Set(files.map((file) => dirname(file.path)));
  for (const directory of directories) {
    await doing(`cannot create the directory ${directory}`, makeDirectory(directory, umask));
  }
  await inBatches(files, (file) => doing(`cannot write ${file.path}`, writeWhole(file, umask)));
}

/** New directories get what the owner's umask leaves, whatever this process's own is; setgid stays inherited. */
async function makeDirectory(directory: string, umask: number): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made)) {
    const { mode } = await stat(made);
    const wanted = (mode & 0o7000) | (0o777 & ~umask);
    if ((mode & 0o7777) !== wanted) await chmod(made, wanted);
  }
}

/** On a network file system quota and space may be told only at close, so that is waited for, too. */
async function writeWhole(file: FileToWrite, umask: number): Promise<void> {
  const mode = file.mode & ~umask;
  const handle = await open(file.path, 'w', mode);
  try {
    if (((await handle.stat()).mode & 0o777) !== mode) await handle.chmod(mode);
    await handle.writeFile(file.content);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
}

/** Listing the directory makes an NFS client ask the server before the marks in it are looked at. */
async function readMarks(directory: string, logPath: string): Promise<Marks> {
  const names = (await doing(`cannot list ${directory}`, ifThere(readdir(directory)))) ?? [];
  const has = new Set(names);
  const claim = has.has('claim') ? await doing(`cannot read ${directory}/claim`, readClaim(directory)) : {};
  const exit = has.has('exit')
    ? await doing(`cannot read ${directory}/exit`, readExit(directory))
    : undefined;
  return {
    ...claim,
    ...(exit === undefined ? {} : { exit }),
    duplicates: names.map(parseDuplicateName).filter((id) => id !== undefined),
    log: await readLog(logPath),
  };
}

async function readClaim(directory: string): Promise<Pick<Marks, 'claim' | 'revoked'>> {
  const path = join(directory, 'claim');
  const info = await ifThere(lstat(path));
  if (info === undefined || !info.isSymbolicLink()) return {};
  const target = await ifThere(readlink(path));
  if (target === REVOKED) return { revoked: true };
  const claim = target === undefined ? undefined : parseClaim(target, info.mtimeMs);
  return claim === undefined ? {} : { claim };
}

/** Who holds the claim is read, not concluded: a network file system may report one's own success as EEXIST. */
async function revoke(directory: string, logPath: string): Promise<Marks> {
  const isThere = await doing(`cannot take the claim in ${directory}`, takeClaim(join(directory, 'claim')));
  const marks = await readMarks(directory, logPath);
  return isThere ? marks : { ...marks, revoked: true };
}

/** False: there is no such directory. */
async function takeClaim(path: string): Promise<boolean> {
  try {
    await symlink(REVOKED, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return true;
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function readExit(directory: string): Promise<Marks['exit']> {
  return ifThere(
    withRegularFile(join(directory, 'exit'), async (handle, info) =>
      parseExitMark((await readEnd(handle, info.size, MAX_MARK_BYTES)).toString('utf8'), info.mtimeMs),
    ),
  );
}

/** Words for people; a log that cannot be read says nothing. */
async function readLog(path: string): Promise<string> {
  try {
    const tail = await withRegularFile(path, (handle, info) => readEnd(handle, info.size, LOG_TAIL_BYTES));
    return tail?.toString('utf8') ?? '';
  } catch {
    return '';
  }
}

/** A user may put anything in place of a file: no link is followed, and a pipe is not waited for. */
async function withRegularFile<T>(
  path: string,
  use: (handle: FileHandle, info: { readonly size: number; readonly mtimeMs: number }) => Promise<T>,
): Promise<T | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = await handle.stat();
    return info.isFile() ? await use(handle, info) : undefined;
  } finally {
    await handle.close();
  }
}

async function readEnd(handle: FileHandle, size: number, maxBytes: number): Promise<Buffer> {
  const length = Math.min(size, maxBytes);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}

/** The names say all but the time, which is that of the file. */
async function listSpool(directory: string): Promise<readonly SpoolEntry[]> {
  const names = (await doing(`cannot list ${directory}`, ifThere(readdir(directory)))) ?? [];
  const found: SpoolEntry[] = [];
  await inBatches(names, async (name) => {
    const entry = parseSpoolName(name);
    if (entry === undefined) return;
    const info = await doing(`cannot look at ${directory}/${name}`, ifThere(lstat(join(directory, name))));
    if (info !== undefined) found.push({ ...entry, atMs: info.mtimeMs });
  });
  return found;
}

async function removeFile(path: string): Promise<void> {
  await doing(`cannot remove ${path}`, ifThere(unlink(path)));
}

async function removeWhole(directory: string, uuid: string): Promise<RemovedTree> {
  try {
    return await removeTree(directory, uuid);
  } catch (error) {
    throw new FileTrouble(`cannot remove ${directory}: ${error instanceof Error ? error.message : error}`);
  }
}

async function read({ kind, path }: ReadRequest): Promise<ReadResult> {
  switch (kind) {
    case 'lines':
      return { kind, lines: await doing(`cannot read ${path}`, readLines(path)) };
    case 'size':
      return { kind, bytes: (await doing(`cannot read the size of ${path}`, stat(path))).size };
    case 'glob':
      return { kind, paths: await doing(`cannot list ${path}`, globPaths(path, '/')) };
  }
  return kind satisfies never;
}

/** One value a line; the last line may lack its newline. A link is followed: the user named this path. */
async function readLines(path: string): Promise<readonly string[]> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new Error('it is not a regular file; name a file with one value a line');
    if (info.size > MAX_READ_BYTES) {
      throw new Error(
        `it has ${info.size} bytes; a list may have ${MAX_READ_BYTES}: write one value a line and nothing else`,
      );
    }
    const lines = (await handle.readFile('utf8')).split(/\r?\n/);
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  } finally {
    await handle.close();
  }
}
