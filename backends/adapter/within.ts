/** Bounds and words for code that is not ours. */

/** The promise, or an error when it has not settled in time. What was begun goes on; nobody waits for it. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Whatever was thrown, in one line. */
export function words(error: unknown): string {
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  const text = error instanceof Error ? `${name}${error.message}` : String(error);
  return text.replaceAll(/\s*\n\s*/g, '; ').slice(0, 500);
}
