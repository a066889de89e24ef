/**
 * The job names that qacct is asked for: each call reads the whole accounting file, and takes one pattern
 * (fnmatch(3)). So many tags share one, which may match some other jobs of the user too; but none is so wide
 * that all they ever ran would be printed.
 */
import type { Tag } from '../backend.ts';

/** Tags of several runs: made of 20, a pattern matches one of some 2000 others. */
const TOGETHER = 20;

export function tagPatterns(tags: readonly Tag[]): readonly string[] {
  const byRun = new Map<string, Tag[]>();
  for (const tag of new Set(tags)) {
    const ofRun = byRun.get(runOf(tag));
    if (ofRun === undefined) byRun.set(runOf(tag), [tag]);
    else ofRun.push(tag);
  }
  const ofLargeRuns = [...byRun].filter(([, ofRun]) => ofRun.length > TOGETHER);
  const others = [...byRun.values()].filter((ofRun) => ofRun.length <= TOGETHER).flat();
  const packs = Array.from({ length: Math.ceil(others.length / TOGETHER) }, (_, i) =>
    others.slice(i * TOGETHER, (i + 1) * TOGETHER),
  );
  return [...ofLargeRuns.map(([run]) => `*.${run}.*`), ...packs.map(commonPattern)];
}

/** `<task>.<run>.<chance>` (SEMANTICS 1, tag). */
function runOf(tag: Tag): string {
  return tag.split('.').at(-2) ?? '';
}

/** `*.[ax][7b]…`: the characters that occur at each place of what chance has made. */
function commonPattern(tags: readonly Tag[]): string {
  const [first] = tags;
  if (first !== undefined && tags.length === 1) return first;
  const endings = tags.map((tag) => tag.slice(tag.lastIndexOf('.') + 1));
  const length = Math.min(...endings.map((ending) => ending.length));
  const places = Array.from({ length }, (_, at) => new Set(endings.map((ending) => ending.at(at - length))));
  return `*${places.map((characters) => `[${[...characters].join('')}]`).join('')}`;
}
