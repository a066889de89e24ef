/** Paths that match a pattern: `*`, `?`, `[a-z]`, `{a,b}`, and `**` for any number of directories. */
import { glob } from 'tinyglobby';

/**
 * Absolute paths, sorted, each once. A relative pattern is taken from `directory`. Names that begin with a
 * dot match only where the pattern says so; `**` does not follow symbolic links, which could lead in circles.
 */
export async function globPaths(pattern: string, directory: string): Promise<string[]> {
  const found = await glob([pattern], {
    cwd: directory,
    absolute: true,
    onlyFiles: false,
    expandDirectories: false,
    followSymbolicLinks: false,
  });
  return [...new Set(found.map((path) => path.replace(/(?<=.)\/$/, '')))].sort();
}
