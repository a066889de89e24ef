/** Directories and files that nobody but their owner may read. */
import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';

/**
 * Mode 0700, whatever the umask. A directory that is there already is narrowed, but not one that is shared
 * by all (`/tmp`): that is somebody's slip of the pen, and narrowing it would harm the whole machine.
 */
export function ensurePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { mode } = statSync(directory);
  if ((mode & 0o1000) !== 0)
    throw new Error(`${directory} is shared by all users: name a directory of your own`);
  if ((mode & 0o777) !== 0o700) chmodSync(directory, 0o700);
  accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
}

/** Before SQLite opens it: closing a file drops every lock that this process has on it (fcntl(2)). */
export function ensurePrivateFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  if ((statSync(file).mode & 0o777) !== 0o600) chmodSync(file, 0o600);
}
