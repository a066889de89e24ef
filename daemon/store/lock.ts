/**
 * A lock that dies with its process, for a state directory on a file system of this machine: an exclusive
 * SQLite transaction on a file of its own, never ended. The state itself stays readable for other programs.
 */
import Database from 'better-sqlite3';
import { ensurePrivateFile } from './private-files.ts';
import { isLocked } from './sqlite-errors.ts';

export interface Lock {
  release(): void;
}

/** Undefined: another process (or another store of this one) has it. */
export function takeLock(file: string): Lock | undefined {
  ensurePrivateFile(file);
  const client = new Database(file, { timeout: 0 });
  try {
    // Nothing is ever written into it: no journal beside it either, also on a full disk.
    client.pragma('journal_mode = MEMORY');
    client.exec('begin exclusive');
    return { release: () => client.close() };
  } catch (error) {
    client.close();
    if (isLocked(error)) return undefined;
    throw error;
  }
}
