/** What the operating system says when a file cannot be used, in words and with what to do about it. */

/** `cannot write /x/y: disk quota exceeded (EDQUOT); free space or choose another runs.dir`. */
export function fileTrouble(doing: string, error: unknown): string {
  const code = errorCode(error);
  const words = code === undefined ? undefined : WORDS[code];
  if (words === undefined) return `${doing}: ${error instanceof Error ? error.message : String(error)}`;
  return `${doing}: ${words.what} (${code}); ${words.instead}`;
}

/** `ENOENT` and its kind; undefined for anything that is not an error of the system. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const ELSEWHERE = 'choose another runs.dir';

const WORDS: Readonly<Record<string, { readonly what: string; readonly instead: string }>> = {
  EACCES: { what: 'permission denied', instead: `change the permissions of the directory, or ${ELSEWHERE}` },
  EDQUOT: { what: 'disk quota exceeded', instead: `free space or ${ELSEWHERE}` },
  EIO: { what: 'the disk or file server reports an error', instead: 'tell the administrators' },
  EISDIR: { what: 'there is a directory of that name', instead: 'name a file' },
  ELOOP: { what: 'symbolic links lead in a circle', instead: 'remove the link' },
  EMFILE: { what: 'too many open files', instead: 'raise the limit of open files (ulimit -n)' },
  ENAMETOOLONG: { what: 'the name is too long', instead: `shorten it, or ${ELSEWHERE}` },
  ENOENT: { what: 'no such file or directory', instead: 'check the path; it must be visible on this node' },
  ENOSPC: { what: 'no space left on the disk', instead: `free space or ${ELSEWHERE}` },
  ENOTDIR: { what: 'a part of the path is no directory', instead: 'rename what is in the way' },
  EPERM: { what: 'operation not permitted', instead: ELSEWHERE },
  EROFS: { what: 'the file system is read-only', instead: ELSEWHERE },
  ESTALE: { what: 'the file server no longer knows the file', instead: 'it is tried again' },
};
