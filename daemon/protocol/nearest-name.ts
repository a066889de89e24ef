/** "Did you mean …?": the name somebody probably meant. */
import { distance } from 'fastest-levenshtein';

/** The nearest of the names, if one is near enough to be meant: a third of its letters, or two, may differ. */
export function nearestName(given: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly letters: number } | undefined;
  for (const name of names) {
    const letters = distance(given.toLowerCase(), name.toLowerCase());
    const isNear =
      letters <= Math.max(2, Math.floor(name.length / 3)) && letters < Math.max(given.length, name.length);
    if (isNear && letters < (best?.letters ?? Number.POSITIVE_INFINITY)) best = { name, letters };
  }
  return best?.name;
}

/** `; did you mean 'memory'?`, or nothing when no name is near. */
export function suggestion(given: string, names: Iterable<string>): string {
  const near = nearestName(given, names);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}
