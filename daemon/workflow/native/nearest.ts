/** "Did you mean": the valid name nearest to a name that is not valid. */

/** `; did you mean 'memory'?`, or nothing when no name is near. */
export function suggestion(wrong: string, valid: Iterable<string>): string {
  const near = nearest(wrong, valid);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

/** The nearest name, at most a third of its letters (and at least two) away. */
export function nearest(wrong: string, valid: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of valid) {
    if (name === wrong) return name;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    const isNear =
      distance <= Math.max(2, Math.floor(name.length / 3)) && distance < Math.max(wrong.length, name.length);
    if (isNear && distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Letters to insert, remove, replace or swap with a neighbour (optimal string alignment). */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > Math.max(from.length, to.length) / 2 + 2)
    return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const shifted = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      const swapped = isSwap(from, to, row, column) ? (beforeLast[column - 2] ?? 0) + 1 : replaced;
      current.push(Math.min(replaced, shifted, swapped));
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length] ?? 0;
}

function isSwap(from: string, to: string, row: number, column: number): boolean {
  return row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
}
