/**
 * Files that a workflow or its inputs name, read as the user who typed the command; a file that cannot be read
 * is an answer, not an error.
 */
import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { globPaths } from './glob.ts';
import type { Value } from './language.ts';
import { EvaluationProblem } from './native/evaluate.ts';
import { LIST_MAX, rangeOf } from './native/lists.ts';
import type { Parsed } from './native/units.ts';
import { readUtf8 } from './utf8.ts';

/** Larger files are not what somebody meant to write into a workflow. */
const BYTES_MAX = 64 * 1024 * 1024;

export async function readText(path: string, directory: string): Promise<Parsed<string>> {
  const absolute = posix.resolve(directory, path);
  try {
    const found = await stat(absolute);
    if (!found.isFile()) return { ok: false, message: 'cannot be read: it is not a file' };
    if (found.size > BYTES_MAX) return { ok: false, message: 'cannot be read: it is larger than 64 MiB' };
    const text = readUtf8(await readFile(absolute));
    return text.ok ? text : { ok: false, message: `cannot be read: ${text.message}` };
  } catch (error) {
    return { ok: false, message: `cannot be read: ${reasonOf(error)} (${absolute})` };
  }
}

export type ListForm =
  | { readonly linesOf: string | number | boolean }
  | { readonly glob: string | number | boolean }
  | { readonly range: readonly (string | number)[] };

/** One value a line, blank lines left out; or the absolute paths that match. */
export async function readList(form: ListForm, directory: string): Promise<Parsed<readonly Value[]>> {
  if ('range' in form) return range(form.range);
  if ('glob' in form) return { ok: true, value: await globPaths(String(form.glob), directory) };
  const text = await readText(String(form.linesOf), directory);
  if (!text.ok) return { ok: false, message: `'${form.linesOf}' ${text.message}` };
  const values = text.value.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (values.length <= LIST_MAX) return { ok: true, value: values };
  return {
    ok: false,
    message: `'${form.linesOf}' has ${values.length} lines; a list may have ${LIST_MAX} values`,
  };
}

function range(bounds: readonly (string | number)[]): Parsed<readonly Value[]> {
  try {
    return { ok: true, value: rangeOf(bounds) };
  } catch (problem) {
    if (problem instanceof EvaluationProblem) return { ok: false, message: problem.message };
    throw problem;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? error.message;
}
