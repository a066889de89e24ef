/** Bounds and words for code that is not ours. */
import { oneLine } from '../why-not.ts';

/** The promise, or an error when it has not settled in time. What was begun goes on; nobody waits for it. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Whatever was thrown, in one line, with the place in the module that is not ours. */
export function words(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  const name = error.name === 'Error' ? '' : `${error.name}: `;
  const [thrownAt = ''] = /^ +at .*$/m.exec(error.stack ?? '') ?? [];
  const [place] = /file:[^)]+/.exec(thrownAt) ?? [];
  return oneLine(`${name}${error.message}${place === undefined ? '' : ` (${place})`}`);
}
