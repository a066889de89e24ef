/**
 * What SQLite's error codes mean to us: the world's trouble, which may pass, or anything else.
 * Codes: https://www.sqlite.org/rescode.html
 */
import { dirname } from 'node:path';

/** The code of an SQLite error, extended ones included: `SQLITE_IOERR_WRITE`. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/** Why a write was not taken, for people; undefined where trying again later cannot help. */
export function refusalReason(error: unknown, file: string): string | undefined {
  const code = sqliteCode(error);
  if (code === undefined) return undefined;
  const trouble = TROUBLES.find(({ codes }) => codes.test(code));
  return trouble === undefined ? undefined : `${trouble.text(file)} (${code})`;
}

export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error) ?? '');
}

export function isLocked(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(sqliteCode(error) ?? '');
}

/** Of SQLite (its shared memory file included) or of the file system itself. */
export function isNoSpace(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT'].includes(code);
}

const TROUBLES: readonly { readonly codes: RegExp; readonly text: (file: string) => string }[] = [
  {
    codes: /^SQLITE_FULL/,
    text: (file) => `no space left for ${file}: free space on the file system that holds ${dirname(file)}`,
  },
  {
    codes: /^SQLITE_IOERR_(RD|UN)?LOCK/,
    text: (file) => `the file system of ${file} gives no locks (Lustre mounted without \`flock\`, perhaps)`,
  },
  {
    // A quota that is used up arrives as an error of writing, not as SQLITE_FULL (os_unix.c, unixWrite).
    codes: /^SQLITE_IOERR/,
    text: (file) => `${file} could not be written: look for a used-up quota or a failing disk or file server`,
  },
  {
    codes: /^SQLITE_(READONLY|PERM)/,
    text: (file) => `${file} is read-only: check its file system and permissions`,
  },
  {
    codes: /^SQLITE_CANTOPEN/,
    text: (file) => `a file beside ${file} could not be opened: check ${dirname(file)}`,
  },
  {
    codes: /^SQLITE_(BUSY|PROTOCOL)/,
    text: (file) => `${file} is locked by another program: close whatever else has it open`,
  },
];
