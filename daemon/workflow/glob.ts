/**
 * Paths that match a pattern: `*`, `?`, `[a-z]`, `**` (any number of directories) and `{a,b}`, as in bash.
 *
 * Node 20 has no fs.glob. Hidden names match only where the pattern says so; `**` does not follow symbolic
 * links, which could lead in circles. What cannot be listed matches nothing.
 */
import { lstat, readdir } from 'node:fs/promises';
import { posix } from 'node:path';

/** Absolute paths, sorted, each once. A relative pattern is taken from `directory`. */
export async function globPaths(pattern: string, directory: string): Promise<string[]> {
  const found = new Set<string>();
  for (const alternative of expandBraces(pattern)) {
    const segments = posix
      .resolve(directory, alternative)
      .split('/')
      .filter((segment) => segment !== '');
    for await (const path of walk('/', segments)) found.add(path);
  }
  return [...found].sort();
}

const BRACES_MAX = 1000;

/** `a{b,c}` → `ab`, `ac`; innermost first, so that nested ones work. */
export function expandBraces(pattern: string): string[] {
  let open = [pattern];
  for (;;) {
    const next = open.flatMap((text) => {
      const [whole, before = '', inside = '', after = ''] =
        /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(text) ?? [];
      return whole === undefined ? [text] : inside.split(',').map((choice) => before + choice + after);
    });
    if (next.length === open.length || next.length > BRACES_MAX) return open;
    open = next;
  }
}

async function* walk(directory: string, segments: readonly string[]): AsyncGenerator<string> {
  const [segment, ...rest] = segments;
  if (segment === undefined) {
    yield directory;
  } else if (segment === '**') {
    yield* walkAll(directory, rest);
  } else if (/[*?[]/.test(segment)) {
    const matches = segmentPattern(segment);
    for (const { name } of await entries(directory)) {
      if (matches.test(name) && (!name.startsWith('.') || segment.startsWith('.')))
        yield* below(directory, name, rest);
    }
  } else {
    yield* below(directory, segment, rest);
  }
}

/** The rest of the pattern in the directory and everywhere beneath it. */
async function* walkAll(directory: string, rest: readonly string[]): AsyncGenerator<string> {
  yield* walk(directory, rest.length === 0 ? ['*'] : rest);
  for (const entry of await entries(directory)) {
    if (entry.isDirectory() && !entry.name.startsWith('.'))
      yield* walkAll(posix.join(directory, entry.name), rest);
  }
}

async function* below(directory: string, name: string, rest: readonly string[]): AsyncGenerator<string> {
  const path = posix.join(directory, name);
  if (rest.length > 0) yield* walk(path, rest);
  else if (await exists(path)) yield path;
}

function segmentPattern(segment: string): RegExp {
  const source = segment.replaceAll(
    /\[([!^]?)([^\]]+)\]|[*?]|[\\^$.|+(){}[\]]/g,
    (token, not: string | undefined, set: string | undefined) => {
      if (token === '*') return '.*';
      if (token === '?') return '.';
      if (set !== undefined) return `[${not ? '^' : ''}${set.replaceAll(/[\\^\]]/g, '\\$&')}]`;
      return `\\${token}`;
    },
  );
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return /(?!)/; // a range the wrong way round, [z-a], matches nothing
  }
}

async function entries(directory: string) {
  return readdir(directory, { withFileTypes: true }).catch(() => []);
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
