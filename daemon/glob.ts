/**
 * File names by pattern: `*`, `?`, `[a-z]`, `[!a-z]` inside one name, and `**` for any number of directories.
 *
 * As in a shell, a name that begins with a dot is matched only by a pattern that does, and the answer is
 * sorted. `**` does not follow symbolic links. Node has a glob of its own only from version 22 on.
 */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** No answer is longer; a pattern that reaches further was meant otherwise. */
const MAX_MATCHES = 1_000_000;

/** Paths that match an absolute pattern. A directory that cannot be read has no names in it. */
export async function glob(pattern: string): Promise<readonly string[]> {
  const parts = pattern.split('/').filter((part) => part !== '');
  let paths: readonly string[] = ['/'];
  for (const part of parts) {
    const found = await Promise.all(paths.map((path) => step(path, part)));
    paths = [...new Set(found.flat())];
    if (paths.length > MAX_MATCHES)
      throw new Error(`the pattern ${pattern} matches more than ${MAX_MATCHES} names`);
  }
  return [...paths].sort();
}

async function step(directory: string, part: string): Promise<readonly string[]> {
  if (part === '**') return [directory, ...(await directoriesBelow(directory))];
  if (!/[*?[]/.test(part)) return (await exists(join(directory, part))) ? [join(directory, part)] : [];
  const matches = namePattern(part);
  const names = (await entries(directory)).map((entry) => entry.name);
  return names.filter((name) => matches.test(name)).map((name) => join(directory, name));
}

async function directoriesBelow(directory: string): Promise<readonly string[]> {
  const below = (await entries(directory))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(directory, entry.name));
  const deeper = await Promise.all(below.map(directoriesBelow));
  return [...below, ...deeper.flat()];
}

async function entries(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** A `[` that is never closed stands for itself. */
function namePattern(part: string): RegExp {
  const source = part.replace(
    /\[(!?)([^\]/]+)\]|[*?]|[\\^$.|+(){}[\]]/g,
    (token, not?: string, set?: string) => {
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\^[]/g, '\\$&')}]`;
      if (token === '*') return '.*';
      return token === '?' ? '.' : `\\${token}`;
    },
  );
  return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${source}$`, 'su');
}
